//! Tells people that a project is done.

use common::clients::notification::{NotifiedProject, Notify};
use common::ids::ProjectId;
use common::jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use super::request_approval::{link, recipient};
use crate::app::App;
use crate::store::{projects, users};

/// A message without a question.
#[derive(Debug, Serialize, Deserialize)]
pub struct Announce {
    /// About which project.
    pub project_id: ProjectId,
    /// `completed` or `failure`.
    pub kind: String,
    /// In one line.
    pub title: String,
    /// In a few sentences.
    pub text: String,
}

impl Job for Announce {
    const QUEUE: &'static str = "dashboard-backend.announce";
    const MAX_ATTEMPTS: i32 = 60;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(format!("{}/{}", self.project_id, self.kind))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let mut conn = app.db.acquire().await?;
        let Some(project) = projects::find(&mut conn, self.project_id).await? else { return Ok(()) };
        let recipients = users::list_approvers(&mut conn).await?;
        drop(conn);
        let message = Notify {
            key: format!("project/{}/{}/{}", project.id, self.kind, project.epoch),
            kind: self.kind.clone(),
            project: NotifiedProject { id: project.id, name: project.name },
            decision: None,
            title: self.title.clone(),
            text: self.text.clone(),
            recipients: recipients.into_iter().map(recipient).collect(),
            channels: vec!["telegram".to_owned(), "email".to_owned()],
            link: Some(link(app, &format!("/projects/{}", project.id))),
        };
        app.notification.notify(&message).await.map_err(JobError::from_call)?;
        Ok(())
    }
}
