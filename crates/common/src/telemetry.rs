//! Logs: one JSON object a line, or plain lines on a terminal.

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

/// How to log.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// `LOG` (default `info`): a tracing filter, for example `info,sqlx=warn`.
    pub filter: String,
    /// `LOG_FORMAT`: `json` (default unless a terminal) or `text`.
    pub format: Option<String>,
}

impl Telemetry {
    /// Reads `LOG` and `LOG_FORMAT`.
    pub fn read(env: &mut crate::config::Reader) -> Self {
        let telemetry =
            Self { filter: env.or("LOG", "info,sqlx=warn,hyper=warn".to_owned()), format: env.optional("LOG_FORMAT") };
        if let Err(error) = EnvFilter::try_new(&telemetry.filter) {
            env.problem(format!("LOG is not a filter: {error} (example: LOG=info,sqlx=warn)"));
        }
        if !matches!(telemetry.format.as_deref(), None | Some("json" | "text")) {
            env.problem("LOG_FORMAT is neither `json` nor `text`");
        }
        telemetry
    }
}

/// Starts logging to standard error. The service's name goes into every line as the outermost span.
pub fn init(service: &'static str, telemetry: &Telemetry) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&telemetry.filter)?;
    let text = telemetry.format.as_deref().map_or_else(|| std::io::stderr().is_terminal(), |format| format == "text");
    let layer = if text {
        fmt::layer().with_writer(std::io::stderr).boxed()
    } else {
        fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(std::io::stderr)
            .boxed()
    };
    tracing_subscriber::registry().with(filter).with(layer).try_init()?;
    tracing::info!(service, version = env!("CARGO_PKG_VERSION"), "starting");
    Ok(())
}
