//! Branches of a project.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::clients::github::{BranchEvidence, VerifyBranch};
use common::error::{Problem, Result};
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::steps::{Step, StepAnswer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::step::{News, StepHeaders, branch_name, outside, report, repository};
use crate::app::App;
use crate::github::FullName;
use crate::github::error::into_answer;

/// Make a branch.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateBranch {
    /// `owner/name`.
    repository: String,
    branch: String,
    /// The branch, tag or commit it begins at.
    from: String,
}

/// Where the branch stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Branch {
    #[serde(rename = "branch")]
    name: String,
    sha: String,
    /// `false`: it was there.
    created: bool,
}

/// Make a branch unless it is there.
#[utoipa::path(post, path = "/internal/v1/projects/{id}/branches", tag = "steps",
    params(("id" = ProjectId, Path, description = "The project"), StepHeaders),
    request_body = CreateBranch, responses(
    (status = 200, body = Branch), (status = 404, body = Problem, description = "`from` is not there")))]
pub(crate) async fn create_branch(
    State(app): State<App>,
    _: ServiceCaller,
    step: Step,
    Path(id): Path<ProjectId>,
    Json(body): Json<CreateBranch>,
) -> Result<StepAnswer> {
    branch_name("branch", &body.branch)?;
    branch_name("from", &body.from)?;
    outside(app, id, step, async move |app, step| {
        let name = repository(&app, id, &body.repository).await?;
        let made = app.github.create_branch(&name, &body.branch, &body.from).await.map_err(into_answer)?;
        let news = News {
            key: format!("branch.created/{}", step.key()),
            kind: "branch.created",
            summary: format!("Branch `{}` is ready", body.branch),
            data: json!({"repository": name.to_string(), "branch": body.branch, "sha": made.sha}),
        };
        report(&app, id, news).await?;
        Ok(Branch { name: body.branch, sha: made.sha, created: made.created })
    })
    .await
}

/// Look at what a branch holds beyond its base, as a step: the evidence is recorded.
#[utoipa::path(post, path = "/internal/v1/projects/{id}/branches/verify", tag = "steps",
    params(("id" = ProjectId, Path, description = "The project"), StepHeaders),
    request_body = VerifyBranch,
    responses((status = 200, body = BranchEvidence)))]
pub(crate) async fn verify_branch(
    State(app): State<App>,
    _: ServiceCaller,
    step: Step,
    Path(id): Path<ProjectId>,
    Json(body): Json<VerifyBranch>,
) -> Result<StepAnswer> {
    outside(app, id, step, async move |app, _| {
        let name = repository(&app, id, &body.repository).await?;
        evidence(&app, &name, &body).await
    })
    .await
}

/// Look at what a branch holds right now; nothing is recorded.
#[utoipa::path(post, path = "/internal/v1/branches/inspect", tag = "services", request_body = VerifyBranch,
    responses((status = 200, body = BranchEvidence)))]
pub(crate) async fn inspect_branch(
    State(app): State<App>,
    _: ServiceCaller,
    Json(body): Json<VerifyBranch>,
) -> Result<Json<BranchEvidence>> {
    let name: FullName = body.repository.parse().map_err(|error| {
        common::Error::unprocessable("invalid_repository", format!("{error}"))
            .with_field("repository", "must be `owner/name`")
    })?;
    evidence(&app, &name, &body).await.map(Json)
}

async fn evidence(app: &App, name: &FullName, body: &VerifyBranch) -> Result<BranchEvidence> {
    branch_name("branch", &body.branch)?;
    branch_name("base", &body.base)?;
    let mut evidence = BranchEvidence {
        ok: false,
        head_sha: String::new(),
        base_sha: String::new(),
        ahead_by: 0,
        behind_by: 0,
        files: Vec::new(),
        reason: None,
    };
    let Some(head) = app.github.branch_head(name, &body.branch).await.map_err(into_answer)? else {
        evidence.reason = Some(format!("There is no branch `{}` in `{name}`", body.branch));
        return Ok(evidence);
    };
    // By commit, so that the evidence is about one state even while somebody pushes.
    let compared = app.github.compare(name, &body.base, &head).await.map_err(into_answer)?;
    evidence.head_sha = head;
    evidence.base_sha = compared.base_sha;
    evidence.ahead_by = compared.ahead_by;
    evidence.behind_by = compared.behind_by;
    evidence.files = compared.files;
    if body.expect_ahead && compared.ahead_by == 0 {
        evidence.reason = Some(format!("`{}` holds nothing that `{}` does not", body.branch, body.base));
    } else {
        evidence.ok = true;
    }
    Ok(evidence)
}
