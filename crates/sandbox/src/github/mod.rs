//! The GitHub stand-in: REST, git over HTTP, webhooks and a small CI, backed by real bare repositories.
//!
//! Git holds branches, tags and commits; [`store`] holds the rest. Whoever changes a ref, by a push or by the API,
//! calls [`Github::refs_changed`], which is the one place that follows up: webhooks, pull requests, workflows.

mod accounts;
mod app_manifest;
mod ci;
mod demo;
mod error;
mod git;
mod http;
mod model;
mod page;
mod refs_changed;
mod rest;
mod smart_http;
mod store;
mod views;
mod webhooks;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use tokio::sync::Semaphore;

use self::{accounts::Tokens, git::Git, model::Repo, store::Store};
use crate::{context::Change, context::Context};

pub(crate) use self::page::admin_router;
pub use self::{
    demo::DemoRequest,
    http::router,
    model::{Delivery, User},
};

/// How many workflow jobs may run at once.
const JOBS_AT_ONCE: usize = 2;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Github(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ctx: Context,
    store: Store,
    git_root: PathBuf,
    client: reqwest::Client,
    /// One writer at a time per repository, so that what a push changed can be told by looking before and after.
    writers: Mutex<HashMap<u64, Arc<tokio::sync::Mutex<()>>>>,
    tokens: Tokens,
    limits: http::Limits,
    jobs: Semaphore,
}

impl Github {
    pub fn new(ctx: Context) -> anyhow::Result<Self> {
        let directory = ctx.data_dir("github")?;
        let store = Store::load(directory.join("state")).context("cannot load the GitHub state")?;
        let client = reqwest::Client::builder()
            .timeout(webhooks::DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("cannot make the client that delivers webhooks")?;
        let github = Self(Arc::new(Inner {
            tokens: Tokens::new(&ctx.settings().github),
            store,
            git_root: directory.join("git"),
            client,
            writers: Mutex::default(),
            limits: http::Limits::new(ctx.settings().github.rate_limit),
            jobs: Semaphore::new(JOBS_AT_ONCE),
            ctx,
        }));
        github.make_accounts();
        github.resume_workflows();
        let writer = github.clone();
        github.ctx().spawn(async move {
            let stop = writer.ctx().stop().clone();
            writer.0.store.write_behind(stop).await;
        });
        Ok(github)
    }

    fn ctx(&self) -> &Context {
        &self.0.ctx
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    /// The git repository of `id`. Its folder is named by the id, so that renaming costs nothing.
    fn git(&self, id: u64) -> Git {
        Git::at(self.0.git_root.join(format!("{id}.git")))
    }

    /// Hold this while changing refs of a repository.
    async fn writer(&self, id: u64) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut writers = self.0.writers.lock().unwrap_or_else(PoisonError::into_inner);
            writers.entry(id).or_default().clone()
        };
        lock.lock_owned().await
    }

    /// A copy of what is known about a repository.
    fn repo(&self, id: u64) -> Option<Repo> {
        self.store().lock().repos.get(&id).cloned()
    }

    /// Forget everything but the built-in accounts.
    pub async fn reset(&self) {
        self.store().lock().clear();
        self.make_accounts();
        if let Err(error) = tokio::fs::remove_dir_all(&self.0.git_root).await {
            tracing::debug!(%error, "there were no repositories to remove");
        }
        self.ctx().changed(Change::Repositories);
    }

    pub(crate) fn save_now(&self) {
        if let Err(error) = self.store().save(true) {
            tracing::error!(error = format!("{error:#}"), "cannot write the GitHub state down");
        }
    }

    /// Every attempted webhook delivery for `owner/name`, oldest first.
    pub fn deliveries(&self, full_name: &str) -> Vec<Delivery> {
        let state = self.store().lock();
        let repo = full_name.split_once('/').and_then(|(owner, name)| state.repo_by_name(owner, name));
        repo.and_then(|repo| state.deliveries.get(&repo.id)).cloned().unwrap_or_default()
    }
}
