//! What was seen, for people.

use std::fmt::Write as _;
use std::process::Command;

use super::load::{CONNECTIONS, Sample, Work};
use super::proxies::{Proxy, version};
use super::streams::STREAMS;
use super::{Seen, cores};
use crate::shell::output;

/// The heading of our part of the document.
const HEADING: &str = "## The gateway";
/// More of the machine than this, used by something else during a run, is worth a word.
const QUIET: f64 = 0.05;

pub(super) struct Report<'a> {
    pub(super) seen: &'a [Seen],
    pub(super) direct: &'a [(Work, Vec<Sample>)],
    pub(super) rounds: u32,
    pub(super) seconds: u32,
}

/// One run, while it goes on.
pub(super) fn line(name: &str, sample: &Sample) -> String {
    let noise = if sample.disturbed > QUIET {
        format!("   ({:.0} % of the machine did something else)", sample.disturbed * 100.0)
    } else {
        String::new()
    };
    format!(
        "{name:12} {:>8.0} requests/s   p50 {:>7.2} ms   p99 {:>7.2} ms   CPU {:>7.1} µs{noise}",
        sample.per_second, sample.p50, sample.p99, sample.cpu
    )
}

impl Report<'_> {
    /// The whole part, as Markdown.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{HEADING}\n\n{}\n\n", self.conditions());
        text.push_str(
            "| work | | requests/s | p50 ms | p99 ms | p99.9 ms | CPU µs per request | CPU beside nginx |\n\
             |---|---|---:|---:|---:|---:|---:|---:|\n",
        );
        for (work, direct) in self.direct {
            for seen in self.seen {
                let samples = seen.of(*work);
                let ratio = self.ratio(seen, *work).map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}×"));
                row(
                    &mut text,
                    *work,
                    seen.proxy.name(),
                    samples,
                    &format!("{:.1} | {ratio}", median(samples, |s| s.cpu)),
                );
            }
            row(&mut text, *work, "no proxy", direct, "– | –");
        }
        text.push_str(
            "\n| | resident after the start | after the load | with 1,000 idle streams | start to ready |\n\
             |---|---:|---:|---:|---:|\n",
        );
        for seen in self.seen {
            let (started, loaded, streams) = seen.resident;
            let streams = streams.map_or_else(|| "–".to_owned(), mebibytes);
            let mut starts: Vec<f64> = seen.starts.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {streams} | {:.0} ms |",
                seen.proxy.name(),
                mebibytes(started),
                mebibytes(loaded),
                middle(&mut starts)
            );
        }
        let _ = write!(text, "\n{}", self.remarks());
        text
    }

    fn conditions(&self) -> String {
        let date = output(Command::new("date").args(["-u", "+%Y-%m-%d"])).unwrap_or_default();
        format!(
            "`cargo xtask bench gateway`, {} UTC, on {}: {} rounds of {} s for each, in turn, medians; {CONNECTIONS} connections, one request \
             at a time on each, 50 people. What is measured has one core for itself; load generator (wrk {}), the stand-in service and \
             Redis have another. nginx {} proxies and nothing else; HAProxy {} verifies tokens (HS256, the cheapest it has) and counts each \
             person in a stick table; Node.js {} runs Express, http-proxy-middleware, jsonwebtoken (HS256), express-rate-limit and helmet. \
             Ours has everything on: tokens (EdDSA), limits counted in Redis, metrics, an access log to a file, security headers. All give \
             the same bytes; those that verify refuse a missing and a tampered token; a run with one failed request is void.",
            date.trim(),
            machine(),
            self.rounds,
            self.seconds,
            version("wrk", "-v"),
            version("nginx", "-v"),
            version("haproxy", "-v"),
            version("node", "--version"),
        )
    }

    fn remarks(&self) -> String {
        let mut text = String::new();
        if let Some(ours) = self.seen.iter().find(|seen| seen.proxy == Proxy::Ours) {
            let redis = median(ours.of(Work::Small), |sample| sample.redis_cpu);
            let _ =
                writeln!(text, "Beside ours, Redis used {redis:.1} µs of CPU per small request, on the other core.");
        }
        let all = self.seen.iter().flat_map(|seen| seen.samples.iter().flat_map(|(_, samples)| samples));
        let worst = all.map(|sample| sample.disturbed).fold(0.0, f64::max);
        if worst > QUIET {
            let _ = writeln!(
                text,
                "The machine was not quiet: in the worst run {:.0} % of it did something else.",
                worst * 100.0
            );
        }
        let _ = writeln!(
            text,
            "\"No proxy\" is the load straight to the stand-in: where a proxy comes near it, the load was the limit, and CPU per request \
             says more than requests per second. With the load at its limit, latency is {CONNECTIONS} connections waiting for one core. \
             Streams are {STREAMS} open connections on which one event has passed."
        );
        text
    }

    /// CPU per request beside nginx in the same round; the median of the rounds.
    fn ratio(&self, seen: &Seen, work: Work) -> Option<f64> {
        let nginx = self.seen.iter().find(|other| other.proxy == Proxy::Nginx)?;
        let mut ratios: Vec<f64> =
            seen.of(work).iter().zip(nginx.of(work)).map(|(one, base)| one.cpu / base.cpu).collect();
        Some(middle(&mut ratios))
    }
}

impl Seen {
    fn of(&self, work: Work) -> &[Sample] {
        self.samples.iter().find(|(of, _)| *of == work).map_or(&[], |(_, samples)| samples)
    }
}

fn row(text: &mut String, work: Work, name: &str, samples: &[Sample], end: &str) {
    let _ = writeln!(
        text,
        "| {} | {name} | {:.0} | {:.2} | {:.2} | {:.2} | {end} |",
        work.name(),
        median(samples, |sample| sample.per_second),
        median(samples, |sample| sample.p50),
        median(samples, |sample| sample.p99),
        median(samples, |sample| sample.p999),
    );
}

fn median(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    middle(&mut samples.iter().map(of).collect::<Vec<_>>())
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

#[expect(clippy::cast_precision_loss, reason = "memory of one process")]
fn mebibytes(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("?", |(_, name)| name);
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system =
        release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("?").trim_matches('"').to_owned();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel: String = kernel.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    format!("{model}, {} cores, {system}, Linux {kernel}", cores())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((middle(&mut [3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((middle(&mut [4.0, 1.0]) - 2.5).abs() < f64::EPSILON);
        assert!(middle(&mut []).is_nan());
    }
}
