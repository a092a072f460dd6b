//! The sentences people read, in one place.

use std::fmt::Write as _;

use common::clients::dashboard::Decision;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::text::one_line;

/// Longest alert Telegram shows.
pub const MAX_ALERT_UNITS: usize = 200;

/// What a button says.
pub fn label(choice: &str) -> String {
    match choice {
        "approve" => "✅ Approve".to_owned(),
        "reject" => "⛔ Reject".to_owned(),
        "change" => "✏️ Change…".to_owned(),
        "retry" => "🔁 Retry".to_owned(),
        "skip" => "⏭ Skip".to_owned(),
        "stop" => "⏹ Stop".to_owned(),
        other => one_line(other, 40),
    }
}

/// The button's colour in clients that know it. The label alone says everything.
pub fn style(choice: &str) -> Option<&'static str> {
    match choice {
        "approve" => Some("success"),
        "reject" | "stop" => Some("danger"),
        "change" | "retry" => Some("primary"),
        _ => None,
    }
}

/// Whether an answer is of no use without a reason.
pub fn needs_reason(choice: &str) -> bool {
    matches!(choice, "reject" | "change")
}

/// The question for a reason, and what stands in the empty field (64 characters at most).
pub fn ask_reason(decision_type: &str, choice: &str) -> (&'static str, &'static str) {
    match choice {
        "change" if decision_type == "budget" => {
            ("What should the limit be? Reply to this message.", "For example: 25 for $25, or 2000000 tokens")
        }
        "change" => ("What should change? Reply to this message.", "For example: use SQLite instead"),
        _ => ("Why not? Reply to this message.", "The reason, in a sentence"),
    }
}

/// How a choice is told afterwards.
pub fn done(choice: &str) -> String {
    match choice {
        "approve" => "✅ Approved".to_owned(),
        "reject" => "⛔ Rejected".to_owned(),
        "change" => "✏️ Change requested".to_owned(),
        "retry" => "🔁 Retry".to_owned(),
        "skip" => "⏭ Skipped".to_owned(),
        "stop" => "⏹ Stopped".to_owned(),
        other => one_line(other, 40),
    }
}

/// Whether an answer is still wanted.
pub fn is_open(decision: &Decision) -> bool {
    decision.status == "pending"
}

/// Whether the one tap must be confirmed by a second.
pub fn needs_confirmation(decision: &Decision, choice: &str) -> bool {
    decision.risk == "high" && !needs_reason(choice)
}

/// What exactly is agreed to, for the confirming button and page.
pub fn bound_to(decision: &Decision) -> String {
    let verb = match decision.decision_type.as_str() {
        "plan" => "the plan",
        "merge" => "merge",
        "release" => "release",
        "budget" => "the budget",
        _ => "this",
    };
    match decision.artifact.as_ref().and_then(|artifact| artifact.sha.as_deref()) {
        Some(sha) => format!("{verb} ({})", short_sha(sha)),
        None => verb.to_owned(),
    }
}

/// A hash as people compare it.
pub fn short_sha(sha: &str) -> String {
    sha.chars().filter(char::is_ascii_alphanumeric).take(7).collect()
}

/// Who decided what and when, in one line.
pub fn outcome(decision: &Decision) -> String {
    match decision.status.as_str() {
        "expired" => return "⌛ Expired without an answer".to_owned(),
        "cancelled" => return "🚫 No longer needed".to_owned(),
        "pending" => return "⏳ Waiting for an answer".to_owned(),
        _ => {}
    }
    let mut line = done(decision.choice.as_deref().unwrap_or("decided"));
    if let Some(by) = &decision.decided_by {
        line.push_str(" by ");
        line.push_str(&one_line(&by.name, 60));
    }
    if let Some(channel) = decision.channel.as_deref() {
        let channel = if channel == "email" { "mail" } else { channel };
        let _ = write!(line, " ({})", one_line(channel, 20));
    }
    if let Some(at) = decision.decided_at {
        let _ = write!(line, ", {}", clock_time(at));
    }
    line
}

/// A time as messages show it.
pub fn clock_time(at: OffsetDateTime) -> String {
    let format = format_description!("[day padding:none] [month repr:short] [hour]:[minute] UTC");
    at.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::units;

    #[test]
    fn placeholders_fit_their_field() {
        for choice in ["reject", "change"] {
            for decision_type in ["plan", "budget"] {
                assert!(units(ask_reason(decision_type, choice).1) <= 64);
            }
        }
    }

    #[test]
    fn the_outcome_names_who_what_where_and_when() {
        let decision: Decision = serde_json::from_value(serde_json::json!({
            "id": uuid::Uuid::nil(), "short_id": "D-1", "project_id": uuid::Uuid::nil(), "project_name": "todo", "type": "plan",
            "title": "t", "options": [], "risk": "low", "status": "answered", "choice": "approve",
            "decided_by": {"id": null, "name": "Ada\n<b>"}, "decided_at": "2026-11-22T14:02:09Z", "channel": "dashboard",
            "created_at": "2026-11-22T13:00:00Z",
        }))
        .unwrap();
        assert_eq!(outcome(&decision), "✅ Approved by Ada <b> (dashboard), 22 Nov 14:02 UTC");
        assert!(units(&outcome(&decision)) <= MAX_ALERT_UNITS);
    }
}
