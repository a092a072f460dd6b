//! One job: a throw-away checkout, a small environment without anybody's secrets, and its steps one after another.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::Context as _;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::{
    expressions::Scope,
    files::{Job, Step},
};
use crate::github::git::{self, Git};

/// Logs are kept up to this length per step: the start and the end.
const LOG_KEPT: usize = 64 * 1024;

/// What a job is run on.
#[derive(Debug, Clone)]
pub(crate) struct Checkout {
    pub(crate) git: Git,
    pub(crate) sha: String,
    /// `GITHUB_…` variables.
    pub(crate) variables: BTreeMap<String, String>,
    /// Of the whole workflow.
    pub(crate) env: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    Failure,
    Skipped,
    TimedOut,
    Cancelled,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What is told about each step as it goes.
pub(crate) trait Progress: Send {
    fn started(&mut self, index: usize);
    fn finished(&mut self, index: usize, outcome: Outcome, log: &str);
}

pub(crate) struct Runner {
    /// Gone with the runner.
    directory: tempfile::TempDir,
    scope: Scope,
    env: BTreeMap<String, String>,
    path: String,
    deadline: tokio::time::Instant,
    stop: CancellationToken,
}

impl Runner {
    /// Make the checkout.
    pub(crate) async fn prepare(
        checkout: &Checkout,
        job: &Job,
        limit: Duration,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let directory =
            tempfile::Builder::new().prefix("sandbox-job-").tempdir().context("cannot make a temporary directory")?;
        for name in ["home", "temp"] {
            tokio::fs::create_dir(directory.path().join(name)).await?;
        }
        let work = directory.path().join("work");
        let mut clone = git::command();
        clone.args(["clone", "--quiet", "--no-checkout"]).arg(checkout.git.path()).arg(&work);
        git::run(clone, None).await?.successful("clone")?;
        Git::at(work.clone()).text(&["checkout", "--quiet", "--detach", &checkout.sha]).await?;

        let limit = job.timeout_minutes.map_or(limit, |minutes| limit.min(Duration::from_secs(minutes * 60)));
        let mut scope = Scope::default();
        for (name, value) in &checkout.variables {
            if let Some(name) = name.strip_prefix("GITHUB_") {
                scope.names.insert(format!("github.{}", name.to_ascii_lowercase()), value.clone());
            }
        }
        for (name, value) in &job.matrix {
            scope.names.insert(format!("matrix.{name}"), value.clone());
        }
        let mut env = base_environment(directory.path(), &work);
        env.extend(checkout.variables.clone());
        let path = std::env::var_os("PATH")
            .map_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned(), |path| path.to_string_lossy().into_owned());
        let mut runner = Self { directory, scope, env, path, deadline: tokio::time::Instant::now() + limit, stop };
        for (name, value) in checkout.env.iter().chain(&job.env) {
            runner.set(name, value);
        }
        Ok(runner)
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = self.scope.fill(value);
        self.scope.names.insert(format!("env.{name}"), value.clone());
        self.env.insert(name.to_owned(), value);
    }

    /// Run all steps; the worst of them is the job's outcome.
    pub(crate) async fn run(&mut self, job: &Job, progress: &mut dyn Progress) -> Outcome {
        let mut worst = Outcome::Success;
        for (index, step) in job.steps.iter().enumerate() {
            progress.started(index);
            let allowed = self.scope.allows(step.condition.as_deref());
            let (outcome, log) = if !allowed || matches!(worst, Outcome::TimedOut | Outcome::Cancelled) {
                (Outcome::Skipped, String::new())
            } else {
                match self.step(index, job, step).await {
                    Ok(done) => done,
                    Err(error) => (Outcome::Failure, format!("{error:#}\n")),
                }
            };
            progress.finished(index, outcome, &log);
            let failed = !matches!(outcome, Outcome::Success | Outcome::Skipped);
            if failed && !step.continue_on_error {
                self.scope.failed = true;
                if worst == Outcome::Success || outcome != Outcome::Failure {
                    worst = outcome;
                }
            }
        }
        worst
    }

    async fn step(&mut self, index: usize, job: &Job, step: &Step) -> anyhow::Result<(Outcome, String)> {
        let Some(script) = &step.run else {
            return Ok(Self::action(step));
        };
        let temp = self.directory.path().join("temp");
        let files = ["env", "path", "output", "summary"].map(|name| temp.join(format!("{name}-{index}")));
        for file in &files {
            tokio::fs::write(file, "").await?;
        }
        let script = self.scope.fill(script);
        let shell = step.shell.as_deref().or(job.shell.as_deref());
        let file = temp.join(format!("step-{index}"));
        tokio::fs::write(&file, &script).await?;
        let directory =
            step.directory.as_deref().or(job.directory.as_deref()).map(|directory| self.scope.fill(directory));
        let work = self.directory.path().join("work").join(directory.as_deref().unwrap_or(""));

        let mut command = shell_command(shell, &file)?;
        command.env_clear().envs(&self.env).env("PATH", &self.path).current_dir(&work);
        for (name, value) in &step.env {
            command.env(name, self.scope.fill(value));
        }
        let names = ["GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"];
        command.envs(names.into_iter().zip(&files));
        let log_path = temp.join(format!("log-{index}"));
        let outcome = self
            .execute(command, &log_path)
            .await
            .with_context(|| format!("cannot run the step in {}", work.display()))?;
        let log = shorten(&String::from_utf8_lossy(&tokio::fs::read(&log_path).await?));
        self.take_over(step, &files).await?;
        Ok((outcome, format!("{}{log}", quoted(&script))))
    }

    /// Actions are not run. Those that only prepare what is here anyway are accepted; others are refused.
    fn action(step: &Step) -> (Outcome, String) {
        let uses = step.uses.as_deref().unwrap_or_default();
        let name = uses.split('@').next().unwrap_or_default();
        let known = name == "actions/checkout"
            || name == "actions/cache"
            || name.rsplit('/').next().is_some_and(|name| name.starts_with("setup-") || name.contains("toolchain"))
            || name == "actions/upload-artifact";
        if known {
            (Outcome::Success, format!("{uses}: nothing to do in the sandbox\n"))
        } else {
            (
                Outcome::Failure,
                format!("{uses}: the sandbox runs `run:` steps alone, and takes checkout and setup actions as done\n"),
            )
        }
    }

    async fn execute(&self, mut command: Command, log: &Path) -> anyhow::Result<Outcome> {
        let output = std::fs::File::create(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).process_group(0).kill_on_drop(true);
        let mut child = command.spawn()?;
        let group = child.id();
        let outcome = tokio::select! {
            status = child.wait() => if status?.success() { Outcome::Success } else { Outcome::Failure },
            () = tokio::time::sleep_until(self.deadline) => Outcome::TimedOut,
            () = self.stop.cancelled() => Outcome::Cancelled,
        };
        // Whatever the step left behind goes with it, a server in the background too.
        if let Some(group) = group {
            kill_group(group).await;
        }
        Ok(outcome)
    }

    /// What the step wrote for the ones after it.
    async fn take_over(&mut self, step: &Step, files: &[PathBuf; 4]) -> anyhow::Result<()> {
        let [env, path, output, _] = files;
        for (name, value) in assignments(&tokio::fs::read_to_string(env).await?) {
            self.scope.names.insert(format!("env.{name}"), value.clone());
            self.env.insert(name, value);
        }
        for line in tokio::fs::read_to_string(path).await?.lines().filter(|line| !line.is_empty()) {
            self.path = format!("{line}:{}", self.path);
        }
        if let Some(id) = &step.id {
            for (name, value) in assignments(&tokio::fs::read_to_string(output).await?) {
                self.scope.names.insert(format!("steps.{id}.outputs.{name}"), value);
            }
        }
        Ok(())
    }
}

/// What every step sees. Nothing of the sandbox's own environment but what finds programs.
fn base_environment(directory: &Path, work: &Path) -> BTreeMap<String, String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut env = BTreeMap::from([
        ("HOME".to_owned(), text(&directory.join("home"))),
        ("TMPDIR".to_owned(), text(&directory.join("temp"))),
        ("RUNNER_TEMP".to_owned(), text(&directory.join("temp"))),
        ("RUNNER_OS".to_owned(), "Linux".to_owned()),
        ("GITHUB_WORKSPACE".to_owned(), text(work)),
        ("GITHUB_ACTIONS".to_owned(), "true".to_owned()),
        ("CI".to_owned(), "true".to_owned()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
    ]);
    // Without it the `cargo` that rustup installs does not find its toolchain under another HOME.
    let own = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let rustup = own.or_else(|| std::env::home_dir().map(|home| home.join(".rustup")));
    if let Some(rustup) = rustup.filter(|path| path.is_dir()) {
        env.insert("RUSTUP_HOME".to_owned(), text(&rustup));
    }
    env
}

fn shell_command(shell: Option<&str>, file: &Path) -> anyhow::Result<Command> {
    let (program, arguments): (&str, &[&str]) = match shell {
        None => ("bash", &["-e"]),
        Some("bash") => ("bash", &["--noprofile", "--norc", "-eo", "pipefail"]),
        Some("sh") => ("sh", &["-e"]),
        Some("python") => ("python3", &[]),
        Some(other) => anyhow::bail!("the shell `{other}` is not known to the sandbox; use bash, sh or python"),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(file);
    Ok(command)
}

async fn kill_group(group: u32) {
    let target = format!("-{group}");
    let killed = Command::new("kill").args(["-KILL", "--", &target]).stderr(Stdio::null()).status().await;
    if let Err(error) = killed {
        tracing::warn!(%error, "cannot stop what a step left behind; is `kill` installed?");
    }
}

fn quoted(script: &str) -> String {
    script.lines().fold(String::new(), |mut text, line| {
        text.push_str("$ ");
        text.push_str(line);
        text.push('\n');
        text
    })
}

/// `NAME=value`, or `NAME<<END` and lines up to `END`.
fn assignments(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((name, end)) = line.split_once("<<") {
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            found.push((name.to_owned(), value.join("\n")));
        } else if let Some((name, value)) = line.split_once('=') {
            found.push((name.to_owned(), value.to_owned()));
        }
    }
    found
}

/// The start and the end of a long log.
fn shorten(log: &str) -> String {
    if log.len() <= LOG_KEPT {
        return log.to_owned();
    }
    let cut = |at: usize| (at..log.len()).find(|at| log.is_char_boundary(*at)).unwrap_or(log.len());
    let (head, tail) = (cut(LOG_KEPT / 4), cut(log.len() - LOG_KEPT * 3 / 4));
    format!("{}\n… {} bytes left out …\n{}", &log[..head], tail - head, &log[tail..])
}
