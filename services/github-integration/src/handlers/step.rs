//! What the steps of a workflow have in common.

use common::clients::dashboard::EventReport;
use common::error::{Error, Result};
use common::events::ReportEvent;
use common::ids::ProjectId;
use common::jobs;
use common::steps::{Claim, Step, StepAnswer, detached};
use serde::Serialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::SERVICE;
use crate::app::App;
use crate::github::FullName;
use crate::store::repositories;

/// Do a step's work on GitHub once: a finished step answers from its record. `work` looks before it makes anything, so a repeat
/// after a crash finds what is there.
pub(super) async fn outside<T, F>(
    app: App,
    project_id: ProjectId,
    step: Step,
    work: impl FnOnce(App, Step) -> F,
) -> Result<StepAnswer>
where
    T: Serialize,
    F: Future<Output = Result<T>> + Send + 'static,
{
    step.must_be_of(project_id)?;
    match step.claim(&app.db, &app.clock, SERVICE).await? {
        Claim::Replayed(answer) => Ok(answer),
        Claim::Run(guard) => {
            let work = work(app, step);
            detached(async move {
                let body = serde_json::to_value(work.await?)?;
                guard.finish(&body).await
            })
            .await
        }
    }
}

/// The repository a step names, unless it is another project's.
pub(super) async fn repository(app: &App, project_id: ProjectId, name: &str) -> Result<FullName> {
    let name: FullName = name.parse().map_err(|error| {
        Error::unprocessable("invalid_repository", format!("{error}")).with_field("repository", "must be `owner/name`")
    })?;
    let known = repositories::find_by_name(&mut *app.db.acquire().await?, &name.to_string()).await?;
    match known.and_then(|r| r.project_id) {
        Some(owner) if owner != project_id => Err(Error::unprocessable(
            "repository_of_another_project",
            format!("`{name}` belongs to another project; a step may only touch the repository of its own"),
        )),
        _ => Ok(name),
    }
}

/// The headers of every step; the extractor reads them, this describes them.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only its description is used")]
pub(super) struct StepHeaders {
    /// `<project id>/<step>/<iteration>`: the same key gets the same answer.
    #[param(rename = "Idempotency-Key")]
    key: String,
    /// The execution epoch that registering the execution answered.
    #[param(rename = "X-QP-Epoch")]
    epoch: i64,
    /// The execution, for the record.
    #[param(rename = "X-QP-Execution")]
    execution: Option<String>,
}

/// Something that happened to a project.
pub(super) struct News<'a> {
    /// Unique: the same key is kept once.
    pub key: String,
    pub kind: &'a str,
    pub summary: String,
    pub data: Value,
}

/// Tell dashboard-backend; a repeat of the step tells it again, and it is kept once.
pub(super) async fn report(app: &App, project_id: ProjectId, news: News<'_>) -> Result<()> {
    let now = app.clock.now();
    let event = EventReport {
        key: news.key,
        project_id,
        kind: news.kind.to_owned(),
        actor: SERVICE.to_owned(),
        summary: news.summary,
        data: news.data,
        occurred_at: now,
    };
    jobs::enqueue(&mut *app.db.acquire().await?, &ReportEvent(event), now).await?;
    Ok(())
}

/// A name of a branch that git takes.
pub(super) fn branch_name(field: &'static str, name: &str) -> Result<()> {
    let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let sound = !name.is_empty()
        && name.len() <= 200
        && !name.contains(forbidden)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.starts_with('-')
        && name.split('/').all(|part| {
            !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && part.strip_suffix(".lock").is_none()
        });
    if sound {
        return Ok(());
    }
    let text: String = name.chars().take(100).collect();
    Err(Error::unprocessable("invalid_branch", format!("`{text}` cannot be the name of a branch"))
        .with_field(field, "must be a valid git branch name"))
}

/// The full name of a commit.
pub(super) fn commit_sha(field: &'static str, sha: &str) -> Result<()> {
    if sha.len() == 40 && sha.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(());
    }
    let text: String = sha.chars().take(50).collect();
    Err(Error::unprocessable("invalid_sha", format!("`{text}` is not a commit"))
        .with_field(field, "must be 40 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_names_are_those_git_takes() {
        for good in ["main", "quantapilot/m1-storage", "v1.0", "a-b_c"] {
            assert!(branch_name("branch", good).is_ok(), "{good}");
        }
        for bad in
            ["", "a b", "a..b", "/a", "a/", "a//b", "-x", "x.lock", ".x", "a/.b", "x~1", "x:y", "a\nb", "x@{1}", "x."]
        {
            assert!(branch_name("branch", bad).is_err(), "{bad:?}");
        }
    }
}
