//! Running other programs.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::say::say;

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on Ctrl-C and SIGTERM ask politely: what waits looks at [`interrupted`], and what was started is stopped. A second one ends the
/// process at once.
pub(crate) fn listen_for_interrupts() -> anyhow::Result<()> {
    let flag = INTERRUPTED.get_or_init(Arc::default);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(flag))?;
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

/// Whether somebody wants this to end.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|flag| flag.load(Ordering::SeqCst))
}

/// Where a program is found.
pub(crate) fn which(program: &str) -> Option<std::path::PathBuf> {
    std::env::split_paths(&crate::layout::env("PATH")?).map(|dir| dir.join(program)).find(|path| path.is_file())
}

/// Runs to the end with output in a log file; a failure shows its last lines.
pub(crate) fn run_logged(what: &str, command: &mut Command, log: &Path) -> anyhow::Result<()> {
    if let Some(dir) = log.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let file = File::options().create(true).append(true).open(log)?;
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let tail: Vec<&str> = text.lines().rev().take(25).collect();
        for line in tail.into_iter().rev() {
            say!("    {line}");
        }
        bail!("{what} failed ({status}); the whole log is in {}", log.display());
    }
    Ok(())
}

/// Runs to the end and gives back what it printed.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let out = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !out.status.success() {
        bail!(
            "{} failed ({}): {}{}",
            shown(command),
            out.status,
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// Waits until `ready` says yes; `limit` is generous because machines are slow, and the wait ends as soon as it can.
pub(crate) fn wait_until(what: &str, limit: Duration, mut ready: impl FnMut() -> bool) -> anyhow::Result<()> {
    let start = Instant::now();
    while !ready() {
        if interrupted() {
            bail!("interrupted");
        }
        if start.elapsed() > limit {
            bail!("{what} was not ready within {} s", limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// cargo, without what the cargo that runs this tool put into the environment: some build scripts would take it for a change and build anew.
pub(crate) fn cargo(layout: &crate::layout::Layout) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(&layout.root);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let set_by_cargo = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
            .iter()
            .any(|prefix| text.starts_with(prefix));
        if set_by_cargo || matches!(&*text, "CARGO" | "OUT_DIR" | "LD_LIBRARY_PATH") {
            command.env_remove(&name);
        }
    }
    command
}

/// A line that says what is being done, and how long it took.
pub(crate) fn timed<T>(what: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let start = Instant::now();
    let result = work();
    let mark = if result.is_ok() { '✓' } else { '✗' };
    say!("  {mark} {what} ({:.1} s)", start.elapsed().as_secs_f64());
    result
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).take(4).collect::<Vec<_>>().join(" ")
}
