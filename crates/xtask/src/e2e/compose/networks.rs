//! Who reaches whom: tried from inside each container's network.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use super::engine::{Compose, Container};
use crate::e2e::Facts;
use crate::layout::is_root;
use crate::say::say;
use crate::shell::{output, wait_until, which};

/// Who must call out: agents, GitHub, Telegram and mail are outside.
const CALL_OUT: [&str; 3] = ["cursor-integration", "github-integration", "notification"];

/// A machine outside, played by a network namespace: an address of the range for benchmarks (RFC 2544), behind a link of its own. It knows
/// no way back to the addresses of containers, like everything on the internet.
struct Outside {
    server: Child,
}

const NAMESPACE: &str = "qp-outside";
const LINK: &str = "qp-outside0";
const HERE: &str = "198.18.77.1/30";
const THERE: &str = "198.18.77.2";
const PORT: &str = "8077";

impl Outside {
    fn start() -> anyhow::Result<Self> {
        Self::remove();
        let ip = |arguments: &str| output(Command::new("ip").args(arguments.split(' '))).map(drop);
        ip(&format!("netns add {NAMESPACE}"))?;
        ip(&format!("link add {LINK} type veth peer name {LINK}p netns {NAMESPACE}"))?;
        ip(&format!("addr add {HERE} dev {LINK}"))?;
        ip(&format!("link set {LINK} up"))?;
        ip(&format!("-n {NAMESPACE} addr add {THERE}/30 dev {LINK}p"))?;
        ip(&format!("-n {NAMESPACE} link set {LINK}p up"))?;
        let server = Command::new("ip")
            .args(["netns", "exec", NAMESPACE, "python3", "-m", "http.server", PORT, "--bind", THERE])
            .args(["--directory", "/var/empty"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the machine outside")?;
        let outside = Self { server };
        wait_until("the machine outside", Duration::from_secs(10), || {
            let address = format!("{THERE}:{PORT}").parse().expect("it is an address");
            std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300)).is_ok()
        })?;
        Ok(outside)
    }

    /// The link goes with the namespace.
    fn remove() {
        let _ = Command::new("ip").args(["netns", "delete", NAMESPACE]).stderr(Stdio::null()).status();
        let _ = Command::new("ip").args(["link", "delete", LINK]).stderr(Stdio::null()).status();
    }
}

/// Whether a port of this machine answers somebody outside.
fn answers_outside(port: &str) -> bool {
    let script = format!("timeout 3 bash -c '</dev/tcp/{}/{port}'", HERE.split('/').next().unwrap_or_default());
    output(Command::new("ip").args(["netns", "exec", NAMESPACE, "bash", "-c", &script])).is_ok()
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        Self::remove();
    }
}

/// Tries the ways out, and the ways in.
pub(super) fn check(compose: &Compose, containers: &[Container], facts: &mut Facts) -> anyhow::Result<()> {
    let shell = compose.image_with_shell()?;
    let reaches = |network: &str, host: &str, port: &str| {
        let script = format!("timeout 3 bash -c '</dev/tcp/{host}/{port}'");
        let mut command = Command::new("docker");
        command.args(["run", "--rm", "--user", "65534:65534", "--network", network, "--entrypoint", "bash", &shell]);
        output(command.args(["-c", &script])).is_ok()
    };
    let running: Vec<&Container> = containers.iter().filter(|one| !one.runs_once()).collect();

    if is_root() && which("ip").is_some() {
        let _outside = Outside::start()?;
        for container in &running {
            let wanted = CALL_OUT.contains(&container.service.as_str());
            let found = reaches(&format!("container:{}", container.id), THERE, PORT);
            let fact = if wanted { "reaches the outside" } else { "does not reach the outside" };
            facts.check(&format!("{} {fact}", container.service), found == wanted, || "the other way round".to_owned());
            for (port, public) in container.published() {
                let fact = if public { "answers" } else { "does not answer" };
                facts.check(
                    &format!("{}'s port {port} {fact} somebody outside", container.service),
                    answers_outside(&port) == public,
                    || "the other way round".to_owned(),
                );
            }
        }
    } else {
        say!("    !! not tried: whether containers reach the outside (needs root and `ip`, to play a machine there)");
    }

    let edge = format!("{}_edge", Compose::PROJECT);
    for (service, port) in [("postgres", "5432"), ("redis", "6379")] {
        let target = running.iter().find(|one| one.service == service).context("it runs")?;
        let address = address(&target.facts, "internal").context("it has an address on `internal`")?;
        let members: Vec<&str> = networks(&target.facts);
        facts.check(&format!("{service} is on `internal` alone"), members == ["internal"], || members.join(", "));
        facts.check(
            &format!("{service} is not reached from `edge`"),
            !reaches(&edge, &address, port) && !reaches(&edge, service, port),
            String::new,
        );
        let inside = format!("{}_internal", Compose::PROJECT);
        facts.check(&format!("{service} is reached from `internal`"), reaches(&inside, &address, port), String::new);
    }
    Ok(())
}

fn networks(facts: &Value) -> Vec<&str> {
    let names = facts["NetworkSettings"]["Networks"].as_object();
    let prefix = format!("{}_", Compose::PROJECT);
    names.into_iter().flatten().map(|(name, _)| name.strip_prefix(&prefix).unwrap_or(name)).collect()
}

fn address(facts: &Value, network: &str) -> Option<String> {
    let name = format!("{}_{network}", Compose::PROJECT);
    facts["NetworkSettings"]["Networks"][&name]["IPAddress"].as_str().map(str::to_owned)
}
