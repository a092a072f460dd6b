//! The compose file for real: from nothing to a finished project through the published ports, while every container is killed once; then
//! down and up again with everything still there.

mod engine;
mod hardening;
mod integrations;
mod networks;
mod project;
mod restore;
mod scale_out;

use std::process::Command;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{Facts, evidence};
use crate::demo::Api;
use crate::layout::{Layout, env};
use crate::say::say;
use crate::shell::{output, timed, wait_until};
use crate::{http, install};

use engine::{Compose, Container};
use project::Project;

/// How long the whole project may take to start: n8n's first start is the longest.
const START: Duration = Duration::from_mins(6);
/// With this set the images are built from source, and their sizes are looked at. Takes as long as a release build.
const RELEASE: &str = "QUANTAPILOT_COMPOSE_RELEASE";

/// Starts the engine and makes the images that no registry gives. Takes minutes from nothing, so that it is done beside other checks; the
/// scenario finds them there, or meets what went wrong again.
pub(crate) fn prepare() -> JoinHandle<()> {
    std::thread::spawn(|| {
        let _ = engine_and_images(&Layout::named("compose"), false, &[]);
    })
}

/// An engine that runs containers, and the images that the compose file names; or the reason why not.
fn engine_and_images(layout: &Layout, release: bool, overlays: &[&str]) -> anyhow::Result<Compose> {
    if env("QUANTAPILOT_IMAGE_MAKER").is_some() {
        let programs = [
            ("dockerd", "docker.io"),
            ("cgroupfs-mount", "cgroupfs-mount"),
            ("iptables", "iptables"),
            ("ip", "iproute2"),
        ];
        install::programs(layout, &programs)?;
    }
    std::fs::create_dir_all(layout.logs())?;
    engine::available()?;
    let mut compose = Compose::new(layout, release, overlays)?;
    if overlays.contains(&scale_out::OVERLAY) {
        scale_out::make_pooler(&mut compose)?;
    }
    compose.make_images()?;
    compose.can_run().context("the engine cannot run a container")?;
    Ok(compose)
}

/// The compose file alone, through kills, restarts and the loss of the machine.
pub(super) fn run(facts: &mut Facts) -> anyhow::Result<()> {
    let release = env(RELEASE).is_some();
    with_engine(release, &[], |compose| with_project(compose, release, facts))
}

/// The compose file with the overlay for more than one of each.
pub(super) fn scaled_out(facts: &mut Facts) -> anyhow::Result<()> {
    with_engine(false, &[scale_out::OVERLAY], |compose| scale_out::run(compose, facts))
}

/// Builds what the scenario needs, and takes everything away after it; or says loudly that it is skipped.
fn with_engine(
    release: bool,
    overlays: &[&str],
    scenario: impl FnOnce(&mut Compose) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let layout = Layout::named("compose");
    let mut compose = match timed("an engine and images", || engine_and_images(&layout, release, overlays)) {
        Ok(compose) => compose,
        Err(reason) => {
            say!("  !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!");
            say!("  !! SKIPPED: the compose file was NOT tried on a real engine.");
            say!("  !! {reason:#}");
            say!("  !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!");
            return Ok(());
        }
    };
    compose.run("docker compose down", &["down", "--volumes", "--remove-orphans", "--timeout", "5"])?;
    if !release {
        install::ui(&layout)?;
        crate::stack::build(&layout)?;
        timed("programs", || compose.place_programs())?;
    }
    timed("docker compose build", || compose.run("docker compose build", &["build"]))?;
    let outcome = scenario(&mut compose);
    if outcome.is_err() {
        let log = layout.logs().join("containers.log");
        std::fs::write(&log, compose.output(&["logs", "--no-color", "--timestamps"]).unwrap_or_default())?;
        say!("    the containers' logs are in {}", log.display());
    }
    compose.run("docker compose down", &["down", "--volumes", "--remove-orphans"])?;
    outcome
}

fn with_project(compose: &mut Compose, release: bool, facts: &mut Facts) -> anyhow::Result<()> {
    timed("docker compose up", || up(compose))?;
    facts.check("everything is healthy with no .env", true, String::new);
    let containers = compose.containers()?;
    hardening::check(&containers, facts);
    hardening::image_sizes(release, facts)?;
    networks::check(compose, &containers, facts)?;
    let secrets = hardening::secrets(compose)?;
    timed("docker compose up, at once again", || up(compose))?;
    let again = compose.containers()?;
    let runs =
        |list: &[Container]| -> Vec<_> { list.iter().filter(|one| !one.runs_once()).map(Container::start).collect() };
    facts.check(
        "a second `up` changes nothing: what runs goes on, every secret is kept",
        runs(&containers) == runs(&again) && hardening::unchanged(&secrets, &hardening::secrets(compose)?),
        String::new,
    );

    let password = "correct horse battery staple 7";
    let mut api = first_account(compose, password)?;
    let demo = api.get("/api/v1/demo")?;
    facts.check(
        "every integration says that the sandbox plays it",
        demo["sandboxed"].as_array().map(Vec::len) == Some(4),
        || demo["sandboxed"].to_string(),
    );
    facts.check(
        "n8n's editor answers on its published port",
        http::is_ok(&format!("{}/healthz", compose.n8n)),
        String::new,
    );
    facts.check(
        "the numbers that Prometheus reads are not on the gateway's published port",
        http::is_ok(&format!("{}/health/live", compose.gateway))
            && !http::is_ok(&format!("{}/metrics", compose.gateway)),
        String::new,
    );
    let project = Project::build_while_killing(compose, &mut api, facts)?;
    evidence::once_each(&compose.sandbox, &mut api, &project.id, &project.repository, facts)?;
    let containers = compose.containers()?;
    hardening::check_secrets(compose, &containers, &secrets, facts)?;
    scraped(compose, facts)?;
    integrations::one_by_one(compose, &mut api, facts)?;

    let events = project.events(&mut api)?;
    timed("docker compose down", || compose.run("docker compose down", &["down"]))?;
    timed("docker compose up, again", || up(compose))?;
    facts.check("init kept every secret", hardening::unchanged(&secrets, &hardening::secrets(compose)?), String::new);
    let mut api = Api::at(&compose.gateway, project::EMAIL, password)?;
    facts.check("the project is still completed", project.status(&mut api)? == "completed", String::new);
    let kept = project.events(&mut api)?;
    facts.check("its history is still there", kept >= events, || format!("{kept} events instead of {events}"));
    let imported = compose.output(&["logs", "--no-color", "--no-log-prefix", "n8n-bootstrap"])?;
    let changed: Vec<&str> =
        imported.lines().filter(|line| line.starts_with("created") || line.starts_with("updated")).collect();
    facts.check("the workflows were there already", imported.contains("unchanged") && changed.is_empty(), || {
        changed.join("\n")
    });

    restore::on_another_machine(compose, &secrets, facts)?;
    let mut api =
        Api::at(&compose.gateway, project::EMAIL, password).context("signing in with the account of before")?;
    facts.check("the project is completed there too", project.status(&mut api)? == "completed", String::new);
    let restored = project.events(&mut api)?;
    facts.check("its history came along", restored >= events, || format!("{restored} events instead of {events}"));
    Ok(())
}

fn up(compose: &Compose) -> anyhow::Result<()> {
    compose.run("docker compose up", &["up", "--detach", "--no-build", "--quiet-pull"])?;
    compose.wait_settled(START)
}

/// Makes the first account with the link that dashboard-backend wrote to its log, as a person would.
fn first_account(compose: &Compose, password: &str) -> anyhow::Result<Api> {
    let log = compose.output(&["logs", "--no-color", "--no-log-prefix", "dashboard-backend"])?;
    let token = log
        .lines()
        .filter_map(|line| line.split_once("/setup?token=")?.1.split('"').next())
        .next_back()
        .context("dashboard-backend wrote no set-up link to its log")?;
    let account = json!({"email": project::EMAIL, "display_name": "Ada Admin", "password": password, "token": token});
    http::call("POST", &format!("{}/api/v1/setup", compose.gateway), &[], Some(&account))?;
    Api::at(&compose.gateway, project::EMAIL, password)
}

/// What Prometheus answers to a query: the labels of each series.
fn ask_prometheus(compose: &Compose, query: &str) -> anyhow::Result<Vec<Value>> {
    let url = format!("http://127.0.0.1:9090/api/v1/query?query={query}");
    let answer = compose.output(&["exec", "-T", "prometheus", "wget", "-q", "-O", "-", &url])?;
    let answer: Value = serde_json::from_str(&answer)?;
    let list = answer["data"]["result"].as_array().context("Prometheus answers with a list")?;
    Ok(list.iter().map(|one| one["metric"].clone()).collect())
}

/// Prometheus reaches everything that it is told to look at.
fn scraped(compose: &Compose, facts: &mut Facts) -> anyhow::Result<()> {
    // Whoever was killed last is asked again within a quarter of a minute.
    let mut down = Vec::new();
    let _ = wait_until("Prometheus to reach everything", Duration::from_mins(1), || {
        down = match ask_prometheus(compose, "up%20%3D%3D%200") {
            Ok(series) => series.iter().map(Value::to_string).collect(),
            Err(error) => vec![format!("{error:#}")],
        };
        std::thread::sleep(Duration::from_secs(1));
        down.is_empty()
    });
    facts.check("Prometheus reaches everything it scrapes", down.is_empty(), || down.join(", "));
    for metric in ["quantapilot_backup_last_success_timestamp_seconds", "dashboard_last_backup_timestamp_seconds"] {
        facts.check(&format!("Prometheus knows {metric}"), !ask_prometheus(compose, metric)?.is_empty(), String::new);
    }
    Ok(())
}

/// Ends what a killed run left behind.
pub(crate) fn wipe() {
    let ours = format!("label=com.docker.compose.project={}", Compose::PROJECT);
    for (list, remove) in [
        (&["ps", "--all"][..], &["rm", "--force"][..]),
        (&["volume", "ls"], &["volume", "rm"]),
        (&["network", "ls"], &["network", "rm"]),
    ] {
        // Without an engine there is nothing to remove.
        let ids = output(Command::new("docker").args(list).args(["--quiet", "--filter", &ours])).unwrap_or_default();
        for id in ids.split_whitespace() {
            let _ = output(Command::new("docker").args(remove).arg(id));
        }
    }
}
