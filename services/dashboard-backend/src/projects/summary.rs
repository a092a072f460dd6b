//! Projects in lists: stage bar, sentence, spend. One query a table, however long the list.

use std::collections::HashMap;

use common::Result;
use common::ids::{DecisionId, ProjectId};
use sqlx::PgConnection;

use crate::lifecycle::{Stage, Status};
use crate::store::milestones::MilestoneRow;
use crate::store::projects::ProjectRow;
use crate::store::stages::StageRow;
use crate::store::{decisions, metrics, milestones, stages};
use crate::views::Spend;
use crate::views::projects::{MilestoneRef, ProjectSummary, RepositoryLink, StageBarItem, StageState};

/// The projects, each with what the list shows beside it.
pub async fn summaries(conn: &mut PgConnection, rows: Vec<ProjectRow>) -> Result<Vec<ProjectSummary>> {
    let ids: Vec<ProjectId> = rows.iter().map(|row| row.id).collect();
    let mut attempts = by_project(stages::list_of(conn, &ids).await?, |row| row.project_id);
    let mut plans = by_project(milestones::list_of(conn, &ids).await?, |row| row.project_id);
    let spend: HashMap<ProjectId, Spend> = metrics::spend_of(conn, &ids).await?.into_iter().collect();
    let questions: HashMap<ProjectId, (DecisionId, String)> = decisions::pending_of(conn, &ids)
        .await?
        .into_iter()
        .map(|(project, id, title)| (project, (id, title)))
        .collect();
    Ok(rows
        .into_iter()
        .map(|row| {
            let attempts = attempts.remove(&row.id).unwrap_or_default();
            let plan = plans.remove(&row.id).unwrap_or_default();
            summary(&row, &attempts, &plan, spend.get(&row.id).copied().unwrap_or_default(), questions.get(&row.id))
        })
        .collect())
}

fn by_project<T>(rows: Vec<T>, of: impl Fn(&T) -> ProjectId) -> HashMap<ProjectId, Vec<T>> {
    let mut map: HashMap<ProjectId, Vec<T>> = HashMap::new();
    for row in rows {
        map.entry(of(&row)).or_default().push(row);
    }
    map
}

fn summary(
    row: &ProjectRow,
    attempts: &[StageRow],
    plan: &[MilestoneRow],
    spend: Spend,
    question: Option<&(DecisionId, String)>,
) -> ProjectSummary {
    let milestone =
        row.current_milestone.as_deref().and_then(|key| plan.iter().find(|m| m.key == key)).map(|m| MilestoneRef {
            key: m.key.clone(),
            title: m.title.clone(),
            index: m.position,
            total: i32::try_from(plan.len()).unwrap_or(i32::MAX),
        });
    ProjectSummary {
        id: row.id,
        short_id: row.short_id(),
        name: row.name.clone(),
        slug: row.slug.clone(),
        status: row.status,
        sentence: sentence(row, attempts, milestone.as_ref(), question.map(|(_, title)| title.as_str())),
        status_reason: row.status_reason.clone(),
        stages: stage_bar(row.status, attempts, plan),
        milestone,
        waiting_decision_id: question.map(|(id, _)| *id),
        spend,
        repository: RepositoryLink {
            full_name: row.full_name(),
            html_url: row.repository_url.clone(),
            clone_url: row.clone_url.clone(),
            default_branch: row.default_branch.clone(),
        },
        created_at: row.created_at,
        updated_at: row.updated_at,
        finished_at: row.finished_at,
    }
}

fn sentence(
    row: &ProjectRow,
    attempts: &[StageRow],
    milestone: Option<&MilestoneRef>,
    question: Option<&str>,
) -> String {
    let of = milestone.map(|m| format!(" milestone {} of {}: {}", m.index, m.total, m.title)).unwrap_or_default();
    let round = attempts.iter().rfind(|attempt| attempt.status == "running").map_or(1, |attempt| attempt.iteration);
    let round = if round > 1 { format!(" (attempt {round})") } else { String::new() };
    match row.status {
        Status::Received => "Waiting for a workflow to take it over".to_owned(),
        Status::Analyzing => "Reading the repository".to_owned(),
        Status::Planning => format!("The architect is making the plan{round}"),
        Status::AwaitingApproval => question
            .map_or_else(|| "Waiting for an answer".to_owned(), |title| format!("Waiting for an answer: {title}")),
        Status::Building => format!("The developer is building{of}{round}"),
        Status::Testing => format!("QA is testing{of}{round}"),
        Status::Reviewing => format!("The architect is reviewing{of}{round}"),
        Status::Releasing => "The release is being made".to_owned(),
        Status::Completed => "Done".to_owned(),
        Status::Paused => row.status_reason.clone().unwrap_or_else(|| "Paused".to_owned()),
        Status::BudgetHold => {
            row.status_reason.clone().unwrap_or_else(|| "The next piece of work does not fit the budget".to_owned())
        }
        Status::Failed => row.status_reason.clone().unwrap_or_else(|| "It cannot go on by itself".to_owned()),
        Status::Rejected => "People decided against it".to_owned(),
        Status::Cancelled => row.status_reason.clone().unwrap_or_else(|| "Stopped".to_owned()),
    }
}

/// Analysis and planning, three stages for each milestone of the plan (or one set of three while there is no plan), release.
fn stage_bar(status: Status, attempts: &[StageRow], plan: &[MilestoneRow]) -> Vec<StageBarItem> {
    let mut bar = vec![(Stage::Analysis, None), (Stage::Planning, None)];
    let keys: Vec<Option<String>> =
        if plan.is_empty() { vec![None] } else { plan.iter().map(|m| Some(m.key.clone())).collect() };
    for key in keys {
        for stage in [Stage::Implementation, Stage::Testing, Stage::Review] {
            bar.push((stage, key.clone()));
        }
    }
    bar.push((Stage::Release, None));
    bar.into_iter()
        .map(|(stage, milestone)| {
            let latest = attempts.iter().rfind(|attempt| {
                attempt.stage_name == stage && (attempt.milestone == milestone || milestone.is_none())
            });
            let state = latest.map_or(StageState::Pending, |attempt| state(status, &attempt.status));
            StageBarItem { stage, milestone, state }
        })
        .collect()
}

fn state(status: Status, attempt: &str) -> StageState {
    match (attempt, status) {
        ("completed", _) => StageState::Completed,
        ("failed", _) | ("running", Status::Failed) => StageState::Failed,
        ("running", Status::AwaitingApproval | Status::Paused | Status::BudgetHold) => StageState::Waiting,
        ("running", _) => StageState::Running,
        _ => StageState::Cancelled,
    }
}
