//! The two flags every service has besides its environment.

use std::io::Write as _;

/// Answers `--version` and `--healthcheck` (which asks this service's own readiness over loopback, on the port of `BIND` or `default_port`).
/// `true` means that the flag was dealt with and the process is to end.
pub async fn handled(service: &str, default_port: u16) -> anyhow::Result<bool> {
    let Some(flag) = std::env::args().nth(1) else { return Ok(false) };
    match flag.as_str() {
        "--version" => writeln!(std::io::stdout(), "{service} {}", env!("CARGO_PKG_VERSION"))?,
        "--healthcheck" => {
            let mut env = crate::config::Reader::from_env();
            let port = env.optional::<std::net::SocketAddr>("BIND").map_or(default_port, |bind| bind.port());
            crate::health::self_check(port).await?;
        }
        other => anyhow::bail!(
            "unknown flag `{other}`: {service} takes --version or --healthcheck, everything else comes from the environment"
        ),
    }
    Ok(true)
}
