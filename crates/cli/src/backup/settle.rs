//! What restored rows say of n8n is no longer true: its executions are gone, and a new n8n counts them from one again.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// Gives the executions of before names that no new one can have, and ends those that were alive. dashboard-backend finds projects that
/// nothing carries and starts their workflows again, which fast-forward to where they were.
pub(super) async fn executions(
    conn: &mut PgConnection,
    made_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let before = format!("restored-{}-", made_at.unix_timestamp());
    for statement in [
        "UPDATE workflow_executions SET execution_id = $1 || execution_id, ended_at = coalesce(ended_at, $2),
         state = CASE state WHEN 'alive' THEN 'lost' ELSE state END",
        "UPDATE execution_errors SET execution_id = $1 || execution_id WHERE $2::timestamptz IS NOT NULL",
        "UPDATE projects SET carrier_execution_id = $1 || carrier_execution_id WHERE carrier_execution_id IS NOT NULL AND $2::timestamptz IS NOT NULL",
        "UPDATE steps SET execution_id = $1 || execution_id WHERE execution_id IS NOT NULL AND $2::timestamptz IS NOT NULL",
    ] {
        sqlx::query(statement).bind(&before).bind(now).execute(&mut *conn).await?;
    }
    Ok(())
}
