//! The gateway beside nginx, HAProxy and the Node stack that it replaces: the same load for each in turn, round after round, on this machine.
//! What is measured has one core for itself; load generator, stand-in service and Redis have the other.

mod checks;
mod load;
mod processes;
mod proxies;
mod report;
mod requests;
pub(crate) mod standin;
mod streams;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use self::load::{Sample, Target, Work};
use self::proxies::{Proxy, Running, Yard};
use crate::layout::Layout;
use crate::say::say;
use crate::shell::{cargo, run_logged, timed};

/// What the measurement asks of this machine beside what `up` needs.
const PROGRAMS: [(&str, &str); 4] =
    [("nginx", "nginx-light"), ("haproxy", "haproxy"), ("wrk", "wrk"), ("taskset", "util-linux")];
/// Open files of a process: two for each stream and some more.
const OPEN_FILES: u32 = 8192;
/// How often each is started.
const STARTS: usize = 5;

/// How to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Small JSON only, three rounds, and nothing is written into the documentation.
    #[arg(long)]
    quick: bool,
    /// Only these, separated by commas; nothing is written into the documentation.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Proxy>,
    /// Rounds: in each, every one gets the same load once.
    #[arg(long)]
    rounds: Option<u32>,
    /// Seconds of one run.
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// Measure this binary instead of building one.
    #[arg(long)]
    gateway: Option<PathBuf>,
    /// With these routes instead of the ones it is measured with.
    #[arg(long, requires = "gateway")]
    routes: Option<PathBuf>,
}

/// Everything that was seen of one proxy.
struct Seen {
    proxy: Proxy,
    /// For each kind of work, one sample a round.
    samples: Vec<(Work, Vec<Sample>)>,
    starts: Vec<Duration>,
    /// KiB: after the start, after the load, with the streams.
    resident: (u64, u64, Option<u64>),
}

/// Builds, measures, prints, writes. `true` when every run was sound.
pub(crate) fn run(layout: &Layout, options: &Options) -> anyhow::Result<bool> {
    crate::install::programs(layout, &PROGRAMS)?;
    ensure!(cores() >= 2, "two cores are needed: one for what is measured, one for the load");
    raise_open_files()?;
    let gateway = match &options.gateway {
        Some(path) => path.canonicalize().with_context(|| format!("there is no `{}`", path.display()))?,
        None => build(layout)?,
    };
    let yard = Yard::open(layout, gateway, options.routes.as_deref())?;
    let wanted: Vec<Proxy> =
        Proxy::ALL.into_iter().filter(|proxy| options.only.is_empty() || options.only.contains(proxy)).collect();
    let works = if options.quick { &Work::ALL[..1] } else { &Work::ALL[..] };
    let rounds = options.rounds.unwrap_or(if options.quick { 3 } else { 5 });
    say!("Measuring {} runs of {} s …", works.len() * (wanted.len() + 1) * rounds as usize, options.seconds);
    let (mut fleet, mut seen) = begin(&yard, &wanted, if options.quick { 1 } else { STARTS })?;
    let direct = direct(&yard, works, rounds, options.seconds)?;
    measure(&yard, &mut fleet, &mut seen, works, rounds, options.seconds)?;
    for (running, seen) in fleet.iter().zip(&mut seen) {
        seen.resident.1 = running.process.resident_kib();
        if !options.quick {
            seen.resident.2 = Some(streams::resident_kib(&yard, running)?);
        }
    }
    if let Some(ours) = fleet.iter().position(|running| running.proxy == Proxy::Ours) {
        all_was_counted(&yard, &fleet[ours], &seen[ours])?;
    }
    let report = report::Report { seen: &seen, direct: &direct, rounds, seconds: options.seconds };
    say!("\n{}", report.text());
    if !options.quick && options.only.is_empty() && options.gateway.is_none() {
        let file = layout.root.join("docs/performance.md");
        super::document::write(&file, &report.text())?;
        say!("Written to docs/performance.md.");
    }
    Ok(true)
}

/// Starts each several times, keeps the last, and checks that it does its work.
fn begin(yard: &Yard, wanted: &[Proxy], starts: usize) -> anyhow::Result<(Vec<Running>, Vec<Seen>)> {
    let (mut fleet, mut seen) = (Vec::new(), Vec::new());
    for proxy in wanted {
        let mut times = Vec::new();
        let mut last = None;
        for _ in 0..starts {
            drop(last.take());
            let (running, time) = streams::start(yard, *proxy)?;
            times.push(time);
            last = Some(running);
        }
        let running = last.context("everything is started at least once")?;
        let resident = running.process.resident_kib();
        checks::same_work(yard, &running)?;
        fleet.push(running);
        seen.push(Seen { proxy: *proxy, samples: Vec::new(), starts: times, resident: (resident, 0, None) });
    }
    Ok((fleet, seen))
}

/// The load without a proxy: what load generator and stand-in can do at most.
fn direct(yard: &Yard, works: &[Work], rounds: u32, seconds: u32) -> anyhow::Result<Vec<(Work, Vec<Sample>)>> {
    let tokens = yard.tokens_file(Proxy::Nginx);
    let target = Target {
        port: yard.standin_port,
        tokens: &tokens,
        folder: &yard.folder,
        proxy: None,
        redis: &yard.redis,
        standin: &yard.standin,
    };
    works
        .iter()
        .map(|work| {
            let samples = (0..rounds.min(2)).map(|_| load::run(&target, *work, seconds)).collect::<anyhow::Result<_>>();
            Ok((*work, samples.context("without a proxy")?))
        })
        .collect()
}

/// A B C D, A B C D, …: what drifts on the machine drifts for all.
fn measure(
    yard: &Yard,
    fleet: &mut [Running],
    seen: &mut [Seen],
    works: &[Work],
    rounds: u32,
    seconds: u32,
) -> anyhow::Result<()> {
    for work in works {
        for seen in &mut *seen {
            seen.samples.push((*work, Vec::new()));
        }
        for _ in 0..rounds {
            for (running, seen) in fleet.iter_mut().zip(&mut *seen) {
                running.process.check(&yard.folder)?;
                let tokens = yard.tokens_file(running.proxy);
                let target = Target {
                    port: running.port,
                    tokens: &tokens,
                    folder: &yard.folder,
                    proxy: Some(&running.process),
                    redis: &yard.redis,
                    standin: &yard.standin,
                };
                let sample = load::run(&target, *work, seconds).with_context(|| running.proxy.name().to_owned())?;
                say!("  {:14} {}", work.name(), report::line(running.proxy.name(), &sample));
                if let Some((_, samples)) = seen.samples.last_mut() {
                    samples.push(sample);
                }
            }
        }
    }
    Ok(())
}

/// That our metrics and our access log speak of every measured request.
fn all_was_counted(yard: &Yard, running: &Running, seen: &Seen) -> anyhow::Result<()> {
    let sent: u64 = seen.samples.iter().flat_map(|(_, samples)| samples).map(|sample| sample.requests).sum();
    let metric = proxies::counted(running.port, "gateway_requests_total")?;
    let logged = proxies::logged(&yard.folder)?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let counted = metric >= sent as f64;
    ensure!(counted, "of {sent} requests the metric `gateway_requests_total` counted {metric}");
    ensure!(logged as u64 >= sent, "of {sent} requests {logged} were logged");
    say!("All of the {sent} measured requests of api-gateway are in its metrics and in its access log.");
    Ok(())
}

fn build(layout: &Layout) -> anyhow::Result<PathBuf> {
    let mut build = cargo(layout);
    build.args(["build", "--release", "--package", "api-gateway"]);
    timed("release build", || run_logged("cargo build", &mut build, &layout.logs().join("bench.log")))?;
    Ok(layout.target().join("release/api-gateway"))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// For this process, which holds the clients' ends of the streams, and for those that it starts.
fn raise_open_files() -> anyhow::Result<()> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next());
    if soft.and_then(|soft| soft.parse::<u32>().ok()).is_some_and(|soft| soft >= OPEN_FILES) {
        return Ok(());
    }
    let status = Command::new("prlimit")
        .args(["--pid", &std::process::id().to_string(), &format!("--nofile={OPEN_FILES}:")])
        .status()?;
    ensure!(status.success(), "open files cannot be raised to {OPEN_FILES}\n  hint: ulimit -Hn {OPEN_FILES}");
    Ok(())
}
