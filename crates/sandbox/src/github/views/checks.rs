use serde_json::{Value, json};

use super::{Views, extend, node_id};
use crate::github::{
    git::CommitInfo,
    model::{CheckRun, CheckSuite, Repo, Status},
};

/// State and conclusion of several runs as one.
pub(crate) fn summed_up<'a>(runs: impl Iterator<Item = &'a CheckRun>) -> (&'static str, Option<&'static str>) {
    let runs: Vec<&CheckRun> = runs.collect();
    if runs.is_empty() || runs.iter().all(|run| run.status == "queued") {
        return ("queued", None);
    }
    if runs.iter().any(|run| run.status != "completed") {
        return ("in_progress", None);
    }
    let worst = ["action_required", "timed_out", "failure", "cancelled", "stale"]
        .into_iter()
        .find(|wanted| runs.iter().any(|run| run.conclusion.as_deref() == Some(wanted)));
    let all_neutral = runs.iter().all(|run| run.conclusion.as_deref() == Some("neutral"));
    ("completed", Some(worst.unwrap_or(if all_neutral { "neutral" } else { "success" })))
}

impl Views<'_> {
    pub(crate) fn check_run(&self, repo: &Repo, run: &CheckRun) -> Value {
        let url = format!("{}/check-runs/{}", self.repo_url(repo), run.id);
        let html = format!("{}/runs/{}", self.repo_html_url(repo), run.id);
        json!({
            "id": run.id,
            "node_id": node_id("CheckRun", run.id),
            "head_sha": run.head_sha,
            "external_id": run.external_id.as_deref().unwrap_or(""),
            "url": url,
            "html_url": html,
            "details_url": run.details_url.as_deref().unwrap_or(&html),
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
            "name": run.name,
            "output": {
                "title": run.title,
                "summary": run.summary,
                "text": run.text,
                "annotations_count": run.annotations.len(),
                "annotations_url": format!("{url}/annotations"),
            },
            "check_suite": {"id": run.suite_id},
            "app": self.app_by_slug(&run.app),
            "pull_requests": self.pulls_of(repo, &run.head_sha),
        })
    }

    /// The suite as a check run's webhook shows it, and the ground of the other forms.
    pub(crate) fn check_suite_small(&self, repo: &Repo, suite: &CheckSuite) -> Value {
        let url = format!("{}/check-suites/{}", self.repo_url(repo), suite.id);
        let (status, conclusion) = summed_up(repo.check_runs.iter().filter(|run| run.suite_id == suite.id));
        json!({
            "id": suite.id,
            "node_id": node_id("CheckSuite", suite.id),
            "head_branch": suite.head_branch,
            "head_sha": suite.head_sha,
            "status": status,
            "conclusion": conclusion,
            "url": url,
            "before": null,
            "after": suite.head_sha,
            "pull_requests": self.pulls_of(repo, &suite.head_sha),
            "app": self.app_by_slug(&suite.app),
            "created_at": suite.created_at,
            "updated_at": suite.updated_at,
        })
    }

    pub(crate) fn check_suite(&self, repo: &Repo, suite: &CheckSuite, commit: &CommitInfo) -> Value {
        let mut value = self.check_suite_small(repo, suite);
        let runs = repo.check_runs.iter().filter(|run| run.suite_id == suite.id).count();
        extend(
            &mut value,
            json!({
                "head_commit": Self::simple_commit(commit),
                "latest_check_runs_count": runs,
                "check_runs_url": format!("{}/check-suites/{}/check-runs", self.repo_url(repo), suite.id),
            }),
        );
        value
    }

    /// The suite as the API answers it: with its repository.
    pub(crate) fn check_suite_full(&self, repo: &Repo, suite: &CheckSuite, commit: &CommitInfo) -> Value {
        let mut value = self.check_suite(repo, suite, commit);
        value["repository"] = self.minimal_repo(repo);
        value
    }

    pub(crate) fn status(&self, repo: &Repo, status: &Status) -> Value {
        let mut value = self.status_simple(repo, status);
        value["creator"] = self.user(&status.creator);
        value
    }

    pub(crate) fn status_simple(&self, repo: &Repo, status: &Status) -> Value {
        json!({
            "url": format!("{}/statuses/{}", self.repo_url(repo), status.sha),
            "avatar_url": self.user(&status.creator)["avatar_url"],
            "id": status.id,
            "node_id": node_id("StatusContext", status.id),
            "state": status.state,
            "description": status.description,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": status.created_at,
            "updated_at": status.created_at,
        })
    }
}
