//! Log lines and traces, kept for a test to look at.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::Dispatch;

use crate::telemetry::{Telemetry, Traces};

/// What a process would have logged: the subscriber of [`crate::telemetry`] with its lines kept in memory.
pub struct Recorded {
    /// For `tracing::dispatcher::set_default`.
    pub dispatch: tracing::Dispatch,
    /// Of the traces, when a collector was given.
    pub provider: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
    bytes: Arc<Mutex<Vec<u8>>>,
    /// With a single one alive, tracing asks only the thread that meets a line first, which may be that of another test, and keeps its answer.
    _second: Dispatch,
}

struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no one panics while writing").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Recorded {
    /// Lines in `format` (`json`, `text`) that pass `filter`.
    pub fn new(format: &str, filter: &str) -> Self {
        Self::with(format, filter, None)
    }

    /// The same, with traces going to a collector.
    pub fn with(format: &str, filter: &str, traces: Option<Traces>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let telemetry =
            Telemetry { filter: filter.to_owned(), format: Some(format.to_owned()), mask_ip_addresses: false, traces };
        let kept = Arc::clone(&bytes);
        let (dispatch, provider) = crate::telemetry::dispatch("test", &telemetry, move || Kept(Arc::clone(&kept)))
            .expect("the settings are sound");
        let second = Dispatch::new(tracing_subscriber::registry());
        Self { dispatch, provider, bytes, _second: second }
    }

    /// Everything that was written.
    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().expect("no one panics while writing").clone()).expect("lines are UTF-8")
    }

    /// Every line, which must be JSON.
    pub fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}
