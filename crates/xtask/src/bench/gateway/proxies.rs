//! Ours and its peers: how each is configured and started.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;

use super::processes::{LOAD_CORE, PROXY_CORE, Process, on_core};
use super::{requests, standin};
use crate::layout::Layout;
use crate::shell::{output, run_logged, timed, wait_until};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Proxy {
    /// The gateway with everything on.
    Ours,
    /// nginx, which proxies and nothing else.
    Nginx,
    /// HAProxy with token verification and a limit for each person.
    Haproxy,
    /// Express, http-proxy-middleware, jsonwebtoken, express-rate-limit, helmet.
    Node,
}

impl Proxy {
    pub(super) const ALL: [Self; 4] = [Self::Ours, Self::Nginx, Self::Haproxy, Self::Node];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ours => "api-gateway",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Node => "node",
        }
    }

    /// Whether it asks for a token.
    pub(super) fn verifies(self) -> bool {
        self != Self::Nginx
    }
}

/// What `tokens.mjs` prints.
#[derive(Deserialize)]
struct Tokens {
    secret: String,
    jwks: serde_json::Value,
    eddsa: Vec<String>,
    hs256: Vec<String>,
}

/// Everything that runs around the proxies.
pub(super) struct Yard {
    pub(super) folder: PathBuf,
    pub(super) standin_port: u16,
    redis_port: u16,
    tokens: Tokens,
    gateway: PathBuf,
    pub(super) standin: Process,
    pub(super) redis: Process,
}

/// A proxy that runs.
pub(super) struct Running {
    pub(super) proxy: Proxy,
    pub(super) port: u16,
    pub(super) process: Process,
}

impl Yard {
    /// Writes the configurations, makes tokens, installs the Node stack and starts the stand-in and Redis.
    pub(super) fn open(layout: &Layout, gateway: PathBuf, routes: Option<&Path>) -> anyhow::Result<Self> {
        let folder = layout.state.join("gateway");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let node = node_stack(layout)?;
        let made = output(Command::new("node").arg(node.join("tokens.mjs")))?;
        let tokens: Tokens = serde_json::from_str(&made).context("cannot read the tokens")?;
        std::fs::write(folder.join("jwks.json"), tokens.jwks.to_string())?;
        std::fs::write(folder.join("eddsa.txt"), tokens.eddsa.join("\n"))?;
        std::fs::write(folder.join("hs256.txt"), tokens.hs256.join("\n"))?;
        std::fs::write(folder.join("load.lua"), include_str!("peers/load.lua"))?;
        let routes = match routes {
            Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?,
            None => include_str!("peers/routes.toml").to_owned(),
        };
        std::fs::write(folder.join("routes.toml"), routes)?;
        let (standin_port, redis_port) = (free_port()?, free_port()?);
        let mut command = on_core(LOAD_CORE, std::env::current_exe()?);
        command.args(["bench-standin", "--port", &standin_port.to_string(), "--jwks"]).arg(folder.join("jwks.json"));
        let standin = Process::start("standin", &mut command, &folder)?;
        let mut command = on_core(LOAD_CORE, "redis-server");
        command.args(["--port", &redis_port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        let redis = Process::start("redis", &mut command, &folder)?;
        let yard = Self { folder, standin_port, redis_port, tokens, gateway, standin, redis };
        wait_until("the stand-in", std::time::Duration::from_secs(10), || {
            requests::get(yard.standin_port, standin::paths::SMALL, None).is_ok_and(|answer| answer.status == 200)
        })?;
        wait_until("Redis", std::time::Duration::from_secs(10), || {
            std::net::TcpStream::connect(("127.0.0.1", yard.redis_port)).is_ok()
        })?;
        Ok(yard)
    }

    /// Starts a proxy; it may not be ready yet.
    pub(super) fn start(&self, proxy: Proxy) -> anyhow::Result<Running> {
        let port = free_port()?;
        let mut command = match proxy {
            Proxy::Nginx => {
                let file = self.configure("nginx.conf", include_str!("peers/nginx.conf"), port)?;
                let mut command = on_core(PROXY_CORE, "nginx");
                command.arg("-p").arg(&self.folder).arg("-c").arg(file);
                command
            }
            Proxy::Haproxy => {
                let file = self.configure("haproxy.cfg", include_str!("peers/haproxy.cfg"), port)?;
                let mut command = on_core(PROXY_CORE, "haproxy");
                command.args(["-db", "-f"]).arg(file);
                command
            }
            Proxy::Node => {
                let mut command = on_core(PROXY_CORE, "node");
                command.arg(node_folder().join("server.mjs"));
                command
                    .env("NODE_ENV", "production")
                    .env("PORT", port.to_string())
                    .env("UPSTREAM", self.standin_port.to_string())
                    .env("SECRET", &self.tokens.secret);
                command
            }
            Proxy::Ours => self.gateway(port),
        };
        Ok(Running { proxy, port, process: Process::start(proxy.name(), &mut command, &self.folder)? })
    }

    /// One thread; tokens, limits counted in Redis, metrics, a log line for each request, headers: as it is shipped.
    fn gateway(&self, port: u16) -> Command {
        let standin = format!("http://127.0.0.1:{}", self.standin_port);
        let mut command = on_core(PROXY_CORE, &self.gateway);
        command
            .env("BIND", format!("127.0.0.1:{port}"))
            .env("TOKIO_WORKER_THREADS", "1")
            .env("API_GATEWAY_THREADS", "1")
            .env("API_GATEWAY_ROUTES", self.folder.join("routes.toml"))
            .env("REDIS_URL", format!("redis://127.0.0.1:{}", self.redis_port))
            .env("SERVICE_TOKEN_SECRET", &self.tokens.secret)
            .env("LOG", "info")
            .env("LOG_FORMAT", "json");
        for name in ["CURSOR_INTEGRATION_URL", "GITHUB_INTEGRATION_URL", "NOTIFICATION_URL", "DASHBOARD_BACKEND_URL"] {
            command.env(name, &standin);
        }
        command
    }

    fn configure(&self, name: &str, template: &str, port: u16) -> anyhow::Result<PathBuf> {
        let text = template
            .replace("{{PORT}}", &port.to_string())
            .replace("{{UPSTREAM}}", &self.standin_port.to_string())
            .replace("{{SECRET}}", &self.tokens.secret);
        let file = self.folder.join(name);
        std::fs::write(&file, text)?;
        Ok(file)
    }

    /// A token that this proxy takes.
    pub(super) fn token(&self, proxy: Proxy) -> &str {
        let tokens = if proxy == Proxy::Ours { &self.tokens.eddsa } else { &self.tokens.hs256 };
        tokens.first().map_or("", String::as_str)
    }

    /// The file with everybody's tokens.
    pub(super) fn tokens_file(&self, proxy: Proxy) -> PathBuf {
        self.folder.join(if proxy == Proxy::Ours { "eddsa.txt" } else { "hs256.txt" })
    }
}

/// A port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn node_folder() -> PathBuf {
    Layout::named("bench").state.join("node-stack")
}

/// The Node stack, at the versions in its `package.json`.
fn node_stack(layout: &Layout) -> anyhow::Result<PathBuf> {
    let folder = node_folder();
    std::fs::create_dir_all(&folder)?;
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text);
    let manifest = include_str!("peers/package.json");
    let installed = folder.join("installed.json");
    write("package.json", manifest)?;
    write("server.mjs", include_str!("peers/server.mjs"))?;
    write("tokens.mjs", include_str!("peers/tokens.mjs"))?;
    if std::fs::read_to_string(&installed).is_ok_and(|text| text == manifest) {
        return Ok(folder);
    }
    timed("the Node stack", || {
        let mut npm = crate::install::npm();
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
        run_logged("npm install", &mut npm, &layout.logs().join("bench.log"))
    })?;
    std::fs::write(installed, manifest)?;
    Ok(folder)
}

/// What a program says of its version: the first word of its output that starts with a digit.
pub(super) fn version(program: &str, argument: &str) -> String {
    let Ok(out) = Command::new(program).arg(argument).output() else { return "?".to_owned() };
    // nginx writes it to standard error.
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    text.split(|c: char| !(c.is_alphanumeric() || c == '.'))
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or("?")
        .to_owned()
}

/// The sum of a counter over its labels, as the gateway shows it.
pub(super) fn counted(port: u16, metric: &str) -> anyhow::Result<f64> {
    let answer = requests::get(port, "/metrics", None)?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    Ok(text
        .lines()
        .filter_map(|line| line.strip_prefix(metric)?.strip_prefix('{')?.rsplit_once(' '))
        .filter_map(|(_, value)| value.parse::<f64>().ok())
        .sum())
}

/// How many lines the gateway has logged.
pub(super) fn logged(folder: &Path) -> anyhow::Result<usize> {
    use std::io::{BufRead as _, BufReader};
    let mut file = BufReader::new(std::fs::File::open(folder.join(format!("{}.log", Proxy::Ours.name())))?);
    let (mut lines, mut line) = (0, Vec::new());
    while file.read_until(b'\n', &mut line)? > 0 {
        lines += 1;
        line.clear();
    }
    Ok(lines)
}
