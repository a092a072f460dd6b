//! Answers kept in Redis, for routes that ask for it. What may be kept, and for how long, says the answer (`Cache-Control`, `Vary`,
//! RFC 9111); answers for signed-in people are kept only where the route says so, each for its person alone. An event with a tag of the
//! answer (`Surrogate-Key`) drops it.

mod entry;
mod rules;
mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};

use crate::auth::Caller;
use crate::proxy::body::ResponseBody;
use crate::table::{CacheRule, Route};
use entry::Entry;
use store::Store;

/// Where services say that a tag's answers are no longer true.
pub const PURGE_CHANNEL: &str = "qp:cache:purge";

/// Kept answers.
pub struct Cache {
    store: Store,
    /// Counts purges: an answer that was fetched before one is not kept after it.
    purges: AtomicU64,
}

/// A request whose answer may be kept.
pub struct Lookup {
    route: Arc<Route>,
    rule: CacheRule,
    /// Route, person and target.
    base: String,
    /// The headers that the answer may vary on.
    headers: HeaderMap,
    if_none_match: Option<HeaderValue>,
    /// The client wants a fresh one.
    fresh: bool,
    head: bool,
    purges: u64,
}

impl Lookup {
    /// `None` when this request's answer is neither looked for nor kept. Takes the conditions out of the request: the whole answer is wanted, and
    /// the conditions are decided here.
    pub fn of(route: &Arc<Route>, rule: CacheRule, parts: &mut Parts, caller: &Caller, cache: &Cache) -> Option<Self> {
        let whose = match caller {
            Caller::Nobody => "-".to_owned(),
            Caller::Person(person) if rule.per_user => {
                format!("{}:{}", person.identity.user_id, person.identity.role.as_str())
            }
            Caller::Person(_) | Caller::Service(_) => return None,
        };
        let wanted = rules::directives(&parts.headers);
        let head = parts.method == Method::HEAD;
        if !(head || parts.method == Method::GET) || wanted.no_store || parts.headers.contains_key(header::RANGE) {
            return None;
        }
        let target = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let base = format!("{}|{whose}|{target}", route.name);
        let headers = parts.headers.clone();
        let if_none_match = parts.headers.remove(header::IF_NONE_MATCH);
        parts.headers.remove(header::IF_MODIFIED_SINCE);
        Some(Self {
            route: Arc::clone(route),
            rule,
            base,
            headers,
            if_none_match,
            fresh: wanted.no_cache || wanted.max_age == Some(0),
            head,
            purges: cache.purges.load(Ordering::Acquire),
        })
    }

    fn key(&self, vary: &[String]) -> String {
        let mut hash = Sha256::new();
        hash.update(self.base.as_bytes());
        for name in vary {
            hash.update([0]);
            hash.update(name.as_bytes());
            for value in self.headers.get_all(name.as_str()) {
                hash.update([1]);
                hash.update(value.as_bytes());
            }
        }
        hex::encode(&hash.finalize()[..16])
    }

    /// 304 when the client has this answer already.
    fn condition(&self, mut response: Response<Bytes>) -> Response<Bytes> {
        let etag = response.headers().get(header::ETAG);
        let unchanged = match (&self.if_none_match, etag) {
            (Some(known), Some(etag)) => rules::matches(known, etag),
            _ => false,
        };
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Bytes::new();
            response.headers_mut().remove(header::CONTENT_LENGTH);
            response.headers_mut().remove(header::CONTENT_TYPE);
        } else if self.head {
            *response.body_mut() = Bytes::new();
        }
        response
    }
}

impl Cache {
    /// In `redis`; calls run on `control`.
    pub fn new(redis: common::redis::Redis, control: tokio::runtime::Handle) -> Self {
        Self { store: Store::new(redis, control), purges: AtomicU64::new(0) }
    }

    /// A kept answer to this request.
    pub async fn find(&self, lookup: &Lookup, now: i64) -> Option<Response<Bytes>> {
        if lookup.fresh {
            return None;
        }
        let found = self.lookup(lookup).await;
        let Some(entry) = found.unwrap_or_else(|_| {
            lookup.route.metrics.cached("unavailable");
            None
        }) else {
            lookup.route.metrics.cached("miss");
            return None;
        };
        let response = lookup.condition(entry.into_response(now));
        let outcome = if response.status() == StatusCode::NOT_MODIFIED { "not_modified" } else { "hit" };
        lookup.route.metrics.cached(outcome);
        Some(response)
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Option<Entry>, store::Away> {
        let first = self.store.get(lookup.key(&[])).await?;
        match first.as_deref().and_then(Entry::read) {
            Some(entry) if entry.varies_on().is_empty() => Ok(Some(entry)),
            Some(pointer) => {
                let second = self.store.get(lookup.key(pointer.varies_on())).await?;
                Ok(second.as_deref().and_then(Entry::read))
            }
            None => Ok(None),
        }
    }

    /// Keeps an answer when it may be kept, and passes it on.
    pub async fn keep(&self, lookup: &Lookup, response: Response<ResponseBody>, now: i64) -> Response<ResponseBody> {
        let allowed = rules::keeps(&response, lookup.rule).filter(|_| !lookup.head);
        let small = response.body().size_hint().exact().is_some_and(|bytes| bytes <= lookup.rule.max_bytes);
        let (Some(kept), true) = (allowed, small) else { return response };
        let (parts, body) = response.into_parts();
        let bytes = match body {
            ResponseBody::Full(bytes) => bytes,
            body => match body.collect().await {
                Ok(collected) => collected.to_bytes(),
                // It broke under way: so does the client's.
                Err(error) => {
                    return Response::from_parts(
                        parts,
                        ResponseBody::Own(axum::body::Body::from_stream(futures::stream::once(async {
                            Err::<Bytes, _>(error)
                        }))),
                    );
                }
            },
        };
        let mut response = Response::from_parts(parts, bytes);
        let tag = |bytes: &Bytes| format!("\"{}\"", hex::encode(&Sha256::digest(bytes)[..12]));
        if !response.headers().contains_key(header::ETAG)
            && let Ok(tag) = HeaderValue::try_from(tag(response.body()))
        {
            response.headers_mut().insert(header::ETAG, tag);
        }
        if self.purges.load(Ordering::Acquire) == lookup.purges {
            let entry = Entry::of(&response, now, kept.seconds);
            let mut writes = vec![(lookup.key(&kept.vary), entry.write())];
            if !kept.vary.is_empty() {
                writes.push((lookup.key(&[]), Entry::pointer(kept.vary.clone(), now, kept.seconds).write()));
            }
            self.store.put(writes, kept.seconds, kept.tags);
            lookup.route.metrics.cached("stored");
        }
        lookup.condition(response).map(ResponseBody::Full)
    }

    /// Drops what carries a tag; `*` drops everything.
    pub async fn purge(&self, tag: &str) {
        self.purges.fetch_add(1, Ordering::AcqRel);
        if let Err(error) = self.store.purge(tag).await {
            tracing::warn!(tag, %error, "cannot drop kept answers: they stay until they expire");
        }
    }

    /// Messages may have been lost: nothing that is kept can be trusted.
    pub fn missed_messages(&self) {
        self.purges.fetch_add(1, Ordering::AcqRel);
        self.store.purge_soon("*");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_what_the_answer_varies_on() {
        let table = crate::table::Table::built_in(&|_| Some("http://127.0.0.1:1".to_owned())).unwrap();
        let route = table.routes().next().unwrap();
        let lookup = |language: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(language));
            Lookup {
                route: Arc::clone(route),
                rule: CacheRule { seconds: 1, per_user: false, max_bytes: 1 },
                base: "x".to_owned(),
                headers,
                if_none_match: None,
                fresh: false,
                head: false,
                purges: 0,
            }
        };
        let vary = ["accept-language".to_owned()];
        assert_eq!(lookup("en").key(&[]), lookup("ru").key(&[]));
        assert_ne!(lookup("en").key(&vary), lookup("ru").key(&vary));
        assert_eq!(lookup("en").key(&vary), lookup("en").key(&vary));
    }
}
