//! Calls to what runs on this machine.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use ureq::Agent;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Sends a request; any status is an answer.
pub(crate) fn send(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&Value>) -> anyhow::Result<Answer> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(30)))
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = match body {
        Some(body) => agent.run(request.header("content-type", "application/json").body(body.to_string())?),
        None => agent.run(request.body(())?),
    };
    let mut response = response.with_context(|| format!("{method} {url}"))?;
    let text = response.body_mut().read_to_string().unwrap_or_default();
    Ok(Answer { status: response.status().as_u16(), body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
}

/// Whether a GET answers 200.
pub(crate) fn is_ok(url: &str) -> bool {
    send("GET", url, &[], None).is_ok_and(|answer| answer.status == 200)
}

/// Sends a request that must succeed, and gives back its body.
pub(crate) fn call(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&Value>) -> anyhow::Result<Value> {
    let answer = send(method, url, headers, body)?;
    if !(200..300).contains(&answer.status) {
        bail!("{method} {url} answered {}: {}", answer.status, answer.body);
    }
    Ok(answer.body)
}
