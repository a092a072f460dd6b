//! Backups, as the command line tells of them.

use axum::extract::State;
use axum::http::StatusCode;
use common::Result;
use common::auth::ServiceCaller;
use common::http::Json;

use super::must_be_cli;
use crate::app::App;
use crate::store::settings;
use crate::system::LastBackup;

/// A whole backup was made.
pub(super) async fn report_backup(
    State(app): State<App>,
    caller: ServiceCaller,
    Json(body): Json<LastBackup>,
) -> Result<StatusCode> {
    must_be_cli(&caller)?;
    let mut conn = app.db.acquire().await?;
    settings::put(&mut conn, LastBackup::SETTING, &serde_json::to_value(&body)?, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
