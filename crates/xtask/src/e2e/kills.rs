//! Processes killed without warning while a project is being built: it goes on, and nothing is made twice.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::traffic::Traffic;
use super::{Facts, evidence};
use crate::demo::{Api, Approvals, Watch, is_final};
use crate::say::say;
use crate::shell::interrupted;
use crate::stack::Stack;

/// n8n, once in each state of the project.
pub(super) fn n8n(stack: &mut Stack, facts: &mut Facts) -> anyhow::Result<()> {
    build_while_killing(stack, facts, &["n8n"])
}

/// Each of our services, Redis and Postgres, one in each state of the project, around and around.
pub(super) fn services(stack: &mut Stack, facts: &mut Facts) -> anyhow::Result<()> {
    build_while_killing(
        stack,
        facts,
        &[
            "cursor-integration",
            "github-integration",
            "notification",
            "dashboard-backend",
            "postgres",
            "redis",
            "api-gateway",
        ],
    )?;
    rolling(stack, facts)
}

/// Each service restarted in turn, as an update does, while people use the dashboard: nobody notices.
pub(super) fn rolling(stack: &mut Stack, facts: &mut Facts) -> anyhow::Result<()> {
    let traffic = Traffic::begin(stack)?;
    for service in ["dashboard-backend", "cursor-integration", "github-integration", "notification"] {
        std::thread::sleep(Duration::from_secs(1));
        say!("    ↻ {service} is restarted");
        stack.restart(service)?;
    }
    std::thread::sleep(Duration::from_secs(1));
    let tally = traffic.end();
    facts.check(
        &format!("none of {} requests failed while four services were restarted", tally.sent),
        tally.failed.is_empty() && tally.sent > 200,
        || format!("{} sent; {}", tally.sent, tally.failed.join("\n      ")),
    );
    Ok(())
}

fn build_while_killing(stack: &mut Stack, facts: &mut Facts, victims: &[&str]) -> anyhow::Result<()> {
    let mut api = Api::sign_in(stack)?;
    let mut watch = Watch::begin(stack, &mut api, "python-cli")?;
    let (mut struck, mut next) = (BTreeSet::new(), victims.iter().cycle());
    let mut status = String::new();
    let begin = Instant::now();
    while !interrupted() && !is_final(&status) && begin.elapsed() < Duration::from_mins(12) {
        stack.tend();
        match watch.step(stack, &mut api, Approvals::Press) {
            Ok(now) => status = now,
            Err(error) => say!("    … {error:#}"),
        }
        // Each state, and for the long ones each milestone and round, is a moment of its own.
        let moment = moment(&mut api, &watch, &status);
        if !is_final(&status) && struck.insert(moment.clone()) {
            let victim = next.next().expect("a cycle does not end");
            std::thread::sleep(Duration::from_millis(300)); // into the middle of the step
            say!("    ⚡ {victim} is killed while {moment}");
            stack.kill(victim)?;
            std::thread::sleep(Duration::from_millis(700));
            stack.revive(victim)?;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    facts.check("something was killed in five states or more", struck.len() >= 5, || format!("{struck:?}"));
    evidence::completed(stack, &mut api, &watch, &status, facts)
}

/// Where the project is: its status, milestone and stage attempt.
fn moment(api: &mut Api, watch: &Watch, status: &str) -> String {
    let stages = api.get(&format!("/api/v1/projects/{}/stages", watch.project)).unwrap_or_default();
    let current = stages.as_array().and_then(|list| list.last()).cloned().unwrap_or_default();
    format!(
        "{status} ({} {} round {})",
        current["stage"].as_str().unwrap_or_default(),
        current["milestone"].as_str().unwrap_or("-"),
        current["iteration"]
    )
}
