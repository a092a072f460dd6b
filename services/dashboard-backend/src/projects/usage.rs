//! Tokens and money, as reports of agent runs bring them.

use common::Result;
use common::clients::agents::Usage;
use common::ids::{AgentRunId, ProjectId};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::store::reservations::{self, ReservationRow};
use crate::store::{metrics, stages};

/// Keeps what a run took, and answers what was set aside for it. The same run may be reported several times, as its numbers become known.
#[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
#[expect(clippy::cast_possible_truncation, reason = "the difference of two token counts is whole")]
pub async fn keep(
    conn: &mut PgConnection,
    project: ProjectId,
    run: &str,
    usage: &Usage,
    now: OffsetDateTime,
) -> Result<Option<ReservationRow>> {
    let reserved = match run.parse::<AgentRunId>() {
        Ok(run) => reservations::find(conn, run).await?.filter(|row| row.project_id == project),
        Err(_) => None,
    };
    // The stage in which the run was asked for, however late its numbers come; the open one when that is not known.
    let stage = match reserved.as_ref().and_then(|row| row.stage_id) {
        Some(stage) => Some(stage),
        None => stages::find_open(conn, project).await?.map(|stage| stage.id),
    };
    let metric = |name: &'static str, value: f64, unit: &'static str| metrics::NewMetric {
        project_id: project,
        stage_id: stage,
        name,
        subject: run,
        value,
        unit,
    };
    if usage.total_tokens > 0 {
        let grown = metrics::upsert(conn, &metric(metrics::TOKENS, usage.total_tokens as f64, "tokens"), now).await?;
        if let Some(stage) = stage {
            stages::add_tokens(conn, stage, grown as i64).await?;
        }
    }
    if let Some(cents) = usage.cost_cents.filter(|cents| cents.is_finite() && *cents >= 0.0) {
        metrics::upsert(conn, &metric(metrics::COST, cents, "cents"), now).await?;
    }
    Ok(reserved)
}
