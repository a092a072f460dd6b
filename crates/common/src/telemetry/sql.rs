//! A span for each statement: made of what sqlx tells about it when it is done, so that no store has to say anything.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::layer;

/// What sqlx speaks of statements under.
const TARGET: &str = "sqlx::query";

/// Only what sqlx says of statements.
pub(super) fn statements() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    fn is_statement(metadata: &Metadata<'_>) -> bool {
        // Not "is an event": sqlx first asks whether anybody listens, and that question is no event.
        !metadata.is_span() && metadata.target() == TARGET
    }
    filter_fn(is_statement)
}

/// Makes the spans. Work that nobody asked for, such as a worker that looks for jobs, makes none.
pub(super) struct SqlSpans {
    tracer: SdkTracer,
}

impl SqlSpans {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        Self { tracer }
    }
}

impl<S: Subscriber> layer::Layer<S> for SqlSpans {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let Some(parent) = crate::http::context_now().filter(|context| context.sampled) else { return };
        let mut statement = Statement::default();
        event.record(&mut statement);
        let end = SystemTime::now();
        let start = end.checked_sub(Duration::try_from_secs_f64(statement.seconds).unwrap_or_default()).unwrap_or(end);
        let operation = statement.summary.split_whitespace().next().unwrap_or("SQL").to_ascii_uppercase();
        let mut span = self
            .tracer
            .span_builder(statement.summary)
            .with_kind(SpanKind::Client)
            .with_start_time(start)
            .with_attributes([
                KeyValue::new("db.system.name", "postgresql"),
                KeyValue::new("db.operation.name", operation),
                KeyValue::new("db.response.returned_rows", i64::try_from(statement.rows).unwrap_or(i64::MAX)),
            ])
            .start_with_context(&self.tracer, &Context::new().with_remote_span_context(parent.span_context()));
        span.end_with_timestamp(end);
    }
}

#[derive(Default)]
struct Statement {
    summary: String,
    seconds: f64,
    rows: u64,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        // The first words of the statement; its values are bound apart and never in it.
        if field.name() == "summary" {
            let words = value.trim_end_matches(" …");
            words.split('(').next().unwrap_or(words).trim_end().clone_into(&mut self.summary);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.seconds = value;
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.rows = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
