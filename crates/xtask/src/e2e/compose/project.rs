//! One project through the published ports: started, decided and watched over the gateway, while containers die.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::engine::Compose;
use crate::demo::{Api, is_final};
use crate::e2e::Facts;
use crate::say::say;
use crate::shell::{interrupted, output, wait_until};

/// The account that is made first.
pub(super) const EMAIL: &str = "admin@quantapilot.example";
/// A project that has not ended by then has failed.
const LIMIT: Duration = Duration::from_mins(15);
/// Killed one after the other: what the project needs.
const FIRST: [&str; 9] = [
    "cursor-integration",
    "github-integration",
    "n8n",
    "notification",
    "dashboard-backend",
    "postgres",
    "api-gateway",
    "redis",
    "sandbox",
];

/// A project that was built.
pub(super) struct Project {
    pub(super) id: String,
    pub(super) repository: String,
}

impl Project {
    /// Pushes a README, answers every question with yes, and kills one container after the other meanwhile.
    pub(super) fn build_while_killing(compose: &Compose, api: &mut Api, facts: &mut Facts) -> anyhow::Result<Self> {
        let begin = Instant::now();
        let started = api.call("POST", "/api/v1/demo", Some(&json!({"readme": "python-cli"})))?;
        let repository = started["repository"].as_str().context("the demo names its repository")?.to_owned();
        let mut project = None;
        wait_until("the project", Duration::from_mins(2), || {
            let page = api.get("/api/v1/projects").unwrap_or_default();
            let found = page["items"].as_array().into_iter().flatten();
            let mut found = found.filter(|one| one["repository"]["full_name"] == repository.as_str());
            project = found.next().and_then(|one| one["id"].as_str()).map(str::to_owned);
            project.is_some()
        })?;
        let project = Self { id: project.context("it was found")?, repository };

        let mut victims = victims(compose)?;
        let count = victims.iter().flatten().count();
        let (mut told, mut answered, mut status) = (HashSet::new(), HashSet::new(), String::new());
        while !interrupted() && begin.elapsed() < LIMIT && !(is_final(&status) && victims.is_empty()) {
            match project.step(api, &mut answered) {
                Ok(now) => {
                    if told.insert(now.clone()) {
                        say!("    {:>4} s  {now}", begin.elapsed().as_secs());
                    }
                    status = now;
                }
                Err(error) => say!("    … {error:#}"),
            }
            if let Some(next) = victims.pop_front() {
                say!("    {:>4} s  ⚡ killed: {}", begin.elapsed().as_secs(), next.join(", "));
                kill(compose, &next)?;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        facts.check(&format!("{count} containers were killed once each, and came back"), victims.is_empty(), || {
            format!("{} were not", victims.iter().flatten().count())
        });
        facts.check("the project is completed", status == "completed", || format!("it is {status}"));
        Ok(project)
    }

    /// Answers what is asked, and gives back the status.
    fn step(&self, api: &mut Api, answered: &mut HashSet<String>) -> anyhow::Result<String> {
        let pending = api.get(&format!("/api/v1/decisions?status=pending&project_id={}", self.id))?;
        for decision in pending["items"].as_array().into_iter().flatten() {
            let id = decision["id"].as_str().unwrap_or_default();
            let choice = ["approve", "retry", "yes"].into_iter().find(|choice| offers(decision, choice));
            let Some(choice) = choice else { continue };
            if answered.insert(id.to_owned()) {
                say!("            {} → {choice}", decision["title"].as_str().unwrap_or_default());
            }
            let path = format!("/api/v1/decisions/{id}/answers");
            api.call("POST", &path, Some(&json!({"choice": choice})))?;
        }
        self.status(api)
    }

    pub(super) fn status(&self, api: &mut Api) -> anyhow::Result<String> {
        let project = api.get(&format!("/api/v1/projects/{}", self.id))?;
        Ok(project["status"].as_str().unwrap_or_default().to_owned())
    }

    /// The number of its newest event.
    pub(super) fn events(&self, api: &mut Api) -> anyhow::Result<i64> {
        let page = api.get(&format!("/api/v1/projects/{}/events", self.id))?;
        let numbers = page["items"].as_array().into_iter().flatten().filter_map(|event| event["sequence"].as_i64());
        numbers.max().context("a project has events")
    }
}

fn offers(decision: &Value, choice: &str) -> bool {
    decision["options"].as_array().is_some_and(|options| options.iter().any(|option| option == choice))
}

/// Every service that keeps running: what the project needs one after the other, the rest at once.
fn victims(compose: &Compose) -> anyhow::Result<VecDeque<Vec<String>>> {
    let containers = compose.containers()?;
    let running: BTreeSet<&str> =
        containers.iter().filter(|one| !one.runs_once()).map(|one| one.service.as_str()).collect();
    let first = FIRST.into_iter().filter(|name| running.contains(name)).map(|name| vec![name.to_owned()]);
    let rest = running.iter().filter(|name| !FIRST.contains(name)).map(|name| (*name).to_owned()).collect();
    Ok(first.chain([rest]).collect())
}

/// SIGKILL to one container of each, then a start, as after a crash of the machine; waits until they are well again.
fn kill(compose: &Compose, services: &[String]) -> anyhow::Result<()> {
    let containers = compose.containers()?;
    let id = |service: &String| containers.iter().find(|one| one.service == *service).map(|one| one.id.as_str());
    let ids: Vec<&str> = services.iter().map(id).collect::<Option<_>>().context("they run")?;
    output(Command::new("docker").args(["kill", "--signal", "KILL"]).args(&ids))?;
    output(Command::new("docker").arg("start").args(&ids))?;
    wait_until(&services.join(", "), Duration::from_mins(2), || {
        std::thread::sleep(Duration::from_millis(400));
        let states =
            output(Command::new("docker").args(["inspect", "--format", "{{.State.Health.Status}}"]).args(&ids));
        states.is_ok_and(|states| states.lines().all(|state| state.trim() == "healthy"))
    })
}
