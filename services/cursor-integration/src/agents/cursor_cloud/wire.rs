//! What Cursor sends. The API is a beta: unknown fields and words are tolerated everywhere.

use common::clients::agents::Usage as Tokens;
use serde::Deserialize;
use serde_json::Value;

use crate::agents::backend::{Phase, RunState, UsageReading};

#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) run: RunRef,
}

#[derive(Deserialize)]
pub(super) struct RunCreated {
    pub(super) run: RunRef,
}

#[derive(Deserialize)]
pub(super) struct RunRef {
    pub(super) id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Agent {
    #[serde(default)]
    pub(super) latest_run_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Run {
    status: String,
    #[serde(default)]
    result: Option<String>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default)]
    git: Option<Git>,
}

#[derive(Deserialize)]
struct Git {
    #[serde(default)]
    branches: Vec<Branch>,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(default)]
    branch: Option<String>,
}

impl Run {
    pub(super) fn into_state(self) -> RunState {
        let phase = match self.status.as_str() {
            "CREATING" | "RUNNING" => Phase::Working,
            "FINISHED" => Phase::Finished,
            "ERROR" => Phase::Failed,
            "CANCELLED" => Phase::Cancelled,
            "EXPIRED" => Phase::Expired,
            _ => Phase::Unknown(self.status),
        };
        let error = self.error.and_then(|error| match error {
            Value::String(text) => Some(text),
            other => other.get("message").and_then(Value::as_str).map(str::to_owned),
        });
        let branches = self.git.into_iter().flat_map(|git| git.branches).filter_map(|branch| branch.branch).collect();
        RunState { phase, text: self.result, error, branches }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    total_usage: Counters,
    #[serde(default)]
    cost: Option<Cost>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_field_names, reason = "the names are Cursor's")]
struct Counters {
    input_tokens: i64,
    output_tokens: i64,
    cache_write_tokens: i64,
    cache_read_tokens: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    #[serde(default)]
    raw_cost_cents: Option<f64>,
    #[serde(default)]
    charged_cents: Option<f64>,
}

impl Usage {
    pub(super) fn into_reading(self) -> UsageReading {
        let counters = self.total_usage;
        // What a plan covers is charged with 0 and still has a price: that is what a budget counts.
        let cost = self.cost.and_then(|cost| cost.raw_cost_cents.or(cost.charged_cents));
        let total =
            counters.input_tokens + counters.output_tokens + counters.cache_write_tokens + counters.cache_read_tokens;
        let usage = Tokens {
            input_tokens: counters.input_tokens,
            output_tokens: counters.output_tokens,
            cache_read_tokens: counters.cache_read_tokens,
            cache_write_tokens: counters.cache_write_tokens,
            total_tokens: total,
            cost_cents: cost,
            source: "api".to_owned(),
        };
        // Zeros mean that nothing was recorded yet.
        UsageReading { settled: usage.cost_cents.is_some() && total > 0, usage }
    }
}

pub(super) fn no_figures() -> UsageReading {
    UsageReading { usage: Tokens { source: "none".to_owned(), ..Tokens::default() }, settled: true }
}

/// Code and message of an error, in any of the forms seen: `{"error": {…}}`, flat, `{"error": "text"}`, or no JSON at all.
pub(super) fn error_of(body: Option<&Value>, text: &str) -> (String, String) {
    let Some(body) = body else {
        return (String::new(), text.to_owned());
    };
    let error = body.get("error").unwrap_or(body);
    if let Some(message) = error.as_str() {
        return (String::new(), message.to_owned());
    }
    let field = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    (field("code"), field("message"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_come_in_several_forms() {
        let pair = |code: &str, message: &str| (code.to_owned(), message.to_owned());
        assert_eq!(
            error_of(Some(&json!({"error": {"code": "a", "message": "b", "helpUrl": "c"}})), ""),
            pair("a", "b")
        );
        assert_eq!(error_of(Some(&json!({"code": "a", "message": "b"})), ""), pair("a", "b"));
        assert_eq!(error_of(Some(&json!({"error": "b"})), ""), pair("", "b"));
        assert_eq!(error_of(None, "<html>"), pair("", "<html>"));
    }

    #[test]
    fn unknown_words_are_not_the_end() {
        let run: Run = serde_json::from_value(json!({"id": "run-1", "status": "THINKING", "novel": 1})).unwrap();
        assert_eq!(run.into_state().phase, Phase::Unknown("THINKING".to_owned()));
        let run: Run = serde_json::from_value(json!({
            "status": "FINISHED", "result": "text", "git": {"branches": [{"repoUrl": "github.com/a/b", "branch": "x"}, {"repoUrl": "y"}]}
        }))
        .unwrap();
        assert_eq!(run.into_state().branches, ["x"]);
    }

    #[test]
    fn cost_is_what_it_is_worth_and_may_be_missing() {
        let usage: Usage = serde_json::from_value(json!({
            "totalUsage": {"inputTokens": 5, "outputTokens": 1, "cacheReadTokens": 2, "cacheWriteTokens": 2, "totalTokens": 10},
            "cost": {"rawCostCents": 0.81, "chargedCents": 0.0}, "runs": []
        }))
        .unwrap();
        let reading = usage.into_reading();
        assert!(reading.settled);
        assert_eq!((reading.usage.total_tokens, reading.usage.cost_cents), (10, Some(0.81)));
        let usage: Usage = serde_json::from_value(json!({"totalUsage": {"inputTokens": 5}})).unwrap();
        assert!(!usage.into_reading().settled);
    }
}
