//! Have our webhook on a repository as it should be.

use common::ids::RepositoryId;
use common::jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::github::hooks::HookState;
use crate::github::{FullName, GithubError};
use crate::store::repositories;

/// Installs the webhook, or repairs it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EnsureHook {
    pub repository_id: RepositoryId,
}

impl Job for EnsureHook {
    const QUEUE: &'static str = "github.ensure_hook";
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.repository_id.to_string())
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let webhook = &app.config.webhook;
        let (Some(url), Some(secrets)) = (&webhook.url, &app.webhook_secrets) else { return Ok(()) };
        let secrets = secrets.current();
        let version = secrets.version();
        let repository = repositories::find(&mut *app.db.acquire().await?, self.repository_id).await?;
        let Some(repository) = repository.filter(|r| r.removed_at.is_none()) else { return Ok(()) };
        let name: FullName = repository.full_name.parse().map_err(JobError::fail)?;
        // One that was given before versions were kept may have any secret.
        let rotated = repository.hook_id.is_some() && repository.hook_secret_version.as_ref() != Some(&version);
        let secret = secrets.newest().expose();
        let result = match app.github.ensure_hook(&name, url.as_str(), secret, rotated).await {
            Ok(state) => {
                if rotated {
                    tracing::info!(repository = %name, "our webhook got the new secret");
                } else if !matches!(state, HookState::Fine(_)) {
                    tracing::info!(repository = %name, state = ?state, "our webhook was missing or broken");
                }
                Ok(state.id())
            }
            // People must act first; the poller sees the repository until then, and asks again in a while.
            Err(
                error @ (GithubError::NotFound { .. } | GithubError::Forbidden { .. } | GithubError::Invalid { .. }),
            ) => {
                tracing::warn!(repository = %name, error = %error, "cannot install our webhook; polling instead");
                Err(error.to_string())
            }
            Err(error) => return Err(error.into_job_error()),
        };
        let hook = result.as_ref().map(|id| (*id, version.as_str())).map_err(String::as_str);
        repositories::update_hook(&mut *app.db.acquire().await?, repository.id, hook, app.clock.now()).await?;
        Ok(())
    }
}
