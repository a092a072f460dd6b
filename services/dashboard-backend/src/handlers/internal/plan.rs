//! Analysis, plan, foundation.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::clients::agents::{PlanAnswer, Requirement, Severity};
use common::clients::github::RepositoryAnalysis;
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::steps::{Begin, Step, StepAnswer};
use common::{Error, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::SERVICE;
use crate::app::App;
use crate::planning::validate::{self, Checked, Findings};
use crate::planning::{foundation, slug};
use crate::projects::{self, record};
use crate::store::milestones::NewMilestone;
use crate::store::projects::merge_metadata;
use crate::store::{artifacts, decisions, milestones, requirements, stages};

/// A README with more is a book; the rest is still there for agents to read.
const MOST_REQUIREMENTS: usize = 200;

/// Keep what the repository holds, and read the requirements out of its README.
pub(super) async fn store_analysis(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<ProjectId>,
    step: Step,
    Json(body): Json<RepositoryAnalysis>,
) -> Result<StepAnswer> {
    step.must_be_of(id)?;
    let mut tx = match step.begin(&app.db, &app.clock, SERVICE).await? {
        Begin::Replayed(answer) => return Ok(answer),
        Begin::Run(tx) => tx,
    };
    let now = app.clock.now();
    projects::lock(&mut tx, id).await?;
    let readme = body.readme.as_ref().map(|readme| readme.text.as_str()).unwrap_or_default();
    let found: Vec<Requirement> = compliance::requirements::read(readme)
        .into_iter()
        .take(MOST_REQUIREMENTS)
        .map(|requirement| Requirement { id: requirement.id, text: requirement.text })
        .collect();
    let stage = stages::find_open(&mut tx, id).await?.map(|stage| stage.id);
    let content = serde_json::to_value(&body)?;
    let artifact =
        artifacts::insert(&mut tx, id, stage, "analysis", "Analysis of the repository", &content, now).await?;
    if let Some(stage) = stage {
        stages::add_artifact(&mut tx, stage, artifact.id).await?;
    }
    let pairs: Vec<_> = found.iter().map(|requirement| (requirement.id.clone(), requirement.text.clone())).collect();
    requirements::replace(&mut tx, id, &pairs).await?;
    merge_metadata(
        &mut tx,
        id,
        &json!({"languages": body.languages, "head_sha": body.head_sha, "files": body.tree.len()}),
    )
    .await?;
    let summary =
        format!("The repository was read: {} file(s), {} requirement(s) in the README", body.tree.len(), found.len());
    record::project(
        &mut tx,
        id,
        "analysis.stored",
        "dashboard-backend",
        summary,
        json!({"artifact_id": artifact.id, "requirements": found.len()}),
        now,
    )
    .await?;
    tx.finish(&json!({"artifact_id": artifact.id, "requirements": found})).await
}

/// A plan as the architect gave it.
#[derive(Debug, Deserialize)]
pub(super) struct StorePlan {
    #[serde(default)]
    run_id: Option<String>,
    plan: Value,
}

/// Check a plan and keep it as the next version.
pub(super) async fn store_plan(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<ProjectId>,
    step: Step,
    Json(body): Json<StorePlan>,
) -> Result<StepAnswer> {
    step.must_be_of(id)?;
    let mut tx = match step.begin(&app.db, &app.clock, SERVICE).await? {
        Begin::Replayed(answer) => return Ok(answer),
        Begin::Run(tx) => tx,
    };
    let now = app.clock.now();
    projects::lock(&mut tx, id).await?;
    let plan: PlanAnswer = match serde_json::from_value(body.plan.clone()) {
        Ok(plan) => plan,
        Err(error) => {
            let mut findings = Findings::default();
            findings.add(
                "plan/shape",
                Severity::Blocker,
                None,
                format!("The plan does not have the expected shape: {error}"),
            );
            record::project(
                &mut tx,
                id,
                "plan.refused",
                "dashboard-backend",
                "The plan does not have the expected shape",
                json!({"run_id": body.run_id}),
                now,
            )
            .await?;
            return tx.finish(&json!({"artifact_id": null, "sha256": null, "accepted": false, "findings": findings.0, "milestones": []})).await;
        }
    };
    let readme = artifacts::find_readme(&mut tx, id).await?;
    let checked = validate::check(&plan, &readme);
    let answer = keep_plan(&mut tx, id, &body, &plan, checked, now).await?;
    tx.finish(&answer).await
}

async fn keep_plan(
    conn: &mut PgConnection,
    id: ProjectId,
    body: &StorePlan,
    plan: &PlanAnswer,
    Checked { findings, served }: Checked,
    now: OffsetDateTime,
) -> Result<Value> {
    let stage = stages::find_open(conn, id).await?.map(|stage| stage.id);
    let artifact = artifacts::insert(conn, id, stage, "plan", "Plan", &body.plan, now).await?;
    if let Some(stage) = stage {
        stages::add_artifact(conn, stage, artifact.id).await?;
    }
    let accepted = findings.acceptable();
    if accepted {
        let branches: Vec<String> =
            plan.milestones.iter().map(|m| format!("quantapilot/{}-{}", m.key, slug(&m.title))).collect();
        let new: Vec<_> = plan
            .milestones
            .iter()
            .zip(&branches)
            .map(|(m, branch)| NewMilestone { key: &m.key, title: &m.title, goal: &m.goal, branch })
            .collect();
        milestones::insert_all(conn, id, artifact.version, &new).await?;
        requirements::clear_plan(conn, id).await?;
        for (key, milestone, task) in &served {
            requirements::assign(conn, id, key, milestone, task).await?;
        }
    }
    let (kind, summary) = if accepted {
        ("plan.stored", format!("Plan version {} with {} milestone(s)", artifact.version, plan.milestones.len()))
    } else {
        ("plan.refused", format!("Plan version {} cannot be built: {} finding(s)", artifact.version, findings.0.len()))
    };
    let data =
        json!({"artifact_id": artifact.id, "version": artifact.version, "run_id": body.run_id, "findings": findings.0});
    record::project(conn, id, kind, "architect", summary, data, now).await?;
    let milestones: Vec<_> = plan.milestones.iter().map(|m| json!({"key": m.key, "title": m.title})).collect();
    Ok(
        json!({"artifact_id": artifact.id, "sha256": artifact.sha256, "accepted": accepted, "findings": findings.0, "milestones": milestones}),
    )
}

/// The first files of the project, out of the approved plan.
pub(super) async fn build_foundation(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<ProjectId>,
    step: Step,
) -> Result<StepAnswer> {
    step.must_be_of(id)?;
    let mut tx = match step.begin(&app.db, &app.clock, SERVICE).await? {
        Begin::Replayed(answer) => return Ok(answer),
        Begin::Run(tx) => tx,
    };
    let now = app.clock.now();
    let project = projects::lock(&mut tx, id).await?;
    let approved = artifacts::find_approved_plan(&mut tx, id).await?.ok_or_else(|| {
        Error::conflict("plan_not_approved", "The foundation is built from an approved plan, and there is none")
    })?;
    let plan: PlanAnswer = serde_json::from_value(approved.content)?;
    let decision = decisions::list_answered(&mut tx, id)
        .await?
        .into_iter()
        .rfind(|row| row.artifact_sha.as_deref() == Some(approved.sha256.as_str()));
    let by = decision.map_or_else(|| "approved".to_owned(), |row| row.short_id);
    let readme = artifacts::find_readme(&mut tx, id).await?;
    let foundation = foundation::build(&project.name, &plan, &readme, &by, now.date());
    let stage = stages::find_open(&mut tx, id).await?.map(|stage| stage.id);
    let artifact =
        artifacts::insert(&mut tx, id, stage, "foundation", "Foundation", &serde_json::to_value(&foundation)?, now)
            .await?;
    let summary = format!("The foundation of the plan: {} file(s)", foundation.files.len());
    record::project(
        &mut tx,
        id,
        "foundation.built",
        "dashboard-backend",
        summary,
        json!({"artifact_id": artifact.id}),
        now,
    )
    .await?;
    tx.finish(&foundation).await
}
