//! The sandbox as a program: `sandbox --http 127.0.0.1:3900 --smtp 127.0.0.1:3925 --data DIR`.

use std::{io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use sandbox::{GithubSettings, Sandbox, Settings};

/// Local stand-ins for GitHub, Telegram, Cursor and a mail server.
#[derive(Debug, Parser)]
#[command(name = "sandbox", version)]
struct Arguments {
    /// Where GitHub, Telegram, Cursor and the page are served.
    #[arg(long, env = "SANDBOX_HTTP", default_value = "127.0.0.1:3900")]
    http: SocketAddr,
    /// Where mail is taken.
    #[arg(long, env = "SANDBOX_SMTP", default_value = "127.0.0.1:3925")]
    smtp: SocketAddr,
    /// Where state is kept; without it everything is gone at the end.
    #[arg(long, env = "SANDBOX_DATA")]
    data: Option<PathBuf>,
    /// The address others reach it by, when it differs from `--http`.
    #[arg(long, env = "SANDBOX_PUBLIC_URL")]
    public_url: Option<String>,
    /// The address people open its pages by, when it differs from that.
    #[arg(long, env = "SANDBOX_WEB_URL")]
    web_url: Option<String>,
    /// Token of the bot account on GitHub.
    #[arg(long, env = "SANDBOX_GITHUB_TOKEN", hide_env_values = true)]
    github_token: Option<String>,
    /// Token of the person who owns the demo's repositories.
    #[arg(long, env = "SANDBOX_DEMO_TOKEN", hide_env_values = true)]
    demo_token: Option<String>,
    /// Requests a GitHub token may make in an hour.
    #[arg(long, env = "SANDBOX_GITHUB_RATE_LIMIT")]
    github_rate_limit: Option<u64>,
    /// Token of the Telegram bot.
    #[arg(long, env = "SANDBOX_TELEGRAM_TOKEN", hide_env_values = true)]
    telegram_token: Option<String>,
    /// Cursor API key.
    #[arg(long, env = "SANDBOX_CURSOR_API_KEY", hide_env_values = true)]
    cursor_api_key: Option<String>,
    /// Ask a running sandbox at `--http` whether it is well, and exit.
    #[arg(long)]
    healthcheck: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = Arguments::parse();
    let outcome = if arguments.healthcheck { healthcheck(arguments.http).await } else { run(arguments).await };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "sandbox: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_writer(std::io::stderr)
        .init();
    let sandbox = Sandbox::start(arguments.into_settings()).await?;
    tracing::info!(url = sandbox.url(), smtp = %sandbox.smtp_addr(), "the sandbox is up; see {}/_sandbox/", sandbox.url());
    stop_signal().await?;
    sandbox.shutdown().await;
    Ok(())
}

impl Arguments {
    fn into_settings(self) -> Settings {
        let defaults = Settings::default();
        Settings {
            http: self.http,
            smtp: self.smtp,
            data_dir: self.data,
            public_url: self.public_url,
            web_url: self.web_url,
            github: GithubSettings {
                token: self.github_token.unwrap_or(defaults.github.token),
                demo_token: self.demo_token.unwrap_or(defaults.github.demo_token),
                rate_limit: self.github_rate_limit.unwrap_or(defaults.github.rate_limit),
                ..defaults.github
            },
            telegram_token: self.telegram_token.unwrap_or(defaults.telegram_token),
            cursor_api_key: self.cursor_api_key.unwrap_or(defaults.cursor_api_key),
        }
    }
}

async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    Ok(())
}

async fn healthcheck(http: SocketAddr) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build()?;
    client.get(format!("http://{http}/_sandbox/health")).send().await?.error_for_status()?;
    Ok(())
}
