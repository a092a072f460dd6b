//! Leases: a gateway takes several requests at once from the counter in Redis and hands them out by itself.
//!
//! The first lease of somebody is one request. It doubles each time a lease was used up quickly, to at most a twentieth of the burst, and starts
//! again at one when a lease ran out of time. The next one is asked for while a quarter is left, so that requests seldom wait. What was not
//! used is given back with the next call. A refusal holds until Redis said that the next request will be free: refusing costs no call either.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::redis::{Counter, Grant};
use super::{Verdict, Who};
use crate::metrics::FALLBACK;
use crate::table::{Class, Limit};

/// For how long a lease may be used.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// Between two looks at a Redis that is away.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
const SHARDS: usize = 32;
/// More entries in a shard than this are swept of those that say nothing any more.
const SWEEP_AT: usize = 1024;

type Key = (Arc<str>, Who);

/// What is leased, by class and person.
pub(super) struct Leases {
    inner: Arc<Inner>,
    control: tokio::runtime::Handle,
}

struct Inner {
    shards: [Mutex<HashMap<Key, Lease>>; SHARDS],
    hasher: RandomState,
    counter: Counter,
    /// Redis did not answer; somebody looks whether it does again.
    away: AtomicBool,
}

struct Lease {
    tokens: u32,
    /// How many Redis gave last.
    size: u32,
    began: Instant,
    /// What Redis had left.
    remaining: u32,
    /// Until the whole burst is free again, from `began`.
    reset: Duration,
    refused_until: Option<Instant>,
    /// Somebody is asking Redis.
    asking: Option<Arc<Notify>>,
}

enum Local {
    Answer(Verdict),
    /// And the lease is nearly used up: ask for so many more meanwhile.
    AnswerAndAsk(Verdict, u32),
    /// Another request is asking Redis; look again when it has.
    Wait(Arc<Notify>),
    /// This request is to ask, for so many, and to give so many back.
    Ask {
        wanted: u32,
        back: u32,
    },
}

/// The largest lease of a limit.
pub(super) fn largest(limit: Limit) -> u32 {
    (limit.burst / 20).clamp(1, 256)
}

impl Leases {
    pub(super) fn new(redis: common::redis::Redis, patience: Duration, control: tokio::runtime::Handle) -> Self {
        let inner = Inner {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            counter: Counter::new(redis, patience),
            away: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner), control }
    }

    /// Whether Redis is away.
    pub(super) fn is_alone(&self) -> bool {
        self.inner.away.load(Ordering::Relaxed)
    }

    /// Counts one request; `None` while Redis is away.
    pub(super) async fn take(&self, class: &Class, who: &Who) -> Option<(Verdict, &'static str)> {
        let key: Key = (Arc::clone(&class.key), who.clone());
        let mut source = "lease";
        loop {
            if self.inner.away.load(Ordering::Relaxed) {
                return None;
            }
            match self.inner.local(&key, class.limit, Instant::now()) {
                Local::Answer(verdict) => return Some((verdict, source)),
                Local::AnswerAndAsk(verdict, wanted) => {
                    self.control.spawn(Arc::clone(&self.inner).ask(key, class.limit, wanted, 0));
                    return Some((verdict, source));
                }
                Local::Wait(notify) => {
                    let told = notify.notified();
                    // Told between the look and here: the entry knows.
                    if self.inner.is_asking(&key) {
                        let _ = tokio::time::timeout(self.inner.counter.patience * 2, told).await;
                    }
                }
                Local::Ask { wanted, back } => {
                    source = "redis";
                    let ask = Arc::clone(&self.inner).ask(key.clone(), class.limit, wanted, back);
                    // Runs to its end even if this request is given up.
                    let answered = self.control.spawn(ask).await.unwrap_or(false);
                    if !answered {
                        self.look_after();
                        return None;
                    }
                }
            }
        }
    }

    /// Notes that Redis is away, once, and looks until it answers.
    fn look_after(&self) {
        if self.inner.away.swap(true, Ordering::Relaxed) {
            return;
        }
        FALLBACK.set(1);
        tracing::warn!("Redis does not answer: each gateway counts rate limits for itself until it does");
        let inner: Weak<Inner> = Arc::downgrade(&self.inner);
        self.control.spawn(async move {
            loop {
                tokio::time::sleep(LOOK_AGAIN).await;
                let Some(inner) = inner.upgrade() else { return };
                if inner.counter.answers().await {
                    inner.forget();
                    inner.away.store(false, Ordering::Relaxed);
                    FALLBACK.set(0);
                    tracing::info!("Redis answers again: rate limits are counted there");
                    return;
                }
            }
        });
    }
}

impl Inner {
    fn shard(&self, key: &Key) -> std::sync::MutexGuard<'_, HashMap<Key, Lease>> {
        let index = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or_default();
        self.shards[index].lock().expect("no one panics while holding the leases")
    }

    fn local(&self, key: &Key, limit: Limit, now: Instant) -> Local {
        let mut shard = self.shard(key);
        if shard.len() >= SWEEP_AT {
            shard.retain(|_, lease| {
                lease.asking.is_some()
                    || now < lease.began + GOOD_FOR
                    || lease.refused_until.is_some_and(|until| now < until)
            });
        }
        let Some(lease) = shard.get_mut(key) else {
            shard.insert(
                key.clone(),
                Lease {
                    tokens: 0,
                    size: 0,
                    began: now,
                    remaining: 0,
                    reset: Duration::ZERO,
                    refused_until: None,
                    asking: Some(Arc::default()),
                },
            );
            return Local::Ask { wanted: 1, back: 0 };
        };
        let age = now.saturating_duration_since(lease.began);
        let refused_until = lease.refused_until.filter(|until| now < *until);
        if lease.tokens > 0 && age < GOOD_FOR {
            lease.tokens -= 1;
            let verdict = Verdict {
                allowed: true,
                remaining: lease.remaining + lease.tokens,
                wait: lease.reset.saturating_sub(age),
            };
            let nearly = lease.size > 1 && lease.tokens * 4 <= lease.size;
            if nearly && lease.asking.is_none() && refused_until.is_none() {
                lease.asking = Some(Arc::default());
                let wanted = (lease.size * 2).min(largest(limit)).saturating_sub(lease.tokens).max(1);
                return Local::AnswerAndAsk(verdict, wanted);
            }
            return Local::Answer(verdict);
        }
        if let Some(until) = refused_until {
            return Local::Answer(Verdict { allowed: false, remaining: 0, wait: until - now });
        }
        if let Some(notify) = &lease.asking {
            return Local::Wait(Arc::clone(notify));
        }
        lease.asking = Some(Arc::default());
        let wanted = if lease.tokens == 0 && age < GOOD_FOR { (lease.size * 2).clamp(1, largest(limit)) } else { 1 };
        // Leased too long ago to be worth giving back: the counter has moved past them by itself.
        let back = if age < GOOD_FOR * 2 { lease.tokens } else { 0 };
        lease.tokens = 0;
        Local::Ask { wanted, back }
    }

    fn is_asking(&self, key: &Key) -> bool {
        self.shard(key).get(key).is_some_and(|lease| lease.asking.is_some())
    }

    /// Asks Redis and notes the answer; `false` when there was none.
    async fn ask(self: Arc<Self>, key: Key, limit: Limit, wanted: u32, back: u32) -> bool {
        let grant = self.counter.lease(key.1.key(&key.0), limit, wanted, back).await;
        self.note(&key, grant);
        grant.is_some()
    }

    fn note(&self, key: &Key, grant: Option<Grant>) {
        let mut shard = self.shard(key);
        let Some(lease) = shard.get_mut(key) else { return };
        let now = Instant::now();
        match grant {
            Some(Grant { granted: 0, wait, .. }) => {
                lease.size = 0;
                lease.refused_until = Some(now + wait);
            }
            Some(Grant { granted, remaining, wait }) => {
                // What is left of the lease before stays, if it is still good.
                let kept = if now < lease.began + GOOD_FOR { lease.tokens } else { 0 };
                lease.tokens = kept + granted;
                lease.size = lease.tokens;
                lease.began = now;
                lease.remaining = remaining;
                lease.reset = wait;
                lease.refused_until = None;
            }
            None => lease.tokens = 0,
        }
        if let Some(notify) = lease.asking.take() {
            notify.notify_waiters();
        }
    }

    /// What was leased before an outage says nothing after it.
    fn forget(&self) {
        for shard in &self.shards {
            shard.lock().expect("no one panics while holding the leases").retain(|_, lease| lease.asking.is_some());
        }
    }
}
