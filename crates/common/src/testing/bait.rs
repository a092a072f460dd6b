//! Made-up secrets and people, pushed through every door of a service: none of them may come out in a log line, a trace, a metric or the
//! error that somebody else gets to see.

use std::time::Duration;

use axum::Router;
use http::Method;
use serde_json::{Map, Value, json};

use super::{Answer, send};

/// A value that is registered as a secret of the installation.
pub const REGISTERED: &str = "bait-registered-value-0001";
/// A person's address.
pub const EMAIL: &str = "bait.person@example.org";
/// Text as people paste it: tokens of every kind we know.
pub const SECRETS: &str = "ghp_baitbaitbaitbaitbait0000 github_pat_11BAITBAIT0baitbaitbait crsr_baitbait00112233 \
    123456789:AAEbaitbaitbaitbaitbaitbaitbaitbait eyJiYWl0YmFpdCI6MX0.eyJiYWl0YmFpdCI6MX0.YmFpdGJhaXQ \
    Authorization: Bearer baitbait12345678 password=bait-hunter2 https://user:bait-password@git.example.org/a.git \
    bait-registered-value-0001 https://pilot.example.org/a/baitbaitbaitbaitbaitbaitbaitbaitbaitbaitbai";
/// Text as people write it: who they are.
pub const PEOPLE: &str =
    "bait.person@example.org, +49 30 5550123, @bait_handle, https://t.me/bait_handle, chat_id=5550123456";

/// An answer that takes longer is a stream.
const STREAMS: Duration = Duration::from_secs(3);

/// What no log, trace or metric may hold.
const NOWHERE: &[&str] = &["baitbait", "BAITBAIT", "YWl0YmFpd", "bait-", "bait.person", "bait_handle", "5550123"];
/// What no error may hold; a person may read her own address in an answer to herself.
const NOT_IN_ERRORS: &[&str] =
    &["ghp_bait", "BAITBAIT", "crsr_bait", "AAEbait", "eyJiYWl0", "bait-registered", "bait-password"];

/// Sends bait in path, query, headers and body to every endpoint of an `OpenAPI` description. `headers` sign the caller in. Answers what came
/// back.
pub async fn every_door(router: &Router, description: &Value, headers: &[(String, String)]) -> Vec<Answer> {
    crate::scrub::register(REGISTERED);
    let mut answers = Vec::new();
    for (path, operations) in description["paths"].as_object().into_iter().flatten() {
        for (method, _) in operations.as_object().into_iter().flatten() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let query: String = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("token", REGISTERED), ("email", EMAIL), ("q", SECRETS), ("cursor", PEOPLE)])
                .finish();
            for id in ["0199d6ff-0000-7000-8000-000000000000", REGISTERED] {
                let filled = fill(path, id);
                let mut all = headers.to_vec();
                all.push(("x-request-id".to_owned(), "bait request".to_owned()));
                all.push(("cookie".to_owned(), format!("qp_refresh={REGISTERED}; other=baitbait")));
                all.push(("x-api-key".to_owned(), REGISTERED.to_owned()));
                all.push(("user-agent".to_owned(), SECRETS.to_owned()));
                let path = format!("{filled}?{query}");
                let asked = send(router, method.clone(), &path, &all, Some(body()));
                // A live stream has no end.
                answers.extend(tokio::time::timeout(STREAMS, asked).await);
            }
        }
    }
    answers
}

/// Fails when bait is in `outputs` (lines, traces, metrics) or in an error among `answers`.
pub fn assert_none(outputs: &[&str], answers: &[Answer]) {
    for output in outputs {
        for line in output.lines() {
            for bait in NOWHERE {
                assert!(!line.contains(bait), "`{bait}` came out: {line}");
            }
        }
    }
    for answer in answers.iter().filter(|answer| !answer.status.is_success()) {
        let text = answer.body.to_string();
        for bait in NOT_IN_ERRORS {
            assert!(!text.contains(bait), "`{bait}` is in an error: {text}");
        }
    }
}

fn fill(path: &str, id: &str) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        filled.push_str(id);
        rest = after.split_once('}').map_or("", |(_, tail)| tail);
    }
    filled + rest
}

/// Every name that a body of ours has, and some that none has.
fn body() -> Value {
    const NAMES: [&str; 18] = [
        "email",
        "password",
        "name",
        "display_name",
        "title",
        "text",
        "comment",
        "choice",
        "token",
        "code",
        "url",
        "repository",
        "readme",
        "reason",
        "summary",
        "key",
        "kind",
        "link",
    ];
    let mut body = Map::new();
    for (at, name) in NAMES.iter().enumerate() {
        let value = [SECRETS, PEOPLE, REGISTERED, EMAIL][at % 4];
        body.insert((*name).to_owned(), json!(value));
    }
    body.insert(EMAIL.to_owned(), json!({ SECRETS: PEOPLE }));
    Value::Object(body)
}
