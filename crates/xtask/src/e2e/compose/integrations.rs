//! Credentials turn the integrations real, one by one; taken away, they give them back to the sandbox. The sandbox plays the real ones too,
//! under their names: nobody outside is called.

use std::time::Duration;

use serde_json::Value;

use super::engine::Compose;
use crate::demo::Api;
use crate::e2e::Facts;
use crate::shell::{timed, wait_until};

/// What else the sandbox is called on the network of the services.
pub(super) const ALIASES: [&str; 3] = ["api.cursor.com", "api.telegram.org", "outside"];

/// What makes an integration real: a file in the folder of credentials, which changes no setting, and lines of `.env`.
struct Given {
    integration: &'static str,
    file: Option<(&'static str, &'static str)>,
    variables: &'static [(&'static str, &'static str)],
}

const STEPS: [Given; 4] = [
    Given { integration: "cursor", file: Some(("cursor_api_key", "crsr_made-up")), variables: &[] },
    Given {
        integration: "mail",
        file: None,
        variables: &[("SMTP_URL", "smtp://outside:3925"), ("SMTP_FROM", "QuantaPilot <pilot@quantapilot.example>")],
    },
    Given {
        integration: "telegram",
        file: Some(("telegram_bot_token", "1000000002:made-up-telegram-bot-token-000000000")),
        variables: &[],
    },
    Given {
        integration: "github",
        // What the sandbox takes for a token.
        file: Some(("github_token", "sandbox-github-token")),
        variables: &[("GITHUB_API_URL", "http://outside:3900")],
    },
];

/// Gives one credential after the other, and then takes all away.
pub(super) fn one_by_one(compose: &mut Compose, api: &mut Api, facts: &mut Facts) -> anyhow::Result<()> {
    let folder = compose.given();
    let mut played = sandboxed(api)?;
    for step in &STEPS {
        if let Some((name, text)) = step.file {
            std::fs::write(folder.join(name), format!("{text}\n"))?;
        }
        for (name, value) in step.variables {
            compose.set(name, (*value).to_owned());
        }
        timed(&format!("{} becomes real", step.integration), || super::up(compose))?;
        played.retain(|name| name != step.integration);
        expect(api, &played, &format!("with its credential {} is real, and nothing else", step.integration), facts);
    }
    for step in &STEPS {
        if let Some((name, _)) = step.file {
            std::fs::remove_file(folder.join(name))?;
        }
        for (name, _) in step.variables {
            compose.unset(name);
        }
    }
    timed("all credentials are taken away", || super::up(compose))?;
    let all: Vec<String> = STEPS.iter().map(|step| step.integration.to_owned()).collect();
    expect(api, &all, "without credentials the sandbox plays every integration again", facts);
    Ok(())
}

/// A service that takes up a credential is away for some seconds.
fn expect(api: &mut Api, played: &[String], fact: &str, facts: &mut Facts) {
    let mut seen = Ok(Vec::new());
    let wanted = |seen: &[String]| seen.len() == played.len() && played.iter().all(|name| seen.contains(name));
    let _ = wait_until(fact, Duration::from_mins(1), || {
        std::thread::sleep(Duration::from_millis(500));
        seen = sandboxed(api);
        seen.as_deref().is_ok_and(wanted)
    });
    facts
        .check(fact, seen.as_deref().is_ok_and(wanted), || format!("the sandbox plays {seen:?} instead of {played:?}"));
}

fn sandboxed(api: &mut Api) -> anyhow::Result<Vec<String>> {
    let demo = api.get("/api/v1/demo")?;
    let names = demo["sandboxed"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(names.map(str::to_owned).collect())
}
