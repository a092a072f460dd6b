//! The state of the gateway, shared by all workers.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use axum::Router;
use common::auth::ServiceTokens;
use common::clock::Clock;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::access_log::Sink;
use crate::auth::{ApiKeys, Keys, Revoked};
use crate::cache::Cache;
use crate::config::{Config, Settings};
use crate::limit::Limiter;
use crate::table::Table;
use crate::upstream::Upstream;

/// What every request needs.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// See [`App`].
pub struct Inner {
    /// What does not change while the process runs.
    pub settings: Settings,
    /// The routes of now, and what they lead to.
    pub live: ArcSwap<Live>,
    /// The time.
    pub clock: Clock,
    /// Signs identities.
    pub tokens: ServiceTokens,
    /// Verifies people's tokens.
    pub keys: Keys,
    /// Somebody saw a token of an unknown key.
    pub keys_wanted: Notify,
    /// A key set was fetched.
    pub keys_fetched: Notify,
    /// Verifies API keys.
    pub api_keys: ApiKeys,
    /// What counts no longer.
    pub revoked: Revoked,
    /// Whether Redis tells us what is revoked and purged.
    pub listening: AtomicBool,
    /// Counts.
    pub limiter: Limiter,
    /// Keeps answers.
    pub cache: Cache,
    /// Counters, answers, messages.
    pub redis: common::redis::Redis,
    /// Requests under way.
    pub room: Room,
    /// Set at the signal to stop: connections are closed after their next answer.
    pub draining: AtomicBool,
    /// Cancelled when streams are to end.
    pub closing: CancellationToken,
    /// The thread beside the workers: Redis, keys, health, own pages.
    pub control: tokio::runtime::Handle,
    /// The gateway's own pages.
    pub own: OnceLock<Router>,
    /// Where the access log goes.
    pub access: Arc<Sink>,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// The routes of one reading of the file, and the upstreams they lead to.
pub struct Live {
    /// Routes.
    pub table: Table,
    /// By name.
    pub upstreams: HashMap<String, Arc<Upstream>>,
}

impl Live {
    /// Starts the upstreams of a table; those that are the same as `before` go on as they are, with all that is known of them.
    fn start(table: Table, before: Option<&Self>) -> Self {
        let upstreams = table
            .upstreams
            .iter()
            .map(|plan| {
                let known =
                    before.and_then(|live| live.upstreams.get(&plan.name)).filter(|known| *known.plan == **plan);
                (plan.name.clone(), known.map_or_else(|| Upstream::start(Arc::clone(plan)), Arc::clone))
            })
            .collect();
        Self { table, upstreams }
    }
}

/// How many requests may be under way at once.
pub struct Room {
    taken: AtomicUsize,
    most: usize,
}

/// Counts a request as under way until dropped.
pub struct Taken<'a>(&'a Room);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Room {
    /// For so many.
    pub fn new(most: usize) -> Self {
        Self { taken: AtomicUsize::new(0), most }
    }

    /// Takes a place; `None` when all are taken.
    pub fn enter(&self) -> Option<Taken<'_>> {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        let taken = Taken(self);
        (before < self.most).then_some(taken)
    }
}

impl App {
    /// Everything but the network: peers may come later. Must be called on the runtime that becomes the control thread.
    pub fn start(config: Config) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let control = tokio::runtime::Handle::current();
        let redis = common::redis::connect(&config.redis_url)?;
        let tokens = ServiceTokens::new("api-gateway", &config.service_token_secret, clock.clone());
        let Config { settings, table, .. } = config;
        Ok(Self(Arc::new(Inner {
            live: ArcSwap::from_pointee(Live::start(table, None)),
            keys: Keys::new(settings.jwt.clone(), clock.clone()),
            keys_wanted: Notify::new(),
            keys_fetched: Notify::new(),
            api_keys: ApiKeys::new(&settings.dashboard_url, tokens.clone(), control.clone()),
            revoked: Revoked::default(),
            listening: AtomicBool::new(false),
            limiter: Limiter::new(redis.clone(), settings.limit_patience, clock.clone(), control.clone()),
            cache: Cache::new(redis.clone(), control.clone()),
            redis,
            room: Room::new(settings.max_in_flight),
            draining: AtomicBool::new(false),
            closing: CancellationToken::new(),
            access: Sink::open(settings.access_log.clone())?,
            own: OnceLock::new(),
            settings,
            tokens,
            clock,
            control,
        })))
    }

    /// Puts a new table in force. Requests under way go on by the old one.
    pub fn install(&self, table: Table) {
        let before = self.live.load_full();
        let live = Live::start(table, Some(&before));
        for (name, upstream) in &before.upstreams {
            if !live.upstreams.get(name).is_some_and(|kept| Arc::ptr_eq(kept, upstream)) {
                upstream.retire();
            }
        }
        self.live.store(Arc::new(live));
    }
}
