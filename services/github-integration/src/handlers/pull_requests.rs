//! Pull requests of projects.

use axum::extract::State;
use common::auth::{Caller, ServiceCaller, Viewer};
use common::error::{Error, Problem, Result};
use common::http::{Json, Path, Query};
use common::ids::ProjectId;
use common::steps::{Step, StepAnswer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::step::{News, StepHeaders, branch_name, commit_sha, outside, report, repository};
use crate::app::App;
use crate::documents::{self, Commit};
use crate::github::error::into_answer;
use crate::github::pulls::{Merge, MergePull, NewPull};
use crate::store::pull_requests::{self, PullRequest, PullRequestId};

/// GitHub's limit, in characters.
const LONGEST_TITLE: usize = 256;

/// Open a pull request.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct OpenPullRequest {
    /// `owner/name`.
    repository: String,
    /// The branch that brings the change.
    head: String,
    /// The branch it is for.
    base: String,
    /// Beyond 256 characters GitHub takes no title, so a longer one is cut.
    title: String,
    body: Option<String>,
}

/// The open pull request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenedPullRequest {
    number: i64,
    html_url: String,
    head_sha: String,
    /// `false`: it was there.
    created: bool,
}

/// Open a pull request unless there is one from this branch.
#[utoipa::path(post, path = "/internal/v1/projects/{id}/pull-requests", tag = "steps",
    params(("id" = ProjectId, Path, description = "The project"), StepHeaders),
    request_body = OpenPullRequest, responses(
    (status = 200, body = OpenedPullRequest), (status = 422, body = Problem, description = "There is nothing to propose")))]
pub(crate) async fn open_pull_request(
    State(app): State<App>,
    _: ServiceCaller,
    step: Step,
    Path(id): Path<ProjectId>,
    Json(body): Json<OpenPullRequest>,
) -> Result<StepAnswer> {
    branch_name("head", &body.head)?;
    branch_name("base", &body.base)?;
    let title = cut(body.title.trim());
    if title.is_empty() {
        return Err(Error::unprocessable("invalid_title", "A pull request needs a title")
            .with_field("title", "must not be empty"));
    }
    outside(app, id, step, async move |app, step| {
        let name = repository(&app, id, &body.repository).await?;
        let key = step.key();
        let new = NewPull { head: &body.head, base: &body.base, title: &title, body: body.body.as_deref().unwrap_or_default(), step: &key };
        let (pull, created) = app.github.open_pull(&name, &new).await.map_err(into_answer)?;
        let mut tx = app.db.begin().await?;
        pull_requests::upsert(&mut tx, id, &name, &pull, app.clock.now()).await?;
        let commit = Commit { project_id: id, repository: &name.to_string(), sha: &pull.head.sha };
        documents::ask_for_ours(&mut tx, app.config.documents.own, commit, app.clock.now()).await?;
        tx.commit().await?;
        let news = News {
            key: format!("pull_request.opened/{}", pull.id),
            kind: "pull_request.opened",
            summary: format!("Opened pull request #{}: {title}", pull.number),
            data: json!({"repository": name.to_string(), "number": pull.number, "html_url": pull.html_url, "head": body.head, "head_sha": pull.head.sha}),
        };
        report(&app, id, news).await?;
        Ok(OpenedPullRequest { number: pull.number, html_url: pull.html_url, head_sha: pull.head.sha, created })
    })
    .await
}

fn cut(title: &str) -> String {
    if title.chars().count() <= LONGEST_TITLE {
        return title.to_owned();
    }
    title.chars().take(LONGEST_TITLE - 1).chain(['…']).collect()
}

/// Merge a pull request.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MergePullRequest {
    /// `owner/name`.
    repository: String,
    number: i64,
    /// The head that was approved; any other is refused with `head_moved`.
    expected_head_sha: String,
    #[serde(default)]
    method: Method,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Method {
    #[default]
    Squash,
    Merge,
}

/// How the merge went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MergeResult {
    merged: bool,
    merge_sha: Option<String>,
    /// `head_moved`, `not_mergeable` or `closed`.
    reason: Option<&'static str>,
    /// What exactly, for people.
    detail: Option<String>,
}

impl From<Merge> for MergeResult {
    fn from(merge: Merge) -> Self {
        let refused =
            |reason, detail| Self { merged: false, merge_sha: None, reason: Some(reason), detail: Some(detail) };
        match merge {
            Merge::Merged { sha } => Self { merged: true, merge_sha: Some(sha), reason: None, detail: None },
            Merge::HeadMoved { head_sha } => {
                refused("head_moved", format!("the head is now {head_sha}, which nobody approved"))
            }
            Merge::NotMergeable { detail } => refused("not_mergeable", detail),
            Merge::Closed => refused("closed", "it was closed without being merged".to_owned()),
        }
    }
}

/// Merge exactly what was approved.
#[utoipa::path(post, path = "/internal/v1/projects/{id}/pull-requests/merge", tag = "steps",
    params(("id" = ProjectId, Path, description = "The project"), StepHeaders),
    request_body = MergePullRequest,
    responses((status = 200, body = MergeResult)))]
pub(crate) async fn merge_pull_request(
    State(app): State<App>,
    _: ServiceCaller,
    step: Step,
    Path(id): Path<ProjectId>,
    Json(body): Json<MergePullRequest>,
) -> Result<StepAnswer> {
    commit_sha("expected_head_sha", &body.expected_head_sha)?;
    outside(app, id, step, async move |app, _| {
        let name = repository(&app, id, &body.repository).await?;
        let method = match body.method {
            Method::Squash => "squash",
            Method::Merge => "merge",
        };
        let merge = MergePull { number: body.number, expected_head_sha: &body.expected_head_sha, method };
        let outcome = app.github.merge_pull(&name, merge).await.map_err(into_answer)?;
        let pull = app.github.pull(&name, body.number).await.map_err(into_answer)?;
        pull_requests::upsert(&mut *app.db.acquire().await?, id, &name, &pull, app.clock.now()).await?;
        if let Merge::Merged { sha } = &outcome {
            let news = News {
                key: format!("pull_request.merged/{}", pull.id),
                kind: "pull_request.merged",
                summary: format!("Merged pull request #{}: {}", pull.number, pull.title),
                data: json!({"repository": name.to_string(), "number": pull.number, "html_url": pull.html_url, "merge_sha": sha}),
            };
            report(&app, id, news).await?;
        }
        Ok(MergeResult::from(outcome))
    })
    .await
}

/// Which pull requests to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only those of this project.
    project_id: Option<ProjectId>,
    /// `next_cursor` of the page before.
    cursor: Option<PullRequestId>,
    /// 1 to 100; 50 unless given.
    limit: Option<i64>,
}

/// A page of pull requests, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PullRequests {
    items: Vec<PullRequest>,
    next_cursor: Option<PullRequestId>,
}

/// List the pull requests of a project.
#[utoipa::path(get, path = "/api/v1/pull-requests", tag = "pull requests", params(Filter), responses((status = 200, body = PullRequests)))]
pub(crate) async fn list_pull_requests(
    State(app): State<App>,
    _: Caller<Viewer>,
    Query(filter): Query<Filter>,
) -> Result<Json<PullRequests>> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 100);
    let items = pull_requests::list(&mut *app.db.acquire().await?, filter.project_id, filter.cursor, limit).await?;
    let full = i64::try_from(items.len()).is_ok_and(|n| n == limit);
    let next_cursor = items.last().filter(|_| full).map(|p| p.id);
    Ok(Json(PullRequests { items, next_cursor }))
}
