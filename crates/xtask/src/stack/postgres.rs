//! A Postgres of this stack's own.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use super::ports::Ports;
use super::process::Fleet;
use crate::install;
use crate::layout::{Layout, is_root};
use crate::shell::{output, run_logged, wait_until};

/// The superuser of this private server.
pub(super) const USER: &str = "quantapilot";

/// Postgres refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

pub(super) fn url(layout: &Layout, ports: &Ports, database: &str) -> String {
    let password = std::fs::read_to_string(layout.secrets().join("postgres_password")).unwrap_or_default();
    format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", password.trim(), ports.of("postgres"))
}

/// Without its password, which is in a file.
pub(super) fn url_of_role(ports: &Ports, role: &str) -> String {
    format!("postgres://{role}@127.0.0.1:{}/quantapilot", ports.of("postgres"))
}

pub(super) fn start(layout: &Layout, ports: &Ports, fleet: &mut Fleet) -> anyhow::Result<()> {
    let bin = install::postgres_bin().context("Postgres is not installed")?;
    let data = layout.data.join("postgres");
    if !data.join("PG_VERSION").exists() {
        create(layout, &bin, &data)?;
    }
    let (server, port, socket) = (bin.join("postgres"), ports.of("postgres").to_string(), layout.data.clone());
    let command = {
        let data = data.clone();
        move || {
            let mut command = as_postgres(&server);
            // No fsync: this survives every crash of a process, only not of the machine, and is a laptop's stack. A commit is still in
            // the hands of the operating system before it is confirmed.
            command.arg("-D").arg(&data).args([
                "-p",
                &port,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=300",
            ]);
            // Without the details of an error, which quote rows: the address of a person that is there already, for one.
            command.args(["-c", "log_error_verbosity=terse"]);
            command.arg("-c").arg(format!("unix_socket_directories={}", socket.display()));
            Ok(command)
        }
    };
    let ready = {
        let (program, port) = (bin.join("pg_isready"), ports.of("postgres").to_string());
        move || {
            Command::new(&program)
                .args(["-q", "-h", "127.0.0.1", "-p", &port])
                .status()
                .is_ok_and(|status| status.success())
        }
    };
    // SIGINT is Postgres' fast shutdown: it does not wait for clients to leave.
    fleet.add("postgres", "INT", command, ready.clone())?;
    wait_until("Postgres", Duration::from_secs(60), ready)?;
    for database in ["quantapilot", "n8n"] {
        ensure_database(layout, ports, &bin, database)?;
    }
    Ok(())
}

/// The same process on a new, empty cluster.
pub(super) fn start_anew(layout: &Layout, ports: &Ports, fleet: &mut Fleet) -> anyhow::Result<()> {
    let bin = install::postgres_bin().context("Postgres is not installed")?;
    create(layout, &bin, &layout.data.join("postgres"))?;
    fleet.start_again("postgres")?;
    for database in ["quantapilot", "n8n"] {
        ensure_database(layout, ports, &bin, database)?;
    }
    Ok(())
}

fn create(layout: &Layout, bin: &Path, data: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(&layout.data)?;
    let secret = layout.secrets().join("postgres_password");
    let password_file = layout.data.join(".initdb-password");
    std::fs::copy(&secret, &password_file)?;
    if is_root() {
        run_logged(
            "chown",
            Command::new("chown").args(["-R", "postgres:postgres"]).arg(&layout.data),
            &layout.logs().join("postgres.log"),
        )?;
    }
    let mut initdb = as_postgres(&bin.join("initdb"));
    initdb.arg("-D").arg(data).args([
        "-U",
        USER,
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--auth=scram-sha-256",
        "--no-sync",
    ]);
    initdb.arg(format!("--pwfile={}", password_file.display())).current_dir("/");
    let made = run_logged("initdb", &mut initdb, &layout.logs().join("postgres.log"));
    std::fs::remove_file(password_file)?;
    made
}

fn ensure_database(layout: &Layout, ports: &Ports, bin: &Path, name: &str) -> anyhow::Result<()> {
    let password = std::fs::read_to_string(layout.secrets().join("postgres_password"))?;
    let psql = |sql: &str| {
        let mut command = Command::new(bin.join("psql"));
        command
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &ports.of("postgres").to_string(),
                "-U",
                USER,
                "-d",
                "postgres",
                "-tAqc",
                sql,
            ])
            .env("PGPASSWORD", password.trim());
        output(&mut command)
    };
    if psql(&format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"))?.trim().is_empty() {
        psql(&format!("CREATE DATABASE {name}"))?;
    }
    Ok(())
}
