//! Doing the work of a run in the background.

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Cursor,
    model::{Event, RunStatus, Usage, now},
};
use crate::{
    Change,
    agents::{self, Desk, Prompt, Remote, Step},
    faults::{KindName, Surface},
};

/// What every run of an agent needs besides its prompt.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) agent_id: String,
    pub(super) run_id: String,
    pub(super) prompt: String,
    pub(super) remote: Option<Remote>,
    /// Where pushes go when they do not go to the branch itself.
    pub(super) push_to: Option<String>,
}

/// How a run ended.
struct End {
    status: RunStatus,
    result: Option<String>,
    error: Option<String>,
    pushed: Option<String>,
    usage: Usage,
}

impl Cursor {
    /// Start the work of a run that is in the store.
    pub(super) fn start(&self, job: Job) {
        let token = CancellationToken::new();
        self.remember(&job.run_id, token.clone());
        let cursor = self.clone();
        self.context().spawn(async move {
            let stop = cursor.context().stop().clone();
            tokio::select! {
                // What was under way is found as lost at the next start.
                () = stop.cancelled() => {}
                () = token.cancelled() => {}
                end = cursor.work(&job) => cursor.end(&job, end),
            }
            cursor.forget(&job.run_id);
        });
    }

    async fn work(&self, job: &Job) -> End {
        self.event(job, "status", json!({"runId": job.run_id, "status": "RUNNING"}), |run| {
            run.status = RunStatus::Running;
        });
        let Some(prompt) = Prompt::read(&job.prompt) else {
            let text =
                "I am a deterministic program of the sandbox and only understand prompts that end with a task block."
                    .to_owned();
            self.event(job, "assistant", json!({"text": text}), |_| {});
            return End {
                status: RunStatus::Finished,
                result: Some(text),
                error: None,
                pushed: None,
                usage: account(&job.prompt, 0, 20),
            };
        };
        let route = format!("{}/{}", prompt.task.role, prompt.task.name);
        let fault = |name: KindName| self.context().faults().take(Surface::Cursor, name, &route).is_some();
        if fault(KindName::Stall) {
            std::future::pending::<()>().await;
        }
        let no_branch = fault(KindName::NoBranch);
        let invalid = fault(KindName::InvalidAnswer);
        match self.run_agent(job, &prompt, !no_branch).await {
            Ok(work) => {
                let pushed = (work.pushed && !no_branch)
                    .then(|| job.push_to.clone().unwrap_or_else(|| prompt.task.branch.clone()));
                let text = if invalid { invalid_message(&prompt.task.role) } else { work.message(&prompt.task.role) };
                self.event(job, "assistant", json!({"text": text}), |_| {});
                let usage = account(&job.prompt, work.read, work.written + text.len());
                End { status: RunStatus::Finished, result: Some(text), error: None, pushed, usage }
            }
            Err(error) => {
                let message = format!("{error:#}");
                tracing::warn!(run = job.run_id, "an agent of the sandbox failed: {message}");
                self.event(job, "assistant", json!({"text": format!("I cannot go on: {message}")}), |_| {});
                End {
                    status: RunStatus::Error,
                    result: None,
                    error: Some(message),
                    pushed: None,
                    usage: account(&job.prompt, 0, 40),
                }
            }
        }
    }

    async fn run_agent(&self, job: &Job, prompt: &Prompt, push: bool) -> anyhow::Result<agents::Work> {
        let remote = job.remote.clone().ok_or_else(|| anyhow::anyhow!("this agent has no repository"))?;
        let folder = self.context().data_dir("cursor/work")?;
        let directory = tempfile::Builder::new().prefix("run-").tempdir_in(folder)?;
        let (sender, mut steps) = mpsc::unbounded_channel();
        let desk = Desk::new(remote, directory.path().to_owned(), push, sender).pushing_to(job.push_to.clone());
        let work = async {
            let work = agents::work(prompt, &desk).await;
            drop(desk);
            work
        };
        let listen = async {
            while let Some(step) = steps.recv().await {
                self.tell(job, step);
            }
        };
        let (work, ()) = tokio::join!(work, listen);
        work
    }

    /// One step of the agent, as the stream shows it.
    fn tell(&self, job: &Job, step: Step) {
        match step {
            Step::Text(text) => self.event(job, "assistant", json!({"text": format!("{text}\n")}), |_| {}),
            Step::Tool { name, arguments, result } => {
                let call = format!("call-{}", uuid::Uuid::new_v4());
                let running = json!({"callId": call, "name": name, "status": "running", "args": arguments});
                self.event(job, "tool_call", running, |_| {});
                let completed = json!({"callId": call, "name": name, "status": "completed", "args": arguments, "result": {"success": result}});
                self.event(job, "tool_call", completed, |_| {});
            }
        }
    }

    /// Add an event to the stream and change the run with it.
    fn event(&self, job: &Job, name: &str, data: Value, change: impl FnOnce(&mut super::model::Run)) {
        let changed = self.store().change(&job.agent_id, |agent| {
            if let Some(run) = agent.run_mut(&job.run_id).filter(|run| !run.status.is_terminal()) {
                let id = next_id(run.events.last());
                run.events.push(Event { id, name: name.to_owned(), data });
                change(run);
            }
        });
        self.told(changed.map(|_| ()));
    }

    fn end(&self, job: &Job, end: End) {
        let changed = self.store().change(&job.agent_id, |agent| {
            if end.pushed.is_some() {
                agent.pushed_branch.clone_from(&end.pushed);
            }
            let git = agent.git();
            let Some(run) = agent.run_mut(&job.run_id).filter(|run| !run.status.is_terminal()) else { return };
            close(run, end.status);
            run.result = end.result;
            run.error = end.error;
            run.usage = end.usage;
            finish_stream(run, git);
        });
        self.told(changed.map(|_| ()));
    }

    /// Stop a run. None: there is no such run; false: it has ended already.
    pub(super) fn cancel(&self, agent_id: &str, run_id: &str) -> anyhow::Result<Option<bool>> {
        let cancelled = self.store().change(agent_id, |agent| {
            let git = agent.git();
            let run = agent.run_mut(run_id)?;
            if run.status.is_terminal() {
                return Some(false);
            }
            close(run, RunStatus::Cancelled);
            run.usage = account(&run.prompt, 0, 0);
            finish_stream(run, git);
            Some(true)
        })?;
        self.stop(run_id);
        self.told(Ok(()));
        Ok(cancelled.flatten())
    }

    fn told(&self, outcome: anyhow::Result<()>) {
        if let Err(error) = outcome {
            tracing::error!("cannot write down an agent: {error:#}");
        }
        self.wake();
        self.context().changed(Change::AgentRuns);
    }
}

fn close(run: &mut super::model::Run, status: RunStatus) {
    run.status = status;
    run.ended_at = Some(now());
}

/// The last two entries of every stream share their id.
fn finish_stream(run: &mut super::model::Run, git: Option<Value>) {
    let id = next_id(run.events.last());
    let mut data = json!({"runId": run.id, "status": run.status.as_str()});
    if let Some(text) = &run.result {
        data["text"] = json!(text);
    }
    if let Some(git) = git {
        data["git"] = git;
    }
    run.events.push(Event { id: id.clone(), name: "result".to_owned(), data });
    run.events.push(Event { id, name: "done".to_owned(), data: json!({}) });
}

fn next_id(last: Option<&Event>) -> String {
    let milliseconds = u64::try_from(now().unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    let before = last.and_then(|event| event.id.split('-').next()?.parse::<u64>().ok()).unwrap_or(0);
    format!("{}-0", milliseconds.max(before + 1))
}

/// Four characters to a token: the prompt and what was read go in, half of the prompt comes from the cache.
fn account(prompt: &str, read: usize, written: usize) -> Usage {
    let tokens = |characters: usize| (characters as u64).div_ceil(4);
    let prompt = tokens(prompt.len());
    Usage::new(prompt - prompt / 2 + tokens(read), tokens(written), prompt / 4, prompt / 2)
}

/// What an agent says that forgot what it was asked for.
fn invalid_message(role: &str) -> String {
    format!(
        "I am the sandbox's {role}. All done! (A fault switch made me forget the form of the answer.)\n\n```json\n{{\"result\": \"done\"}}\n```\n"
    )
}
