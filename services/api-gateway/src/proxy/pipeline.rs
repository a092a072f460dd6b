//! Around every request, outermost first: identify (every line and refusal carries the id) → panics caught → preflights → the gateway's own
//! pages → load shedding → the route → and on the way back security headers, CORS (on refusals too, or browsers cannot read them),
//! metrics and the access log.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::response::IntoResponse as _;
use common::error::{Error, Result};
use common::http::in_context;
use futures::FutureExt as _;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::body::ResponseBody;
use super::{Ids, REQUEST_ID, pass};
use crate::access_log::Line;
use crate::auth::Caller;
use crate::metrics;
use crate::own;
use crate::policy;
use crate::server::{Peer, Worker};
use crate::table::{Found, Route};
use crate::upstream::Upstream;

/// The longest target of a request, in bytes.
const LONGEST_TARGET: usize = 8 * 1024;

/// What became known of a request on its way, for the log.
#[derive(Default)]
pub(crate) struct Trail {
    /// The route, once found.
    pub(crate) route: Option<Arc<Route>>,
    /// The client, as far as it is believed.
    pub(crate) client: Option<IpAddr>,
    /// Who it was.
    pub(crate) user: Option<common::ids::UserId>,
    /// Who answered.
    pub(crate) upstream: Option<Arc<Upstream>>,
    /// `hit` or `miss`.
    pub(crate) cached: Option<&'static str>,
}

impl Trail {
    pub(crate) fn note(&mut self, client: IpAddr, caller: &Caller) {
        self.client = Some(client);
        self.user = caller.user();
    }
}

/// Answers one request.
pub(crate) async fn serve(
    worker: Rc<Worker>,
    peer: Peer,
    request: Request<Incoming>,
) -> std::result::Result<Response<ResponseBody>, Infallible> {
    let begin = Instant::now();
    let ids = Ids::of(&request);
    let origin = worker.app.settings.cors.allowed(request.headers());
    let method = request.method().clone();
    let uri = request.uri().clone();
    let mut trail = Trail::default();
    let working = metrics::InFlight::enter();
    let outcome = AssertUnwindSafe(dispatch(&worker, &ids, peer, request, &mut trail)).catch_unwind().await;
    drop(working);
    let mut response = match outcome {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => refusal(error, &ids).await,
        Err(_) => {
            common::metrics::panics().inc();
            let error = Error::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "Something went wrong on our side; the log has the cause under this correlation id",
            );
            refusal(error, &ids).await
        }
    };
    let headers = response.headers_mut();
    policy::harden(headers, worker.app.settings.hsts);
    if let Some(origin) = origin {
        policy::Cors::mark(headers, &origin);
    }
    headers.insert(REQUEST_ID, ids.request_id.clone());
    if worker.app.draining.load(Ordering::Relaxed) {
        // HTTP/1.1 clients go elsewhere with their next request; HTTP/2 is told by GOAWAY.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    conclude(&worker, &ids, &method, &uri, &trail, response.status(), begin);
    ids.end(trail.route.as_ref().map(|route| route.prefix.as_str()), response.status());
    Ok(response)
}

async fn dispatch(
    worker: &Rc<Worker>,
    ids: &Ids,
    peer: Peer,
    request: Request<Incoming>,
    trail: &mut Trail,
) -> Result<Response<ResponseBody>> {
    let app = &worker.app;
    if let Some(answer) = app.settings.cors.preflight(request.method(), request.headers()) {
        return Ok(answer.map(|()| ResponseBody::Empty));
    }
    let path = request.uri().path();
    if own::is_own(path) {
        return own_page(worker, ids, request).await;
    }
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > LONGEST_TARGET) {
        return Err(Error::new(
            StatusCode::URI_TOO_LONG,
            "uri_too_long",
            format!("The path and query may have at most {LONGEST_TARGET} bytes"),
        ));
    }
    let room = app.room.enter().filter(|_| !worker.is_behind());
    let Some(_room) = room else {
        metrics::SHED.inc();
        return Err(
            Error::unavailable("overloaded", "Too many requests are open; try again in a moment").with_retry_after(1)
        );
    };
    let live = app.live.load();
    let found = live.table.find(path, request.method());
    drop(live);
    match found {
        Found::Route(route) => {
            trail.route = Some(Arc::clone(&route));
            pass(worker, ids, peer, &route, request, trail).await
        }
        Found::OtherMethods(methods) => Ok(method_not_allowed(&methods, request.method(), path, ids).await),
        Found::Nothing => Err(Error::not_found("no_such_route", format!("There is no `{path}` here"))),
    }
}

async fn method_not_allowed(methods: &[Method], method: &Method, path: &str, ids: &Ids) -> Response<ResponseBody> {
    let possible = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    let error = Error::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("`{method}` is not possible on `{path}`; possible are {possible}"),
    );
    let mut response = refusal(error, ids).await;
    if let Ok(value) = HeaderValue::try_from(possible) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

/// Pages of the gateway itself run on the control thread, beside the workers.
async fn own_page(worker: &Rc<Worker>, ids: &Ids, request: Request<Incoming>) -> Result<Response<ResponseBody>> {
    let router =
        worker.app.own.get().cloned().ok_or_else(|| Error::unavailable("starting", "The gateway is starting"))?;
    // Own pages take no bodies, so none is read.
    let request = request.map(|_| axum::body::Body::empty());
    let context = ids.context();
    let answer = worker.app.control.spawn(in_context(context, async move {
        let response = tower::ServiceExt::oneshot(router, request).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Response::from_parts(parts, body)
    }));
    Ok(answer.await?.map(ResponseBody::Full))
}

/// An error as an answer that carries the request's id.
pub(crate) async fn refusal(error: Error, ids: &Ids) -> Response<ResponseBody> {
    let span = tracing::info_span!("http");
    let response = in_context(ids.context(), async { span.in_scope(|| error.into_response()) }).await;
    response.map(ResponseBody::Own)
}

fn conclude(worker: &Worker, ids: &Ids, method: &Method, uri: &Uri, trail: &Trail, status: StatusCode, begin: Instant) {
    let elapsed = begin.elapsed();
    match &trail.route {
        Some(route) => route.metrics.observe(method, status, elapsed),
        None => metrics::unrouted().observe(method, status, elapsed),
    }
    worker.access.write(&Line {
        now: worker.app.clock.now(),
        request_id: &ids.request_id,
        trace_id: ids.trace_id(),
        method,
        // A path may hold a secret; a query often does.
        path: trail.route.as_ref().map_or(uri.path(), |route| if route.private_path { "" } else { uri.path() }),
        route: trail.route.as_ref().map_or("none", |route| &route.name),
        status,
        elapsed,
        client: trail.client,
        user: trail.user,
        upstream: trail.upstream.as_ref().map(|upstream| upstream.plan.name.as_str()),
        cached: trail.cached,
    });
}
