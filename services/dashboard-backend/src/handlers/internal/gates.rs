//! Gates: evidence in, verdict out.

use axum::extract::State;
use common::Result;
use common::auth::ServiceCaller;
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::steps::{Begin, Step, StepAnswer};
use serde_json::json;

use crate::SERVICE;
use crate::app::App;
use crate::lifecycle::gates::{Evidence, Verdict, judge};
use crate::projects::{self, record, usage};
use crate::store::projects::{touch, update_findings};
use crate::store::stages;

/// Judge the evidence of a stage.
pub(super) async fn judge_gate(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<ProjectId>,
    step: Step,
    Json(body): Json<Evidence>,
) -> Result<StepAnswer> {
    step.must_be_of(id)?;
    let mut tx = match step.begin(&app.db, &app.clock, SERVICE).await? {
        Begin::Replayed(answer) => return Ok(answer),
        Begin::Run(tx) => tx,
    };
    let now = app.clock.now();
    let project = projects::lock(&mut tx, id).await?;
    let answer = judge(&body, project.max_fix_iterations);
    if let Some(agent) = &body.agent {
        usage::keep(&mut tx, id, &agent.run_id.to_string(), &agent.usage, now).await?;
    }
    update_findings(&mut tx, id, &serde_json::to_value(&answer.findings)?).await?;
    touch(&mut tx, id, now).await?;
    stages::summarise_open(&mut tx, id, &answer.reason).await?;
    if answer.verdict != Verdict::Pass {
        stages::close_open(&mut tx, id, "failed", now).await?;
    }
    let (kind, word) = match answer.verdict {
        Verdict::Pass => ("gate.passed", "passed"),
        Verdict::Fix => ("gate.failed", "sent it back"),
        Verdict::Human => ("gate.failed", "needs people"),
    };
    let summary = format!("The {} gate of {} {word}: {}", body.stage.name(), body.milestone, answer.reason);
    let data = json!({"stage": body.stage, "milestone": body.milestone, "iteration": body.iteration, "verdict": answer.verdict, "findings": answer.findings});
    record::project(&mut tx, id, kind, "dashboard-backend", summary, data, now).await?;
    tx.finish(&answer).await
}
