//! The workflow opens a stage.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::steps::{Begin, Step, StepAnswer};
use common::{Error, Result};
use serde::Deserialize;
use serde_json::json;

use crate::SERVICE;
use crate::app::App;
use crate::lifecycle::{Input, Stage};
use crate::projects::{self, life, record};
use crate::store::projects::{clear_carrier_failures, update_milestone, update_plan_iteration, update_stage};
use crate::store::{artifacts, stages};

/// Which stage.
#[derive(Debug, Deserialize)]
pub(super) struct EnterStage {
    stage: Stage,
    #[serde(default)]
    milestone: Option<String>,
    #[serde(default = "one")]
    iteration: i32,
}

fn one() -> i32 {
    1
}

/// Close the stage that is open, open another, and move the project's state on.
pub(super) async fn enter_stage(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<ProjectId>,
    step: Step,
    Json(body): Json<EnterStage>,
) -> Result<StepAnswer> {
    step.must_be_of(id)?;
    if body.iteration < 1 {
        return Err(Error::unprocessable("invalid_iteration", "The iteration counts from 1")
            .with_field("iteration", "must be 1 or more"));
    }
    let mut tx = match step.begin(&app.db, &app.clock, SERVICE).await? {
        Begin::Replayed(answer) => return Ok(answer),
        Begin::Run(tx) => tx,
    };
    let now = app.clock.now();
    let mut project = projects::lock(&mut tx, id).await?;
    if body.stage == Stage::Implementation && artifacts::find_approved_plan(&mut tx, id).await?.is_none() {
        return Err(Error::conflict("plan_not_approved", "Nothing is built before a plan is approved"));
    }
    life::apply(&mut tx, &mut project, Input::Enter(body.stage), None, now).await?;
    stages::close_open(&mut tx, id, "completed", now).await?;
    let milestone = body.milestone.as_deref();
    let stage = stages::open(&mut tx, id, body.stage, milestone, body.iteration, now).await?;
    let label = milestone
        .map_or_else(|| body.stage.name().to_owned(), |milestone| format!("{} {milestone}", body.stage.name()));
    update_stage(&mut tx, id, Some(&label), now).await?;
    if body.stage == Stage::Planning {
        update_plan_iteration(&mut tx, id, body.iteration).await?;
    }
    if milestone.is_some() {
        update_milestone(&mut tx, id, milestone).await?;
    }
    clear_carrier_failures(&mut tx, id).await?;
    let attempt = if body.iteration > 1 { format!(", attempt {}", body.iteration) } else { String::new() };
    let data = json!({"stage": body.stage, "milestone": milestone, "iteration": body.iteration});
    record::project(&mut tx, id, "stage.started", "workflow", format!("Stage {label}{attempt}"), data, now).await?;
    tx.finish(&json!({"stage_id": stage.id, "status": stage.status})).await
}
