//! Releases of projects.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::error::{Problem, Result};
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::steps::{Step, StepAnswer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::step::{News, StepHeaders, branch_name, outside, report, repository};
use crate::app::App;
use crate::github::error::into_answer;
use crate::github::releases::NewRelease;

/// Tag and release a commit.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateRelease {
    /// `owner/name`.
    repository: String,
    /// For example `v0.1.0`.
    tag: String,
    /// A commit or a branch.
    target: String,
    name: String,
    body: Option<String>,
}

/// The release.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Release {
    id: i64,
    tag: String,
    html_url: String,
    /// `false`: it was there.
    created: bool,
}

/// Tag and release a commit unless that is done.
#[utoipa::path(post, path = "/internal/v1/projects/{id}/releases", tag = "steps",
    params(("id" = ProjectId, Path, description = "The project"), StepHeaders),
    request_body = CreateRelease, responses(
    (status = 200, body = Release), (status = 409, body = Problem, description = "The tag names another commit")))]
pub(crate) async fn create_release(
    State(app): State<App>,
    _: ServiceCaller,
    step: Step,
    Path(id): Path<ProjectId>,
    Json(body): Json<CreateRelease>,
) -> Result<StepAnswer> {
    branch_name("tag", &body.tag)?;
    branch_name("target", &body.target)?;
    outside(app, id, step, async move |app, _| {
        let name = repository(&app, id, &body.repository).await?;
        let target = app.github.commit(&name, &body.target).await.map_err(into_answer)?;
        let new = NewRelease { tag: &body.tag, target: &target, name: &body.name, body: body.body.as_deref().unwrap_or_default() };
        let (release, created) = app.github.create_release(&name, new).await.map_err(into_answer)?;
        let news = News {
            key: format!("release.published/{}", release.id),
            kind: "release.published",
            summary: format!("Released {}", body.tag),
            data: json!({"repository": name.to_string(), "tag": body.tag, "target": target, "html_url": release.html_url}),
        };
        report(&app, id, news).await?;
        Ok(Release { id: release.id, tag: release.tag_name, html_url: release.html_url, created })
    })
    .await
}
