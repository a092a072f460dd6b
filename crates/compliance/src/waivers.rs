//! Accepted findings, in a file that reviews well: what, why, by whom, until when.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::{
    config::{Problem, Problems},
    text::nearest::nearest,
};

pub const FILE: &str = "compliance-waivers.toml";

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    pub rule: String,
    /// Glob of the paths it covers.
    pub path: String,
    /// Text that the message holds, when not every finding of the rule in that path is meant.
    pub message: Option<String>,
    pub reason: String,
    pub owner: String,
    /// Last day, `YYYY-MM-DD`.
    pub expires: String,
    /// Line in the waiver file.
    #[serde(default)]
    pub line: u32,
}

const KEYS: &[&str] = &["rule", "path", "message", "reason", "owner", "expires"];

impl Waiver {
    pub fn expired(&self, today: Option<&str>) -> bool {
        today.is_some_and(|today| self.expires.as_str() < today)
    }
}

/// Reads the file; all problems are told at once, and then no waiver counts.
pub fn parse(text: &str) -> Result<Vec<Waiver>, Problems> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        Problems(vec![Problem { line, message: error.message().to_owned() }])
    })?;
    let starts: Vec<usize> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with("[[waiver]]"))
        .map(|(index, _)| index + 1)
        .collect();
    let mut problems = Vec::new();
    let mut waivers = Vec::new();
    for key in table.keys().filter(|key| key.as_str() != "waiver") {
        problems.push(Problem { line: 1, message: format!("unknown key `{key}`; waivers are written as [[waiver]]") });
    }
    for (index, entry) in table.get("waiver").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let line = starts.get(index).copied().unwrap_or(1);
        let Some(entry) = entry.as_table() else { continue };
        let mut tell = |message: String| problems.push(Problem { line, message });
        for key in entry.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let hint =
                nearest(key, KEYS.iter().copied()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            tell(format!("unknown key `{key}`{hint}"));
        }
        let mut word = |key: &str| {
            let found = entry.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            if found.as_deref().unwrap_or_default().trim().is_empty() {
                tell(format!("a waiver needs `{key}`"));
            }
            found.unwrap_or_default()
        };
        let waiver = Waiver {
            rule: word("rule"),
            path: word("path"),
            reason: word("reason"),
            owner: word("owner"),
            expires: word("expires"),
            message: entry.get("message").and_then(Value::as_str).map(str::to_owned),
            line: u32::try_from(line).unwrap_or(u32::MAX),
        };
        if !waiver.rule.is_empty() && crate::rules::find(&waiver.rule).is_none() {
            let near = nearest(&waiver.rule, crate::rules::all().map(|rule| rule.id));
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            tell(format!("there is no rule `{}`{hint}", waiver.rule));
        }
        if !waiver.expires.is_empty() && !is_date(&waiver.expires) {
            tell(format!("`expires` is a day such as 2027-01-31, not `{}`", waiver.expires));
        }
        if let Err(error) = globset::Glob::new(&waiver.path) {
            tell(format!("`{}` is no glob: {}", waiver.path, error.kind()));
        }
        waivers.push(waiver);
    }
    if problems.is_empty() { Ok(waivers) } else { Err(Problems(problems)) }
}

pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| {
        text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse::<u32>().ok()
    };
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// The text of one waiver, to be added to the file.
pub fn entry(waiver: &Waiver) -> String {
    let quote = |text: &str| Value::String(text.to_owned()).to_string();
    let mut text = format!("\n[[waiver]]\nrule = {}\npath = {}\n", quote(&waiver.rule), quote(&waiver.path));
    if let Some(message) = &waiver.message {
        let _ = writeln!(text, "message = {}", quote(message));
    }
    let _ = writeln!(
        text,
        "reason = {}\nowner = {}\nexpires = {}",
        quote(&waiver.reason),
        quote(&waiver.owner),
        quote(&waiver.expires)
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "[[waiver]]\nrule = \"readme-missing\"\npath = \"**\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2027-01-31\n";

    #[test]
    fn waivers_are_read_and_written() {
        let waivers = parse(GOOD).expect("the file is right");
        assert_eq!(waivers[0].expires, "2027-01-31");
        assert!(
            waivers[0].expired(Some("2027-02-01"))
                && !waivers[0].expired(Some("2027-01-31"))
                && !waivers[0].expired(None)
        );
        let again = parse(&entry(&waivers[0])).expect("what is written can be read");
        assert_eq!(again[0].reason, "r");
    }

    #[test]
    fn a_waiver_without_reason_owner_or_day_is_refused() {
        let problems =
            parse("[[waiver]]\nrule = \"readme-mising\"\npath = \"x\"\nexpire = \"soon\"\n").unwrap_err().to_string();
        for part in [
            "did you mean `readme-missing`",
            "needs `reason`",
            "needs `owner`",
            "needs `expires`",
            "did you mean `expires`",
        ] {
            assert!(problems.contains(part), "{part} is not in {problems}");
        }
        assert!(!is_date("2027-13-01") && !is_date("soon") && is_date("2027-12-01"));
    }
}
