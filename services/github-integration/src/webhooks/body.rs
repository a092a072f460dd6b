//! A webhook's body is JSON, or a form whose field `payload` holds JSON, as the hook is set up.

use std::borrow::Cow;

use serde_json::Value;

/// Why a well-signed body cannot be worked on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A form without the one field that matters.
    #[error("the form has no field `payload`")]
    NoPayload,
    /// Not JSON at all.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// JSON, but not an object.
    #[error("the body is JSON but not an object")]
    NotAnObject,
}

/// Read the body into an object.
pub fn parse(content_type: &str, body: &[u8]) -> Result<Value, BodyError> {
    let json = json_bytes(content_type, body)?;
    let value: Value = serde_json::from_slice(&json).map_err(|e| BodyError::NotJson(e.to_string()))?;
    if value.is_object() { Ok(value) } else { Err(BodyError::NotAnObject) }
}

fn json_bytes<'a>(content_type: &str, body: &'a [u8]) -> Result<Cow<'a, [u8]>, BodyError> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(Cow::Borrowed(body));
    }
    url::form_urlencoded::parse(body)
        .find(|(name, _)| name == "payload")
        .map(|(_, value)| Cow::Owned(value.into_owned().into_bytes()))
        .ok_or(BodyError::NoPayload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_forms_give_the_same_object() {
        let plain = parse("application/json; charset=utf-8", br#"{"zen":"a b"}"#).unwrap();
        let form = parse("application/x-www-form-urlencoded", b"x=1&payload=%7B%22zen%22%3A%22a+b%22%7D").unwrap();
        assert_eq!(plain, form);
    }

    #[test]
    fn each_way_of_being_unreadable_is_named() {
        assert_eq!(parse("application/x-www-form-urlencoded", b"a=b"), Err(BodyError::NoPayload));
        assert!(matches!(parse("application/json", b"{\"a\":"), Err(BodyError::NotJson(_))));
        assert_eq!(parse("application/json", b"[1]"), Err(BodyError::NotAnObject));
    }
}
