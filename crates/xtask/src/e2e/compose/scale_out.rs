//! More than one of each, with PgBouncer in transaction mode between the services and Postgres: a project is built, while one replica of each
//! is killed.

use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::engine::Compose;
use super::project::Project;
use crate::e2e::{Facts, evidence};
use crate::http;
use crate::layout::env;
use crate::shell::timed;

pub(super) const OVERLAY: &str = "deploy/compose.scale-out.yml";
/// PgBouncer, where no registry gives it: Debian's, on Debian.
pub(super) const POOLER: &str = "quantapilot-e2e-pgbouncer";
const POOLER_FILE: &str = "FROM debian:13-slim\nRUN apt-get update && apt-get install --yes --no-install-recommends pgbouncer postgresql-client\n";
/// Services of ours, of which there are two each.
const DOUBLED: [&str; 5] =
    ["api-gateway", "cursor-integration", "dashboard-backend", "github-integration", "notification"];

/// Makes the pooler's image, where one is needed.
pub(super) fn make_pooler(compose: &mut Compose) -> anyhow::Result<()> {
    if env("QUANTAPILOT_IMAGE_MAKER").is_none() {
        return Ok(());
    }
    compose.make_image("debian:13-slim")?;
    let mut build = Command::new("docker");
    build.env("DOCKER_BUILDKIT", "1").args(["build", "--quiet", "--tag", POOLER, "-"]);
    let mut child = build.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    std::io::Write::write_all(&mut child.stdin.take().context("its input is a pipe")?, POOLER_FILE.as_bytes())?;
    let done = child.wait_with_output()?;
    ensure!(done.status.success(), "the pooler's image: {}", String::from_utf8_lossy(&done.stderr));
    compose.set("PGBOUNCER_IMAGE", POOLER.to_owned());
    Ok(())
}

pub(super) fn run(compose: &mut Compose, facts: &mut Facts) -> anyhow::Result<()> {
    timed("docker compose up", || super::up(compose))?;
    let containers = compose.containers()?;
    let single = without_two(|service| containers.iter().filter(|one| one.service == service).count());
    facts.check("there are two healthy replicas of each service", single.is_empty(), || single.join(", "));
    let silent: Vec<&String> = [&compose.gateway, &compose.second_gateway]
        .into_iter()
        .filter(|url| !http::is_ok(&format!("{url}/health/ready")))
        .collect();
    facts.check("each gateway answers on a port of its own", silent.is_empty(), || format!("{silent:?}"));

    let mut api = super::first_account(compose, "correct horse battery staple 7")?;
    let project = Project::build_while_killing(compose, &mut api, facts)?;
    evidence::once_each(&compose.sandbox, &mut api, &project.id, &project.repository, facts)?;

    let pooled = pooled_transactions(compose)?;
    facts.check("the services' queries went through the pooler", pooled > 1000, || format!("{pooled} transactions"));
    super::scraped(compose, facts)?;
    let reached = super::ask_prometheus(compose, "up%20%3D%3D%201")?;
    let single = without_two(|service| reached.iter().filter(|series| series["service"] == service).count());
    facts.check("Prometheus finds both replicas of each service", single.is_empty(), || {
        format!("{single:?} of {reached:?}")
    });
    let log = compose.output(&["logs", "--no-color", "--no-log-prefix"])?;
    let crossed: Vec<&str> = log.lines().filter(|line| line.contains("NotificationResponse")).take(3).collect();
    facts.check("no connection got what belonged to another", crossed.is_empty(), || crossed.join("\n"));
    let workers = compose.output(&["logs", "--no-color", "--no-log-prefix", "n8n-worker"])?;
    facts.check("n8n's workers did the work", workers.contains("Worker started execution"), || {
        workers.lines().take(20).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

/// Services that do not count two.
fn without_two(count: impl Fn(&str) -> usize) -> Vec<&'static str> {
    DOUBLED.into_iter().filter(|service| count(service) != 2).collect()
}

/// Transactions that PgBouncer passed on, as its log tells once a minute, since it was started last.
fn pooled_transactions(compose: &Compose) -> anyhow::Result<u64> {
    let log = compose.output(&["logs", "--no-color", "--no-log-prefix", "pgbouncer"])?;
    // `… LOG stats: 12 xacts/s, 30 queries/s, …`
    let rates = log.lines().filter_map(|line| line.split("stats: ").nth(1)?.split(' ').next()?.parse::<u64>().ok());
    Ok(rates.map(|rate| rate * 60).sum())
}
