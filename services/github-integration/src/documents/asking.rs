//! Who asks for a check, and whether its problems count.

use common::clients::github::FOUNDATION_BRANCH;
use common::ids::ProjectId;
use common::jobs;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::config::Policy;
use crate::jobs::CheckDocuments;
use crate::store::{document_checks, pull_requests};

/// A commit of a project: `owner/name` and sha.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Commit<'a> {
    pub project_id: ProjectId,
    pub repository: &'a str,
    pub sha: &'a str,
}

/// For a commit that our own agents made. Of the foundation the problems are only shown: nobody is there to repair it.
pub(crate) async fn ask_for_ours(
    tx: &mut PgConnection,
    policy: Policy,
    commit: Commit<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let head = pull_requests::find_head(tx, commit.project_id, commit.sha).await?;
    let policy = match policy {
        Policy::Require if head.as_deref() == Some(FOUNDATION_BRANCH) => Policy::Report,
        other => other,
    };
    ask(tx, policy, commit, now).await
}

/// For any commit; once, whoever asks how often.
pub(crate) async fn ask(
    tx: &mut PgConnection,
    policy: Policy,
    commit: Commit<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    if policy == Policy::Off {
        return Ok(());
    }
    let required = policy == Policy::Require;
    let place = (commit.repository, commit.sha);
    if let Some(check_id) = document_checks::ask(tx, commit.project_id, place, required, now).await? {
        jobs::enqueue(tx, &CheckDocuments { check_id }, now).await?;
    }
    Ok(())
}
