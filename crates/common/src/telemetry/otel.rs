//! Spans on their way to the collector: batched by the SDK on a thread of its own, with a bounded queue; scrubbed; complained about once.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::{Status, TracerProvider as _};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_otlp::{WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
use prometheus::IntCounterVec;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterFn, filter_fn};

use super::{CALL_TARGET, Traces};
use crate::scrub;

static EXPORTED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    crate::metrics::counter(
        "trace_spans_total",
        "Spans handed to the OpenTelemetry collector, by outcome (exported, failed).",
        &["outcome"],
    )
});

/// How many spans were handed over with this outcome (`exported`, `failed`).
pub fn spans_exported(outcome: &str) -> u64 {
    EXPORTED.with_label_values(&[outcome]).get()
}

pub(super) fn provider(service: &'static str, traces: &Traces) -> anyhow::Result<SdkTracerProvider> {
    crate::http::client::install_crypto();
    let mut endpoint = traces.endpoint.clone();
    endpoint.set_path(&format!("{}/v1/traces", endpoint.path().trim_end_matches('/')));
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint.as_str())
        .with_headers(headers(traces))
        .build()?;
    let exporter = Careful { inner: exporter, failing: AtomicBool::new(false) };
    let resource = Resource::builder()
        .with_service_name(traces.service_name.clone().unwrap_or_else(|| service.to_owned()))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_sampler(traces.sampling.sampler())
        .with_resource(resource)
        .with_span_processor(BatchSpanProcessor::builder(exporter).build())
        .build())
}

pub(super) fn tracer(provider: &SdkTracerProvider) -> SdkTracer {
    provider.tracer("quantapilot")
}

/// The SDK itself reads the variable, but not the file that a secret may come from.
fn headers(traces: &Traces) -> HashMap<String, String> {
    let Some(text) = &traces.headers else { return HashMap::new() };
    text.expose()
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .filter_map(|(name, value)| {
            let value = url::form_urlencoded::parse(format!("v={}", value.trim().replace('+', "%2B")).as_bytes())
                .next()
                .map(|(_, value)| value.into_owned())?;
            scrub::register(&value);
            Some((name.trim().to_ascii_lowercase(), value))
        })
        .collect()
}

/// Spans of our own code, not of the libraries below it.
pub(super) fn ours() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    const CRATES: [&str; 6] =
        ["common", "api_gateway", "cursor_integration", "github_integration", "notification", "dashboard_backend"];
    fn is_ours(metadata: &Metadata<'_>) -> bool {
        let root = metadata.target().split("::").next().unwrap_or_default();
        CRATES.contains(&root)
    }
    filter_fn(is_ours)
}

/// Spans from `info` on and every outgoing call; of the lines only those that say that something is wrong.
pub(super) fn not_too_fine() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    fn counts(metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() {
            *metadata.level() <= Level::INFO || metadata.target() == CALL_TARGET
        } else {
            *metadata.level() <= Level::WARN
        }
    }
    filter_fn(counts)
}

/// Scrubs what goes out, and says once that the collector is away and once that it is back.
struct Careful {
    inner: opentelemetry_otlp::SpanExporter,
    failing: AtomicBool,
}

impl fmt::Debug for Careful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Careful") // the inner one would print its headers
    }
}

impl SpanExporter for Careful {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().for_each(clean);
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let result = self.inner.export(batch).await;
        let outcome = if result.is_ok() { "exported" } else { "failed" };
        EXPORTED.with_label_values(&[outcome]).inc_by(spans);
        match &result {
            Ok(()) if self.failing.swap(false, Ordering::Relaxed) => {
                tracing::info!("the trace collector takes spans again");
            }
            Err(error) if !self.failing.swap(true, Ordering::Relaxed) => {
                tracing::warn!(error = %reason(error), "the trace collector takes no spans; they are dropped until it does, and everything else goes on");
            }
            _ => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

fn reason(error: &OTelSdkError) -> String {
    match error {
        OTelSdkError::InternalFailure(text) => text.clone(),
        other => other.to_string(),
    }
}

fn clean(span: &mut SpanData) {
    if let std::borrow::Cow::Owned(name) = scrub::scrub(&span.name) {
        span.name = name.into();
    }
    clean_attributes(&mut span.attributes);
    for event in &mut span.events.events {
        if let std::borrow::Cow::Owned(name) = scrub::scrub(&event.name) {
            event.name = name.into();
        }
        clean_attributes(&mut event.attributes);
    }
    for link in &mut span.links.links {
        clean_attributes(&mut link.attributes);
    }
    if let Status::Error { description } = &mut span.status
        && let std::borrow::Cow::Owned(text) = scrub::scrub(description)
    {
        *description = text.into();
    }
}

fn clean_attributes(attributes: &mut [KeyValue]) {
    for KeyValue { key, value, .. } in attributes {
        if let Some(mask) = scrub::mask_of(key.as_str()) {
            *value = Value::from(mask);
            continue;
        }
        match value {
            Value::String(text) => clean_text(text),
            Value::Array(Array::String(texts)) => texts.iter_mut().for_each(clean_text),
            _ => {}
        }
    }
}

fn clean_text(text: &mut StringValue) {
    if let std::borrow::Cow::Owned(changed) = scrub::scrub(text.as_str()) {
        *text = changed.into();
    }
}
