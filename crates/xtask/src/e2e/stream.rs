//! One stream of events through the gateway, held open as long as the projects take: what a dashboard left open on a screen sees.

use std::io::{BufRead as _, BufReader};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ureq::Agent;

use super::Facts;
use crate::demo::Api;
use crate::shell::wait_until;
use crate::stack::Stack;

/// A stream that was open for less proves nothing.
const LEAST: Duration = Duration::from_secs(90);
/// Events or, every 15 s, a heartbeat come more often than this.
const LONGEST_SILENCE: Duration = Duration::from_secs(25);

/// A stream that is read by a thread of its own.
pub(super) struct EventStream {
    begin: Instant,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// Sequence numbers, in the order in which they came.
    ids: Vec<i64>,
    longest_silence: Duration,
    /// Why it ended.
    ended: Option<String>,
}

impl EventStream {
    /// Opens it.
    pub(super) fn open(stack: &Stack, api: &Api) -> anyhow::Result<Self> {
        let url = format!("{}/api/v1/events/stream", stack.ports.url("api-gateway"));
        let agent: Agent = Agent::config_builder().timeout_connect(Some(Duration::from_secs(5))).build().into();
        let request = agent
            .get(&url)
            .header("authorization", format!("Bearer {}", api.token()))
            .header("accept", "text/event-stream");
        let response = request.call().with_context(|| format!("GET {url}"))?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let stream = Self { begin: Instant::now(), seen: Arc::clone(&seen) };
        std::thread::spawn(move || {
            let mut lines = BufReader::new(response.into_body().into_reader()).lines();
            let mut last = Instant::now();
            let ended = loop {
                let line = match lines.next() {
                    Some(Ok(line)) => line,
                    Some(Err(error)) => break error.to_string(),
                    None => break "the server ended it".to_owned(),
                };
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.longest_silence = seen.longest_silence.max(last.elapsed());
                seen.ids.extend(line.strip_prefix("id:").and_then(|id| id.trim().parse::<i64>().ok()));
                last = Instant::now();
            };
            seen.lock().unwrap_or_else(PoisonError::into_inner).ended = Some(ended);
        });
        Ok(stream)
    }

    /// It is still open, and brought every event once and in order.
    pub(super) fn check(self, api: &mut Api, projects: &[&str], facts: &mut Facts) -> anyhow::Result<()> {
        let mut wanted = Vec::new();
        for project in projects {
            let page = api.get(&format!("/api/v1/projects/{project}/events"))?;
            wanted
                .extend(page["items"].as_array().into_iter().flatten().filter_map(|event| event["sequence"].as_i64()));
        }
        let missing = || {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            wanted.iter().filter(|id| !seen.ids.contains(id)).count()
        };
        let _ = wait_until("the stream to say the last event", Duration::from_secs(20), || {
            std::thread::sleep(Duration::from_millis(200));
            missing() == 0
        });
        let (missing, open) = (missing(), self.begin.elapsed());
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        facts.check(
            &format!("a stream of events through the gateway stays open for {} s", open.as_secs()),
            seen.ended.is_none() && open > LEAST,
            || format!("{:?}", seen.ended),
        );
        facts.check(
            &format!("it brought the {} newest events of the projects, each once and in order", wanted.len()),
            missing == 0 && !wanted.is_empty() && seen.ids.is_sorted_by(|one, next| one < next),
            || format!("{missing} are missing"),
        );
        facts.check("it was never silent for long", seen.longest_silence < LONGEST_SILENCE, || {
            format!("{:?}", seen.longest_silence)
        });
        Ok(())
    }
}
