//! What a project looks like from outside, and how it is moved on.

pub mod life;
pub mod record;
pub mod steer;
mod summary;
pub mod usage;

use common::auth::Role;
use common::clients::dashboard::{ProjectBrief, ProjectLimits};
use common::clients::github::RepositoryRef;
use common::ids::ProjectId;
use common::{Error, Result};
use serde_json::Value;
use sqlx::PgConnection;

use crate::app::App;
use crate::planning::render;
use crate::store::artifacts::ArtifactRow;
use crate::store::projects::ProjectRow;
use crate::store::{artifacts, executions, milestones};
use crate::views::projects::{Execution, Milestone, Project, ProjectAction, ProjectLinks};
use crate::views::work::{Artifact, RenderedDocument};

pub use summary::summaries;

/// The project, or 404.
pub async fn find(conn: &mut PgConnection, id: ProjectId) -> Result<ProjectRow> {
    crate::store::projects::find(conn, id).await?.ok_or_else(|| unknown(id))
}

/// The project, locked, or 404. The fence comes first: every transaction takes the two in this order.
pub async fn lock(conn: &mut PgConnection, id: ProjectId) -> Result<ProjectRow> {
    common::steps::fence::lock(conn, id).await?;
    crate::store::projects::lock(conn, id).await?.ok_or_else(|| unknown(id))
}

fn unknown(id: ProjectId) -> Error {
    Error::not_found("no_such_project", format!("There is no project `{id}`"))
}

/// The project as services and workflows know it.
pub fn brief(row: &ProjectRow) -> ProjectBrief {
    ProjectBrief {
        id: row.id,
        name: row.name.clone(),
        slug: row.slug.clone(),
        status: row.status.name().to_owned(),
        repository: RepositoryRef {
            id: row.repository_id,
            owner: row.repository_owner.clone(),
            name: row.repository_name.clone(),
            full_name: row.full_name(),
            html_url: row.repository_url.clone(),
            clone_url: row.clone_url.clone(),
            default_branch: row.default_branch.clone(),
        },
        plan_iteration: row.plan_iteration,
        limits: ProjectLimits {
            max_fix_iterations: row.max_fix_iterations,
            agent_deadline_seconds: row.agent_deadline_seconds.into(),
            checks_deadline_seconds: row.checks_deadline_seconds.into(),
        },
    }
}

/// The project page.
pub async fn page(app: &App, conn: &mut PgConnection, row: ProjectRow, role: Role) -> Result<Project> {
    let plan = match artifacts::find_approved_plan(conn, row.id).await? {
        Some(plan) => Some(plan),
        None => artifacts::find_newest(conn, row.id, "plan").await?,
    };
    let milestones = match &plan {
        Some(plan) => milestones::list(conn, row.id, plan.version).await?.into_iter().map(Milestone::from).collect(),
        None => Vec::new(),
    };
    let execution = executions::find_latest(conn, row.id).await?;
    let links = links(app, &row, execution.as_ref().map(|e| e.execution_id.as_str()));
    let actions = if role >= Role::Operator { actions(&row) } else { Vec::new() };
    let limits = crate::views::projects::ProjectLimits {
        max_fix_iterations: row.max_fix_iterations,
        agent_deadline_seconds: row.agent_deadline_seconds,
        checks_deadline_seconds: row.checks_deadline_seconds,
    };
    let summary = summaries(conn, vec![row.clone()]).await?.pop().ok_or_else(|| unknown(row.id))?;
    Ok(Project {
        summary,
        limits,
        links,
        readme_path: row.readme_path,
        readme_sha: row.readme_sha,
        plan_summary: plan
            .as_ref()
            .and_then(|plan| plan.content.get("summary"))
            .and_then(Value::as_str)
            .map(str::to_owned),
        milestones,
        open_findings: serde_json::from_value(row.open_findings).unwrap_or_default(),
        release: row.release,
        execution: execution.and_then(|row| {
            Some(Execution {
                id: row.execution_id,
                workflow: row.workflow,
                state: row.state,
                epoch: row.epoch?,
                registered_at: row.registered_at,
            })
        }),
        actions,
    })
}

fn actions(row: &ProjectRow) -> Vec<ProjectAction> {
    let life = row.life();
    if life.is_over() {
        return Vec::new();
    }
    let mut actions = Vec::new();
    if life.failed {
        actions.push(ProjectAction::Retry);
    } else if life.paused || life.budget_hold {
        actions.push(ProjectAction::Resume);
    } else {
        actions.push(ProjectAction::Pause);
    }
    actions.push(ProjectAction::Cancel);
    actions
}

fn links(app: &App, row: &ProjectRow, execution: Option<&str>) -> ProjectLinks {
    let editor = app.config.carriers.n8n_editor_url.as_str().trim_end_matches('/');
    ProjectLinks {
        repository: row.repository_url.clone(),
        pull_requests: format!("{}/pulls", row.repository_url),
        release: row
            .release
            .as_ref()
            .and_then(|release| release.get("html_url"))
            .and_then(Value::as_str)
            .map(str::to_owned),
        execution: execution
            .map(|id| format!("{editor}/workflow/{}/executions/{id}", crate::carriers::n8n::PROJECT_WORKFLOW)),
    }
}

/// An artifact, its documents made safe to show.
pub fn artifact(row: ArtifactRow) -> Artifact {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut documents = Vec::new();
    for name in ["summary", "architecture"] {
        if let Some(markdown) = row.content.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()) {
            let title = if name == "summary" { "Summary" } else { "Architecture" };
            documents.push(RenderedDocument {
                path: String::new(),
                title: title.to_owned(),
                html: render::markdown(markdown),
            });
        }
    }
    if let Some(readme) = row.content.pointer("/readme/text").and_then(Value::as_str) {
        documents.push(RenderedDocument {
            path: "README.md".to_owned(),
            title: "README".to_owned(),
            html: render::markdown(readme),
        });
    }
    for document in row.content.get("documents").and_then(Value::as_array).into_iter().flatten() {
        let path = text(document, "path");
        let title = Some(text(document, "title")).filter(|title| !title.is_empty()).unwrap_or_else(|| path.clone());
        documents.push(RenderedDocument { title, html: render::markdown(&text(document, "content")), path });
    }
    let content = row.content.clone();
    Artifact { summary: row.into(), content, documents }
}
