//! The first call of an execution: does it get the project?

use common::clients::dashboard::ProjectBrief;
use common::ids::ProjectId;
use common::steps::fence;
use common::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::n8n::Alive;
use crate::app::App;
use crate::projects::{self, record};
use crate::store::executions;
use crate::store::projects::advance_epoch;

/// Who registers.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RegisterExecution {
    /// n8n's id of the execution.
    pub execution_id: String,
    /// The workflow.
    #[serde(default)]
    pub workflow: String,
}

/// Whether it gets the project.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registered {
    /// `false`: end here, quietly.
    pub proceed: bool,
    /// To be sent with every step.
    pub epoch: i64,
    /// Why not.
    pub reason: Option<String>,
    /// The project.
    pub project: ProjectBrief,
}

/// Gives the project to the execution unless another holds it. The same execution gets the same answer again.
pub async fn register(app: &App, id: ProjectId, body: &RegisterExecution) -> Result<Registered> {
    if body.execution_id.is_empty() || body.execution_id.len() > 100 || body.workflow.len() > 200 {
        return Err(Error::unprocessable("invalid_execution", "The execution's id does not fit")
            .with_field("execution_id", "must have 1 to 100 characters"));
    }
    let lost = find_lost(app, id, &body.execution_id).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let project = projects::lock(&mut tx, id).await?;
    let answer = |proceed: bool, epoch: i64, reason: Option<String>| Registered {
        proceed,
        epoch,
        reason,
        project: projects::brief(&project),
    };
    if let Some(known) = executions::find(&mut tx, &body.execution_id).await? {
        if known.project_id != id {
            return Err(Error::conflict(
                "execution_of_another_project",
                "This execution registered with another project",
            ));
        }
        return Ok(match known.epoch {
            Some(epoch) if known.is_alive() => answer(true, epoch, None),
            Some(epoch) => answer(false, epoch, Some(format!("this execution is {}", known.state))),
            None => answer(false, project.epoch, Some("another execution is at work".to_owned())),
        });
    }
    let life = project.life();
    if life.is_over() || life.failed {
        return Ok(answer(false, project.epoch, Some(format!("the project is {}", project.status.name()))));
    }
    if let Some(lost) = &lost {
        executions::end(&mut tx, lost, "lost", now).await?;
    }
    if let Some(other) = executions::find_alive(&mut tx, id).await? {
        executions::insert(&mut tx, &body.execution_id, id, &body.workflow, None, now).await?;
        tx.commit().await?;
        return Ok(answer(false, project.epoch, Some(format!("execution {} is at work", other.execution_id))));
    }
    let epoch = fence::next_epoch(&mut tx, id, now).await?;
    advance_epoch(&mut tx, id, epoch).await?;
    executions::insert(&mut tx, &body.execution_id, id, &body.workflow, Some(epoch), now).await?;
    let summary = if epoch == 1 {
        "A workflow took the project over".to_owned()
    } else {
        format!("A new workflow took the project over (number {epoch})")
    };
    let data = json!({"execution_id": body.execution_id, "workflow": body.workflow, "epoch": epoch});
    record::project(&mut tx, id, "workflow.started", "n8n", summary, data, now).await?;
    tx.commit().await?;
    Ok(answer(true, epoch, None))
}

/// The execution that holds the project, if n8n says that it is no more. Asked before the transaction: n8n may take its time.
async fn find_lost(app: &App, id: ProjectId, by: &str) -> Result<Option<String>> {
    let mut conn = app.db.acquire().await?;
    let Some(holder) = executions::find_alive(&mut conn, id).await?.filter(|holder| holder.execution_id != by) else {
        return Ok(None);
    };
    drop(conn);
    let dead = matches!(app.n8n.look(&holder.execution_id).await, Alive::Over { .. } | Alive::Gone);
    Ok(dead.then_some(holder.execution_id))
}
