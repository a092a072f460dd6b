//! The door for Alertmanager: alerts are stored, then people are told.

use axum::extract::State;
use common::error::{Error, Problem, Result};
use common::http::Json;
use common::jobs::enqueue;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::alerts::silence_url;
use crate::app::App;
use crate::jobs::TellAlerts;
use crate::metrics::ALERTS;
use crate::store::alerts::{self, NewAlert, Texts};
use crate::text::{cut, without_nul};

/// More than that in one report is a mistake of the grouping.
const MAX_ALERTS: usize = 1000;
/// Names of groups and fingerprints are hashes or lists of labels.
const MAX_KEY_UNITS: usize = 2000;

/// What Alertmanager posts (its webhook format, version 4).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertReport {
    /// `4`.
    pub version: String,
    /// The group that is told in one message.
    pub group_key: String,
    /// Where Alertmanager is for people; the link for a silence starts with it.
    #[serde(rename = "externalURL", default)]
    pub external_url: String,
    /// Its alerts, firing and resolved.
    pub alerts: Vec<ReportedAlert>,
}

/// One alert.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportedAlert {
    /// Whether it fires.
    pub status: ReportedStatus,
    /// Among them `alertname` and `severity`.
    #[serde(default)]
    pub labels: Texts,
    /// Among them `summary`, `description` and `runbook_url`.
    #[serde(default)]
    pub annotations: Texts,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub starts_at: OffsetDateTime,
    /// When it ended; long ago or in the future while it fires.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub ends_at: Option<OffsetDateTime>,
    /// Hash of its labels.
    pub fingerprint: String,
}

/// `firing` or `resolved`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportedStatus {
    /// It holds now.
    Firing,
    /// It is over.
    Resolved,
}

impl ReportedStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// Take alerts from Alertmanager. They are stored before this answers; the same report again changes nothing.
#[utoipa::path(post, path = "/internal/v1/alerts", tag = "internal", request_body = AlertReport, responses(
    (status = 202, description = "Kept"), (status = 401, body = Problem), (status = 404, body = Problem, description = "No token is set"),
    (status = 422, body = Problem)))]
pub async fn receive_alerts(
    State(app): State<App>,
    headers: HeaderMap,
    body: std::result::Result<Json<AlertReport>, Error>,
) -> Result<StatusCode> {
    authorize(&app, &headers)?;
    let report = without_nul(body?.0)?;
    check(&report)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let mut counts = Vec::new();
    for alert in &report.alerts {
        let label = |name: &str, default: &str| alert.labels.get(name).map_or(default, String::as_str).to_owned();
        let silence = silence_url(&report.external_url, &alert.labels);
        let status = alert.status.as_str();
        let new = NewAlert {
            fingerprint: &alert.fingerprint,
            starts_at: alert.starts_at,
            group_key: &report.group_key,
            name: &cut(&label("alertname", "unnamed"), 200),
            severity: &cut(&label("severity", "warning"), 50),
            status,
            labels: &alert.labels,
            annotations: &alert.annotations,
            ends_at: alert.ends_at.filter(|_| alert.status == ReportedStatus::Resolved),
            silence_url: silence.as_deref(),
        };
        let fresh = alerts::upsert(&mut tx, &new, now).await?;
        counts.push((status, if fresh { "new" } else { "known" }));
    }
    enqueue(&mut tx, &TellAlerts { group_key: report.group_key.clone() }, now).await?;
    tx.commit().await?;
    for labels in counts {
        ALERTS.with_label_values(&[labels.0, labels.1]).inc();
    }
    Ok(StatusCode::ACCEPTED)
}

/// Alertmanager is not one of our services and cannot sign tokens: it shows a secret of its own.
fn authorize(app: &App, headers: &HeaderMap) -> Result<()> {
    let Some(token) = &app.config.alertmanager_token else {
        return Err(Error::not_found(
            "no_alerts",
            "Alerts are not received here: set ALERTMANAGER_TOKEN, here and in Alertmanager",
        ));
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().trim();
    if bool::from(given.as_bytes().ct_eq(token.expose().as_bytes())) {
        return Ok(());
    }
    Err(Error::unauthenticated("wrong_token", "The token is not the one in ALERTMANAGER_TOKEN"))
}

fn check(report: &AlertReport) -> Result<()> {
    let refuse = |field: &str, message: String| {
        Err(Error::unprocessable("invalid_alerts", "This is not a report of Alertmanager that we understand")
            .with_field(field, message))
    };
    if report.version != "4" {
        return refuse("version", format!("`{}` is not known here: only 4 is", cut(&report.version, 20)));
    }
    if report.group_key.is_empty() || report.group_key.len() > MAX_KEY_UNITS {
        return refuse("groupKey", format!("Give 1 to {MAX_KEY_UNITS} bytes"));
    }
    if report.alerts.len() > MAX_ALERTS {
        return refuse("alerts", format!("At most {MAX_ALERTS} in one report: group less together"));
    }
    if report.alerts.iter().any(|alert| alert.fingerprint.is_empty() || alert.fingerprint.len() > 100) {
        return refuse("alerts.fingerprint", "Give 1 to 100 bytes".to_owned());
    }
    Ok(())
}
