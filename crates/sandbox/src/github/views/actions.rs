use serde_json::{Value, json};

use super::{Views, node_id};
use crate::github::{
    git::CommitInfo,
    model::{Job, Repo, Workflow, WorkflowRun},
};

impl Views<'_> {
    pub(crate) fn workflow(&self, repo: &Repo, workflow: &Workflow) -> Value {
        let html = self.repo_html_url(repo);
        json!({
            "id": workflow.id,
            "node_id": node_id("Workflow", workflow.id),
            "name": workflow.name,
            "path": workflow.path,
            "state": "active",
            "created_at": workflow.created_at,
            "updated_at": workflow.updated_at,
            "url": format!("{}/actions/workflows/{}", self.repo_url(repo), workflow.id),
            "html_url": format!("{html}/blob/{}/{}", repo.default_branch, workflow.path),
            "badge_url": format!("{html}/workflows/{}/badge.svg", workflow.id),
        })
    }

    pub(crate) fn workflow_run(&self, repo: &Repo, run: &WorkflowRun, commit: &CommitInfo) -> Value {
        let repo_url = self.repo_url(repo);
        let url = format!("{repo_url}/actions/runs/{}", run.id);
        json!({
            "id": run.id,
            "name": run.name,
            "node_id": node_id("WorkflowRun", run.id),
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
            "path": run.path,
            "display_title": run.title,
            "run_number": run.run_number,
            "run_attempt": run.run_attempt,
            "event": run.event,
            "status": run.status,
            "conclusion": run.conclusion,
            "workflow_id": run.workflow_id,
            "check_suite_id": run.suite_id,
            "check_suite_node_id": node_id("CheckSuite", run.suite_id),
            "url": url,
            "html_url": format!("{}/actions/runs/{}", self.repo_html_url(repo), run.id),
            "pull_requests": self.pulls_of(repo, &run.head_sha),
            "created_at": run.created_at,
            "updated_at": run.updated_at,
            "run_started_at": run.started_at,
            "actor": self.user(&run.actor),
            "triggering_actor": self.user(&run.actor),
            "jobs_url": format!("{url}/jobs"),
            "logs_url": format!("{url}/logs"),
            "check_suite_url": format!("{repo_url}/check-suites/{}", run.suite_id),
            "artifacts_url": format!("{url}/artifacts"),
            "cancel_url": format!("{url}/cancel"),
            "rerun_url": format!("{url}/rerun"),
            "previous_attempt_url": null,
            "workflow_url": format!("{repo_url}/actions/workflows/{}", run.workflow_id),
            "referenced_workflows": [],
            "head_commit": Self::simple_commit(commit),
            "repository": self.minimal_repo(repo),
            "head_repository": self.minimal_repo(repo),
        })
    }

    pub(crate) fn job(&self, repo: &Repo, run: &WorkflowRun, job: &Job) -> Value {
        let url = self.repo_url(repo);
        json!({
            "id": job.id,
            "run_id": run.id,
            "workflow_name": run.name,
            "head_branch": run.head_branch,
            "run_url": format!("{url}/actions/runs/{}", run.id),
            "run_attempt": run.run_attempt,
            "node_id": node_id("WorkflowJob", job.id),
            "head_sha": run.head_sha,
            "url": format!("{url}/actions/jobs/{}", job.id),
            "html_url": format!("{}/actions/runs/{}/job/{}", self.repo_html_url(repo), run.id, job.id),
            "status": job.status,
            "conclusion": job.conclusion,
            "created_at": job.created_at,
            "started_at": job.started_at,
            "completed_at": job.completed_at,
            "name": job.name,
            "steps": job.steps.iter().map(|step| json!({
                "name": step.name,
                "status": step.status,
                "conclusion": step.conclusion,
                "number": step.number,
                "started_at": step.started_at,
                "completed_at": step.completed_at,
            })).collect::<Vec<_>>(),
            "check_run_url": format!("{url}/check-runs/{}", job.check_run_id),
            "labels": job.labels,
            "runner_id": 1,
            "runner_name": "Sandbox",
            "runner_group_id": 1,
            "runner_group_name": "Sandbox",
        })
    }
}
