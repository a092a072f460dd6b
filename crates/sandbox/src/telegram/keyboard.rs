//! Checking a `reply_markup` as strictly as Telegram does.

use serde_json::Value;
use url::Url;

use super::{entities::units, error::ApiError, params::Params};

const MAX_BUTTONS: usize = 100;
/// Fields of which a button has exactly one.
const ACTIONS: [&str; 11] = [
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
    "disabled",
];

/// The markup of a call, checked; an empty inline keyboard is none.
pub(super) fn read(params: &Params) -> Result<Option<Value>, ApiError> {
    let Some(markup) = params.nested("reply_markup")? else { return Ok(None) };
    if !markup.is_object() {
        return Err(ApiError::bad_request("object expected as reply markup"));
    }
    if let Some(rows) = markup.get("inline_keyboard") {
        let rows = rows.as_array().ok_or_else(|| {
            ApiError::bad_request("field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array")
        })?;
        let mut count = 0;
        for row in rows {
            let row = row.as_array().ok_or_else(|| {
                ApiError::bad_request("can't parse inline keyboard: Array of Array of InlineKeyboardButton expected")
            })?;
            count += row.len();
            row.iter().try_for_each(button)?;
        }
        if count > MAX_BUTTONS {
            return Err(ApiError::bad_request("reply markup is too long"));
        }
        return Ok((count > 0).then_some(markup));
    }
    let placeholder = markup.get("input_field_placeholder").and_then(Value::as_str).unwrap_or_default();
    if units(placeholder) > 64 {
        return Err(ApiError::bad_request("input field placeholder is too long"));
    }
    Ok(Some(markup))
}

fn button(button: &Value) -> Result<(), ApiError> {
    let fault = |what: &str| Err(ApiError::bad_request(format!("can't parse inline keyboard button: {what}")));
    if !button.is_object() {
        return fault("InlineKeyboardButton must be an Object");
    }
    let Some(text) = button.get("text").and_then(Value::as_str) else {
        return fault("Can't find field \"text\"");
    };
    if text.trim().is_empty() {
        return Err(ApiError::bad_request("inline keyboard button text is empty"));
    }
    if ACTIONS.iter().filter(|action| button.get(**action).is_some_and(|value| !value.is_null())).count() == 0 {
        return fault("Text buttons are unallowed in the inline keyboard");
    }
    if let Some(style) = button.get("style").and_then(Value::as_str)
        && !matches!(style, "danger" | "success" | "primary")
    {
        return fault("Button style must be one of \"danger\", \"success\" or \"primary\"");
    }
    // Counted in bytes, unlike everything else.
    if let Some(data) = button.get("callback_data")
        && !data.as_str().is_some_and(|data| (1..=64).contains(&data.len()))
    {
        return Err(ApiError::bad_request("BUTTON_DATA_INVALID"));
    }
    if let Some(copied) = button.get("copy_text")
        && !copied["text"].as_str().is_some_and(|text| (1..=256).contains(&units(text)))
    {
        return Err(ApiError::bad_request("BUTTON_COPY_TEXT_INVALID"));
    }
    if let Some(url) = button.get("url")
        && !url.as_str().is_some_and(reachable)
    {
        return Err(ApiError::bad_request("BUTTON_URL_INVALID"));
    }
    Ok(())
}

/// Telegram refuses addresses that no phone could open.
fn reachable(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match url.scheme() {
        "tg" => true,
        "http" | "https" => url.host_str().is_some_and(|host| host.contains('.') || host.contains(':')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_button_carries_at_most_64_bytes() {
        let with = |data: &str| button(&json!({ "text": "Go", "callback_data": data }));
        assert!(with(&"x".repeat(64)).is_ok());
        assert_eq!(with(&"ж".repeat(33)).expect_err("66 bytes").description, "Bad Request: BUTTON_DATA_INVALID");
        assert!(with("").is_err());
    }

    #[test]
    fn a_button_to_this_machine_is_refused() {
        assert!(button(&json!({ "text": "Open", "url": "http://localhost:3000/x" })).is_err());
        assert!(button(&json!({ "text": "Open", "url": "https://qp.example.org/x" })).is_ok());
        assert!(button(&json!({ "text": "Open" })).is_err());
    }
}
