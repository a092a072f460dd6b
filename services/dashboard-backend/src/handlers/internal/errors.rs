//! The error workflow reports.

use axum::extract::State;
use axum::http::StatusCode;
use common::Result;
use common::auth::ServiceCaller;
use common::http::Json;
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::carriers::failure;
use crate::jobs::start_carrier::StartCarrier;
use crate::live::gauges::WORKFLOW_ERRORS;
use crate::projects::{self, record};
use crate::store::executions::{self, NewExecutionError};

/// What n8n calls an execution that was running when n8n died: nobody's fault, so it does not count as a failure of its node.
const CRASHED: &str = "WorkflowCrashedError";

/// After an outage the next try comes this much later.
const AFTER_OUTAGE: time::Duration = time::Duration::seconds(5);

/// A failed execution.
#[derive(Debug, Deserialize)]
pub(super) struct ReportError {
    execution_id: String,
    #[serde(default)]
    workflow: String,
    #[serde(default)]
    node: Option<String>,
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorDetail {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// Keep the error, once for each execution; when that one held a project, see to it that the project goes on.
pub(super) async fn report_error(
    State(app): State<App>,
    _caller: ServiceCaller,
    Json(body): Json<ReportError>,
) -> Result<StatusCode> {
    let now = app.clock.now();
    let cut = |text: Option<&str>, length: usize| {
        text.unwrap_or_default().chars().filter(|c| *c != '\0').take(length).collect::<String>()
    };
    let (name, message) = (cut(body.error.name.as_deref(), 100), cut(body.error.message.as_deref(), 2000));
    let node = body.node.as_deref().map(|node| cut(Some(node), 200)).filter(|node| !node.is_empty());
    let mut tx = app.db.begin().await?;
    let execution = executions::find(&mut tx, &body.execution_id).await?;
    let error = NewExecutionError {
        execution_id: &body.execution_id,
        project_id: execution.as_ref().map(|execution| execution.project_id),
        workflow: &body.workflow,
        node: node.as_deref(),
        error_name: &name,
        message: &message,
    };
    // A sub-workflow fails under an id of its own; the execution that called it fails with it, and that one counts.
    let Some(execution) = execution else {
        executions::insert_error(&mut tx, &error, now).await?;
        tx.commit().await?;
        return Ok(StatusCode::ACCEPTED);
    };
    let mut project = projects::lock(&mut tx, execution.project_id).await?;
    let fresh = executions::insert_error(&mut tx, &error, now).await?;
    let held = executions::end(&mut tx, &execution.execution_id, "failed", now).await?;
    let kind = if name == CRASHED {
        "crashed"
    } else if is_outage(&message) {
        "outage"
    } else {
        "failed"
    };
    if fresh && held && project.life().needs_carrier() {
        let place = node.as_deref().unwrap_or("the workflow");
        if kind == "crashed" {
            crate::jobs::start_carrier::enqueue(&mut tx, &project, now).await?;
        } else if kind == "outage" {
            // Nothing is wrong with the project: a service was away for longer than the workflow's own retries. Not counted, tried again.
            let job = StartCarrier { project_id: project.id };
            common::jobs::enqueue_at(&mut tx, &job, now + AFTER_OUTAGE, now).await?;
        } else {
            failure::failed_at(&mut tx, &mut project, place, &message, now).await?;
        }
        let data = json!({"execution_id": execution.execution_id, "node": node, "error": name, "message": message});
        record::project(
            &mut tx,
            project.id,
            "workflow.failed",
            "n8n",
            format!("The workflow failed at “{place}”: {message}"),
            data,
            now,
        )
        .await?;
    }
    tx.commit().await?;
    if fresh {
        WORKFLOW_ERRORS.with_label_values(&[kind]).inc();
    }
    Ok(StatusCode::ACCEPTED)
}

/// Whether a workflow's message says that a service was away. Workflows begin their messages with the HTTP status of the failed call, or with
/// `no_answer` (`docs/workflows.md`); 500 is not among these, because that is a fault which another try seldom mends.
fn is_outage(message: &str) -> bool {
    ["no_answer", "429 ", "502 ", "503 ", "504 "].iter().any(|start| message.starts_with(start))
}
