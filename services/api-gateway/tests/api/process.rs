//! The gateway as the process that people run.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use crate::fixture;

/// A gateway of its own process.
pub(crate) struct Gateway(Child);

impl Gateway {
    /// Starts on the socket, which it is handed as descriptor 3, and waits until it listens.
    pub(crate) fn start(socket: &TcpListener, upstream: &str, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                r#"exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0""#,
                env!("CARGO_BIN_EXE_api-gateway"),
            ])
            .env("SERVICE_TOKEN_SECRET", common::testing::SERVICE_SECRET)
            .env("REDIS_URL", fixture::redis_url())
            .env("API_GATEWAY_ACCESS_LOG", "off")
            .env("LOG_FORMAT", "json")
            .stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        for service in ["CURSOR_INTEGRATION", "GITHUB_INTEGRATION", "NOTIFICATION", "DASHBOARD_BACKEND", "N8N"] {
            command.env(format!("{service}_URL"), upstream);
        }
        command.envs(settings.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listens = lines.by_ref().map(Result::unwrap).any(|line| line.contains(r#""message":"listening""#));
        assert!(listens, "the gateway ended before it listened");
        // Its log goes on, and a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child)
    }

    /// SIGTERM, and the end.
    pub(crate) async fn stop(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = tokio::task::spawn_blocking(move || self.0.wait().unwrap()).await.unwrap();
        assert!(status.success(), "{status}");
    }
}
