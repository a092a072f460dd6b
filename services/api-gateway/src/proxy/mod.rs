//! From a request to the service's answer.

pub(crate) mod address;
pub mod body;
pub mod exchange;
mod failure;
pub(crate) mod headers;
mod ids;
pub(crate) mod pipeline;
mod send;
mod upgrade;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use common::error::{Error, Result};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::auth::{self, Caller};
use crate::cache;
use crate::limit;
use crate::server::{Peer, Worker};
use crate::table::Route;
use crate::upstream::Upstream;
use body::{Fault, RequestBody, ResponseBody};
use exchange::Exchange;
use failure::Failure;
use headers::Origin;
pub(crate) use ids::{Ids, REQUEST_ID};
use pipeline::Trail;
use send::Sending;

/// Answers up to this size are read as a whole and leave in one write.
const SMALL: u64 = 32 * 1024;
/// How long the body of a refused request is still read.
const LINGER: std::time::Duration = std::time::Duration::from_secs(2);
/// Marks an answer as the gateway's own, not the service's.
const GATEWAY_ERROR: &str = "x-quantapilot-gateway-error";

/// Passes a request of a route on: who is there, how often they come, what may be sent, and what came back.
pub(crate) async fn pass(
    worker: &Rc<Worker>,
    ids: &Ids,
    peer: Peer,
    route: &Arc<Route>,
    request: Request<Incoming>,
    trail: &mut Trail,
) -> Result<Response<ResponseBody>> {
    let app = &worker.app;
    if let Err(why) = headers::one_host(request.version(), request.headers()) {
        return Ok(refuse_and_close(Error::bad_request("bad_host", why), ids).await);
    }
    let declared = match headers::declared_length(request.headers()) {
        Ok(declared) => declared,
        Err(why) => return Ok(refuse_and_close(Error::bad_request("bad_framing", why), ids).await),
    };
    let client = address::of_client(peer.address, request.headers(), &app.settings.trusted_proxies);
    let scheme = address::scheme(peer, request.headers(), &app.settings.trusted_proxies);
    let caller = auth::identify(worker, ids, route, request.method(), request.headers()).await?;
    let verdict = app.limiter.take(&route.limit, &limit::Who::of(&caller, client)).await;
    if !verdict.allowed {
        return Ok(limit::refuse(&route.limit, verdict, ids).await);
    }
    if declared.is_some_and(|length| length > route.body_limit_bytes) {
        // A client that is still sending would lose the answer to a reset connection: some of the rest is read and dropped. One that waits
        // for leave to send gets none.
        if !request.headers().contains_key(header::EXPECT) {
            tokio::task::spawn_local(tokio::time::timeout(LINGER, drain(request.into_body())));
        }
        return Err(Error::payload_too_large(
            "body_too_large",
            format!("The body may have at most {} bytes here", route.body_limit_bytes),
        ));
    }
    trail.note(client, &caller);
    let (mut parts, body) = request.into_parts();
    let lookup = match &route.cache {
        Some(rule) => cache::Lookup::of(route, *rule, &mut parts, &caller, &app.cache),
        None => None,
    };
    if let Some(lookup) = &lookup
        && let Some(kept) = app.cache.find(lookup, app.clock.now().unix_timestamp()).await
    {
        trail.cached = Some("hit");
        let mut response = kept.map(ResponseBody::Full);
        limit::tell(&mut response, &route.limit, verdict);
        return Ok(response);
    }
    let live = app.live.load();
    let upstream = live.upstreams.get(&route.upstream).expect("a table's routes name its upstreams");
    let upgrade = upgrade::wanted(parts.version, &parts.headers)
        .then(|| parts.extensions.remove::<hyper::upgrade::OnUpgrade>())
        .flatten();
    let authority = parts.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    headers::prepare(&mut parts.headers, authority, &Origin { client, scheme }, &upstream.host, upgrade.is_some());
    let call = ids.call(upstream, &mut parts.headers);
    match &caller {
        Caller::Nobody => {}
        Caller::Person(person) => {
            headers::identify(&mut parts.headers, person.header_for(&route.audience, app));
        }
        Caller::Service(_) => {
            let bearer = HeaderValue::try_from(app.tokens.bearer_for(&route.audience)).expect("a token is plain text");
            headers::authorize(&mut parts.headers, bearer);
        }
    }
    let upstream = Arc::clone(upstream);
    drop(live);
    let wanted = Wanted { lookup, method_has_body: parts.method != http::Method::HEAD };
    let response = exchange(worker, route, &upstream, (parts, body), upgrade, &wanted, trail).await;
    call.end(response.as_ref().ok().map(Response::status));
    let mut response = match response {
        Ok(response) => response,
        Err(failure) => refuse(failure, &upstream, ids).await,
    };
    limit::tell(&mut response, &route.limit, verdict);
    Ok(response)
}

/// Reads a body to its end and drops it.
async fn drain(mut body: Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

struct Wanted {
    lookup: Option<cache::Lookup>,
    method_has_body: bool,
}

async fn exchange(
    worker: &Rc<Worker>,
    route: &Arc<Route>,
    upstream: &Arc<Upstream>,
    (parts, body): (Parts, Incoming),
    upgrade: Option<hyper::upgrade::OnUpgrade>,
    wanted: &Wanted,
    trail: &mut Trail,
) -> Result<Response<ResponseBody>, Failure> {
    let fault: Rc<Cell<Option<Fault>>> = Rc::default();
    let body = RequestBody::new(body, route.body_limit_bytes, route.idle_timeout, Rc::clone(&fault));
    let sending = Sending { worker, route, upstream, fault };
    let (mut response, exchange) = sending.send(send::outgoing(parts, body)).await?;
    trail.upstream = Some(Arc::clone(upstream));
    let closing = worker.app.closing.clone();
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let Some(client) = upgrade else {
            tracing::warn!(upstream = %upstream.plan.name, "the service switched protocols unasked");
            return Err(Failure::Unreachable);
        };
        upgrade::join(client, &mut response, exchange, closing);
        return Ok(response.map(|_| ResponseBody::Empty));
    }
    headers::clean(response.headers_mut());
    let (head, incoming) = response.into_parts();
    let answer = read(worker, route, incoming, exchange, wanted.method_has_body).await?;
    let mut response = Response::from_parts(head, answer);
    if let Some(lookup) = &wanted.lookup {
        trail.cached = Some("miss");
        response = worker.app.cache.keep(lookup, response, worker.app.clock.now().unix_timestamp()).await;
    }
    Ok(response)
}

/// A small answer as a whole, so that it leaves in one write and its connection is free at once; a large or endless one as it arrives.
async fn read(
    worker: &Rc<Worker>,
    route: &Route,
    mut incoming: Incoming,
    exchange: Exchange,
    has_body: bool,
) -> Result<ResponseBody, Failure> {
    if incoming.is_end_stream() || !has_body {
        exchange.finish();
        return Ok(ResponseBody::Empty);
    }
    let small = incoming.size_hint().exact().filter(|length| *length <= SMALL);
    let Some(length) = small else {
        let closing = route.idle_timeout.is_none().then(|| worker.app.closing.clone().cancelled_owned());
        return Ok(ResponseBody::download(incoming, route.idle_timeout, exchange, closing));
    };
    let whole = async {
        let mut whole = bytes::Bytes::new();
        while let Some(frame) = incoming.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if whole.is_empty() {
                whole = data;
            } else {
                let mut joined = bytes::BytesMut::with_capacity(usize::try_from(length).unwrap_or_default());
                joined.extend_from_slice(&whole);
                joined.extend_from_slice(&data);
                whole = joined.freeze();
            }
            if incoming.is_end_stream() {
                break;
            }
        }
        Ok(whole)
    };
    let limit = route.idle_timeout.unwrap_or(std::time::Duration::from_mins(1));
    let whole =
        tokio::time::timeout(limit, whole).await.map_err(|_| Failure::TimedOut(limit))?.map_err(Failure::NoAnswer)?;
    exchange.finish();
    Ok(ResponseBody::Full(whole))
}

/// Refuses a request of which it is not certain where it ends: nothing that follows on its connection is read.
async fn refuse_and_close(error: Error, ids: &Ids) -> Response<ResponseBody> {
    let mut response = pipeline::refusal(error, ids).await;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The gateway's own refusal when a service failed; marked, so that people look in the right place.
async fn refuse(failure: Failure, upstream: &Upstream, ids: &Ids) -> Response<ResponseBody> {
    upstream.outcome(failure.label()).inc();
    let whose = if failure.is_upstreams() { "upstream" } else { "client" };
    let mut response = pipeline::refusal(failure.into_error(&upstream.plan.name), ids).await;
    response.headers_mut().insert(GATEWAY_ERROR, HeaderValue::from_static(whose));
    if whose == "client" {
        // The rest of its body is not read.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
