//! Running programs with a time limit.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{io::AsyncReadExt as _, process::Command};

/// More output than this is cut off at the front.
const OUTPUT_LIMIT: usize = 64 * 1024;

/// How a program ended.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) success: bool,
    /// Standard output and standard error, one after the other.
    pub(super) output: String,
}

/// Run `program` in `directory` until it ends, or until `limit` is over: then it and all its children are killed.
pub(super) async fn run(
    directory: &Path,
    program: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
    limit: Duration,
) -> anyhow::Result<Ended> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "NODE_OPTIONS",
        "NODE_TEST_CONTEXT",
        "PYTHONPATH",
        "CARGO_TARGET_DIR",
    ] {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied());
    let mut child = command.spawn().with_context(|| format!("`{program}` cannot be started; is it installed?"))?;
    let group = child.id();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let read_out = async {
            if let Some(pipe) = &mut stdout {
                pipe.read_to_end(&mut out).await?;
            }
            std::io::Result::Ok(())
        };
        let read_err = async {
            if let Some(pipe) = &mut stderr {
                pipe.read_to_end(&mut err).await?;
            }
            std::io::Result::Ok(())
        };
        tokio::try_join!(read_out, read_err)?;
        child.wait().await
    };
    let Ok(status) = tokio::time::timeout(limit, work).await else {
        kill_group(group).await;
        bail!("`{program}` took longer than {} seconds and was stopped", limit.as_secs());
    };
    let status = status?;
    let mut output = String::from_utf8_lossy(&out).into_owned();
    output.push_str(&String::from_utf8_lossy(&err));
    Ok(Ended { success: status.success(), output: tail(&output, OUTPUT_LIMIT).to_owned() })
}

/// `kill_on_drop` ends the child alone; what it started is in its process group.
async fn kill_group(group: Option<u32>) {
    let Some(group) = group else { return };
    let killed = Command::new("kill").args(["-KILL", "--", &format!("-{group}")]).stderr(Stdio::null()).status().await;
    if let Err(error) = killed {
        tracing::warn!(%error, "cannot stop the programs of an agent");
    }
}

/// At most `limit` bytes from the end, from a line's start where there is one.
pub(super) fn tail(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut from = text.len() - limit;
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..].split_once('\n').map_or(&text[from..], |(_, rest)| rest)
}
