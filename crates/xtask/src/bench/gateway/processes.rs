//! Processes that are measured: started on a core of their own, their CPU time and memory read, ended.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// The core of what is measured.
pub(super) const PROXY_CORE: &str = "0";
/// The core of everything else: load generator, stand-in, Redis.
pub(super) const LOAD_CORE: &str = "1";

/// A clock tick of `/proc/<pid>/stat`: `USER_HZ` is 100 on every architecture that we run on.
const TICK: Duration = Duration::from_millis(10);

/// A process, ended when it is dropped.
pub(super) struct Process {
    pub(super) name: &'static str,
    child: Child,
}

/// A command on one core.
pub(super) fn on_core(core: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", core]).arg(program);
    command
}

impl Process {
    /// Starts it with its output in `<folder>/<name>.log`.
    pub(super) fn start(name: &'static str, command: &mut Command, folder: &Path) -> anyhow::Result<Self> {
        let log = std::fs::File::create(folder.join(format!("{name}.log")))?;
        let child = command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name, child })
    }

    /// Itself and its descendants.
    fn members(&self) -> Vec<u32> {
        let parents: Vec<(u32, u32)> = std::fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Some((pid, stat(pid)?.get(1)?.parse().ok()?)))
            .collect();
        let mut members = vec![self.child.id()];
        let mut at = 0;
        while let Some(parent) = members.get(at).copied() {
            members.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
            at += 1;
        }
        members
    }

    /// CPU time so far, user and system, of itself, its descendants, and those of them that have ended.
    pub(super) fn cpu(&self) -> Duration {
        self.members().into_iter().map(cpu).sum()
    }

    /// Resident memory of itself and its descendants, in KiB.
    pub(super) fn resident_kib(&self) -> u64 {
        self.members().into_iter().filter_map(resident_kib).sum()
    }

    /// Fails when it has ended.
    pub(super) fn check(&mut self, folder: &Path) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            anyhow::bail!("{0} ended ({status}); see {1}/{0}.log", self.name, folder.display());
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).stderr(Stdio::null()).status();
        let asked = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && asked.elapsed() < Duration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of everything that this process has started and waited for.
pub(super) fn cpu_of_ended_children() -> Duration {
    stat(std::process::id()).map_or(Duration::ZERO, |fields| ticks(&fields, &[13, 14]))
}

/// CPU time of the whole machine: what programs used or a hypervisor took, and all there was.
pub(super) fn machine() -> (Duration, Duration) {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<u64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .take(8) // guest time, which follows, is counted in user time already
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    let ticks = |which: &[usize]| which.iter().filter_map(|at| fields.get(*at)).sum::<u64>();
    // user, nice, system, stolen; interrupts are those of the load itself.
    let used = ticks(&[0, 1, 2, 7]);
    (Duration::from_millis(10 * used), Duration::from_millis(10 * fields.iter().sum::<u64>()))
}

fn cpu(pid: u32) -> Duration {
    stat(pid).map_or(Duration::ZERO, |fields| ticks(&fields, &[11, 12, 13, 14]))
}

fn ticks(fields: &[String], which: &[usize]) -> Duration {
    which.iter().filter_map(|field| fields.get(*field)?.parse::<u32>().ok()).map(|ticks| TICK * ticks).sum()
}

/// The fields of `/proc/<pid>/stat` from the third on (proc(5)): state, parent, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

fn resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
}
