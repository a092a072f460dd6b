//! What prompts may draw on.

use axum::extract::State;
use common::Result;
use common::auth::ServiceCaller;
use common::clients::agents::Requirement;
use common::clients::dashboard::{PastDecision, ProjectContext};
use common::clients::github::ReadmeRef;
use common::http::{Json, Path};
use common::ids::ProjectId;

use crate::app::App;
use crate::projects;
use crate::store::events::EventFilter;
use crate::store::{artifacts, decisions, events, requirements};

/// Lines of the timeline that a prompt gets.
const TIMELINE: i64 = 40;

/// What a prompt may draw on.
pub(super) async fn get_context(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<ProjectId>,
) -> Result<Json<ProjectContext>> {
    let mut conn = app.db.acquire().await?;
    let project = projects::find(&mut conn, id).await?;
    let readme_text = artifacts::find_readme(&mut conn, id).await?;
    let plan = match artifacts::find_approved_plan(&mut conn, id).await? {
        Some(plan) => Some(plan),
        None => artifacts::find_newest(&mut conn, id, "plan").await?,
    };
    let filter = EventFilter { project_id: Some(id), ..EventFilter::default() };
    let mut timeline: Vec<String> =
        events::list(&mut conn, &filter, TIMELINE).await?.into_iter().map(|event| event.summary).collect();
    timeline.reverse();
    let requirements = requirements::list(&mut conn, id)
        .await?
        .into_iter()
        .map(|row| Requirement { id: row.key, text: row.text })
        .collect();
    let decisions = decisions::list_answered(&mut conn, id)
        .await?
        .into_iter()
        .map(|row| PastDecision {
            decision_type: row.decision_type,
            choice: row.choice.unwrap_or_default(),
            comment: row.comment,
            decided_by: row.decided_by,
        })
        .collect();
    Ok(Json(ProjectContext {
        project: projects::brief(&project),
        readme: ReadmeRef { path: project.readme_path, sha: project.readme_sha },
        readme_text,
        requirements,
        plan: plan.and_then(|plan| serde_json::from_value(plan.content).ok()),
        decisions,
        open_findings: serde_json::from_value(project.open_findings).unwrap_or_default(),
        timeline,
    }))
}
