//! Everything that `cargo xtask up` runs, on ports and directories of its own.

pub(crate) mod monitoring;
mod n8n;
mod ports;
mod postgres;
mod process;
mod redis;
mod services;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;

use crate::layout::Layout;
use crate::say::say;
use crate::shell::{run_logged, timed, wait_until};
use crate::{http, install};

use ports::Ports;
pub(crate) use ports::hold_free;
use process::{Fleet, Identity};

/// What an installation consists of, in the order of its start; the sandbox stands for the outside world.
const OURS: [&str; 8] = [
    "postgres",
    "redis",
    "n8n",
    "dashboard-backend",
    "cursor-integration",
    "github-integration",
    "notification",
    "api-gateway",
];

/// The address of the account that the demo makes.
pub(crate) const ADMIN_EMAIL: &str = "admin@quantapilot.example";

/// With what the services of a stack sign in at the sandbox.
pub(crate) const SANDBOX_CREDENTIALS: [&str; 3] = services::CREDENTIALS;

/// How to start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Make an administrator, so that nobody needs to click through the first-run page.
    pub(crate) with_admin: bool,
    /// Take any free ports instead of the well-known ones.
    pub(crate) fresh_ports: bool,
}

/// A running stack.
pub(crate) struct Stack {
    pub(crate) layout: Layout,
    pub(crate) ports: Ports,
    fleet: Fleet,
}

impl Stack {
    /// Installs, builds, starts, and waits until everything is ready.
    pub(crate) fn start(layout: Layout, options: Options) -> anyhow::Result<Self> {
        let begin = Instant::now();
        std::fs::create_dir_all(layout.logs())?;
        process::refuse_second(&layout)?;
        process::end_leftovers(&layout);
        drop_orphan(&layout)?;
        install::programs(&layout, &[])?;
        install::n8n(&layout)?;
        install::ui(&layout)?;
        build(&layout)?;
        let ports = Ports::choose(&layout, options.fresh_ports)?;
        let fleet = Fleet::new(&layout)?;
        let mut stack = Self { layout, ports, fleet };
        if let Err(error) = stack.start_all(options) {
            stack.fleet.stop();
            return Err(error);
        }
        say!("Ready after {:.0} s.", begin.elapsed().as_secs_f64());
        Ok(stack)
    }

    /// Makes the tables, and the roles with the passwords of the secrets.
    pub(crate) fn migrate(&self) -> anyhow::Result<()> {
        let mut migrate = self.quantapilot();
        migrate.args(["migrate", "--roles"]).env("SECRETS_DIR", self.layout.secrets());
        timed("migrations", || {
            run_logged("quantapilot migrate", &mut migrate, &self.layout.logs().join("quantapilot.log"))
        })
    }

    fn start_all(&mut self, options: Options) -> anyhow::Result<()> {
        let mut init = self.quantapilot();
        init.args(["init", "--dir"]).arg(self.layout.secrets());
        timed("secrets", || run_logged("quantapilot init", &mut init, &self.layout.logs().join("quantapilot.log")))?;
        timed("Postgres", || postgres::start(&self.layout, &self.ports, &mut self.fleet))?;
        timed("Redis", || redis::start(&self.layout, &self.ports, &mut self.fleet))?;
        // n8n takes longest to start: the rest starts meanwhile.
        n8n::start(&self.layout, &self.ports, &mut self.fleet)?;
        self.migrate()?;
        timed("sandbox and services", || {
            for service in services::ALL {
                services::start(service, &self.layout, &self.ports, &mut self.fleet)?;
            }
            for service in services::ALL {
                let url = service.ready_url(&self.ports);
                wait_until(
                    &format!("{} (log: {})", service.name(), self.log(service.name()).display()),
                    Duration::from_secs(60),
                    || http::is_ok(&url),
                )?;
            }
            Ok(())
        })?;
        timed("n8n", || n8n::wait(&self.layout, &self.ports))?;
        timed("workflows imported and active", || self.import_workflows())?;
        if options.with_admin {
            self.make_admin()?;
        }
        Ok(())
    }

    /// Imports and publishes the workflows; nothing changes when they are there already.
    pub(crate) fn import_workflows(&self) -> anyhow::Result<()> {
        let mut import = self.quantapilot();
        import
            .args(["workflows", "import", "--dir"])
            .arg(self.layout.root.join("n8n-workflows"))
            .arg("--api-key-file")
            .arg(self.layout.state.join("n8n_api_key"));
        run_logged("quantapilot workflows import", &mut import, &self.layout.logs().join("quantapilot.log"))
    }

    fn log(&self, name: &str) -> std::path::PathBuf {
        self.layout.logs().join(format!("{name}.log"))
    }

    /// The operator's tool with this stack's settings.
    pub(crate) fn quantapilot(&self) -> Command {
        let mut command = Command::new(self.layout.binary("quantapilot"));
        services::shared(&mut command, &self.layout, &self.ports);
        let password = std::fs::read_to_string(self.layout.secrets().join("n8n_owner_password")).unwrap_or_default();
        command.env("N8N_OWNER_EMAIL", n8n::OWNER_EMAIL).env("N8N_OWNER_PASSWORD", password.trim());
        command
    }

    /// Makes the demo's administrator, beside accounts that people made; one that is there already is kept.
    fn make_admin(&self) -> anyhow::Result<()> {
        let mut token = self.quantapilot();
        token.args(["token", "--for", "dashboard-backend"]);
        let token = crate::shell::output(&mut token)?;
        let url = format!("{}/internal/v1/users", self.ports.url("dashboard-backend"));
        let body = json!({"email": ADMIN_EMAIL, "display_name": "Ada Admin", "role": "admin", "password": self.admin_password()?});
        let answer = http::send("POST", &url, &[("authorization", &format!("Bearer {}", token.trim()))], Some(&body))?;
        let made = answer.status < 300 || answer.body["code"] == "email_taken";
        anyhow::ensure!(made, "cannot make the administrator: {} {}", answer.status, answer.body);
        Ok(())
    }

    /// The password of the demo's administrator, made once for this stack.
    pub(crate) fn admin_password(&self) -> anyhow::Result<String> {
        secret_file(&self.layout.secrets().join("demo_admin_password"))
    }

    /// Restarts what died, as an init system would.
    pub(crate) fn tend(&mut self) {
        self.fleet.tend();
    }

    /// Kills a process without warning (SIGKILL). It stays down until [`Stack::revive`].
    pub(crate) fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        self.fleet.kill(name)
    }

    /// Starts a killed process again and waits until it is ready.
    pub(crate) fn revive(&mut self, name: &str) -> anyhow::Result<()> {
        self.fleet.start_again(name)
    }

    /// Restarts a process as an update does (SIGTERM) and waits until it is ready.
    pub(crate) fn restart(&mut self, name: &str) -> anyhow::Result<()> {
        self.fleet.restart(name)
    }

    /// Stops everything but what stands for the outside world, then takes all that this installation is: its databases, its secrets, its
    /// n8n, as if the machine had burnt down.
    pub(crate) fn lose_everything(&mut self) -> anyhow::Result<()> {
        for name in OURS.iter().rev() {
            self.fleet.kill(name)?;
        }
        for lost in [self.layout.data.clone(), self.layout.state.join("redis"), self.layout.state.join("n8n")] {
            std::fs::remove_dir_all(&lost).with_context(|| format!("cannot remove {}", lost.display()))?;
        }
        std::fs::remove_dir_all(self.layout.secrets())?;
        std::fs::remove_file(self.layout.state.join("n8n_api_key"))?;
        Ok(())
    }

    /// A new Postgres with empty databases, made with the secrets that are there.
    pub(crate) fn new_postgres(&mut self) -> anyhow::Result<()> {
        postgres::start_anew(&self.layout, &self.ports, &mut self.fleet)
    }

    /// A new Redis, n8n and our services, on what is there.
    pub(crate) fn new_services(&mut self) -> anyhow::Result<()> {
        redis::write_config(&self.layout, &self.ports)?;
        for name in OURS.iter().skip(1) {
            self.fleet.start_again(name)?;
        }
        Ok(())
    }

    /// Stops our services and n8n, and leaves the databases.
    pub(crate) fn stop_services(&mut self) -> anyhow::Result<()> {
        for name in OURS.iter().skip(2).rev() {
            self.fleet.kill(name)?;
        }
        Ok(())
    }

    /// Stops everything, the youngest first.
    pub(crate) fn stop(&mut self) {
        self.fleet.stop();
    }

    /// Where to look.
    pub(crate) fn print_urls(&self) {
        say!("");
        say!("  Dashboard  {}", self.ports.url("api-gateway"));
        if self.layout.secrets().join("demo_admin_password").exists() {
            say!(
                "             sign in as {ADMIN_EMAIL}, password in {}",
                self.layout.secrets().join("demo_admin_password").display()
            );
        } else {
            say!("             the first visit makes the administrator's account");
        }
        say!("  n8n        {}", self.ports.url("n8n"));
        say!(
            "             sign in as {}, password in {}",
            n8n::OWNER_EMAIL,
            self.layout.secrets().join("n8n_owner_password").display()
        );
        say!("  Sandbox    {}/_sandbox/", self.ports.url("sandbox"));
        say!("  Logs       {}", self.layout.logs().display());
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.fleet.stop();
    }
}

/// Builds every program of ours.
pub(crate) fn build(layout: &Layout) -> anyhow::Result<()> {
    say!("Building …");
    let mut cargo = crate::shell::cargo(layout);
    cargo.args(["build", "--workspace", "--bins", "--exclude", "xtask"]);
    let status = cargo.status().context("cannot start cargo")?;
    anyhow::ensure!(status.success(), "the build failed");
    Ok(())
}

/// Reads a secret, or makes it: 16 random bytes in hex, for its owner only.
fn secret_file(path: &Path) -> anyhow::Result<String> {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Ok(text) = std::fs::read_to_string(path) {
        return Ok(text.trim().to_owned());
    }
    let mut random = [0_u8; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
    let text = format!("{:032x}", u128::from_be_bytes(random));
    std::fs::File::options().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())?;
    Ok(text)
}

/// Stops a stack that runs elsewhere, or what a killed one left behind; with `wipe` removes every trace.
pub(crate) fn down(layout: &Layout, wipe: bool) -> anyhow::Result<()> {
    if let Some(owner) = process::owner(layout) {
        say!("Stopping the stack of process {} …", owner.pid);
        owner.terminate();
        wait_until("the other process", Duration::from_secs(40), || !owner.is_alive()).ok();
    }
    process::end_leftovers(layout);
    if wipe {
        for dir in [&layout.state, &layout.data] {
            if dir.exists() {
                std::fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
            }
        }
    }
    Ok(())
}

/// Removes the data of a clone that stood here before and is gone: its passwords went with it, so nobody can open them.
fn drop_orphan(layout: &Layout) -> anyhow::Result<()> {
    if layout.secrets().exists() || !layout.data.exists() {
        return Ok(());
    }
    say!("Removing {}: it belongs to a clone that is gone", layout.data.display());
    std::fs::remove_dir_all(&layout.data).with_context(|| format!("cannot remove {}", layout.data.display()))
}

/// The identity of this very process, for the file that says who runs the stack.
fn own_identity() -> Identity {
    Identity::of(std::process::id())
}

/// Only Postgres and Redis, for tests.
pub(crate) struct Databases {
    fleet: Fleet,
    database_url: String,
    redis_url: String,
}

impl Databases {
    pub(crate) fn start(layout: &Layout) -> anyhow::Result<Self> {
        std::fs::create_dir_all(layout.logs())?;
        process::refuse_second(layout)?;
        process::end_leftovers(layout);
        drop_orphan(layout)?;
        std::fs::create_dir_all(layout.secrets())?;
        for name in ["postgres_password", "redis_password"] {
            secret_file(&layout.secrets().join(name))?;
        }
        let ports = Ports::choose(layout, true)?;
        let mut fleet = Fleet::new(layout)?;
        timed("Postgres", || postgres::start(layout, &ports, &mut fleet))?;
        timed("Redis", || redis::start(layout, &ports, &mut fleet))?;
        Ok(Self {
            fleet,
            database_url: postgres::url(layout, &ports, "postgres"),
            redis_url: redis::url(layout, &ports),
        })
    }

    /// What tests expect in their environment.
    pub(crate) fn environment(&self, command: &mut Command) {
        command.env("DATABASE_URL", &self.database_url).env("REDIS_URL", &self.redis_url);
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        self.fleet.stop();
    }
}
