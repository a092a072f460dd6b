//! Checks of a commit: what CI says, and what we say.

use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::logs::workflow_run_of;
use super::{FullName, Github, GithubError, Result};

/// Our own reports start with this and are not counted as evidence: we would be our own witness.
const OWN_PREFIX: &str = "quantapilot";
/// Summaries reach prompts and pages; more helps neither.
pub(super) const SUMMARY_LIMIT: usize = 6000;
/// GitHub's limit for the description of a status.
const DESCRIPTION_LIMIT: usize = 140;

/// One check, whichever way it was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    /// `None` while it runs.
    pub conclusion: Option<String>,
    pub summary: String,
    pub details_url: Option<String>,
    /// For a check run of GitHub Actions: its id and the workflow run it belongs to, by which its log is found.
    pub actions: Option<(u64, u64)>,
}

/// All that is known about a commit's checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    pub checks: Vec<Check>,
    /// Some workflow run has not ended: more checks may come.
    pub runs_open: bool,
    /// There is a workflow file at this commit: checks are to be expected.
    pub workflow_files: bool,
}

/// What the checks say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    Success,
    Failure,
    /// There is nothing that checks.
    None,
}

/// What we report.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    pub sha: &'a str,
    pub name: &'a str,
    /// `success`, `failure` or `neutral`.
    pub conclusion: &'a str,
    pub summary: &'a str,
    pub details_url: Option<&'a str>,
    /// Places in files; only check runs can show them.
    pub annotations: &'a [Annotation],
}

/// A remark at a line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    pub path: String,
    pub line: u32,
    pub level: Level,
    pub title: String,
    pub message: String,
}

/// How much a remark matters, in GitHub's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Warning,
    Failure,
}

impl Evidence {
    /// The conclusion, once there is one. `waited`: time since somebody began to wait; `grace`: how long a check may take to
    /// show up when no workflow file announces one.
    pub fn conclude(&self, waited: Duration, grace: Duration) -> Option<Conclusion> {
        if self.runs_open || self.checks.iter().any(|check| check.conclusion.is_none()) {
            return None;
        }
        if self.checks.is_empty() {
            return (!self.workflow_files && waited >= grace).then_some(Conclusion::None);
        }
        let good = |check: &Check| matches!(check.conclusion.as_deref(), Some("success" | "neutral" | "skipped"));
        Some(if self.checks.iter().all(good) { Conclusion::Success } else { Conclusion::Failure })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CheckRuns {
    check_runs: Vec<CheckRun>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CheckRun {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    details_url: Option<String>,
    html_url: Option<String>,
    output: Output,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Output {
    title: Option<String>,
    summary: Option<String>,
    text: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CombinedStatus {
    statuses: Vec<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WorkflowRuns {
    workflow_runs: Vec<WorkflowRun>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WorkflowRun {
    name: Option<String>,
    status: String,
    conclusion: Option<String>,
    html_url: Option<String>,
}

impl From<CheckRun> for Check {
    fn from(run: CheckRun) -> Self {
        let parts = [run.output.title, run.output.summary, run.output.text];
        let summary =
            parts.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join("\n\n");
        Self {
            name: run.name,
            conclusion: if run.status == "completed" { run.conclusion } else { None },
            summary: end_of(&summary, SUMMARY_LIMIT),
            actions: run.details_url.as_deref().and_then(workflow_run_of).map(|workflow_run| (run.id, workflow_run)),
            details_url: run.details_url.or(run.html_url),
        }
    }
}

impl From<Status> for Check {
    fn from(status: Status) -> Self {
        Self {
            name: status.context,
            conclusion: (status.state != "pending").then_some(status.state),
            summary: status.description.unwrap_or_default(),
            details_url: status.target_url,
            actions: None,
        }
    }
}

impl From<WorkflowRun> for Check {
    fn from(run: WorkflowRun) -> Self {
        Self {
            name: run.name.unwrap_or_else(|| "workflow".to_owned()),
            conclusion: if run.status == "completed" { run.conclusion } else { None },
            summary: String::new(),
            details_url: run.html_url,
            actions: None,
        }
    }
}

impl Github {
    /// Everything that is known now about the checks of a commit.
    pub async fn evidence(&self, repository: &FullName, sha: &str) -> Result<Evidence> {
        let check_runs = self.check_runs(repository, sha).await?;
        let combined: CombinedStatus = self.get(repository, &format!("/commits/{sha}/status?per_page=100")).await?;
        let checks_are_readable = check_runs.is_some();
        let mut checks: Vec<Check> = check_runs.unwrap_or_default();
        checks.extend(combined.statuses.into_iter().map(Check::from));
        checks.retain(|check| !check.name.to_ascii_lowercase().starts_with(OWN_PREFIX));
        let workflow_files = !checks.is_empty() || self.path_exists(repository, ".github/workflows", sha).await?;
        let workflow_runs = if workflow_files { self.workflow_runs(repository, sha).await? } else { Vec::new() };
        let runs_open = workflow_runs.iter().any(|run| run.status != "completed");
        if !checks_are_readable {
            checks.extend(workflow_runs.into_iter().map(Check::from));
        }
        Ok(Evidence { checks, runs_open, workflow_files })
    }

    /// Some tokens may read workflow runs but not check runs; `None` then.
    async fn check_runs(&self, repository: &FullName, sha: &str) -> Result<Option<Vec<Check>>> {
        match self.get::<CheckRuns>(repository, &format!("/commits/{sha}/check-runs?per_page=100")).await {
            Ok(runs) => Ok(Some(runs.check_runs.into_iter().map(Check::from).collect())),
            Err(GithubError::Forbidden { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Jobs of a workflow appear one after the other, so only its run knows when all are through. Reading runs needs a permission
    /// of its own; without it the checks alone must do.
    async fn workflow_runs(&self, repository: &FullName, sha: &str) -> Result<Vec<WorkflowRun>> {
        match self.get::<WorkflowRuns>(repository, &format!("/actions/runs?head_sha={sha}&per_page=100")).await {
            Ok(runs) => Ok(runs.workflow_runs),
            Err(GithubError::Forbidden { .. } | GithubError::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Report a check of ours: a check run with an App, a commit status with a token. Made once: the same report is found again.
    pub async fn report_check(&self, repository: &FullName, report: Report<'_>) -> Result<()> {
        self.persist(|| async {
            if self.is_reported(repository, report).await? {
                return Ok(());
            }
            if self.is_app() {
                let body = json!({
                    "name": report.name, "head_sha": report.sha, "status": "completed", "conclusion": report.conclusion,
                    "details_url": report.details_url,
                    "output": {"title": first_line(report.summary), "summary": report.summary, "annotations": annotations(report)},
                });
                return self.write::<Value>(repository, Method::POST, "/check-runs", &body).await.map(drop);
            }
            let body = json!({
                "state": status_of(report.conclusion), "context": report.name, "target_url": report.details_url,
                "description": first_line(report.summary),
            });
            self.write::<Value>(repository, Method::POST, &format!("/statuses/{}", report.sha), &body).await.map(drop)
        })
        .await
    }

    async fn is_reported(&self, repository: &FullName, report: Report<'_>) -> Result<bool> {
        if self.is_app() {
            let rest = format!("/commits/{}/check-runs?per_page=100", report.sha);
            let runs: CheckRuns = self.get(repository, &rest).await?;
            return Ok(runs.check_runs.iter().any(|run| {
                run.name == report.name
                    && run.conclusion.as_deref() == Some(report.conclusion)
                    && run.output.summary.as_deref() == Some(report.summary)
            }));
        }
        let combined: CombinedStatus =
            self.get(repository, &format!("/commits/{}/status?per_page=100", report.sha)).await?;
        Ok(combined.statuses.iter().any(|status| {
            status.context == report.name
                && status.state == status_of(report.conclusion)
                && status.description.as_deref() == Some(&first_line(report.summary))
        }))
    }
}

fn annotations(report: Report<'_>) -> Vec<Value> {
    let shown = |note: &Annotation| {
        json!({
            "path": note.path, "start_line": note.line, "end_line": note.line, "annotation_level": note.level,
            "title": note.title, "message": note.message,
        })
    };
    report.annotations.iter().map(shown).collect()
}

/// A status knows fewer words than a check run.
fn status_of(conclusion: &str) -> &'static str {
    match conclusion {
        "success" | "neutral" | "skipped" => "success",
        _ => "failure",
    }
}

fn first_line(summary: &str) -> String {
    let line = summary.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if line.chars().count() <= DESCRIPTION_LIMIT {
        return line.to_owned();
    }
    line.chars().take(DESCRIPTION_LIMIT - 1).chain(['…']).collect()
}

/// The end of a log says most.
pub(super) fn end_of(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    format!("…{}", &text[text.ceil_char_boundary(text.len() - limit)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    fn check(conclusion: Option<&str>) -> Check {
        Check {
            name: "ci".to_owned(),
            conclusion: conclusion.map(str::to_owned),
            summary: String::new(),
            details_url: None,
            actions: None,
        }
    }

    fn evidence(checks: Vec<Check>) -> Evidence {
        Evidence { checks, runs_open: false, workflow_files: true }
    }

    #[test]
    fn all_good_is_success_and_one_bad_is_failure() {
        let good = evidence(vec![check(Some("success")), check(Some("skipped")), check(Some("neutral"))]);
        assert_eq!(good.conclude(Duration::ZERO, GRACE), Some(Conclusion::Success));
        for bad in ["failure", "timed_out", "cancelled", "action_required", "stale", "error"] {
            let mixed = evidence(vec![check(Some("success")), check(Some(bad))]);
            assert_eq!(mixed.conclude(Duration::ZERO, GRACE), Some(Conclusion::Failure), "{bad}");
        }
    }

    #[test]
    fn a_running_check_or_an_open_run_keeps_us_waiting() {
        let running = evidence(vec![check(Some("failure")), check(None)]);
        assert_eq!(running.conclude(GRACE, GRACE), None);
        let between_jobs = Evidence { runs_open: true, ..evidence(vec![check(Some("success"))]) };
        assert_eq!(between_jobs.conclude(GRACE, GRACE), None);
    }

    #[test]
    fn no_checks_means_none_only_when_no_workflow_announces_any() {
        let announced = evidence(Vec::new());
        assert_eq!(announced.conclude(GRACE * 100, GRACE), None);
        let bare = Evidence { workflow_files: false, ..announced };
        assert_eq!(bare.conclude(GRACE / 2, GRACE), None);
        assert_eq!(bare.conclude(GRACE, GRACE), Some(Conclusion::None));
    }

    #[test]
    fn descriptions_fit_into_a_status() {
        assert_eq!(first_line("\n  3 findings\nmore"), "3 findings");
        let long = first_line(&"é".repeat(200));
        assert_eq!((long.chars().count(), long.ends_with('…')), (140, true));
        assert_eq!(end_of("abcé", 2), "…é");
    }
}
