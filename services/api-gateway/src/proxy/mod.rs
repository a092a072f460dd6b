//! From a request to the service's answer.

mod address;
mod headers;
mod upgrade;
mod upstream;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use common::auth::{IDENTITY_HEADER, Identity};
use common::error::{Error, Result};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt as _;

use crate::app::App;
use crate::auth::find_token;
use crate::limit::Verdict;
use crate::metrics::{DURATION, IN_FLIGHT, REQUESTS};
use crate::table::Route;

pub use upstream::Upstream;

/// What a browser page must send with an unsafe request that is authorised by its cookie: another site cannot.
const APP_HEADER: &str = "x-requested-with";

/// The fallback of the router: everything that is not the gateway's own.
pub async fn proxy(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let Ok(_room) = app.room.clone().try_acquire_owned() else {
        return Error::unavailable("overloaded", "Too many requests are open; try again in a moment")
            .with_retry_after(1)
            .into_response();
    };
    let Some(route) = app.table.find(request.uri().path()).cloned() else {
        return Error::not_found("no_such_route", format!("There is no `{}` here", request.uri().path()))
            .into_response();
    };
    let method = request.method().clone();
    let start = std::time::Instant::now();
    IN_FLIGHT.inc();
    let response = pass(&app, &route, peer, request).await.unwrap_or_else(IntoResponse::into_response);
    IN_FLIGHT.dec();
    let label = if matches!(
        method,
        Method::GET | Method::POST | Method::PUT | Method::PATCH | Method::DELETE | Method::HEAD | Method::OPTIONS
    ) {
        method.as_str()
    } else {
        "other"
    };
    REQUESTS.with_label_values(&[route.name, label, common::metrics::status_class(response.status())]).inc();
    DURATION.with_label_values(&[route.name]).observe(start.elapsed().as_secs_f64());
    tracing::info!(
        http.method = label,
        route = route.name,
        http.status = response.status().as_u16(),
        duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}

async fn pass(app: &App, route: &Route, peer: SocketAddr, mut request: Request<Body>) -> Result<Response> {
    if !route.takes(request.method()) {
        return Err(Error::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            format!("`{}` is not possible on `{}`", request.method(), request.uri().path()),
        ));
    }
    let client = address::of_client(peer.ip(), request.headers(), &app.trusted_proxies);
    let identity = identify(app, route, &request)?;
    let who = identity.as_ref().map_or_else(|| format!("ip:{client}"), |identity| format!("user:{}", identity.user_id));
    let (class, limit) = route.limit;
    let verdict = app.limiter.take(class, limit, &who).await;
    if !verdict.allowed {
        let seconds = verdict.wait.as_secs() + 1;
        let mut refusal = Error::rate_limited("rate_limited", format!("Too many requests; try again in {seconds} s"))
            .with_retry_after(seconds)
            .into_response();
        tell_limit(&mut refusal, class, limit.per_minute, verdict);
        return Ok(refusal);
    }
    if declared_length(&request).is_some_and(|length| length > route.body_limit_bytes) {
        return Err(Error::payload_too_large(
            "body_too_large",
            format!("The body may have at most {} bytes here", route.body_limit_bytes),
        ));
    }
    let upgrade = upgrade::wanted(&request).then(|| hyper::upgrade::on(&mut request));
    headers::prepare(request.headers_mut(), client, upgrade.is_some());
    if let Some(identity) = &identity {
        let value = HeaderValue::try_from(app.tokens.identity_for(route.service.name(), identity))
            .expect("a token is plain text");
        request.headers_mut().insert(HeaderName::from_static(IDENTITY_HEADER), value);
    }
    let limit_bytes = usize::try_from(route.body_limit_bytes).unwrap_or(usize::MAX);
    let request =
        request.map(|body| Body::new(http_body_util::Limited::new(body, limit_bytes).map_err(axum::Error::new)));
    let mut response = app.upstream.send(&app.services[&route.service], route, request).await?;
    if let (Some(client_side), StatusCode::SWITCHING_PROTOCOLS) = (upgrade, response.status()) {
        upgrade::join(client_side, &mut response);
    } else {
        headers::clean(response.headers_mut());
    }
    tell_limit(&mut response, class, limit.per_minute, verdict);
    Ok(response)
}

/// Who is there, or why they may not pass.
fn identify(app: &App, route: &Route, request: &Request<Body>) -> Result<Option<Identity>> {
    let token = find_token(request.headers());
    let Some(least) = route.least_role else {
        // A public route works without a token, and with a bad one.
        return Ok(if route.optional_identity {
            token.and_then(|(token, _)| app.keys.verify(token).ok())
        } else {
            None
        });
    };
    let Some((token, from_cookie)) = token else {
        return Err(Error::unauthenticated(
            "not_signed_in",
            "Sign in first, or send a token in `Authorization: Bearer …`",
        ));
    };
    let identity = app.keys.verify(token)?;
    if from_cookie && !request.method().is_safe() && !request.headers().contains_key(APP_HEADER) {
        return Err(Error::forbidden(
            "cross_site_request",
            "A request authorised by a cookie must carry `X-Requested-With`",
        ));
    }
    if identity.role < least {
        return Err(Error::forbidden(
            "role_required",
            format!("This needs the role `{}`; you are `{}`", least.as_str(), identity.role.as_str()),
        ));
    }
    Ok(Some(identity))
}

fn declared_length(request: &Request<Body>) -> Option<u64> {
    request.headers().get(http::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// `RateLimit-*` as the IETF draft has them (draft-ietf-httpapi-ratelimit-headers).
fn tell_limit(response: &mut Response, class: &str, per_minute: u32, verdict: Verdict) {
    let policy = format!("\"{class}\";q={per_minute};w=60");
    let state = format!("\"{class}\";r={};t={}", verdict.remaining, verdict.wait.as_secs() + 1);
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}
