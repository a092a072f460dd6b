//! A call to a peer: counted, timed, and a span of its own when traces are on.

use std::future::Future;
use std::time::Instant;

use opentelemetry::trace::Status;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::http::{Context, context_now, in_context};
use crate::metrics;

/// Only traces listen to it; no log filter of ours lets it through.
pub(crate) const CALL_TARGET: &str = "common::call";

/// A call that has begun. Every way out of a service goes through one: our HTTP client, and the libraries that bring their own.
pub struct Outgoing {
    peer: &'static str,
    begin: Instant,
    span: Span,
    context: Option<Context>,
}

impl Outgoing {
    /// Begins a call of `peer`. `what` names it in the trace: a method such as `POST` or `sendMessage`, never a URL.
    pub fn begin(peer: &'static str, what: &str) -> Self {
        // What nobody asked for, such as a regular look at a peer's health, begins no trace.
        let context = context_now();
        let span = match &context {
            Some(_) => {
                tracing::debug_span!(target: CALL_TARGET, "call", otel.name = %format_args!("{what} {peer}"), otel.kind = "client", peer.service = peer)
            }
            None => Span::none(),
        };
        let context = context.map(|context| context.within(&span));
        Self { peer, begin: Instant::now(), span, context }
    }

    /// The context that the peer is told of.
    pub fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// Notes something about the call in the trace. Costs nothing when traces are off.
    pub fn note(&self, name: &'static str, value: impl Into<opentelemetry::Value>) {
        self.span.set_attribute(name, value);
    }

    /// Does the call; lines and calls that are made meanwhile belong to it.
    pub async fn during<F: Future>(&self, work: F) -> F::Output {
        // On the heap: a future of a library's whole client would make that of every caller as large.
        let work = Box::pin(work.instrument(self.span.clone()));
        match &self.context {
            Some(context) => in_context(context.clone(), work).await,
            None => work.await,
        }
    }

    /// Ends it; `outcome` is a status class such as `2xx`, or a word such as `unreachable`.
    pub fn end(self, outcome: &'static str) {
        metrics::calls().observe(self.peer, outcome, self.begin.elapsed());
        if !matches!(outcome, "1xx" | "2xx" | "3xx" | "ok") {
            self.span.set_attribute("error.type", outcome);
            self.span.set_status(Status::error(""));
        }
    }
}
