//! Reading a Bot API call: its arguments come in the query, as JSON, as a form or as multipart, and nested
//! objects may themselves be JSON written into a string.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::error::ApiError;

/// A file that came with a multipart call.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    /// The name the client gave it.
    pub(super) file_name: String,
    /// The media type, when the client said one.
    pub(super) mime_type: Option<String>,
    /// What is in it.
    pub(super) content: Bytes,
}

/// The arguments of one call.
#[derive(Debug, Default)]
pub(super) struct Params {
    values: Map<String, Value>,
    uploads: BTreeMap<String, Upload>,
}

impl Params {
    /// Reads every place where a client may have put an argument.
    pub(super) async fn read(query: Option<&str>, headers: &HeaderMap, body: Bytes) -> Result<Self, ApiError> {
        let mut params = Self::default();
        params.take_form(query.unwrap_or_default().as_bytes());
        let kind = headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            _ if body.is_empty() => {}
            "application/json" => match serde_json::from_slice::<Value>(&body) {
                Ok(Value::Object(values)) => params.values.extend(values),
                Ok(_) => return Err(ApiError::bad_request("object expected as the request body")),
                Err(_) => return Err(ApiError::bad_request("can't parse JSON object")),
            },
            "multipart/form-data" => params.take_multipart(&kind, body).await?,
            _ => params.take_form(&body),
        }
        params.values.retain(|_, value| !value.is_null());
        Ok(params)
    }

    fn take_form(&mut self, text: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(text) {
            self.values.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    }

    async fn take_multipart(&mut self, kind: &str, body: Bytes) -> Result<(), ApiError> {
        let broken = |_| ApiError::bad_request("can't parse multipart form data");
        let boundary = multer::parse_boundary(kind).map_err(broken)?;
        let stream = futures::stream::once(async move { Ok::<_, std::io::Error>(body) });
        let mut parts = multer::Multipart::new(stream, boundary);
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(ToOwned::to_owned);
            let mime_type = part.content_type().map(ToString::to_string);
            let content = part.bytes().await.map_err(broken)?;
            if let Some(file_name) = file_name {
                self.uploads.insert(name, Upload { file_name, mime_type, content });
            } else {
                let text = String::from_utf8_lossy(&content).into_owned();
                self.values.insert(name, Value::String(text));
            }
        }
        Ok(())
    }

    /// What was said, for the record of calls. Files appear by name.
    pub(super) fn record(&self) -> Value {
        let mut all = self.values.clone();
        for (name, upload) in &self.uploads {
            all.insert(name.clone(), Value::String(format!("file `{}`", upload.file_name)));
        }
        Value::Object(all)
    }

    /// A text, or none when it is absent or empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// A whole number; numbers written as text count.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A truth value as any of the encodings writes it.
    pub(super) fn flag(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes"),
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    /// A nested object or list; one written into a string is parsed.
    pub(super) fn nested(&self, name: &str) -> Result<Option<Value>, ApiError> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| ApiError::bad_request(format!("can't parse {} JSON object", name.replace('_', " ")))),
            Some(other) => Ok(Some(other.clone())),
        }
    }

    /// The file of a field: sent in that field, or named there as `attach://<part>`.
    pub(super) fn upload(&self, name: &str) -> Option<&Upload> {
        if let Some(upload) = self.uploads.get(name) {
            return Some(upload);
        }
        self.uploads.get(self.values.get(name)?.as_str()?.strip_prefix("attach://")?)
    }
}
