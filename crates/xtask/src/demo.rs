//! A project from its README to its release, told live in the terminal.

use std::collections::HashSet;
use std::io::BufRead as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::http;
use crate::say::say;
use crate::shell::{interrupted, output, which};
use crate::stack::{ADMIN_EMAIL, Stack};

/// A project that has not ended by then is given up.
const LIMIT: Duration = Duration::from_mins(20);

/// Who answers the questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Approvals {
    /// This tool presses Approve on the sandbox's phone.
    Press,
    /// The person at the terminal; the answer is pressed on the sandbox's phone.
    Ask,
}

/// A signed-in client of the public API.
pub(crate) struct Api {
    base: String,
    email: String,
    password: String,
    token: String,
}

impl Api {
    pub(crate) fn sign_in(stack: &Stack) -> anyhow::Result<Self> {
        Self::at(&stack.ports.url("api-gateway"), ADMIN_EMAIL, &stack.admin_password()?)
    }

    /// At any gateway.
    pub(crate) fn at(base: &str, email: &str, password: &str) -> anyhow::Result<Self> {
        let [base, email, password] = [base, email, password].map(str::to_owned);
        let mut api = Self { base, email, password, token: String::new() };
        api.refresh()?;
        Ok(api)
    }

    fn refresh(&mut self) -> anyhow::Result<()> {
        let session = http::call(
            "POST",
            &format!("{}/api/v1/auth/login", self.base),
            &[],
            Some(&json!({"email": self.email, "password": self.password})),
        )?;
        session["access_token"].as_str().context("signing in gave no token")?.clone_into(&mut self.token);
        Ok(())
    }

    /// Calls the API; an expired token is renewed once.
    pub(crate) fn call(&mut self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        for _ in 0..2 {
            let bearer = format!("Bearer {}", self.token);
            let answer = http::send(method, &format!("{}{path}", self.base), &[("authorization", &bearer)], body)?;
            match answer.status {
                200..300 => return Ok(answer.body),
                401 => self.refresh()?,
                status => bail!("{method} {path} answered {status}: {}", answer.body),
            }
        }
        bail!("{method} {path}: signed in and still refused")
    }

    /// The access token of now.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<Value> {
        self.call("GET", path, None)
    }
}

/// One project, watched from outside.
pub(crate) struct Watch {
    pub(crate) project: String,
    pub(crate) repository: String,
    seen: i64,
    told: HashSet<String>,
    begin: Instant,
}

/// Runs the demo. `true` when the project was completed.
pub(crate) fn run(stack: &mut Stack, readme: &str, approvals: Approvals) -> anyhow::Result<bool> {
    let mut api = Api::sign_in(stack)?;
    say!("\nPushing the README `{readme}` to a new repository of the sandbox …");
    let mut watch = Watch::begin(stack, &mut api, readme)?;
    let status = loop {
        stack.tend();
        let status = match watch.step(stack, &mut api, approvals) {
            Ok(status) => status,
            // A service may be restarting; the project goes on.
            Err(error) if watch.begin.elapsed() < LIMIT => {
                say!("  … {error:#}");
                std::thread::sleep(Duration::from_secs(1));
                continue;
            }
            Err(error) => return Err(error),
        };
        if is_final(&status) || interrupted() {
            break status;
        }
        if watch.begin.elapsed() > LIMIT {
            bail!("the project is still `{status}` after {} minutes", LIMIT.as_secs() / 60);
        }
        std::thread::sleep(Duration::from_millis(400));
    };
    watch.summary(stack, &mut api, &status)?;
    Ok(status == "completed")
}

/// Whether nothing more will happen by itself.
pub(crate) fn is_final(status: &str) -> bool {
    matches!(status, "completed" | "rejected" | "cancelled" | "failed")
}

impl Watch {
    /// Pushes the README and waits until its project is there.
    pub(crate) fn begin(stack: &mut Stack, api: &mut Api, readme: &str) -> anyhow::Result<Self> {
        let started = api.call("POST", "/api/v1/demo", Some(&json!({"readme": readme})))?;
        let repository =
            started["repository"].as_str().context("the demo did not say which repository it made")?.to_owned();
        Self::of_repository(stack, api, repository)
    }

    /// Waits until a repository has become a project.
    pub(crate) fn of_repository(stack: &mut Stack, api: &mut Api, repository: String) -> anyhow::Result<Self> {
        let begin = Instant::now();
        while !interrupted() {
            stack.tend();
            let page = api.get("/api/v1/projects").unwrap_or_default();
            let found = page["items"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|project| project["repository"]["full_name"] == repository.as_str());
            if let Some(id) = found.and_then(|project| project["id"].as_str()) {
                return Ok(Self { project: id.to_owned(), repository, seen: 0, told: HashSet::new(), begin });
            }
            anyhow::ensure!(begin.elapsed() < Duration::from_mins(2), "no project appeared for {repository}");
            std::thread::sleep(Duration::from_millis(300));
        }
        bail!("interrupted")
    }

    /// Tells what is new, answers what is asked, and gives back the project's status.
    pub(crate) fn step(&mut self, stack: &Stack, api: &mut Api, approvals: Approvals) -> anyhow::Result<String> {
        self.tell_events(api)?;
        let project = api.get(&format!("/api/v1/projects/{}", self.project))?;
        if project["waiting_decision_id"].is_string() {
            self.answer(stack, api, approvals)?;
        }
        Ok(project["status"].as_str().unwrap_or_default().to_owned())
    }

    fn tell_events(&mut self, api: &mut Api) -> anyhow::Result<()> {
        let page = api.get(&format!("/api/v1/projects/{}/events", self.project))?;
        let mut events: Vec<&Value> = page["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|event| event["sequence"].as_i64().unwrap_or(0) > self.seen)
            .collect();
        events.sort_by_key(|event| event["sequence"].as_i64());
        for event in events {
            self.seen = event["sequence"].as_i64().unwrap_or(self.seen);
            let elapsed = self.begin.elapsed().as_secs();
            say!(
                "  {:>2}:{:02}  {:<14}  {}",
                elapsed / 60,
                elapsed % 60,
                event["actor"].as_str().unwrap_or_default(),
                event["summary"].as_str().unwrap_or_default()
            );
        }
        Ok(())
    }

    /// Presses the button of an open question on the sandbox's phone.
    fn answer(&mut self, stack: &Stack, api: &mut Api, approvals: Approvals) -> anyhow::Result<()> {
        let sandbox = stack.ports.url("sandbox");
        let pending = api.get(&format!("/api/v1/decisions?status=pending&project_id={}", self.project))?;
        for decision in pending["items"].as_array().into_iter().flatten() {
            let (id, short) =
                (decision["id"].as_str().unwrap_or_default(), decision["short_id"].as_str().unwrap_or_default());
            let Some(button) = find_button(&sandbox, short, "Approve")?
                .or(find_button(&sandbox, short, "Yes")?)
                .or(find_button(&sandbox, short, "Retry")?)
            else {
                continue;
            };
            if self.told.insert(id.to_owned()) {
                say!("         📱  {}  {}", short, decision["title"].as_str().unwrap_or_default());
            }
            let chosen = match approvals {
                Approvals::Press => button,
                Approvals::Ask => match ask(&sandbox, short)? {
                    Some(button) => button,
                    None => continue,
                },
            };
            http::call(
                "POST",
                &format!("{sandbox}/_sandbox/api/telegram/press"),
                &[],
                Some(&json!({"chat_id": chosen.chat, "message_id": chosen.message, "data": chosen.data})),
            )?;
            say!("         📱  pressed “{}”", chosen.label);
        }
        Ok(())
    }

    fn summary(&self, stack: &Stack, api: &mut Api, status: &str) -> anyhow::Result<()> {
        let project = api.get(&format!("/api/v1/projects/{}", self.project))?;
        say!(
            "\nThe project is {status} after {} s: {}",
            self.begin.elapsed().as_secs(),
            project["sentence"].as_str().unwrap_or_default()
        );
        let clone = stack.layout.state.join("demo-clone");
        let _ = std::fs::remove_dir_all(&clone);
        clone_repository(stack, &self.repository, &clone)?;
        say!("\nThe repository {}:", self.repository);
        for line in
            output(Command::new("git").args(["log", "--oneline", "--graph", "-30"]).current_dir(&clone))?.lines()
        {
            say!("  {line}");
        }
        let tags = output(Command::new("git").arg("tag").current_dir(&clone))?;
        say!("  tags: {}", tags.split_whitespace().collect::<Vec<_>>().join(", "));
        say!("\nIts tests, run afresh:");
        let (passed, text) = run_tests(&clone)?;
        for line in text.lines().rev().take(6).collect::<Vec<_>>().into_iter().rev() {
            say!("  {line}");
        }
        say!("  {}", if passed { "✓ they pass" } else { "✗ they fail" });
        say!(
            "\nTokens {}, cost {:.2} US cents (the sandbox's agents are programs: the figures are made up, the accounting is not)",
            project["spend"]["tokens"],
            project["spend"]["cost_cents"].as_f64().unwrap_or(0.0)
        );
        Ok(())
    }
}

/// A button on the phone.
#[derive(Debug)]
pub(crate) struct Button {
    pub(crate) chat: i64,
    pub(crate) message: i64,
    pub(crate) data: String,
    pub(crate) label: String,
}

/// Every button of the newest message that speaks of a decision.
pub(crate) fn buttons(sandbox: &str, short_id: &str) -> anyhow::Result<Vec<Button>> {
    let phone = http::call("GET", &format!("{sandbox}/_sandbox/api/telegram/chats"), &[], None)?;
    let mut found = Vec::new();
    for chat in phone["chats"].as_array().into_iter().flatten() {
        let mut messages = chat["messages"].as_array().into_iter().flatten();
        let Some(message) =
            messages.rfind(|message| message["text"].as_str().is_some_and(|text| text.contains(short_id)))
        else {
            continue;
        };
        for button in
            message["keyboard"].as_array().into_iter().flatten().flat_map(|row| row.as_array().into_iter().flatten())
        {
            if let (Some(data), Some(label)) = (button["callback_data"].as_str(), button["text"].as_str()) {
                let number = |value: &Value| value.as_i64().unwrap_or_default();
                found.push(Button {
                    chat: number(&chat["id"]),
                    message: number(&message["message_id"]),
                    data: data.to_owned(),
                    label: label.to_owned(),
                });
            }
        }
    }
    Ok(found)
}

fn find_button(sandbox: &str, short_id: &str, word: &str) -> anyhow::Result<Option<Button>> {
    Ok(buttons(sandbox, short_id)?.into_iter().find(|button| button.label.contains(word)))
}

/// Lets the person at the terminal choose. Reasons are asked for on the phone itself, so Reject and Change are best pressed there.
fn ask(sandbox: &str, short_id: &str) -> anyhow::Result<Option<Button>> {
    let mut buttons = buttons(sandbox, short_id)?;
    let labels: Vec<String> =
        buttons.iter().enumerate().map(|(index, button)| format!("[{}] {}", index + 1, button.label)).collect();
    say!("  Your answer?  {}  (Enter: look again)", labels.join("  "));
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let chosen = line.trim().parse::<usize>().ok().filter(|number| (1..=buttons.len()).contains(number));
    Ok(chosen.map(|number| buttons.swap_remove(number - 1)))
}

/// Clones a repository of the sandbox with plain git.
pub(crate) fn clone_repository(stack: &Stack, repository: &str, into: &Path) -> anyhow::Result<()> {
    let url = format!(
        "{}/{repository}.git",
        stack.ports.url("sandbox").replacen("://", "://x-access-token:sandbox-github-token@", 1)
    );
    output(Command::new("git").args(["clone", "--quiet", &url]).arg(into).env("GIT_TERMINAL_PROMPT", "0")).map(drop)
}

/// Runs a project's own tests, by what kind of project it is.
pub(crate) fn run_tests(dir: &Path) -> anyhow::Result<(bool, String)> {
    let mut command = if dir.join("Cargo.toml").is_file() {
        let mut cargo = Command::new("cargo");
        // A directory of its own: the surrounding build must not be disturbed.
        cargo.args(["test", "--offline", "--quiet"]).env("CARGO_TARGET_DIR", dir.join("target"));
        cargo
    } else if dir.join("package.json").is_file() {
        let mut node = Command::new(which("node").unwrap_or_else(crate::install::node));
        node.arg("--test");
        node
    } else {
        let mut python = Command::new("python3");
        python.args(["-m", "unittest", "discover"]);
        if dir.join("tests").is_dir() {
            python.args(["-s", "tests", "-t", "."]);
        }
        python
    };
    let out = command.current_dir(dir).output()?;
    Ok((
        out.status.success(),
        format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)),
    ))
}
