//! What must be true of a finished project, asked of everything that could tell otherwise.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Facts;
use crate::demo::{Api, Watch, clone_repository, run_tests};
use crate::http;
use crate::shell::output;
use crate::stack::Stack;

/// A completed project: nothing was made twice, and what was made works.
pub(super) fn completed(
    stack: &Stack,
    api: &mut Api,
    watch: &Watch,
    status: &str,
    facts: &mut Facts,
) -> anyhow::Result<()> {
    let name = watch.repository.clone();
    facts.check(&format!("{name} is completed"), status == "completed", || format!("it is {status}"));
    once_each(&stack.ports.url("sandbox"), api, &watch.project, &watch.repository, facts)?;
    let clone = stack.layout.state.join("clones").join(&name);
    let _ = std::fs::remove_dir_all(&clone);
    clone_repository(stack, &name, &clone)?;
    let tags = output(std::process::Command::new("git").arg("tag").current_dir(&clone))?;
    facts.check(&format!("{name} has one release tag"), tags.lines().count() == 1, || format!("tags: {tags}"));
    let (passed, text) = run_tests(&clone)?;
    facts.check(&format!("{name}: its tests pass in a fresh clone"), passed, || text);
    Ok(())
}

/// No branch, commit, pull request, message or agent run was made twice.
pub(super) fn once_each(
    sandbox: &str,
    api: &mut Api,
    project: &str,
    name: &str,
    facts: &mut Facts,
) -> anyhow::Result<()> {
    let auth = [("authorization", "Bearer sandbox-github-token"), ("user-agent", "quantapilot-xtask")];
    let pulls = http::call("GET", &format!("{sandbox}/repos/{name}/pulls?state=all&per_page=100"), &auth, None)?;
    let heads = tally(&pulls, |pull| pull["head"]["ref"].as_str().map(str::to_owned));
    facts.check(
        &format!("{name}: one pull request for each branch"),
        !heads.is_empty() && heads.values().all(|n| *n == 1),
        || format!("{heads:?}"),
    );

    let runs = api.get(&format!("/api/v1/agent-runs?project_id={project}"))?;
    let asked =
        tally(&runs["items"], |run| Some(format!("{}/{}/{}", run["task"], run["milestone_key"], run["iteration"])));
    facts.check(
        &format!("{name}: each agent run was made once"),
        !asked.is_empty() && asked.values().all(|n| *n == 1),
        || format!("{asked:?}"),
    );

    let backend = http::call("GET", &format!("{sandbox}/_sandbox/api/agent-runs"), &[], None)?;
    let started = backend["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|run| run["repository"].as_str().is_some_and(|url| url.ends_with(name)))
        .count();
    let ours = runs["items"].as_array().map_or(0, Vec::len);
    facts.check(&format!("{name}: the agents' backend saw as many runs as we did"), started == ours, || {
        format!("{started} there, {ours} here")
    });

    for pull in pulls.as_array().into_iter().flatten() {
        let number = &pull["number"];
        let commits =
            http::call("GET", &format!("{sandbox}/repos/{name}/pulls/{number}/commits?per_page=100"), &auth, None)?;
        let subjects = tally(&commits, |commit| commit["commit"]["message"].as_str().map(str::to_owned));
        facts.check(
            &format!("{name}: no commit of #{number} was made twice"),
            !subjects.is_empty() && subjects.values().all(|n| *n == 1),
            || format!("{subjects:?}"),
        );
    }

    let decisions = api.get(&format!("/api/v1/projects/{project}/decisions"))?;
    let list = decisions.get("items").unwrap_or(&decisions);
    let phone = http::call("GET", &format!("{sandbox}/_sandbox/api/telegram/chats"), &[], None)?;
    let mut messages = Vec::new();
    for chat in phone["chats"].as_array().into_iter().flatten() {
        messages.extend(
            chat["messages"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|message| message["from"]["bot"] == true)
                .filter_map(|message| message["text"].as_str()),
        );
    }
    let told = api.get(&format!("/api/v1/notifications?project_id={project}&limit=100"))?;
    for decision in list.as_array().into_iter().flatten() {
        let short = decision["short_id"].as_str().unwrap_or("?");
        let sent = messages.iter().filter(|text| text.contains(short)).count();
        let by_policy = decision["channel"] == "policy";
        let asked = Asked::read(&told, decision);
        facts.check(
            &format!("{name}: {short} ({}) was sent to the phone once", decision["type"].as_str().unwrap_or_default()),
            by_policy || asked.explains(sent),
            || format!("{sent} times, {asked:?}"),
        );
        facts.check(&format!("{name}: {short} was applied"), decision["status"] == "applied", || {
            decision["status"].to_string()
        });
    }
    Ok(())
}

/// How a question went to the phone, as the notification service noted it.
#[derive(Debug)]
struct Asked {
    /// It was to be sent: nobody had decided in the dashboard before.
    due: bool,
    /// Attempts that ended without an answer of Telegram. It knows no idempotency keys, so each of these may have made a message, and is
    /// followed by another.
    cut_off: usize,
}

impl Asked {
    fn read(told: &Value, decision: &Value) -> Self {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let mut asked = Self { due: decision["channel"] != "dashboard", cut_off: 0 };
        let about = |notification: &&Value| notification["decision_id"] == decision["id"];
        for notification in list(&told["items"]).iter().filter(about) {
            for message in list(&notification["messages"]).iter().filter(|message| message["channel"] == "telegram") {
                asked.due |= message["state"] != "skipped";
                let attempts = list(&message["attempts"]);
                let sends = attempts.iter().filter(|attempt| attempt["operation"] == "send");
                let unanswered = |attempt: &&Value| attempt["outcome"] == "started" || attempt["outcome"] == "retry";
                asked.cut_off += sends.filter(unanswered).count();
            }
        }
        asked
    }

    fn explains(&self, sent: usize) -> bool {
        (usize::from(self.due)..=1 + self.cut_off).contains(&sent)
    }
}

fn tally(list: &Value, key: impl Fn(&Value) -> Option<String>) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for item in list.as_array().into_iter().flatten() {
        if let Some(key) = key(item) {
            *counts.entry(key).or_default() += 1;
        }
    }
    counts
}
