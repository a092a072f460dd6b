//! What is asked to say whether the installation is well: the checks of the crate `doctor`, and those that only this service can make.

use common::Result;
use doctor::{Finding, Report, outside};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::app::App;
use crate::store::settings;

/// The newest backup that we were told of.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LastBackup {
    /// When it was begun.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// How large it is.
    pub bytes: u64,
}

impl LastBackup {
    /// Where it is kept.
    pub const SETTING: &str = "last_backup";

    /// The one that we were told of, if any.
    pub async fn find(conn: &mut PgConnection) -> sqlx::Result<Option<Self>> {
        let value = settings::find(conn, Self::SETTING).await?;
        Ok(value.and_then(|value| serde_json::from_value(value).ok()))
    }
}

/// Asks everything at once.
pub async fn examine(app: &App) -> Result<Report> {
    let shared = &app.config.shared;
    let (database, redis, fleet, n8n, public_url, backup) = futures::join!(
        doctor::database::look(&app.db, &app.clock),
        doctor::redis::look(&app.redis),
        doctor::fleet::look(&shared.services, &app.clock),
        doctor::n8n::look(&shared.n8n_url),
        outside::public_url(&shared.public_url, app.clock.now()),
        backup(app),
    );
    let mut findings = database;
    findings.extend(redis);
    findings.extend(fleet);
    findings.extend(n8n);
    findings.extend([public_url, backup, set_up(app), n8n_key(app)]);
    Ok(Report::new(findings, app.clock.now()))
}

async fn backup(app: &App) -> Finding {
    const ID: &str = "backup.age";
    const FIX: &str = "schedule `quantapilot backup create` (the compose service `backup`, or the systemd timer)";
    let found = async {
        let mut conn = app.db.acquire().await?;
        LastBackup::find(&mut conn).await
    };
    let Ok(last) = found.await else { return Finding::skipped(ID, "the database does not answer") };
    let Some(last) = last else { return Finding::warning(ID, "nobody has told of a backup yet", FIX) };
    let age = app.clock.now() - last.created_at;
    let detail = format!("the newest is {} h old ({} KiB)", age.whole_hours(), last.bytes / 1024);
    match age {
        age if age > Duration::days(3) => Finding::critical(ID, detail, FIX),
        age if age > Duration::hours(26) => Finding::warning(ID, detail, FIX),
        _ => Finding::ok(ID, detail),
    }
}

/// An open set-up is for machines that nobody else reaches.
fn set_up(app: &App) -> Finding {
    const ID: &str = "settings.setup-open";
    if !app.config.identity.setup_open {
        return Finding::ok(ID, "the first account needs the set-up link");
    }
    if outside::is_local(&app.config.shared.public_url) {
        return Finding::ok(ID, "open, and only this machine reaches it");
    }
    Finding::critical(ID, "whoever comes first makes the account of the administrator", "remove SETUP_OPEN")
}

fn n8n_key(app: &App) -> Finding {
    const ID: &str = "n8n.api-key";
    if app.n8n.can_look() {
        return Finding::ok(ID, "there is one: a lost execution is noticed within seconds");
    }
    Finding::warning(ID, "there is none: a lost execution is noticed late", "run `quantapilot workflows import`")
}
