//! Questions to people, as the dashboard shows and answers them.

use axum::extract::State;
use common::auth::{Approver, Caller, Viewer};
use common::clients::dashboard::{AnswerAccepted, Decision};
use common::error::Problem;
use common::http::{Json, Path, Query};
use common::ids::{DecisionId, ProjectId};
use common::{Error, Result};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{PAGE, page_length, read_cursor};
use crate::app::App;
use crate::decisions::{self, Answer};
use crate::store::decisions::DecisionFilter;
use crate::views::Page;
use crate::views::work::DecisionDetail;

/// Narrows the list of decisions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListDecisions {
    /// `pending`, `answered`, `applied`, `expired` or `cancelled`. Pending ones come oldest first, others newest first.
    pub status: Option<String>,
    /// Of one project.
    pub project_id: Option<ProjectId>,
    /// From `next_cursor`.
    pub cursor: Option<String>,
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateAnswer {
    /// One of the decision's options.
    pub choice: String,
    /// Why, or what to change; needed for `reject` and `change`.
    #[serde(default)]
    pub comment: Option<String>,
    /// Hash of what was shown. Refused with `artifact_changed` when it is not what would be approved.
    #[serde(default)]
    pub evidence_sha: Option<String>,
}

/// Decisions.
#[utoipa::path(get, path = "/api/v1/decisions", tag = "decisions", params(ListDecisions), responses(
    (status = 200, body = Page<Decision>), (status = 304, description = "Nothing changed since the `ETag` in `If-None-Match`"),
    (status = 400, body = Problem)))]
pub async fn list_decisions(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Query(query): Query<ListDecisions>,
) -> Result<Json<Page<Decision>>> {
    if query
        .status
        .as_deref()
        .is_some_and(|status| !matches!(status, "pending" | "answered" | "applied" | "expired" | "cancelled"))
    {
        return Err(Error::bad_request(
            "invalid_status",
            "`status` must be pending, answered, applied, expired or cancelled",
        ));
    }
    let filter = DecisionFilter {
        oldest_first: query.status.as_deref() == Some("pending"),
        status: query.status,
        project_id: query.project_id,
        before: read_cursor(query.cursor.as_deref())?,
    };
    let mut conn = app.db.acquire().await?;
    let rows = crate::store::decisions::list(&mut conn, &filter, PAGE + 1).await?;
    let page = Page::from_rows(rows, page_length(), |row| row.id.to_string());
    Ok(Json(Page { items: page.items.into_iter().map(Decision::from).collect(), next_cursor: page.next_cursor }))
}

/// One decision with its evidence, what each answer brings about, and who tried to answer.
#[utoipa::path(get, path = "/api/v1/decisions/{id}", tag = "decisions", params(("id" = DecisionId, Path)), responses(
    (status = 200, body = DecisionDetail), (status = 404, body = Problem)))]
pub async fn get_decision(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Path(id): Path<DecisionId>,
) -> Result<Json<DecisionDetail>> {
    let mut conn = app.db.acquire().await?;
    let row = decisions::find(&mut conn, id).await?;
    Ok(Json(decisions::detail(&mut conn, row).await?))
}

/// Answer a decision. The first valid answer counts; whoever comes later is told who, what and when.
#[utoipa::path(post, path = "/api/v1/decisions/{id}/answers", tag = "decisions", params(("id" = DecisionId, Path)), request_body = CreateAnswer, responses(
    (status = 200, body = AnswerAccepted), (status = 403, body = Problem), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "`already_decided`, with the decision; or `artifact_changed`"),
    (status = 410, body = Problem, description = "`decision_expired`"), (status = 422, body = Problem)))]
pub async fn create_answer(
    State(app): State<App>,
    caller: Caller<Approver>,
    Path(id): Path<DecisionId>,
    Json(body): Json<CreateAnswer>,
) -> Result<Json<AnswerAccepted>> {
    let answer = Answer {
        user_id: caller.user_id,
        choice: body.choice,
        comment: body.comment,
        channel: "dashboard".to_owned(),
        evidence_sha: body.evidence_sha,
    };
    let decision = decisions::answer(&app, id, &answer).await?;
    Ok(Json(AnswerAccepted { status: "accepted".to_owned(), decision }))
}
