//! Tells people what is new in a group of alerts.

use common::auth::Role;
use common::clients::notification::{NotifiedProject, Notify, Recipient};
use common::ids::ProjectId;
use common::jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::alerts::tell;
use crate::app::App;
use crate::fan_out;
use crate::store::alerts;

/// Alertmanager says again what still fires. Sooner than this it is a report that came twice, later a reminder.
const REMIND_AFTER: time::Duration = time::Duration::hours(1);
/// Alerts that are over are kept this long.
const KEEP: time::Duration = time::Duration::days(30);

/// Tells the news of a group; one runs per group, so that its messages keep their order.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellAlerts {
    pub group_key: String,
}

impl Job for TellAlerts {
    const QUEUE: &'static str = "notification.tell_alerts";
    /// With the usual pauses more than a day: dashboard-backend may be what the alert is about.
    const MAX_ATTEMPTS: i32 = 200;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.group_key.clone())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let recipients = recipients(app).await?;
        if recipients.is_empty() {
            return Err(JobError::retry(anyhow::anyhow!(
                "nobody to tell: no admin or operator has an account (`quantapilot user add` makes one)"
            )));
        }
        let now = app.clock.now();
        let mut tx = app.db.begin().await?;
        let news = alerts::lock_news(&mut tx, &self.group_key, now - REMIND_AFTER).await?;
        if !news.is_empty() {
            let told = tell(&self.group_key, &news, app.config.runbooks_url.as_ref());
            let message = Notify {
                key: told.key,
                kind: "alert".to_owned(),
                project: NotifiedProject { id: ProjectId(uuid::Uuid::nil()), name: "Monitoring".to_owned() },
                decision: None,
                title: told.title,
                text: told.text,
                recipients,
                channels: vec!["telegram".to_owned(), "email".to_owned()],
                link: told.link,
            };
            for alert in &news {
                alerts::set_told(&mut tx, alert, now).await?;
            }
            fan_out::notify_in(&mut tx, app, &message).await?;
        }
        alerts::prune(&mut tx, now - KEEP).await?;
        Ok(tx.commit().await?)
    }
}

/// Admins and operators, as dashboard-backend knows them now, or as it last said: it may be what the alert is about.
async fn recipients(app: &App) -> Result<Vec<Recipient>, JobError> {
    match app.dashboard.users().await {
        Ok(users) => {
            let recipients: Vec<Recipient> = users
                .into_iter()
                .filter(|user| !user.disabled && user.role >= Role::Operator)
                .map(|user| Recipient { user_id: user.id, email: user.email, name: user.display_name, role: user.role })
                .collect();
            let mut tx = app.db.begin().await?;
            alerts::remember_recipients(&mut tx, &recipients, app.clock.now()).await?;
            tx.commit().await?;
            Ok(recipients)
        }
        Err(error) => {
            let known = alerts::recipients(&mut *app.db.acquire().await?).await?;
            if known.is_empty() {
                return Err(JobError::retry(error));
            }
            tracing::warn!(%error, "cannot ask who is to be told; telling those of last time");
            Ok(known)
        }
    }
}
