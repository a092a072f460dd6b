//! Prometheus, Alertmanager and exporters beside a stack: with the configuration that we ship, but this stack's addresses, and waiting times of
//! seconds instead of minutes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use super::{Stack, postgres};
use crate::shell::{timed, wait_until};
use crate::{http, install};

/// What Debian calls them; `promtool` and `amtool` come along.
pub(crate) const PROGRAMS: [(&str, &str); 5] = [
    ("prometheus", "prometheus"),
    ("prometheus-alertmanager", "prometheus-alertmanager"),
    ("prometheus-postgres-exporter", "prometheus-postgres-exporter"),
    ("prometheus-redis-exporter", "prometheus-redis-exporter"),
    ("prometheus-node-exporter", "prometheus-node-exporter"),
];

/// The names and ports of the compose file, and what the same process is called here.
const TARGETS: [(&str, &str); 11] = [
    ("api-gateway:3100", "gateway-metrics"),
    ("cursor-integration:3001", "cursor-integration"),
    ("github-integration:3002", "github-integration"),
    ("notification:3003", "notification"),
    ("dashboard-backend:3004", "dashboard-backend"),
    ("n8n:5678", "n8n"),
    ("postgres-exporter:9187", "postgres-exporter"),
    ("redis-exporter:9121", "redis-exporter"),
    ("node-exporter:9100", "node-exporter"),
    ("alertmanager:9093", "alertmanager"),
    ("localhost:9090", "prometheus"),
];

impl Stack {
    /// Starts them and waits until all are ready.
    pub(crate) fn start_monitoring(&mut self) -> anyhow::Result<()> {
        install::programs(&self.layout, &PROGRAMS)?;
        timed("Prometheus, Alertmanager, exporters", || {
            let home = self.layout.state.join("monitoring");
            std::fs::create_dir_all(self.textfiles())?;
            self.write_configuration(&home)?;
            self.add_exporters()?;
            self.add_monitor(
                "alertmanager",
                "prometheus-alertmanager",
                &[
                    format!("--config.file={}", home.join("alertmanager.yml").display()),
                    format!("--storage.path={}", home.join("alertmanager").display()),
                    format!("--web.external-url={}", self.ports.url("alertmanager")),
                    "--cluster.listen-address=".to_owned(),
                ],
                &[],
                "/-/ready",
            )?;
            self.add_monitor(
                "prometheus",
                "prometheus",
                &[
                    format!("--config.file={}", home.join("prometheus.yml").display()),
                    format!("--storage.tsdb.path={}", home.join("prometheus").display()),
                ],
                &[],
                "/-/ready",
            )
        })
    }

    /// Where node exporter looks for files with metrics.
    pub(crate) fn textfiles(&self) -> PathBuf {
        self.layout.state.join("monitoring/textfiles")
    }

    fn write_configuration(&self, home: &Path) -> anyhow::Result<()> {
        let shipped = self.layout.root.join("prometheus");
        let read =
            |path: &Path| std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
        let (rules, rules_here) = (shipped.join("rules"), home.join("rules"));
        std::fs::create_dir_all(&rules_here)?;
        for entry in std::fs::read_dir(&rules)?.flatten() {
            let text = read(&entry.path())?;
            let impatient: Vec<&str> = text
                .lines()
                .map(|line| if line.starts_with("        for: ") { "        for: 2s" } else { line })
                .collect();
            std::fs::write(rules_here.join(entry.file_name()), impatient.join("\n"))?;
        }
        let mut prometheus = read(&shipped.join("prometheus.yml"))?;
        for (address, name) in TARGETS {
            prometheus =
                replace(&prometheus, &format!("\"{address}\""), &format!("\"127.0.0.1:{}\"", self.ports.of(name)))?;
        }
        prometheus = replace(&prometheus, "/etc/prometheus/rules", &rules_here.display().to_string())?;
        for (setting, patient) in
            [("scrape_interval", "15s"), ("scrape_timeout", "10s"), ("evaluation_interval", "15s")]
        {
            prometheus = replace(&prometheus, &format!("{setting}: {patient}"), &format!("{setting}: 2s"))?;
        }
        std::fs::write(home.join("prometheus.yml"), prometheus)?;
        let mut alertmanager = read(&shipped.join("alertmanager.yml"))?;
        let token = self.layout.secrets().join("alertmanager_token");
        for (from, to) in [
            ("http://notification:3003", self.ports.url("notification")),
            ("/run/quantapilot/secrets/alertmanager_token", token.display().to_string()),
            ("group_wait: 30s", "group_wait: 1s".to_owned()),
            ("group_interval: 5m", "group_interval: 2s".to_owned()),
        ] {
            alertmanager = replace(&alertmanager, from, &to)?;
        }
        std::fs::write(home.join("alertmanager.yml"), alertmanager)?;
        Ok(())
    }

    fn add_exporters(&mut self) -> anyhow::Result<()> {
        let database = format!("{}?sslmode=disable", postgres::url(&self.layout, &self.ports, "quantapilot"));
        let redis_password = std::fs::read_to_string(self.layout.secrets().join("redis_password"))?;
        let redis_address = format!("redis://127.0.0.1:{}", self.ports.of("redis"));
        // Passwords by environment: arguments can be read by every user of the machine.
        self.add_monitor(
            "postgres-exporter",
            "prometheus-postgres-exporter",
            &[],
            &[("DATA_SOURCE_NAME", &database)],
            "/metrics",
        )?;
        self.add_monitor(
            "redis-exporter",
            "prometheus-redis-exporter",
            &[],
            &[("REDIS_ADDR", &redis_address), ("REDIS_PASSWORD", redis_password.trim())],
            "/metrics",
        )?;
        let textfiles = format!("--collector.textfile.directory={}", self.textfiles().display());
        self.add_monitor("node-exporter", "prometheus-node-exporter", &[textfiles], &[], "/metrics")
    }

    fn add_monitor(
        &mut self,
        name: &'static str,
        program: &'static str,
        arguments: &[String],
        environment: &[(&'static str, &str)],
        ready_path: &str,
    ) -> anyhow::Result<()> {
        let listen = format!("--web.listen-address=127.0.0.1:{}", self.ports.of(name));
        let arguments: Vec<String> = arguments.iter().cloned().chain([listen]).collect();
        let environment: Vec<(&str, String)> =
            environment.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let url = format!("{}{ready_path}", self.ports.url(name));
        let ready = move || http::is_ok(&url);
        let make = move || {
            let mut command = Command::new(program);
            command.args(&arguments).envs(environment.iter().map(|(key, value)| (*key, value)));
            Ok(command)
        };
        self.fleet.add(name, "TERM", make, ready.clone())?;
        wait_until(&format!("{name} (log: {})", self.log(name).display()), Duration::from_secs(60), ready)
    }
}

/// A text that is not there any more would leave the shipped address in force.
fn replace(text: &str, from: &str, to: &str) -> anyhow::Result<String> {
    anyhow::ensure!(text.contains(from), "`{from}` is not in the configuration: change it here too");
    Ok(text.replace(from, to))
}
