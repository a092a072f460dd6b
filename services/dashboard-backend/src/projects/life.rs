//! Moving a project on: state machine, table and fence together.

use common::steps::fence;
use common::{Error, Result};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::lifecycle::{Input, Refusal};
use crate::store::projects::{self, ProjectRow};

/// Applies an input to a locked project. Its row, and the fence that all services read, change in the caller's transaction.
pub async fn apply(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    input: Input,
    reason: Option<&str>,
    now: OffsetDateTime,
) -> Result<()> {
    let life = project.life().apply(input).map_err(|refusal| refused(&refusal))?;
    let status = life.status();
    projects::update_life(conn, project.id, life, reason, now).await?;
    fence::set_status(conn, project.id, status.name(), life.paused || life.budget_hold, now).await?;
    (project.phase, project.awaiting, project.paused, project.budget_hold, project.failed) =
        (life.phase, life.awaiting, life.paused, life.budget_hold, life.failed);
    project.status = status;
    project.status_reason = reason.map(str::to_owned);
    Ok(())
}

fn refused(refusal: &Refusal) -> Error {
    let code = match refusal {
        Refusal::Over(_) => "project_closed",
        Refusal::Failed => "project_failed",
        Refusal::OutOfOrder { .. } => "stage_out_of_order",
        Refusal::NotHeld(_) => "wrong_state",
    };
    Error::conflict(code, refusal.to_string())
}
