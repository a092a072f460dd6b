//! Has notification ask people, or remind them.

use common::clients::notification::{NotifiedProject, Notify, Recipient};
use common::ids::DecisionId;
use common::jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::store::users::UserRow;
use crate::store::{decisions, users};

/// Asks about a decision.
#[derive(Debug, Serialize, Deserialize)]
pub struct RequestApproval {
    /// Which.
    pub decision_id: DecisionId,
    /// `approval_request` or `reminder`.
    pub kind: String,
}

impl Job for RequestApproval {
    const QUEUE: &'static str = "dashboard-backend.request_approval";
    const MAX_ATTEMPTS: i32 = 60;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(format!("{}/{}", self.decision_id, self.kind))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let mut conn = app.db.acquire().await?;
        let Some(decision) =
            decisions::find(&mut conn, self.decision_id).await?.filter(decisions::DecisionRow::is_pending)
        else {
            return Ok(()); // answered since
        };
        let recipients = users::list_approvers(&mut conn).await?;
        drop(conn);
        let title =
            if self.kind == "reminder" { format!("Still waiting: {}", decision.title) } else { decision.title.clone() };
        let message = Notify {
            key: format!("decision/{}/{}", decision.id, self.kind),
            kind: self.kind.clone(),
            project: NotifiedProject { id: decision.project_id, name: decision.project_name.clone() },
            title,
            text: decision.summary.clone(),
            recipients: recipients.into_iter().map(recipient).collect(),
            channels: vec!["telegram".to_owned(), "email".to_owned()],
            link: Some(link(app, &format!("/decisions/{}", decision.id))),
            decision: Some(decision.into()),
        };
        app.notification.notify(&message).await.map_err(JobError::from_call)?;
        Ok(())
    }
}

/// Somebody to tell.
pub(super) fn recipient(user: UserRow) -> Recipient {
    Recipient { user_id: user.id, email: user.email, name: user.display_name, role: user.role }
}

/// A page of the dashboard, as people reach it.
pub(super) fn link(app: &App, path: &str) -> String {
    let mut url = app.config.shared.public_url.clone();
    url.set_path(path);
    url.to_string()
}
