//! Workflow runs: which workflows an event starts, and how their progress is told.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use serde_json::json;

use super::{
    files::{self, Workflow},
    runner::{Checkout, Outcome, Progress, Runner},
};
use crate::{
    Change,
    github::{
        Github,
        accounts::ACTIONS,
        git::Git,
        model::{self, WorkflowRun, now},
        rest::new_check_run,
        views::Views,
    },
};

const FOLDER: &str = ".github/workflows";

/// So many lines of a failed step's log are in the check run's summary.
const LINES_SHOWN: usize = 60;

/// One start of one workflow.
#[derive(Debug, Clone)]
struct Start {
    path: String,
    event: String,
    branch: String,
    sha: String,
    /// Number and base of the pull request that caused it.
    pull: Option<(u64, String)>,
    sender: String,
}

impl Github {
    /// Start what the workflow files at `sha` want to have started by this event.
    pub(crate) async fn start_workflows(
        &self,
        repo_id: u64,
        event: &str,
        branch: &str,
        sha: &str,
        pull: Option<(u64, &str)>,
        sender: &str,
    ) {
        let outcome = self.try_start(repo_id, event, branch, sha, pull, sender).await;
        if let Err(error) = outcome {
            tracing::error!(error = format!("{error:#}"), repo.id = repo_id, "cannot start workflows");
        }
    }

    async fn try_start(
        &self,
        repo_id: u64,
        event: &str,
        branch: &str,
        sha: &str,
        pull: Option<(u64, &str)>,
        sender: &str,
    ) -> anyhow::Result<()> {
        let git = self.git(repo_id);
        let Some(folder) = git.entry(sha, FOLDER).await? else { return Ok(()) };
        let commit = git.commit(sha).await?;
        if ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]"].iter().any(|mark| commit.message.contains(mark)) {
            return Ok(());
        }
        for entry in git.tree(&folder.sha, false).await? {
            let is_file = [".yml", ".yaml"].iter().any(|ending| entry.path.ends_with(ending)) && entry.kind == "blob";
            if !is_file {
                continue;
            }
            let text = String::from_utf8_lossy(&git.blob(&entry.sha).await?).into_owned();
            let parsed = Workflow::parse(&text);
            let filtered_by = pull.map_or(branch, |(_, base)| base);
            let wanted = match &parsed {
                Ok(workflow) => workflow.starts_on(event, filtered_by),
                // A broken file is told at each push.
                Err(_) => event == "push",
            };
            if wanted {
                let start = Start {
                    path: format!("{FOLDER}/{}", entry.path),
                    event: event.to_owned(),
                    branch: branch.to_owned(),
                    sha: sha.to_owned(),
                    pull: pull.map(|(number, base)| (number, base.to_owned())),
                    sender: sender.to_owned(),
                };
                self.start_run(repo_id, &start, parsed, &commit.message).await?;
            }
        }
        Ok(())
    }

    async fn start_run(
        &self,
        repo_id: u64,
        start: &Start,
        parsed: Result<Workflow, String>,
        message: &str,
    ) -> anyhow::Result<u64> {
        let name =
            parsed.as_ref().ok().and_then(|workflow| workflow.name.clone()).unwrap_or_else(|| start.path.clone());
        let suite = self.new_check_suite(repo_id, ACTIONS, &start.sha, Some(&start.branch));
        let suite = suite.ok_or_else(|| anyhow::anyhow!("the repository is gone"))?;
        let run_id = {
            let mut state = self.store().lock();
            let (run_id, new_workflow_id) = (state.next_id(), state.next_id());
            let repo = state.repo_mut(repo_id).ok_or_else(|| anyhow::anyhow!("the repository is gone"))?;
            let moment = now();
            let workflow_id = if let Some(known) = repo.workflows.iter_mut().find(|known| known.path == start.path) {
                known.name.clone_from(&name);
                known.id
            } else {
                repo.workflows.push(model::Workflow {
                    id: new_workflow_id,
                    name: name.clone(),
                    path: start.path.clone(),
                    created_at: moment.clone(),
                    updated_at: moment.clone(),
                });
                new_workflow_id
            };
            let run_number = 1 + repo.workflow_runs.iter().filter(|run| run.workflow_id == workflow_id).count() as u64;
            let pull_title =
                start.pull.as_ref().and_then(|(number, _)| repo.issues.get(number)).map(|issue| issue.title.clone());
            let first_line = message.lines().next().unwrap_or_default().to_owned();
            repo.workflow_runs.push(WorkflowRun {
                id: run_id,
                workflow_id,
                suite_id: suite.id,
                name: name.clone(),
                path: start.path.clone(),
                title: pull_title.unwrap_or(first_line),
                event: start.event.clone(),
                head_sha: start.sha.clone(),
                head_branch: start.branch.clone(),
                run_number,
                run_attempt: 1,
                status: "queued".to_owned(),
                conclusion: None,
                actor: start.sender.clone(),
                created_at: moment.clone(),
                updated_at: moment.clone(),
                started_at: moment,
                jobs: Vec::new(),
            });
            run_id
        };
        match parsed {
            Ok(workflow) => self.launch(repo_id, run_id, workflow).await,
            Err(problem) => self.refuse(repo_id, run_id, &problem).await,
        }
        Ok(run_id)
    }

    /// A workflow file that cannot be read fails at once, with the reason where people look.
    async fn refuse(&self, repo_id: u64, run_id: u64, problem: &str) {
        let Some(run) = self.workflow_run(repo_id, run_id) else { return };
        let id = self.store().lock().next_id();
        let mut check = new_check_run(id, run.suite_id, ACTIONS, &run.name, &run.head_sha);
        "completed".clone_into(&mut check.status);
        check.conclusion = Some("failure".to_owned());
        check.completed_at = Some(now());
        check.title = Some("Invalid workflow file".to_owned());
        check.summary = Some(format!("`{}`: {problem}", run.path));
        self.add_check_run(repo_id, check, &run.actor).await;
        self.change_run(repo_id, run_id, |run| {
            "completed".clone_into(&mut run.status);
            run.conclusion = Some("failure".to_owned());
        });
        self.tell_run(repo_id, run_id, "completed").await;
    }

    /// Queue a check run for each job, then run them.
    async fn launch(&self, repo_id: u64, run_id: u64, workflow: Workflow) {
        let Some(run) = self.workflow_run(repo_id, run_id) else { return };
        let mut jobs = Vec::new();
        for job in &workflow.jobs {
            let (id, check_id) = {
                let mut state = self.store().lock();
                (state.next_id(), state.next_id())
            };
            let mut check = new_check_run(check_id, run.suite_id, ACTIONS, &job.name, &run.head_sha);
            check.external_id = Some(id.to_string());
            check.details_url = Some(self.job_page(repo_id, run_id));
            self.add_check_run(repo_id, check, &run.actor).await;
            jobs.push(queued_job(id, check_id, job));
        }
        self.change_run(repo_id, run_id, |run| run.jobs = jobs);
        self.tell_run(repo_id, run_id, "requested").await;
        let github = self.clone();
        self.ctx().spawn(async move { github.execute(repo_id, run_id, workflow).await });
    }

    fn job_page(&self, repo_id: u64, run_id: u64) -> String {
        let name = self.repo(repo_id).map(|repo| repo.full_name()).unwrap_or_default();
        format!("{}/{name}/actions/runs/{run_id}", self.ctx().base_url())
    }

    async fn execute(&self, repo_id: u64, run_id: u64, workflow: Workflow) {
        let mut failed: Vec<String> = Vec::new();
        let mut worst = Outcome::Success;
        for (index, job) in workflow.jobs.iter().enumerate() {
            let stop = self.ctx().stop().clone();
            let permit = tokio::select! {
                permit = self.0.jobs.acquire() => permit,
                () = stop.cancelled() => return,
            };
            let needed_failed = job.needs.iter().any(|need| failed.contains(need));
            let scope = super::expressions::Scope { failed: needed_failed, ..Default::default() };
            let outcome = if scope.allows(job.condition.as_deref()) {
                self.run_job(repo_id, run_id, index, job, &workflow).await
            } else {
                self.finish_job(repo_id, run_id, index, Outcome::Skipped).await;
                Outcome::Skipped
            };
            drop(permit);
            if outcome == Outcome::Cancelled && stop.is_cancelled() {
                // Stays unfinished in the state, so that the next start takes it up again.
                return;
            }
            if outcome != Outcome::Success {
                failed.push(job.key.clone());
            }
            if !matches!(outcome, Outcome::Success | Outcome::Skipped) {
                worst = outcome;
            }
        }
        self.change_run(repo_id, run_id, |run| {
            "completed".clone_into(&mut run.status);
            run.conclusion = Some(worst.as_str().to_owned());
        });
        self.tell_run(repo_id, run_id, "completed").await;
    }

    async fn run_job(&self, repo_id: u64, run_id: u64, index: usize, job: &files::Job, workflow: &Workflow) -> Outcome {
        let Some(run) = self.workflow_run(repo_id, run_id) else { return Outcome::Cancelled };
        let Some(check_id) = run.jobs.get(index).map(|job| job.check_run_id) else { return Outcome::Cancelled };
        self.change_run(repo_id, run_id, |run| {
            "in_progress".clone_into(&mut run.status);
            if let Some(job) = run.jobs.get_mut(index) {
                "in_progress".clone_into(&mut job.status);
                job.started_at = now();
            }
        });
        self.change_check_run(repo_id, check_id, &run.actor, |check| {
            "in_progress".clone_into(&mut check.status);
            check.started_at = Some(now());
        })
        .await;
        let checkout = Checkout {
            git: self.git(repo_id),
            sha: run.head_sha.clone(),
            variables: self.variables(repo_id, &run, job),
            env: workflow.env.clone(),
        };
        let limit = Duration::from_secs(self.ctx().settings().github.job_timeout_seconds);
        let outcome = match Runner::prepare(&checkout, job, limit, self.ctx().stop().clone()).await {
            Ok(mut runner) => {
                let mut told = Told { github: self.clone(), repo_id, run_id, job: index };
                runner.run(job, &mut told).await
            }
            Err(error) => {
                self.change_job(repo_id, run_id, index, |job| job.log = format!("cannot prepare the job: {error:#}\n"));
                Outcome::Failure
            }
        };
        if outcome != Outcome::Cancelled {
            self.finish_job(repo_id, run_id, index, outcome).await;
        }
        outcome
    }

    fn variables(&self, repo_id: u64, run: &WorkflowRun, job: &files::Job) -> BTreeMap<String, String> {
        let repo = self.repo(repo_id);
        let name = repo.as_ref().map(model::Repo::full_name).unwrap_or_default();
        let owner = repo.map(|repo| repo.owner).unwrap_or_default();
        let base = self.ctx().base_url().to_owned();
        [
            ("GITHUB_SHA", run.head_sha.clone()),
            ("GITHUB_REF", format!("refs/heads/{}", run.head_branch)),
            ("GITHUB_REF_NAME", run.head_branch.clone()),
            ("GITHUB_HEAD_REF", run.head_branch.clone()),
            ("GITHUB_EVENT_NAME", run.event.clone()),
            ("GITHUB_REPOSITORY", name),
            ("GITHUB_REPOSITORY_OWNER", owner),
            ("GITHUB_RUN_ID", run.id.to_string()),
            ("GITHUB_RUN_NUMBER", run.run_number.to_string()),
            ("GITHUB_RUN_ATTEMPT", run.run_attempt.to_string()),
            ("GITHUB_JOB", job.key.clone()),
            ("GITHUB_WORKFLOW", run.name.clone()),
            ("GITHUB_ACTOR", run.actor.clone()),
            ("GITHUB_API_URL", base.clone()),
            ("GITHUB_SERVER_URL", base),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    async fn finish_job(&self, repo_id: u64, run_id: u64, index: usize, outcome: Outcome) {
        self.change_job(repo_id, run_id, index, |job| {
            "completed".clone_into(&mut job.status);
            job.conclusion = Some(outcome.as_str().to_owned());
            job.completed_at = Some(now());
        });
        let Some(run) = self.workflow_run(repo_id, run_id) else { return };
        let Some(job) = run.jobs.get(index) else { return };
        let (title, summary) = told_of(job, outcome);
        self.change_check_run(repo_id, job.check_run_id, &run.actor, |check| {
            "completed".clone_into(&mut check.status);
            check.conclusion = Some(outcome.as_str().to_owned());
            check.completed_at = Some(now());
            check.title = Some(title);
            check.summary = Some(summary);
            check.text = None;
        })
        .await;
    }

    fn workflow_run(&self, repo_id: u64, run_id: u64) -> Option<WorkflowRun> {
        let state = self.store().lock();
        state.repos.get(&repo_id)?.workflow_runs.iter().find(|run| run.id == run_id).cloned()
    }

    fn change_run(&self, repo_id: u64, run_id: u64, change: impl FnOnce(&mut WorkflowRun)) {
        let mut state = self.store().lock();
        let runs = state.repo_mut(repo_id).map(|repo| &mut repo.workflow_runs);
        if let Some(run) = runs.and_then(|runs| runs.iter_mut().find(|run| run.id == run_id)) {
            change(run);
            run.updated_at = now();
        }
    }

    fn change_job(&self, repo_id: u64, run_id: u64, index: usize, change: impl FnOnce(&mut model::Job)) {
        self.change_run(repo_id, run_id, |run| {
            if let Some(job) = run.jobs.get_mut(index) {
                change(job);
            }
        });
    }

    async fn tell_run(&self, repo_id: u64, run_id: u64, action: &str) {
        let Some(run) = self.workflow_run(repo_id, run_id) else { return };
        let Ok(commit) = self.git(repo_id).commit(&run.head_sha).await else { return };
        let payload = {
            let state = self.store().lock();
            let Some(repo) = state.repos.get(&repo_id) else { return };
            let views = Views::new(self.ctx().urls(), &state);
            let workflow = repo.workflows.iter().find(|workflow| workflow.id == run.workflow_id);
            json!({
                "action": action,
                "workflow_run": views.workflow_run(repo, &run, &commit),
                "workflow": workflow.map(|workflow| views.workflow(repo, workflow)),
            })
        };
        self.emit(repo_id, "workflow_run", &run.actor, payload);
        self.ctx().changed(Change::Repositories);
    }

    /// Take up what an earlier run of the sandbox left unfinished.
    pub(crate) fn resume_workflows(&self) {
        let unfinished: Vec<(u64, WorkflowRun)> = {
            let state = self.store().lock();
            let runs =
                state.repos.values().flat_map(|repo| repo.workflow_runs.iter().map(move |run| (repo.id, run.clone())));
            runs.filter(|(_, run)| run.status != "completed").collect()
        };
        for (repo_id, run) in unfinished {
            let github = self.clone();
            self.ctx().spawn(async move {
                if let Err(error) = github.restart(repo_id, &run).await {
                    tracing::error!(error = format!("{error:#}"), "cannot take up a workflow run again");
                }
            });
        }
    }

    async fn restart(&self, repo_id: u64, run: &WorkflowRun) -> anyhow::Result<()> {
        let Some(workflow) = read_workflow(&self.git(repo_id), &run.head_sha, &run.path).await? else { return Ok(()) };
        if run.jobs.len() == workflow.jobs.len() {
            let fresh = |(old, job): (&model::Job, &files::Job)| queued_job(old.id, old.check_run_id, job);
            let jobs: Vec<model::Job> = run.jobs.iter().zip(&workflow.jobs).map(fresh).collect();
            for job in &jobs {
                self.change_check_run(repo_id, job.check_run_id, &run.actor, |check| {
                    "queued".clone_into(&mut check.status);
                    check.conclusion = None;
                    check.completed_at = None;
                })
                .await;
            }
            self.change_run(repo_id, run.id, |run| {
                "queued".clone_into(&mut run.status);
                run.conclusion = None;
                run.started_at = now();
                run.jobs = jobs;
            });
            let (github, run_id) = (self.clone(), run.id);
            self.ctx().spawn(async move { github.execute(repo_id, run_id, workflow).await });
        } else {
            self.launch(repo_id, run.id, workflow).await;
        }
        Ok(())
    }

    /// Run a finished workflow run once more; false when there is none such.
    pub(crate) async fn rerun_workflow(&self, repo_id: u64, run_id: u64, _sender: &str) -> anyhow::Result<bool> {
        let Some(run) = self.workflow_run(repo_id, run_id).filter(|run| run.status == "completed") else {
            return Ok(false);
        };
        self.change_run(repo_id, run_id, |run| run.run_attempt += 1);
        self.restart(repo_id, &run).await?;
        Ok(true)
    }

    /// Start a workflow by hand: by its id or the name of its file. None when it does not take that.
    pub(crate) async fn dispatch_workflow(
        &self,
        repo_id: u64,
        wanted: &str,
        branch: &str,
        sha: &str,
        sender: &str,
    ) -> anyhow::Result<Option<u64>> {
        let known = self.repo(repo_id).map(|repo| repo.workflows).unwrap_or_default();
        let by_id =
            known.iter().find(|workflow| workflow.id.to_string() == wanted).map(|workflow| workflow.path.clone());
        let path = by_id.unwrap_or_else(|| format!("{FOLDER}/{wanted}"));
        let git = self.git(repo_id);
        let Some(workflow) = read_workflow(&git, sha, &path).await? else { return Ok(None) };
        if !workflow.starts_on("workflow_dispatch", branch) {
            return Ok(None);
        }
        let message = git.commit(sha).await?.message;
        let start = Start {
            path,
            event: "workflow_dispatch".to_owned(),
            branch: branch.to_owned(),
            sha: sha.to_owned(),
            pull: None,
            sender: sender.to_owned(),
        };
        Ok(Some(self.start_run(repo_id, &start, Ok(workflow), &message).await?))
    }
}

async fn read_workflow(git: &Git, sha: &str, path: &str) -> anyhow::Result<Option<Workflow>> {
    let Some(entry) = git.entry(sha, path).await?.filter(|entry| entry.kind == "blob") else { return Ok(None) };
    let text = git.blob(&entry.sha).await?;
    Ok(Workflow::parse(&String::from_utf8_lossy(&text)).ok())
}

fn queued_job(id: u64, check_run_id: u64, job: &files::Job) -> model::Job {
    let moment = now();
    let step = |(index, step): (usize, &files::Step)| model::Step {
        number: index as u64 + 1,
        name: step.name.clone(),
        status: "queued".to_owned(),
        conclusion: None,
        started_at: None,
        completed_at: None,
    };
    model::Job {
        id,
        check_run_id,
        name: job.name.clone(),
        status: "queued".to_owned(),
        conclusion: None,
        labels: job.runs_on.clone(),
        created_at: moment.clone(),
        started_at: moment,
        completed_at: None,
        steps: job.steps.iter().enumerate().map(step).collect(),
        log: String::new(),
    }
}

/// Title and summary of a finished job: on failure with the end of the log, which is what a reader wants next.
fn told_of(job: &model::Job, outcome: Outcome) -> (String, String) {
    let failed = job.steps.iter().find(|step| matches!(step.conclusion.as_deref(), Some("failure" | "timed_out")));
    let title = match (outcome, failed) {
        (Outcome::Success, _) => format!("{} succeeded", job.name),
        (Outcome::Skipped, _) => format!("{} was skipped", job.name),
        (Outcome::TimedOut, _) => format!("{} took too long and was stopped", job.name),
        (_, Some(step)) => format!("{} failed in \u{201c}{}\u{201d}", job.name, step.name),
        (_, None) => format!("{} failed", job.name),
    };
    let mut summary = String::new();
    for step in &job.steps {
        let mark = match step.conclusion.as_deref() {
            Some("success") => "ok",
            Some(other) => other,
            None => "not run",
        };
        let _ = writeln!(summary, "- {}: {mark}", step.name);
    }
    if !matches!(outcome, Outcome::Success | Outcome::Skipped) {
        let lines: Vec<&str> = job.log.lines().collect();
        let end = lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n");
        let _ = write!(summary, "\n```\n{end}\n```\n");
    }
    (title, summary)
}

/// Writes steps down as they go.
struct Told {
    github: Github,
    repo_id: u64,
    run_id: u64,
    job: usize,
}

impl Progress for Told {
    fn started(&mut self, index: usize) {
        self.github.change_job(self.repo_id, self.run_id, self.job, |job| {
            if let Some(step) = job.steps.get_mut(index) {
                "in_progress".clone_into(&mut step.status);
                step.started_at = Some(now());
            }
        });
    }

    fn finished(&mut self, index: usize, outcome: Outcome, log: &str) {
        self.github.change_job(self.repo_id, self.run_id, self.job, |job| {
            if let Some(step) = job.steps.get_mut(index) {
                "completed".clone_into(&mut step.status);
                step.conclusion = Some(outcome.as_str().to_owned());
                step.completed_at = Some(now());
                if !log.is_empty() {
                    let _ = write!(job.log, "##[group]{}\n{log}##[endgroup]\n", step.name);
                }
            }
        });
        self.github.ctx().changed(Change::Repositories);
    }
}
