//! What ended before it expired, for gateways that Redis cannot tell.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::clients::dashboard::Revocations;
use common::http::{Json, Query};
use common::{Error, Result};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::must_be_gateway;
use crate::app::App;
use crate::store::revocations;

/// A transaction that began before the last answer may have committed after it: so much is told twice.
const OVERLAP: Duration = Duration::seconds(30);

/// Narrows the list.
#[derive(Debug, Deserialize)]
pub(super) struct ListRevocations {
    /// `now` of the answer before.
    since: Option<i64>,
}

/// Everything that may still be good by its own expiry and is not; with `since`, what is newer.
pub(super) async fn list_revocations(
    State(app): State<App>,
    caller: ServiceCaller,
    Query(query): Query<ListRevocations>,
) -> Result<Json<Revocations>> {
    must_be_gateway(&caller)?;
    let since =
        query.since.map(|since| OffsetDateTime::from_unix_timestamp(since.max(0))).transpose().map_err(|_| {
            Error::bad_request("invalid_query", "`since` must be a time in Unix seconds, as `now` of an answer before")
        })?;
    let now = app.clock.now();
    let mut conn = app.db.acquire().await?;
    let revoked = revocations::list(&mut conn, since.map(|since| since - OVERLAP), now).await?;
    Ok(Json(Revocations { now: now.unix_timestamp(), revoked }))
}
