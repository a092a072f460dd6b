//! Docker and its Compose, as this scenario uses them.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use serde_json::{Value, json};

use super::scale_out;
use crate::layout::{Layout, env};
use crate::say::say;
use crate::shell::{output, run_logged, wait_until, which};
use crate::stack::hold_free;

/// A command that starts an engine (`--engine`), installs Compose (`--compose`) and makes the images that it is given names of, for machines
/// that reach no registry.
const IMAGE_MAKER: &str = "QUANTAPILOT_IMAGE_MAKER";
/// Programs of ours, by the names of their images' targets.
const PROGRAMS: [&str; 7] = [
    "api-gateway",
    "cursor-integration",
    "dashboard-backend",
    "github-integration",
    "notification",
    "quantapilot",
    "sandbox",
];
/// What the images are built on, when the programs are built outside.
const BASES: [(&str, &str); 2] = [("RUST_IMAGE", "sandbox"), ("RUNTIME_IMAGE", "api-gateway")];

/// That Compose can be used here; the reason why not.
pub(super) fn available() -> anyhow::Result<()> {
    if let Some(maker) = env(IMAGE_MAKER) {
        for flag in ["--engine", "--compose"] {
            output(Command::new(&maker).arg(flag))?;
        }
    }
    ensure!(which("docker").is_some(), "docker is not installed");
    ensure!(output(Command::new("docker").arg("info")).is_ok(), "no Docker engine answers");
    let version = output(Command::new("docker").args(["compose", "version", "--short"]));
    let version = version.map_err(|_| anyhow!("the plugin `docker compose` is not installed"))?;
    let version = version.trim();
    let mut numbers = version.trim_start_matches('v').split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0_u32));
    let is_new_enough = (numbers.next(), numbers.next()) >= (Some(2), Some(24));
    ensure!(is_new_enough, "docker compose {version} is too old: 2.24 or newer is needed");
    Ok(())
}

/// A project of Compose with names, ports and images of its own.
pub(super) struct Compose {
    layout: Layout,
    dir: PathBuf,
    files: Vec<PathBuf>,
    environment: Vec<(&'static str, String)>,
    pub(super) gateway: String,
    /// Where a second replica of the gateway answers, if there is one.
    pub(super) second_gateway: String,
    pub(super) sandbox: String,
    pub(super) n8n: String,
}

/// A container as the engine describes it.
pub(super) struct Container {
    pub(super) service: String,
    pub(super) id: String,
    pub(super) facts: Value,
}

impl Compose {
    pub(super) const PROJECT: &'static str = "quantapilot-e2e";

    /// Chooses ports and writes down what differs from docker-compose.yml and the overlays: finished programs instead of a build, and no
    /// Grafana where its image cannot be had.
    pub(super) fn new(layout: &Layout, release: bool, overlays: &[&str]) -> anyhow::Result<Self> {
        let dir = layout.state.join("compose");
        std::fs::create_dir_all(dir.join("prebuilt"))?;
        let given = dir.join("given");
        let _ = std::fs::remove_dir_all(&given);
        std::fs::create_dir(&given)?;
        let [gateway, second_gateway, n8n, sandbox] = free_ports()?;
        let local = |port: u16| format!("http://127.0.0.1:{port}");
        let environment = vec![
            ("VERSION", "e2e".to_owned()),
            ("GATEWAY_PORT", gateway.to_string()),
            ("GATEWAY_PORTS", format!("{gateway}-{second_gateway}")),
            ("PUBLIC_URL", local(gateway)),
            ("N8N_EDITOR_PORT", n8n.to_string()),
            ("N8N_EDITOR_URL", local(n8n)),
            ("SANDBOX_PORT", sandbox.to_string()),
            ("SANDBOX_PUBLIC_URL", local(sandbox)),
            // Whatever credentials this machine's own folder holds, this scenario gives its own.
            ("SECRETS_FOLDER", given.display().to_string()),
        ];
        let build = json!({
            "context": dir,
            "dockerfile": layout.root.join("deploy/Dockerfile"),
            "args": {"BINARIES": "prebuilt"},
        });
        let mut services = serde_json::Map::new();
        for program in PROGRAMS.into_iter().filter(|_| !release) {
            let service = if program == "quantapilot" { "init" } else { program };
            services.insert(service.to_owned(), json!({"build": build}));
        }
        if env(IMAGE_MAKER).is_some() {
            services.insert("grafana".to_owned(), json!({"profiles": ["not-here"]}));
        }
        let played = services.entry("sandbox").or_insert_with(|| json!({}));
        played["networks"] = json!({"internal": {"aliases": super::integrations::ALIASES}});
        // JSON is YAML.
        std::fs::write(dir.join("override.yml"), json!({"services": services}).to_string())?;
        std::fs::write(dir.join("empty.env"), "")?;
        let shipped = ["docker-compose.yml"].iter().chain(overlays).map(|file| layout.root.join(file));
        let files = shipped.chain([dir.join("override.yml")]).collect();
        Ok(Self {
            layout: layout.clone(),
            dir,
            files,
            environment,
            gateway: local(gateway),
            second_gateway: local(second_gateway),
            sandbox: local(sandbox),
            n8n: local(n8n),
        })
    }

    /// Sets a variable of the compose file from now on.
    pub(super) fn set(&mut self, name: &'static str, value: String) {
        self.environment.push((name, value));
    }

    /// Takes a variable of the compose file back to its default.
    pub(super) fn unset(&mut self, name: &str) {
        self.environment.retain(|(known, _)| *known != name);
    }

    /// The folder of credentials that people give.
    pub(super) fn given(&self) -> PathBuf {
        self.dir.join("given")
    }

    /// `docker compose` with nothing of this process's environment that could set something.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.env_clear();
        for name in ["PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG"] {
            if let Some(value) = env(name) {
                command.env(name, value);
            }
        }
        command.env("DOCKER_BUILDKIT", "1").env("BUILDKIT_PROGRESS", "plain").envs(self.environment.iter().cloned());
        command.args(["compose", "--project-name", Self::PROJECT, "--env-file"]).arg(self.dir.join("empty.env"));
        for file in &self.files {
            command.arg("--file").arg(file);
        }
        command.args(arguments);
        command
    }

    pub(super) fn run(&self, what: &str, arguments: &[&str]) -> anyhow::Result<()> {
        run_logged(what, &mut self.command(arguments), &self.layout.logs().join("compose.log"))
    }

    pub(super) fn output(&self, arguments: &[&str]) -> anyhow::Result<String> {
        output(&mut self.command(arguments))
    }

    /// The whole configuration, as Compose understands it.
    pub(super) fn config(&self) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.output(&["config", "--format", "json"])?)?)
    }

    /// Makes what the registries would give, where none is reached.
    pub(super) fn make_images(&self) -> anyhow::Result<()> {
        if env(IMAGE_MAKER).is_none() {
            return Ok(());
        }
        let config = self.config()?;
        let is_made_here = |image: &str| image.starts_with("quantapilot/") || image == scale_out::POOLER;
        let mut images: Vec<String> = config["services"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, service)| service["image"].as_str())
            .filter(|image| !is_made_here(image))
            .map(str::to_owned)
            .collect();
        for (argument, service) in BASES {
            let base = config["services"][service]["build"]["args"][argument].as_str();
            images.push(base.with_context(|| format!("{service} has no build argument {argument}"))?.to_owned());
        }
        images.sort();
        images.dedup();
        self.make(&images)
    }

    /// Makes one image that the compose file does not name.
    pub(super) fn make_image(&self, name: &str) -> anyhow::Result<()> {
        self.make(&[name.to_owned()])
    }

    fn make(&self, images: &[String]) -> anyhow::Result<()> {
        let Some(maker) = env(IMAGE_MAKER) else { return Ok(()) };
        // What is checked meanwhile goes first.
        let mut make = Command::new("nice");
        make.args(["-n", "19"]).arg(maker).args(images);
        run_logged("making images", &mut make, &self.layout.logs().join("images.log"))
    }

    /// Runs a container as limited as ours are, to see whether this machine lets the engine do so.
    pub(super) fn can_run(&self) -> anyhow::Result<()> {
        let limits = ["--read-only", "--memory=64m", "--pids-limit=32", "--cap-drop=ALL", "--entrypoint=true"];
        let mut run = Command::new("docker");
        run.args(["run", "--rm"]).args(limits).arg(self.image_with_shell()?);
        output(&mut run).map(drop)
    }

    /// Puts the programs that cargo built into the build's context, without their symbols.
    pub(super) fn place_programs(&self) -> anyhow::Result<()> {
        for program in PROGRAMS {
            let (from, to) = (self.layout.binary(program), self.dir.join("prebuilt").join(program));
            output(Command::new("strip").arg("-o").arg(&to).arg(&from))?;
        }
        Ok(())
    }

    /// Every container of the project, those that have ended too.
    pub(super) fn containers(&self) -> anyhow::Result<Vec<Container>> {
        let ids = self.output(&["ps", "--all", "--quiet"])?;
        let mut inspect = Command::new("docker");
        inspect.arg("inspect").args(ids.split_whitespace());
        let facts: Vec<Value> = serde_json::from_str(&output(&mut inspect)?)?;
        let mut containers: Vec<Container> = facts
            .into_iter()
            .map(|facts| Container {
                service: facts["Config"]["Labels"]["com.docker.compose.service"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                id: facts["Id"].as_str().unwrap_or_default().to_owned(),
                facts,
            })
            .collect();
        containers.sort_by(|a, b| a.service.cmp(&b.service));
        Ok(containers)
    }

    /// Waits until everything that runs is healthy and everything that runs once has ended well.
    pub(super) fn wait_settled(&self, limit: Duration) -> anyhow::Result<()> {
        let mut unsettled = String::new();
        let mut broken = None;
        let waited = wait_until("the project", limit, || {
            let Ok(containers) = self.containers() else { return false };
            let open: Vec<String> = containers.iter().filter(|one| !one.is_settled()).map(Container::summary).collect();
            broken = containers.iter().find(|one| one.has_failed()).map(Container::summary);
            unsettled = open.join(", ");
            std::thread::sleep(Duration::from_millis(400));
            broken.is_some() || (open.is_empty() && !containers.is_empty())
        });
        if let Some(broken) = broken {
            let name = broken.split(' ').next().unwrap_or_default();
            say!("{}", self.output(&["logs", "--no-color", "--tail", "30", name]).unwrap_or_default());
            bail!("{broken}");
        }
        waited.with_context(|| format!("not settled: {unsettled}"))
    }

    /// The image of a service that has a shell.
    pub(super) fn image_with_shell(&self) -> anyhow::Result<String> {
        let config = self.config()?;
        Ok(config["services"]["postgres"]["image"].as_str().context("postgres has no image")?.to_owned())
    }
}

impl Container {
    /// Init, migrate and the like.
    pub(super) fn runs_once(&self) -> bool {
        self.facts["HostConfig"]["RestartPolicy"]["Name"] == "no"
    }

    /// Ports of this machine that lead to it, and whether they do from more than loopback.
    pub(super) fn published(&self) -> Vec<(String, bool)> {
        let bindings = self.facts["HostConfig"]["PortBindings"].as_object();
        let addresses = bindings.into_iter().flatten().flat_map(|(_, list)| list.as_array().into_iter().flatten());
        addresses
            .map(|address| {
                let loopback = matches!(address["HostIp"].as_str(), Some("127.0.0.1" | "::1"));
                (address["HostPort"].as_str().unwrap_or_default().to_owned(), !loopback)
            })
            .collect()
    }

    /// Which container it is, and since when it runs.
    pub(super) fn start(&self) -> (String, String) {
        (self.id.clone(), self.facts["State"]["StartedAt"].to_string())
    }

    fn has_failed(&self) -> bool {
        self.runs_once() && self.facts["State"]["Status"] == "exited" && self.facts["State"]["ExitCode"] != 0
    }

    fn is_settled(&self) -> bool {
        let state = &self.facts["State"];
        if self.runs_once() {
            state["Status"] == "exited" && state["ExitCode"] == 0
        } else {
            state["Health"]["Status"] == "healthy"
        }
    }

    pub(super) fn summary(&self) -> String {
        let state = &self.facts["State"];
        format!(
            "{} is {} ({}, exit code {})",
            self.service,
            state["Status"].as_str().unwrap_or("?"),
            state["Health"]["Status"].as_str().unwrap_or("no health"),
            state["ExitCode"]
        )
    }
}

/// Four ports that were free a moment ago, the first two side by side.
fn free_ports() -> anyhow::Result<[u16; 4]> {
    let (first, second) = loop {
        let first = hold_free()?;
        if let Ok(second) = TcpListener::bind((Ipv4Addr::LOCALHOST, first.local_addr()?.port() + 1)) {
            break (first, second);
        }
    };
    let listeners = [first, second, hold_free()?, hold_free()?];
    let mut ports = [0; 4];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}
