//! Log lines: one JSON object each, or plain text on a terminal. Every value passes the scrubber on its way.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;

use time::format_description::well_known::Rfc3339;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::Clock;
use crate::scrub;

/// A line is cut there: some causes quote whole documents.
const LONGEST_VALUE: usize = 8 * 1024;

thread_local! {
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes the lines of one process.
pub(super) struct Lines<W> {
    service: &'static str,
    text: bool,
    writer: W,
}

impl<W> Lines<W> {
    pub(super) fn new(service: &'static str, text: bool, writer: W) -> Self {
        Self { service, text, writer }
    }
}

/// What a span adds to every line in it, encoded once.
struct SpanFields(Vec<(&'static str, Vec<u8>)>);

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = SpanFields(Vec::new());
        attributes.record(&mut EachField { text: self.text, fields: &mut fields.0 });
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<SpanFields>() {
            values.record(&mut EachField { text: self.text, fields: &mut fields.0 });
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        LINE.with(|line| match line.try_borrow_mut() {
            Ok(mut line) => {
                line.clear();
                self.write(&mut line, event, &context);
            }
            // Somebody logs while a value is being formatted.
            Err(_) => self.write(&mut Vec::new(), event, &context),
        });
    }
}

impl<W> Lines<W>
where
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn write<S>(&self, line: &mut Vec<u8>, event: &Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut fields: Vec<(&'static str, Vec<u8>)> = Vec::with_capacity(12);
        event.record(&mut EachField { text: self.text, fields: &mut fields });
        let own = fields.len();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(of_span)) = span.extensions().get() {
                for (name, value) in of_span {
                    // The nearer one counts: a name twice in one object is no sound JSON.
                    if !fields.iter().any(|(known, _)| known == name) {
                        fields.push((name, value.clone()));
                    }
                }
            }
        }
        let metadata = event.metadata();
        if self.text {
            self.write_text(line, metadata, &fields, own);
        } else {
            self.write_json(line, metadata, &fields);
        }
        line.push(b'\n');
        // A log that cannot be written has nobody to complain to.
        let _ = self.writer.make_writer_for(metadata).write_all(line);
    }

    fn write_json(&self, line: &mut Vec<u8>, metadata: &tracing::Metadata<'_>, fields: &[(&'static str, Vec<u8>)]) {
        line.extend_from_slice(b"{\"timestamp\":\"");
        let _ = Clock::system().now().format_into(line, &Rfc3339);
        let _ = write!(line, "\",\"level\":\"{}\",\"service\":\"{}\"", metadata.level(), self.service);
        let message = fields.iter().find(|(name, _)| *name == "message");
        for (name, value) in message.into_iter().chain(fields.iter().filter(|(name, _)| *name != "message")) {
            line.extend_from_slice(b",\"");
            line.extend_from_slice(name.as_bytes());
            line.extend_from_slice(b"\":");
            line.extend_from_slice(value);
        }
        // Unless somebody said it already: a name twice is no sound JSON.
        if let Some(current) = crate::http::context_now() {
            let is_new = |name: &str| !fields.iter().any(|(known, _)| *known == name);
            if is_new("correlation_id") {
                line.extend_from_slice(b",\"correlation_id\":");
                encode(line, &current.correlation_id);
            }
            if is_new("trace_id") {
                let _ = write!(line, ",\"trace_id\":\"{}\"", current.trace_id);
            }
            if is_new("span_id") {
                let _ = write!(line, ",\"span_id\":\"{}\"", current.span_id);
            }
        }
        let _ = write!(line, ",\"target\":\"{}\"}}", metadata.target());
    }

    fn write_text(
        &self,
        line: &mut Vec<u8>,
        metadata: &tracing::Metadata<'_>,
        fields: &[(&'static str, Vec<u8>)],
        own: usize,
    ) {
        let _ = Clock::system().now().format_into(line, &Rfc3339);
        let _ = write!(line, " {:>5} {}: ", metadata.level(), self.service);
        for (_, message) in fields[..own].iter().filter(|(name, _)| *name == "message") {
            line.extend_from_slice(message);
        }
        for (name, value) in fields.iter().filter(|(name, _)| *name != "message") {
            line.push(b' ');
            line.extend_from_slice(name.as_bytes());
            line.push(b'=');
            line.extend_from_slice(value);
        }
        if *metadata.level() <= Level::WARN
            && let Some(current) = crate::http::context_now()
        {
            let _ = write!(line, " correlation_id={}", current.correlation_id);
        }
    }
}

/// Scrubs and encodes each field.
struct EachField<'a> {
    text: bool,
    fields: &'a mut Vec<(&'static str, Vec<u8>)>,
}

impl EachField<'_> {
    /// Names that the standard reserves for traces are instructions, not facts.
    fn skips(name: &str) -> bool {
        name.starts_with("otel.")
    }

    fn put(&mut self, field: &Field, value: Vec<u8>) {
        let name = field.name();
        match self.fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.fields.push((name, value)),
        }
    }

    fn put_text(&mut self, field: &Field, value: &str) {
        let mut encoded = Vec::with_capacity(value.len() + 8);
        let cut = shortened(value);
        let clean = match scrub::mask_of(field.name()) {
            Some(mask) => mask.into(),
            None => scrub::scrub(cut),
        };
        if self.text && field.name() == "message" {
            // A foreign line end would look like a line of ours.
            encoded.extend(clean.bytes().map(|b| if b.is_ascii_control() && b != b'\t' { b' ' } else { b }));
        } else {
            encode(&mut encoded, &clean);
        }
        if cut.len() < value.len() {
            let closing = encoded.pop_if(|last| *last == b'"');
            let _ = write!(encoded, "… ({} bytes in all)", value.len());
            encoded.extend(closing);
        }
        self.put(field, encoded);
    }

    fn put_plain(&mut self, field: &Field, value: impl std::fmt::Display) {
        if Self::skips(field.name()) {
            return;
        }
        let mut encoded = Vec::with_capacity(20);
        match scrub::mask_of(field.name()) {
            Some(mask) => encode(&mut encoded, mask),
            None => {
                let _ = write!(encoded, "{value}");
            }
        }
        self.put(field, encoded);
    }
}

impl Visit for EachField<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if !Self::skips(field.name()) {
            self.put_text(field, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if !Self::skips(field.name()) {
            let mut text = String::new();
            let _ = write!(text, "{value:?}");
            self.put_text(field, &text);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put_text(field, &value.to_string());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put_plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put_plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put_plain(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.put_plain(field, value);
        } else {
            self.put_text(field, &value.to_string()); // JSON has no such number
        }
    }
}

fn shortened(text: &str) -> &str {
    if text.len() <= LONGEST_VALUE {
        return text;
    }
    &text[..text.floor_char_boundary(LONGEST_VALUE)]
}

fn encode(into: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(into, text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{in_context, new_context};
    use crate::testing::Recorded;

    fn line(format: &str, filter: &str, work: impl FnOnce()) -> Vec<String> {
        let recorded = Recorded::new(format, filter);
        tracing::dispatcher::with_default(&recorded.dispatch, work);
        recorded.text().lines().map(str::to_owned).collect()
    }

    fn json(work: impl FnOnce()) -> serde_json::Value {
        let lines = line("json", "info", work);
        assert_eq!(lines.len(), 1, "{lines:?}");
        serde_json::from_str(&lines[0]).unwrap()
    }

    #[test]
    fn a_line_has_the_documented_fields() {
        let line = json(|| tracing::warn!(project.id = %"p-1", tries = 3, ok = false, share = 0.5, "it `works`"));
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["service"], "test");
        assert_eq!(line["message"], "it `works`");
        assert_eq!(line["project.id"], "p-1");
        assert_eq!((&line["tries"], &line["ok"], &line["share"]), (&3.into(), &false.into(), &0.5.into()));
        assert_eq!(line["target"], "common::telemetry::lines::tests");
        assert!(time::OffsetDateTime::parse(line["timestamp"].as_str().unwrap(), &Rfc3339).is_ok());
        assert_eq!(line.get("trace_id"), None, "there is no work at hand");
    }

    #[tokio::test]
    async fn the_work_at_hand_is_in_every_line_of_it() {
        let recorded = Recorded::new("json", "info");
        let guard = tracing::dispatcher::set_default(&recorded.dispatch);
        let context = new_context();
        in_context(context.clone(), async {
            tracing::info!("one");
            tokio::task::yield_now().await;
            tracing::info!("two");
        })
        .await;
        drop(guard);
        for line in recorded.lines() {
            assert_eq!(line["correlation_id"], context.correlation_id);
            assert_eq!(line["trace_id"], context.trace_id.to_string());
            assert_eq!(line["span_id"], context.span_id.to_string());
        }
        assert_eq!(recorded.lines().len(), 2);
    }

    #[test]
    fn what_spans_know_is_said_once_and_the_nearest_counts() {
        let line = json(|| {
            let job = tracing::info_span!(
                "job",
                queue = "a.b",
                step = 1,
                later = tracing::field::Empty,
                otel.kind = "consumer"
            );
            job.record("later", "now");
            let _job = job.entered();
            let _inner = tracing::info_span!("inner", step = 2).entered();
            tracing::info!(step = 3, "done");
        });
        assert_eq!((&line["queue"], &line["step"], &line["later"]), (&"a.b".into(), &3.into(), &"now".into()));
        assert_eq!(line.get("otel.kind"), None);
    }

    #[test]
    fn secrets_and_people_never_reach_the_writer() {
        crate::scrub::register("registered-secret-1");
        let work = || {
            let error = anyhow::anyhow!("401 for `registered-secret-1`").context("calling ada@example.org");
            let _span = tracing::info_span!("job", token = "abc-in-a-span", mail = "ada@example.org").entered();
            tracing::error!(
                password = 12345,
                smtp.password = "hunter2",
                header = "Authorization: Bearer abcdef123456",
                error = %format!("{error:#}"),
                body = ?serde_json::json!({"secret": "s3same"}),
                chat_id = 99_887_766_i64,
                "cannot log in as {} with ghp_0123456789abcdefghij",
                "ada@example.org"
            );
        };
        for format in ["json", "text"] {
            let text = line(format, "info", work).join("\n");
            for gone in [
                "registered-secret-1",
                "abc-in-a-span",
                "12345\"",
                "hunter2",
                "abcdef123456",
                "s3same",
                "99887766",
                "ada@",
                "ghp_",
            ] {
                assert!(!text.contains(gone), "{format}: `{gone}` is in {text}");
            }
            assert!(text.contains("cannot log in as [email] with [secret]"), "{text}");
        }
    }

    #[test]
    fn a_foreign_line_end_makes_no_line_of_its_own() {
        for format in ["json", "text"] {
            let lines = line(format, "info", || tracing::info!(name = "x\n{\"level\":\"ERROR\"}", "a\r\nb\u{1b}[31m"));
            assert_eq!(lines.len(), 1, "{format}: {lines:?}");
            assert!(!lines[0].contains('\u{1b}'));
        }
    }

    #[test]
    fn a_value_without_end_is_cut() {
        let long = "ä".repeat(LONGEST_VALUE);
        let line = json(|| tracing::info!(document = long, "read"));
        let document = line["document"].as_str().unwrap();
        assert!(document.len() < LONGEST_VALUE + 40 && document.ends_with("bytes in all)"), "{}", document.len());
    }

    #[test]
    fn the_filter_decides_what_is_written() {
        let lines = line("json", "warn,common::telemetry=debug", || {
            tracing::debug!("ours");
            tracing::info!(target: "sqlx::query", "not this");
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
    }
}
