//! Alerts as people read them: one message for what is new in a group, the worst first, each with what to do.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use url::Url;

use crate::store::alerts::{Alert, Texts};
use crate::text::{block, cut, one_line};
use crate::wording::clock_time;

/// As many are told in full; of the others only the number.
const MAX_TOLD: usize = 8;
/// Sizes of the parts of one alert.
const MAX_SUMMARY_UNITS: usize = 200;
const MAX_DESCRIPTION_UNITS: usize = 300;
const MAX_URL_UNITS: usize = 500;

/// What a message about some alerts says.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// Makes the message unique: the same news is told once.
    pub key: String,
    pub title: String,
    pub text: String,
    /// Where a silence for the first firing alert can be made.
    pub link: Option<String>,
}

/// Puts the news of a group into words. Relative links to runbooks start at `runbooks`.
pub fn tell(group_key: &str, alerts: &[Alert], runbooks: Option<&Url>) -> Told {
    let (firing, resolved): (Vec<_>, Vec<_>) = alerts.iter().partition(|alert| !alert.is_resolved());
    let mut text = String::new();
    for alert in firing.iter().chain(&resolved).take(MAX_TOLD) {
        let _ = writeln!(text, "{}\n", describe(alert, runbooks));
    }
    if alerts.len() > MAX_TOLD {
        let _ = writeln!(text, "… and {} more: see Alertmanager", alerts.len() - MAX_TOLD);
    }
    let mut hash = Sha256::new();
    hash.update(group_key);
    for alert in alerts {
        let told = alert.told_firing_at.map_or(0, time::OffsetDateTime::unix_timestamp);
        hash.update(format!(
            "\0{}\0{}\0{}\0{told}",
            alert.fingerprint,
            alert.starts_at.unix_timestamp_nanos(),
            alert.status
        ));
    }
    Told {
        key: format!("alerts/{}", hex::encode(hash.finalize())),
        title: title(&firing, &resolved),
        text: text.trim_end().to_owned(),
        link: firing.iter().find_map(|alert| alert.silence_url.clone()),
    }
}

fn title(firing: &[&Alert], resolved: &[&Alert]) -> String {
    let names = |alerts: &[&Alert]| {
        let mut names: Vec<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
        names.dedup();
        cut(&names.join(", "), 120)
    };
    match (firing, resolved) {
        ([], resolved) => format!("Resolved: {}", names(resolved)),
        (firing, []) => format!("{}: {}", worst(firing), names(firing)),
        (firing, resolved) => format!("{}: {} · resolved: {}", worst(firing), names(firing), names(resolved)),
    }
}

fn worst(firing: &[&Alert]) -> &'static str {
    if firing.iter().any(|alert| alert.severity == "critical") { "Critical" } else { "Warning" }
}

fn describe(alert: &Alert, runbooks: Option<&Url>) -> String {
    let annotation = |name: &str, max: usize| {
        alert.annotations.get(name).map(|text| block(text, max)).filter(|text| !text.is_empty())
    };
    let mark = match (alert.is_resolved(), alert.severity.as_str()) {
        (true, _) => "✅",
        (false, "critical") => "🔴",
        (false, _) => "🟠",
    };
    let summary = annotation("summary", MAX_SUMMARY_UNITS).unwrap_or_else(|| alert.name.clone());
    let mut text = format!("{mark} {}: {}", one_line(&alert.name, 100), one_line(&summary, MAX_SUMMARY_UNITS));
    if alert.is_resolved() {
        let ended = alert.ends_at.map(|at| format!(" at {}", clock_time(at))).unwrap_or_default();
        let _ = write!(text, "\nOver{ended}; it began {}.", clock_time(alert.starts_at));
        return text;
    }
    if let Some(description) = annotation("description", MAX_DESCRIPTION_UNITS) {
        let _ = write!(text, "\n{description}");
    }
    let since = if alert.told_firing_at.is_some() { "Still, since" } else { "Since" };
    let _ = write!(text, "\n{since} {}.", clock_time(alert.starts_at));
    if let Some(runbook) = annotation("runbook_url", MAX_URL_UNITS) {
        let whole = runbooks.and_then(|base| base.join(&runbook).ok());
        let _ = write!(text, "\nWhat to do: {}", whole.map_or(runbook, String::from));
    }
    text
}

/// The page of Alertmanager on which an alert can be silenced, its labels filled in.
pub fn silence_url(external_url: &str, labels: &Texts) -> Option<String> {
    let base: Url = external_url.parse().ok()?;
    if !matches!(base.scheme(), "http" | "https") {
        return None;
    }
    let matchers: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    let filter: String =
        url::form_urlencoded::byte_serialize(format!("{{{}}}", matchers.join(", ")).as_bytes()).collect();
    let link = format!("{}/#/silences/new?filter={}", base.as_str().trim_end_matches('/'), filter.replace('+', "%20"));
    (link.len() <= 2000).then_some(link)
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use sqlx::types::Json;
    use time::macros::datetime;

    use super::*;

    fn alert(name: &str, severity: &str, status: &str) -> Alert {
        let texts = |pairs: &[(&str, &str)]| {
            Json(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Texts>())
        };
        Alert {
            fingerprint: format!("{name}-{severity}"),
            starts_at: datetime!(2026-11-22 14:02 UTC),
            name: name.to_owned(),
            severity: severity.to_owned(),
            status: status.to_owned(),
            labels: texts(&[("alertname", name)]),
            annotations: texts(&[
                ("summary", "notification does not answer\r\nnow"),
                ("runbook_url", "https://docs.example.org/x"),
            ]),
            ends_at: Some(datetime!(2026-11-22 14:12 UTC)).filter(|_| status == "resolved"),
            silence_url: Some(format!("https://alerts.example.org/#/silences/new?{name}")),
            told_firing_at: None,
            told_resolved_at: None,
        }
    }

    #[test]
    fn a_message_says_what_how_bad_since_when_and_what_to_do() {
        let told = tell(
            "group",
            &[alert("ServiceDown", "critical", "firing"), alert("JobsDead", "warning", "resolved")],
            None,
        );
        assert_eq!(told.title, "Critical: ServiceDown · resolved: JobsDead");
        assert_eq!(
            told.text,
            "🔴 ServiceDown: notification does not answer now\nSince 22 Nov 14:02 UTC.\nWhat to do: https://docs.example.org/x\n\n\
             ✅ JobsDead: notification does not answer now\nOver at 22 Nov 14:12 UTC; it began 22 Nov 14:02 UTC."
        );
        assert_eq!(told.link.as_deref(), Some("https://alerts.example.org/#/silences/new?ServiceDown"));
    }

    #[test]
    fn a_relative_runbook_becomes_a_whole_link() {
        let mut one = alert("A", "warning", "firing");
        one.annotations.insert("runbook_url".to_owned(), "docs/runbooks.md#a".to_owned());
        let base = "https://git.example.org/quantapilot/".parse().unwrap();
        let told = tell("group", &[one.clone()], Some(&base));
        assert!(
            told.text.ends_with("What to do: https://git.example.org/quantapilot/docs/runbooks.md#a"),
            "{}",
            told.text
        );
        assert!(tell("group", &[one], None).text.ends_with("What to do: docs/runbooks.md#a"));
    }

    #[test]
    fn a_flood_is_cut_and_counted() {
        let many: Vec<_> = (0..50).map(|n| alert(&format!("Alert{n}"), "warning", "firing")).collect();
        let told = tell("group", &many, None);
        assert!(told.text.ends_with("… and 42 more: see Alertmanager"), "{}", told.text);
        assert!(told.title.len() < 140);
    }

    #[test]
    fn a_silence_names_every_label_and_cannot_be_broken_out_of() {
        let labels =
            Texts::from([("alertname".to_owned(), "A \"b\" & c".to_owned()), ("service".to_owned(), "x".to_owned())]);
        let link = silence_url("http://alerts.example.org:9093/", &labels).unwrap();
        assert_eq!(
            link,
            "http://alerts.example.org:9093/#/silences/new?filter=%7Balertname%3D%22A%20%5C%22b%5C%22%20%26%20c%22%2C%20service%3D%22x%22%7D"
        );
        assert_eq!(silence_url("javascript:alert(1)", &labels), None);
        assert_eq!(silence_url("", &labels), None);
    }
}
