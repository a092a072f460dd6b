//! Finds what no webhook told: repositories and READMEs that came while we were down or that nobody announces, deliveries that got
//! lost, webhooks that somebody removed.
//!
//! Each round is claimed in the database, so several instances share the rounds. A round that dies with its process is simply
//! missing; the next one sees everything it would have seen.

use std::collections::HashMap;
use std::time::Duration;

use common::jobs;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::github::hooks::lost;
use crate::github::repositories::Repository as OnGithub;
use crate::github::{Fresh, FullName, GithubError};
use crate::intake::{ConsiderError, Outcome, Seen, Sighting, StartRule, consider, facts, start_rule};
use crate::jobs::EnsureHook;
use crate::store::repositories::{Look, Repository};
use crate::store::{poll_states, repositories, webhook_deliveries};

/// The round over the list of repositories; its first time is when this installation began.
pub(crate) const REPOSITORIES: &str = "repositories";
const HOOKS: &str = "hooks";
const DELIVERIES: &str = "deliveries";

/// 100 repositories each: whoever has more new ones than this since the last round waits for the next.
const MOST_PAGES: usize = 20;
/// Watched repositories looked at in one round without any news of them.
const MOST_NEGLECTED: i64 = 20;
/// A webhook is looked after this often.
const HOOK_INTERVAL: Duration = Duration::from_mins(10);
/// Lost deliveries are asked for this often.
const DELIVERY_INTERVAL: Duration = Duration::from_mins(5);

/// Does rounds until `stop`.
pub async fn run(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    let beat = app.config.pace.poll.min(Duration::from_secs(1));
    loop {
        round(&app).await;
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(beat) => {}
        }
    }
}

/// Does the rounds that are due. Failures are logged and kept; the next round comes anyway.
pub async fn round(app: &App) {
    let poll = app.config.pace.poll;
    for (name, interval) in
        [(REPOSITORIES, poll), (HOOKS, HOOK_INTERVAL.min(poll * 6)), (DELIVERIES, DELIVERY_INTERVAL.min(poll * 6))]
    {
        if let Err(error) = claimed(app, name, interval).await {
            tracing::warn!(round = name, error = %format!("{error:#}"), "a round failed; the next one will see the same");
        }
    }
}

async fn claimed(app: &App, name: &str, interval: Duration) -> anyhow::Result<()> {
    let now = app.clock.now();
    let claim = poll_states::claim(&mut *app.db.acquire().await?, name, now + interval, now).await?;
    let Some(etag) = claim else { return Ok(()) };
    let done = match name {
        REPOSITORIES => look_at_repositories(app, etag.as_deref()).await,
        HOOKS => look_after_hooks(app).await.map(|()| None),
        _ => ask_for_lost_deliveries(app).await.map(|()| None),
    };
    let mut conn = app.db.acquire().await?;
    match done {
        Ok(etag) => Ok(poll_states::update_done(&mut conn, name, etag.as_deref(), app.clock.now()).await?),
        Err(error) => {
            let pause = match error.downcast_ref::<GithubError>() {
                Some(GithubError::RateLimited { wait }) => *wait,
                _ => Duration::ZERO,
            };
            poll_states::update_failed(&mut conn, name, &format!("{error:#}"), app.clock.now() + pause).await?;
            Err(error)
        }
    }
}

/// Answers the `ETag` of the list, when all of it was dealt with.
async fn look_at_repositories(app: &App, etag: Option<&str>) -> anyhow::Result<Option<String>> {
    let rule = start_rule(app).await?;
    let mut all_done = true;
    let mut newest = etag.map(str::to_owned);
    let mut page = app.github.newest_repositories(etag).await?;
    for number in 1.. {
        let Fresh::Changed { value, etag, next } = page else { break };
        if number == 1 {
            newest = etag;
        }
        let (fresh, done) = look_at_page(app, &rule, &value).await?;
        all_done &= done;
        match next {
            Some(next) if fresh && number < MOST_PAGES => page = app.github.more_repositories(&next).await?,
            _ => break,
        }
    }
    look_at_neglected(app).await?;
    Ok(newest.filter(|_| all_done))
}

/// Whether the page held something new to us, and whether all of it was dealt with.
async fn look_at_page(app: &App, rule: &StartRule, page: &[OnGithub]) -> anyhow::Result<(bool, bool)> {
    let ids: Vec<i64> = page.iter().map(|r| r.id).collect();
    let known: HashMap<i64, Repository> = repositories::list_by_github_ids(&mut *app.db.acquire().await?, &ids)
        .await?
        .into_iter()
        .map(|r| (r.github_id, r))
        .collect();
    let (mut fresh, mut done) = (false, true);
    for seen in page {
        let before = known.get(&seen.id);
        fresh |= before.is_none();
        match worth_a_look(rule, seen, before) {
            Worth::Nothing => {}
            Worth::Names => {
                repositories::upsert(&mut *app.db.acquire().await?, seen, app.clock.now()).await?;
            }
            Worth::Ignoring => ignore_unread(app, seen).await?,
            Worth::Look => match look(app, seen.id, &seen.full_name).await {
                Ok(_) => {}
                Err(ConsiderError::Github(error @ GithubError::RateLimited { .. })) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(repository = %seen.full_name, error = %error, "cannot look at a repository now");
                    done = false;
                }
            },
        }
    }
    Ok((fresh, done))
}

#[derive(Debug, PartialEq, Eq)]
enum Worth {
    Nothing,
    /// It was renamed, or changed hands.
    Names,
    /// Older than us and not empty: not ours to start, and not worth reading.
    Ignoring,
    Look,
}

fn worth_a_look(rule: &StartRule, seen: &OnGithub, before: Option<&Repository>) -> Worth {
    let Some(before) = before else {
        let old = seen.created_at.is_some_and(|created| created < rule.since);
        return if old && seen.size > 0 { Worth::Ignoring } else { Worth::Look };
    };
    let renamed = before.full_name != seen.full_name
        || before.default_branch != seen.default_branch
        || before.removed_at.is_some();
    let refused = |reason: Option<&str>| reason.is_some() && reason != Some("existed_before");
    match before.state.as_str() {
        "watching" if seen.pushed_at != before.looked_pushed_at => Worth::Look,
        // What the rule refused may have changed: unarchived, or the rule itself.
        "ignored"
            if refused(before.state_reason.as_deref()) && rule.screen(&facts(seen), Sighting::default()).is_none() =>
        {
            Worth::Look
        }
        _ if renamed => Worth::Names,
        _ => Worth::Nothing,
    }
}

async fn ignore_unread(app: &App, seen: &OnGithub) -> sqlx::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let repository = repositories::upsert(&mut tx, seen, now).await?;
    let look = Look { state: "ignored", reason: Some("existed_before"), readme: None };
    repositories::update_look(&mut tx, repository.id, look, seen.pushed_at, now).await?;
    tx.commit().await
}

/// The list shows pushes to the second only, and not beyond its first page; so look at waiting ones now and then.
async fn look_at_neglected(app: &App) -> anyhow::Result<()> {
    let pause = (app.config.pace.poll * 5).clamp(Duration::from_secs(15), Duration::from_mins(10));
    let before = app.clock.now() - pause;
    let neglected = repositories::list_neglected(&mut *app.db.acquire().await?, before, MOST_NEGLECTED).await?;
    for repository in neglected {
        look(app, repository.github_id, &repository.full_name).await?;
    }
    Ok(())
}

async fn look(app: &App, github_id: i64, full_name: &str) -> Result<Outcome, ConsiderError> {
    let Ok(name) = full_name.parse::<FullName>() else { return Ok(Outcome::Ignored("name")) };
    let seen = Seen { by: "poll", github_id: Some(github_id), readme_added: false, by_hand: false };
    consider(app, &name, seen).await
}

/// Queue a look at every webhook that nobody has looked after for a while.
async fn look_after_hooks(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if app.config.webhook.url.is_some() && !app.github.is_app() {
        let version = app.webhook_secrets.as_ref().map(|secrets| secrets.current().version());
        let due = repositories::list_hook_due(&mut tx, now - HOOK_INTERVAL, version.as_deref(), 20).await?;
        for repository in due {
            jobs::enqueue(&mut tx, &EnsureHook { repository_id: repository.id }, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// GitHub does not repeat a failed delivery by itself.
async fn ask_for_lost_deliveries(app: &App) -> anyhow::Result<()> {
    let hooked = repositories::list_hooked(&mut *app.db.acquire().await?).await?;
    for repository in hooked {
        let (Some(hook), Ok(name)) = (repository.hook_id, repository.full_name.parse::<FullName>()) else { continue };
        let deliveries = match app.github.deliveries(&name, hook).await {
            Ok(deliveries) => deliveries,
            Err(error @ GithubError::RateLimited { .. }) => return Err(error.into()),
            Err(error) => {
                tracing::debug!(repository = %name, error = %error, "cannot list the deliveries of our webhook");
                continue;
            }
        };
        let lost = lost(&deliveries, app.clock.now());
        let guids: Vec<String> = lost.iter().map(|d| d.guid.clone()).collect();
        let arrived = webhook_deliveries::list_known(&mut *app.db.acquire().await?, &guids).await?;
        for delivery in lost.into_iter().filter(|d| !arrived.contains(&d.guid)) {
            tracing::info!(repository = %name, event = %delivery.event, guid = %delivery.guid, "asking GitHub to deliver again what got lost");
            if let Err(error) = app.github.redeliver(&name, hook, delivery.id).await {
                tracing::warn!(repository = %name, error = %error, "GitHub would not deliver again");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use common::ids::RepositoryId;
    use time::macros::datetime;

    use super::*;

    fn rule() -> StartRule {
        let since = datetime!(2026-11-01 0:00 UTC);
        StartRule { allow_forks: false, allow_templates: false, owners: Vec::new(), topic: None, since }
    }

    fn seen() -> OnGithub {
        OnGithub {
            id: 7,
            full_name: "ada/todo".to_owned(),
            default_branch: "main".to_owned(),
            created_at: Some(datetime!(2026-11-02 0:00 UTC)),
            pushed_at: Some(datetime!(2026-11-03 0:00 UTC)),
            ..OnGithub::default()
        }
    }

    fn known(state: &str, reason: Option<&str>) -> Repository {
        Repository {
            id: RepositoryId::new(),
            github_id: 7,
            owner: "ada".to_owned(),
            name: "todo".to_owned(),
            full_name: "ada/todo".to_owned(),
            html_url: String::new(),
            clone_url: String::new(),
            default_branch: "main".to_owned(),
            private: false,
            state: state.to_owned(),
            state_reason: reason.map(str::to_owned),
            readme_path: None,
            readme_sha: None,
            project_id: None,
            hook_state: "absent".to_owned(),
            hook_error: None,
            hook_id: None,
            hook_secret_version: None,
            looked_pushed_at: Some(datetime!(2026-11-03 0:00 UTC)),
            removed_at: None,
            first_seen_at: datetime!(2026-11-02 0:00 UTC),
        }
    }

    #[test]
    fn new_repositories_are_looked_at_and_old_full_ones_are_not() {
        assert_eq!(worth_a_look(&rule(), &seen(), None), Worth::Look);
        let old = OnGithub { created_at: Some(datetime!(2020-01-01 0:00 UTC)), ..seen() };
        assert_eq!(worth_a_look(&rule(), &OnGithub { size: 12, ..old.clone() }, None), Worth::Ignoring);
        assert_eq!(worth_a_look(&rule(), &old, None), Worth::Look, "an old empty one may get its README any day");
    }

    #[test]
    fn only_news_are_worth_a_second_look() {
        assert_eq!(worth_a_look(&rule(), &seen(), Some(&known("watching", Some("no_readme")))), Worth::Nothing);
        let pushed = OnGithub { pushed_at: Some(datetime!(2026-11-04 0:00 UTC)), ..seen() };
        assert_eq!(worth_a_look(&rule(), &pushed, Some(&known("watching", Some("no_readme")))), Worth::Look);
        assert_eq!(worth_a_look(&rule(), &pushed, Some(&known("adopted", None))), Worth::Nothing);
        assert_eq!(worth_a_look(&rule(), &pushed, Some(&known("ignored", Some("existed_before")))), Worth::Nothing);
        assert_eq!(
            worth_a_look(&rule(), &seen(), Some(&known("ignored", Some("archived")))),
            Worth::Look,
            "it was unarchived"
        );
        let renamed = OnGithub { full_name: "ada/tasks".to_owned(), ..seen() };
        assert_eq!(worth_a_look(&rule(), &renamed, Some(&known("adopted", None))), Worth::Names);
    }
}
