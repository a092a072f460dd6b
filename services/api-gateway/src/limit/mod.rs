//! How often someone may come: GCRA (the generic cell rate algorithm), counted in Redis for all gateways together.
//!
//! A gateway does not ask Redis for each request: it leases a few requests at once (see [`lease`]). When Redis is slow or away each gateway
//! counts for itself, so that a limit never becomes an outage.
//!
//! The bound, tested with two gateways on one Redis: with rate `r`, burst `b` and `g` gateways, no more than `b + 1 + r·t + g·m` requests pass
//! within any time `t`, and none is refused while fewer than `b + 1 + r·t − g·m` have passed, where `m` is the largest lease,
//! `max(1, b / 20)`. A class whose burst is below 40 is exact. While Redis is away it is `g · (b + 1 + r·t)`.

mod lease;
mod memory;
mod redis;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use common::clock::Clock;
use common::error::Error;
use common::ids::UserId;
use http::{HeaderName, HeaderValue, Response};

use crate::auth::Caller;
use crate::proxy::Ids;
use crate::proxy::body::ResponseBody;
use crate::proxy::pipeline::refusal;
use crate::table::{Class, Limit};
use lease::Leases;
use memory::Memory;

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// A person, on all their devices.
    User(UserId),
    /// An API key.
    Key(Arc<str>),
    /// A service of ours.
    Service(Arc<str>),
    /// Whoever comes from an address; of IPv6, from a /64, which is what one subscriber has.
    Address(IpAddr),
}

impl Who {
    /// Whom a request counts for.
    pub(crate) fn of(caller: &Caller, client: IpAddr) -> Self {
        match caller {
            Caller::Person(person) => match &person.key_id {
                Some(key) => Self::Key(Arc::clone(key)),
                None => Self::User(person.identity.user_id),
            },
            Caller::Service(name) => Self::Service(Arc::clone(name)),
            Caller::Nobody => Self::Address(subscriber(client)),
        }
    }

    fn key(&self, class: &str) -> String {
        match self {
            Self::User(id) => format!("qp:limit:{class}:user:{id}"),
            Self::Key(id) => format!("qp:limit:{class}:key:{id}"),
            Self::Service(name) => format!("qp:limit:{class}:service:{name}"),
            Self::Address(address) => format!("qp:limit:{class}:ip:{address}"),
        }
    }
}

fn subscriber(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// What the limit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the request may pass.
    pub allowed: bool,
    /// How many more may come at once.
    pub remaining: u32,
    /// Until a refused one may come again, or until the whole burst is free again.
    pub wait: Duration,
}

/// Counts requests.
pub struct Limiter {
    leases: Leases,
    memory: Memory,
    clock: Clock,
}

impl Limiter {
    /// Counts in `redis`, whose calls run on `control`, or in memory while it does not answer within `patience`.
    pub fn new(redis: common::redis::Redis, patience: Duration, clock: Clock, control: tokio::runtime::Handle) -> Self {
        Self { leases: Leases::new(redis, patience, control), memory: Memory::default(), clock }
    }

    /// Whether Redis is away and this gateway counts for itself.
    pub fn is_alone(&self) -> bool {
        self.leases.is_alone()
    }

    /// Counts one request of `who` in a class.
    pub async fn take(&self, class: &Class, who: &Who) -> Verdict {
        let (verdict, counted_in) = match self.leases.take(class, who).await {
            Some(answer) => answer,
            None => (self.memory.take(&who.key(&class.name), class.limit, self.clock.now()), "memory"),
        };
        class.metrics.decided(&class.name, verdict.allowed, counted_in);
        verdict
    }
}

/// Between two requests at the sustained rate, in microseconds.
fn interval_micros(limit: Limit) -> i64 {
    60_000_000 / i64::from(limit.per_minute)
}

/// 429, and when to come again.
pub(crate) async fn refuse(class: &Class, verdict: Verdict, ids: &Ids) -> Response<ResponseBody> {
    let seconds = verdict.wait.as_secs() + 1;
    let error = Error::rate_limited("rate_limited", format!("Too many requests; try again in {seconds} s"))
        .with_retry_after(seconds);
    let mut response = refusal(error, ids).await;
    tell(&mut response, class, verdict);
    response
}

/// `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers has them.
pub(crate) fn tell<B>(response: &mut Response<B>, class: &Class, verdict: Verdict) {
    let state = format!("\"{}\";r={};t={}", class.name, verdict.remaining, verdict.wait.as_secs() + 1);
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("ratelimit-policy"), class.policy.clone());
    if let Ok(value) = HeaderValue::try_from(state) {
        headers.insert(HeaderName::from_static("ratelimit"), value);
    }
}
