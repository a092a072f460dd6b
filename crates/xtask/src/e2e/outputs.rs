//! What a whole run left behind for others to read: logs and metrics. No secret of the stack and no address of a person is in it, every line of
//! ours is well-formed, and a run in which nothing was broken has no error in its logs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::Facts;
use crate::http;
use crate::stack::{ADMIN_EMAIL, SANDBOX_CREDENTIALS, Stack};

const OURS: [&str; 5] =
    ["api-gateway", "cursor-integration", "github-integration", "notification", "dashboard-backend"];

/// Reads everything; `undisturbed` says that nothing was killed on purpose.
pub(super) fn check(stack: &Stack, undisturbed: bool, facts: &mut Facts) -> anyhow::Result<()> {
    let mut outputs = Vec::new();
    for file in std::fs::read_dir(stack.layout.logs())?.flatten().map(|entry| entry.path()) {
        let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        outputs.push((name, String::from_utf8_lossy(&std::fs::read(&file)?).into_owned()));
    }
    for name in OURS {
        // The gateway's are not on its public port.
        let door = if name == "api-gateway" { "gateway-metrics" } else { name };
        if let Ok(metrics) = http::call("GET", &format!("{}/metrics", stack.ports.url(door)), &[], None) {
            outputs.push((format!("{name}/metrics"), metrics.as_str().unwrap_or_default().to_owned()));
        }
    }
    let hidden = hidden(stack)?;
    facts.check("secrets and addresses to look for are known", hidden.len() > 10, || format!("{} only", hidden.len()));
    let mut leaks = Vec::new();
    for (name, text) in &outputs {
        for (what, value) in &hidden {
            if let Some(line) = text.lines().find(|line| line.contains(value.as_str())) {
                // Not the line as it is: it holds the secret.
                leaks.push(format!("{what} in {name}: {}", line.replace(value.as_str(), "***")));
            }
        }
    }
    facts.check("no secret and no address is in any log or metric", leaks.is_empty(), || leaks.join("\n      "));
    for (name, text) in outputs.iter().filter(|(name, _)| OURS.contains(&name.as_str())) {
        lines(name, text, undisturbed, facts);
    }
    Ok(())
}

/// The lines of one service.
fn lines(name: &str, text: &str, undisturbed: bool, facts: &mut Facts) {
    let (mut seen, mut malformed, mut errors) = (0, Vec::new(), Vec::new());
    // What is printed for people at the start is plain text.
    for line in text.lines().filter(|line| !line.starts_with("Nobody has an account yet.")) {
        seen += 1;
        match serde_json::from_str::<Value>(line) {
            Ok(parsed)
                if ["timestamp", "level", "service", "message"].iter().all(|field| parsed[*field].is_string()) =>
            {
                if parsed["level"] == "ERROR" {
                    errors.push(line);
                }
            }
            _ => malformed.push(line),
        }
    }
    facts.check(
        &format!("every line of {name} is JSON with the documented fields"),
        seen > 0 && malformed.is_empty(),
        || format!("{seen} lines; {}", malformed.join("\n      ")),
    );
    if undisturbed {
        facts.check(&format!("{name} logged no error"), errors.is_empty(), || errors.join("\n      "));
    }
}

/// What must not be seen, and what it is called.
fn hidden(stack: &Stack) -> anyhow::Result<BTreeSet<(String, String)>> {
    let mut hidden = BTreeSet::new();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(stack.layout.secrets())?.flatten().map(|entry| entry.path()).collect();
    files.push(stack.layout.state.join("n8n_api_key"));
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let values = text.lines().map(str::trim).filter(|line| line.len() >= 8 && !line.starts_with("-----"));
        hidden.extend(values.map(|value| (name.clone(), value.to_owned())));
    }
    for value in SANDBOX_CREDENTIALS {
        hidden.insert(("a credential of an integration".to_owned(), value.to_owned()));
    }
    let mails = http::call("GET", &format!("{}/_sandbox/api/mails", stack.ports.url("sandbox")), &[], None)?;
    let mails = mails.to_string();
    let words = mails.split(|c: char| c.is_whitespace() || "\"<>,;()\\?#&".contains(c));
    let mut addresses = BTreeSet::from([ADMIN_EMAIL.to_owned()]);
    for word in words {
        if let Some((_, token)) = word.split_once("/a/").filter(|(_, token)| token.len() >= 32) {
            hidden.insert(("the token of an approval link".to_owned(), token.to_owned()));
        } else if word
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains(['/', ':']))
        {
            addresses.insert(word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
        }
    }
    hidden.extend(addresses.into_iter().map(|address| ("an e-mail address".to_owned(), address)));
    Ok(hidden)
}
