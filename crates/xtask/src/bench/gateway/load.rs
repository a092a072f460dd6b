//! The load: wrk on the other core, one run at a time.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use super::processes::{LOAD_CORE, Process, cpu_of_ended_children, machine, on_core};
use super::standin::{LARGE, paths};
use crate::shell::output;

/// Open connections, each with one request at a time.
pub(super) const CONNECTIONS: u32 = 32;
/// Before a run counts.
const WARM_UP: Duration = Duration::from_secs(1);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Small,
    Down,
    Up,
}

impl Work {
    pub(super) const ALL: [Self; 3] = [Self::Small, Self::Down, Self::Up];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Small => "small JSON",
            Self::Down => "100 KiB down",
            Self::Up => "100 KiB up",
        }
    }

    fn arguments(self) -> (&'static str, &'static str, usize) {
        match self {
            Self::Small => ("GET", paths::SMALL, 0),
            Self::Down => ("GET", paths::BODY, 0),
            Self::Up => ("POST", paths::UPLOAD, LARGE),
        }
    }
}

/// What one run showed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    pub(super) requests: u64,
    pub(super) per_second: f64,
    /// Milliseconds.
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
    /// Microseconds of CPU of the proxy for each request.
    pub(super) cpu: f64,
    /// Microseconds of CPU of Redis for each request.
    pub(super) redis_cpu: f64,
    /// Part of the machine that something else used meanwhile.
    pub(super) disturbed: f64,
}

/// The line that `load.lua` prints.
#[derive(Deserialize)]
struct Printed {
    requests: u64,
    micros: u64,
    p50: u64,
    p99: u64,
    p999: u64,
    refused: u64,
    failed: u64,
}

/// Where a run goes.
pub(super) struct Target<'a> {
    pub(super) port: u16,
    pub(super) tokens: &'a Path,
    pub(super) folder: &'a Path,
    /// Nothing for the stand-in itself.
    pub(super) proxy: Option<&'a Process>,
    pub(super) redis: &'a Process,
    pub(super) standin: &'a Process,
}

/// Warms up, then measures for `seconds`. A run with a single failed or refused request is void.
pub(super) fn run(target: &Target, work: Work, seconds: u32) -> anyhow::Result<Sample> {
    wrk(target, work, WARM_UP)?;
    let own = || target.proxy.map_or(Duration::ZERO, Process::cpu);
    let (cpu, redis, standin, load) = (own(), target.redis.cpu(), target.standin.cpu(), cpu_of_ended_children());
    let (busy, all) = machine();
    let printed = wrk(target, work, Duration::from_secs(u64::from(seconds)))?;
    let (busy_after, all_after) = machine();
    let cpu = own().saturating_sub(cpu);
    let redis = target.redis.cpu().saturating_sub(redis);
    let known =
        cpu + redis + target.standin.cpu().saturating_sub(standin) + cpu_of_ended_children().saturating_sub(load);
    let others = busy_after.saturating_sub(busy).saturating_sub(known);
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    let (requests, micros) = (printed.requests as f64, printed.micros as f64);
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    let milliseconds = |micros: u64| micros as f64 / 1000.0;
    Ok(Sample {
        requests: printed.requests,
        per_second: requests * 1e6 / micros,
        p50: milliseconds(printed.p50),
        p99: milliseconds(printed.p99),
        p999: milliseconds(printed.p999),
        cpu: cpu.as_secs_f64() * 1e6 / requests,
        redis_cpu: redis.as_secs_f64() * 1e6 / requests,
        disturbed: others.as_secs_f64() / all_after.saturating_sub(all).as_secs_f64().max(f64::EPSILON),
    })
}

fn wrk(target: &Target, work: Work, duration: Duration) -> anyhow::Result<Printed> {
    anyhow::ensure!(!crate::shell::interrupted(), "interrupted");
    let (method, path, size) = work.arguments();
    let mut command = on_core(LOAD_CORE, "wrk");
    command.args(["--threads", "1", "--connections", &CONNECTIONS.to_string(), "--timeout", "10s"]);
    command.args(["--duration", &format!("{}s", duration.as_secs())]);
    command.arg("--script").arg(target.folder.join("load.lua")).arg(format!("http://127.0.0.1:{}", target.port));
    command.args(["--", method, path, &size.to_string()]).arg(target.tokens);
    let text = output(&mut command)?;
    let line = text.lines().rev().find(|line| line.starts_with('{')).context("wrk printed no result")?;
    let printed: Printed = serde_json::from_str(line)?;
    anyhow::ensure!(
        printed.refused == 0 && printed.failed == 0 && printed.requests > 0,
        "void: of {} requests {} were refused and {} failed",
        printed.requests,
        printed.refused,
        printed.failed
    );
    Ok(printed)
}
