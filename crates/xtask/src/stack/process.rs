//! The processes of a stack: started with output in a log file, restarted when they die, stopped in reverse order, and found again when this
//! tool itself was killed.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::own_identity;
use crate::layout::Layout;
use crate::say::say;
use crate::shell::wait_until;

/// How long a process may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(25);

type Make = Box<dyn Fn() -> anyhow::Result<Command>>;
type Ready = Box<dyn Fn() -> bool>;

struct Member {
    name: String,
    make: Make,
    ready: Ready,
    child: Option<Child>,
    held_down: bool,
    /// The signal that asks it to end.
    signal: &'static str,
    died_at: Option<Instant>,
}

/// The processes of a stack.
pub(super) struct Fleet {
    logs: PathBuf,
    record: PathBuf,
    members: Vec<Member>,
}

impl Fleet {
    pub(super) fn new(layout: &Layout) -> anyhow::Result<Self> {
        let fleet = Self { logs: layout.logs(), record: layout.state.join("processes.json"), members: Vec::new() };
        fleet.write_record()?;
        Ok(fleet)
    }

    /// Starts a process. `make` is asked again at every restart.
    pub(super) fn add(
        &mut self,
        name: &str,
        signal: &'static str,
        make: impl Fn() -> anyhow::Result<Command> + 'static,
        ready: impl Fn() -> bool + 'static,
    ) -> anyhow::Result<()> {
        let mut member = Member {
            name: name.to_owned(),
            make: Box::new(make),
            ready: Box::new(ready),
            child: None,
            held_down: false,
            signal,
            died_at: None,
        };
        member.spawn(&self.logs)?;
        self.members.push(member);
        self.write_record()
    }

    /// Restarts what died a second ago or longer.
    pub(super) fn tend(&mut self) {
        let mut changed = false;
        for member in &mut self.members {
            let Some(child) = &mut member.child else { continue };
            let Ok(Some(status)) = child.try_wait() else { continue };
            if member.held_down {
                continue;
            }
            let died_at = *member.died_at.get_or_insert_with(|| {
                say!(
                    "  ! {} ended ({status}); restarting it (log: {}/{}.log)",
                    member.name,
                    self.logs.display(),
                    member.name
                );
                Instant::now()
            });
            if died_at.elapsed() > Duration::from_secs(1) {
                changed |= member.spawn(&self.logs).is_ok();
            }
        }
        if changed && let Err(error) = self.write_record() {
            say!("  ! {error:#}");
        }
    }

    pub(super) fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        let member = self.find(name)?;
        member.held_down = true;
        if let Some(child) = &mut member.child {
            // The whole group: Postgres and n8n have children that would go on for a moment.
            signal_group(child.id(), "KILL");
            child.wait()?;
        }
        Ok(())
    }

    /// Asks a process to end, as an update does, waits until it has, and starts it again.
    pub(super) fn restart(&mut self, name: &str) -> anyhow::Result<()> {
        let member = self.find(name)?;
        member.held_down = true;
        if let Some(child) = &member.child {
            signal(child.id(), member.signal);
        }
        member.await_end();
        self.start_again(name)
    }

    pub(super) fn start_again(&mut self, name: &str) -> anyhow::Result<()> {
        let logs = self.logs.clone();
        let member = self.find(name)?;
        member.held_down = false;
        member.spawn(&logs)?;
        let ready = &member.ready;
        wait_until(name, Duration::from_secs(90), ready)?;
        self.write_record()
    }

    fn find(&mut self, name: &str) -> anyhow::Result<&mut Member> {
        self.members
            .iter_mut()
            .find(|member| member.name == name)
            .with_context(|| format!("there is no process `{name}`"))
    }

    /// Asks all to end, the youngest first; what does not is killed.
    pub(super) fn stop(&mut self) {
        let members = std::mem::take(&mut self.members);
        // What depends on nothing else ends together; databases only after everything that uses them.
        let (mut bases, mut rest): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|member| matches!(member.name.as_str(), "postgres" | "redis"));
        for group in [&mut rest, &mut bases] {
            for member in group.iter() {
                if let Some(child) = &member.child {
                    signal(child.id(), member.signal);
                }
            }
            for member in group.iter_mut() {
                member.await_end();
            }
        }
        let _ = std::fs::remove_file(&self.record);
    }

    fn write_record(&self) -> anyhow::Result<()> {
        let processes: Vec<_> = self
            .members
            .iter()
            .filter_map(|member| member.child.as_ref())
            .map(|child| Identity::of(child.id()).to_json())
            .collect();
        std::fs::write(&self.record, json!({"owner": own_identity().to_json(), "processes": processes}).to_string())
            .context("cannot write down which processes run")
    }
}

impl Member {
    fn spawn(&mut self, logs: &std::path::Path) -> anyhow::Result<()> {
        let log = File::options().create(true).append(true).open(logs.join(format!("{}.log", self.name)))?;
        let mut command = (self.make)()?;
        // A group of its own: Ctrl-C reaches this tool alone, which then stops things in order.
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        self.child = Some(command.spawn().with_context(|| format!("cannot start {}", self.name))?);
        self.died_at = None;
        Ok(())
    }

    fn await_end(&mut self) {
        let Some(child) = &mut self.child else { return };
        let start = Instant::now();
        while matches!(child.try_wait(), Ok(None)) {
            if start.elapsed() > PATIENCE {
                say!("  ! {} does not end; killing it", self.name);
                signal_group(child.id(), "KILL");
                let _ = child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        signal_group(child.id(), "KILL"); // helpers it may have left behind
    }
}

fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).stderr(Stdio::null()).status();
}

fn signal_group(pid: u32, name: &str) {
    let _ = Command::new("kill").args([&format!("-{name}"), "--", &format!("-{pid}")]).stderr(Stdio::null()).status();
}

/// A process that cannot be mistaken for a later one of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) pid: u32,
    /// Clock ticks from boot to its start: field 22 of `/proc/<pid>/stat` (proc(5)).
    started: u64,
}

impl Identity {
    pub(super) fn of(pid: u32) -> Self {
        Self { pid, started: start_ticks(pid).unwrap_or(0) }
    }

    fn to_json(self) -> serde_json::Value {
        json!({"pid": self.pid, "started": self.started})
    }

    fn from_json(value: &serde_json::Value) -> Option<Self> {
        Some(Self { pid: u32::try_from(value["pid"].as_u64()?).ok()?, started: value["started"].as_u64()? })
    }

    pub(super) fn is_alive(self) -> bool {
        start_ticks(self.pid) == Some(self.started)
    }

    pub(super) fn terminate(self) {
        signal(self.pid, "TERM");
    }
}

fn start_ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // A zombie has ended; only its parent has not looked yet.
    if fields.first() == Some(&"Z") {
        return None;
    }
    fields.get(19)?.parse().ok()
}

fn record(layout: &Layout) -> Option<serde_json::Value> {
    serde_json::from_slice(&std::fs::read(layout.state.join("processes.json")).ok()?).ok()
}

/// Who runs this stack, if somebody does.
pub(super) fn owner(layout: &Layout) -> Option<Identity> {
    Identity::from_json(&record(layout)?["owner"]).filter(|owner| owner.is_alive())
}

pub(super) fn refuse_second(layout: &Layout) -> anyhow::Result<()> {
    match owner(layout) {
        Some(owner) => bail!("this stack runs already (process {}); `cargo xtask down` stops it", owner.pid),
        None => Ok(()),
    }
}

/// Ends what a killed run of this tool left behind.
pub(super) fn end_leftovers(layout: &Layout) {
    let Some(record) = record(layout) else { return };
    let left: Vec<Identity> = record["processes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Identity::from_json)
        .filter(|process| process.is_alive())
        .collect();
    for process in left.iter().rev() {
        process.terminate();
    }
    for process in left {
        if wait_until("a leftover", Duration::from_secs(10), || !process.is_alive()).is_err() {
            signal_group(process.pid, "KILL");
        }
    }
    let _ = std::fs::remove_file(layout.state.join("processes.json"));
}
