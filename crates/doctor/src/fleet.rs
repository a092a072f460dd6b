//! Our own services: ready, of one version, with clocks that agree; and what they say of the outside world.

use std::collections::BTreeMap;
use std::time::Duration;

use common::clock::Clock;
use common::config::ServiceUrls;
use common::health::Readiness;
use common::http::client::Client;
use http::Method;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::Url;

use crate::database::judge_skew;
use crate::{Finding, Severity};

/// Checks of a service that speak of the outside world: `integration.<name>` is theirs.
const OUTSIDE: [&str; 4] = ["github", "cursor", "telegram", "smtp"];

/// What a service answered.
struct Answer {
    name: &'static str,
    readiness: Result<Readiness, String>,
    date: Option<OffsetDateTime>,
    asked_at: OffsetDateTime,
}

/// Asks every service at once.
pub async fn look(urls: &ServiceUrls, clock: &Clock) -> Vec<Finding> {
    let services = [
        ("api-gateway", &urls.api_gateway),
        ("cursor-integration", &urls.cursor_integration),
        ("github-integration", &urls.github_integration),
        ("notification", &urls.notification),
        ("dashboard-backend", &urls.dashboard_backend),
    ];
    let client = Client::with_timeout("doctor", Duration::from_secs(6));
    let answers = futures::future::join_all(services.map(|(name, url)| ask(&client, name, url, clock))).await;
    let mut findings: Vec<Finding> = answers.iter().map(ready).collect();
    findings.extend(integrations(&answers));
    findings.push(versions(&answers));
    findings.push(skew(&answers));
    findings
}

async fn ask(client: &Client, name: &'static str, url: &Url, clock: &Clock) -> Answer {
    let path = url.join("/health/ready").expect("a path of ours is valid");
    let response = client.send(client.request(Method::GET, path)).await;
    let asked_at = clock.now();
    match response {
        Ok(response) => {
            let date = response.headers().get("date").and_then(|value| value.to_str().ok());
            let date = date.and_then(|text| OffsetDateTime::parse(&text.replace("GMT", "+0000"), &Rfc2822).ok());
            let status = response.status();
            // One that is not ready says so with 503 and the same body.
            let readiness = response.json().await.map_err(|_| format!("it answers {status} and not its state"));
            Answer { name, readiness, date, asked_at }
        }
        Err(error) => Answer { name, readiness: Err(format!("{url}: {error}")), date: None, asked_at },
    }
}

fn wrong(readiness: &Readiness, required: bool) -> String {
    let wrong = readiness.checks.iter().filter(|(_, check)| !check.ok && check.required == required);
    wrong
        .map(|(name, check)| format!("{name}: {}", check.error.as_deref().unwrap_or("failed")))
        .collect::<Vec<_>>()
        .join("; ")
}

fn ready(answer: &Answer) -> Finding {
    let id = format!("service.{}", answer.name);
    match &answer.readiness {
        Err(why) => Finding::critical(id, why, "is it running, and is its …_URL right? Its log says what it lacks"),
        Ok(state) if state.status == "unavailable" => Finding::critical(
            id,
            format!("not ready: {}", wrong(state, true)),
            "mend what it names; it recovers by itself",
        ),
        Ok(state) if state.status == "degraded" => Finding::warning(
            id,
            format!("works without: {}", wrong(state, false)),
            "mend what it names; it recovers by itself",
        ),
        Ok(_) => Finding::ok(id, "ready"),
    }
}

/// What services say of the outside world, once each.
fn integrations(answers: &[Answer]) -> Vec<Finding> {
    let mut said = BTreeMap::new();
    for state in answers.iter().filter_map(|answer| answer.readiness.as_ref().ok()) {
        for (name, check) in &state.checks {
            if OUTSIDE.contains(&name.as_str()) {
                said.insert(name.as_str(), check);
            }
        }
    }
    said.into_iter()
        .map(|(name, check)| {
            let id = format!("integration.{name}");
            if check.ok {
                return Finding::ok(id, format!("answers in {} ms, and takes our credentials", check.latency_ms));
            }
            let why = check.error.clone().unwrap_or_else(|| "it does not answer".to_owned());
            Finding::warning(id, why, "check the credentials and the way out; work for it waits and is tried again")
        })
        .collect()
}

fn versions(answers: &[Answer]) -> Finding {
    const ID: &str = "versions.services";
    let known: Vec<(&str, &str)> = answers
        .iter()
        .filter_map(|answer| Some((answer.name, answer.readiness.as_ref().ok()?.version.as_str())))
        .collect();
    let ours = env!("CARGO_PKG_VERSION");
    let other: Vec<String> = known
        .iter()
        .filter(|(_, version)| *version != ours)
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    if known.is_empty() {
        Finding::skipped(ID, "no service answers")
    } else if other.is_empty() {
        Finding::ok(ID, format!("all are {ours}"))
    } else {
        let fix = "finish the upgrade: every service of one version (docs/upgrading.md)";
        Finding::warning(ID, format!("this is {ours}, but {}", other.join(", ")), fix)
    }
}

fn skew(answers: &[Answer]) -> Finding {
    const ID: &str = "clock.services";
    // `Date` has whole seconds: half a second is the best guess.
    let half = time::Duration::milliseconds(500);
    let far = answers
        .iter()
        .filter_map(|answer| Some((answer.name, answer.date? + half - answer.asked_at)))
        .max_by_key(|(_, difference)| difference.abs());
    match far {
        None => Finding::skipped(ID, "no service tells the time"),
        Some((name, difference)) => {
            let finding = judge_skew(ID, name, difference);
            if finding.severity == Severity::Ok { Finding::ok(ID, "all agree with ours") } else { finding }
        }
    }
}

#[cfg(test)]
mod tests {
    use common::health::CheckResult;

    use super::*;

    fn state(version: &str, checks: &[(&str, bool, bool)]) -> Readiness {
        let result = |ok, required| CheckResult {
            ok,
            required,
            latency_ms: 3,
            age_seconds: None,
            error: (!ok).then(|| "401 bad token".to_owned()),
        };
        let checks: BTreeMap<_, _> =
            checks.iter().map(|(name, ok, required)| ((*name).to_owned(), result(*ok, *required))).collect();
        let failed = |required| checks.values().any(|check| !check.ok && check.required == required);
        let status = if failed(true) {
            "unavailable"
        } else if failed(false) {
            "degraded"
        } else {
            "ok"
        };
        Readiness {
            status: status.to_owned(),
            service: String::new(),
            version: version.to_owned(),
            checks,
            integrations: std::collections::BTreeMap::new(),
        }
    }

    fn answer(name: &'static str, readiness: Result<Readiness, String>) -> Answer {
        let now = OffsetDateTime::UNIX_EPOCH;
        Answer { name, readiness, date: Some(now), asked_at: now }
    }

    #[test]
    fn what_services_say_becomes_findings() {
        let ours = env!("CARGO_PKG_VERSION");
        let answers = [
            answer("notification", Ok(state(ours, &[("postgres", true, true), ("telegram", false, false)]))),
            answer("github-integration", Ok(state("0.0.1", &[("postgres", false, true), ("github", true, false)]))),
            answer("api-gateway", Err("it does not answer".to_owned())),
        ];
        let severities: Vec<Severity> = answers.iter().map(|answer| ready(answer).severity).collect();
        assert_eq!(severities, [Severity::Warning, Severity::Critical, Severity::Critical]);
        let outside = integrations(&answers);
        assert_eq!((outside[0].id.as_str(), outside[0].severity), ("integration.github", Severity::Ok));
        assert_eq!((outside[1].id.as_str(), outside[1].severity), ("integration.telegram", Severity::Warning));
        assert!(versions(&answers).detail.contains("github-integration 0.0.1"));
        assert_eq!(skew(&answers).severity, Severity::Ok);
    }
}
