//! Logs and traces: one line a fact on standard error, and spans to an OpenTelemetry collector when one is configured.
//!
//! Both pass through [`crate::scrub`], so that no secret and no address of a person leaves the process this way. A line carries the
//! correlation id, the trace and the span it belongs to ([`crate::http::Context`] is the one truth about them). What the lines hold and what
//! can be set is described in `docs/observability.md`.

mod lines;
mod otel;
mod outgoing;
mod server_span;
mod settings;
mod sql;

use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing_subscriber::filter::FilterExt as _;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

pub use otel::spans_exported;
pub(crate) use outgoing::CALL_TARGET;
pub use outgoing::Outgoing;
pub use server_span::{CallSpan, ServerSpan};
pub use settings::{Sampling, Telemetry, Traces};

/// What is given up when the collector does not take the last spans in time.
const FLUSH: Duration = Duration::from_secs(3);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Starts logs and, when a collector is configured, traces. `service` is the name in every line.
pub fn init(service: &'static str, telemetry: &Telemetry) -> anyhow::Result<()> {
    crate::scrub::mask_ip_addresses(telemetry.mask_ip_addresses);
    let (dispatch, provider) = dispatch(service, telemetry, std::io::stderr)?;
    if let Some(provider) = provider {
        let _ = TRACER.set(otel::tracer(&provider));
        let _ = PROVIDER.set(provider);
    }
    tracing::dispatcher::set_global_default(dispatch)?;
    match &telemetry.traces {
        None => tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting"),
        Some(traces) => {
            tracing::info!(version = env!("CARGO_PKG_VERSION"), sampler = %traces.sampling, collector = %traces.endpoint, "starting; traces go to a collector");
        }
    }
    Ok(())
}

/// Hands over the last spans before the process ends. Waits for at most three seconds; does nothing when traces are off.
pub async fn finish() {
    if let Some(provider) = PROVIDER.get() {
        let provider = provider.clone();
        let _ = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH)).await;
    }
}

/// What makes spans outside of `tracing`, when traces are on.
fn tracer() -> Option<&'static SdkTracer> {
    TRACER.get()
}

/// The layers of [`init`] writing to `writer`, and the provider to flush when traces are on.
pub fn dispatch<W>(
    service: &'static str,
    telemetry: &Telemetry,
    writer: W,
) -> anyhow::Result<(tracing::Dispatch, Option<SdkTracerProvider>)>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let text = telemetry.format.as_deref().map_or_else(|| std::io::stderr().is_terminal(), |format| format == "text");
    let lines = lines::Lines::new(service, text, writer).with_filter(EnvFilter::try_new(&telemetry.filter)?);
    let provider = telemetry.traces.as_ref().map(|traces| otel::provider(service, traces)).transpose()?;
    let spans = provider.as_ref().map(|provider| {
        let tracer = otel::tracer(provider);
        let sql = sql::SqlSpans::new(tracer.clone()).with_filter(sql::statements());
        let spans = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(otel::ours().and(otel::not_too_fine()));
        spans.and_then(sql)
    });
    Ok((tracing_subscriber::registry().with(lines).with(spans).into(), provider))
}
