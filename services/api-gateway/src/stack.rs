//! The layers around everything, outermost first: identify (every line and refusal carries the id) → CORS (outside every refusal, or browsers
//! cannot read it) → security headers → panics caught → the routes.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use common::http::{Context, in_context};
use http::{HeaderName, HeaderValue, Method, header};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::Instrument as _;

use crate::app::App;

/// Allows what the app itself does and nothing else. Emotion, which styles the app, writes `style` elements at run time.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// Puts the layers around a router.
pub fn wrap(router: Router, app: &App) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(app.cors_origins.clone()))
        .allow_credentials(!app.cors_origins.is_empty())
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-requested-with"),
            HeaderName::from_static("x-request-id"),
        ])
        .expose_headers([
            HeaderName::from_static("x-request-id"),
            HeaderName::from_static("ratelimit"),
            header::RETRY_AFTER,
        ]);
    router
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(app.clone(), harden))
        .layer(cors)
        .layer(axum::middleware::from_fn(identify))
}

async fn identify(request: Request, next: Next) -> Response {
    let context = Context::from_headers(request.headers());
    let span = tracing::info_span!("http", correlation_id = %context.correlation_id, trace_id = %context.trace_id);
    let id = HeaderValue::from_str(&context.correlation_id);
    let work = async move {
        let mut response = next.run(request).await;
        if let Ok(id) = id {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    };
    in_context(context, work.instrument(span)).await
}

async fn harden(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let set = |headers: &mut http::HeaderMap, name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::X_FRAME_OPTIONS, "DENY");
    set(headers, header::REFERRER_POLICY, "strict-origin-when-cross-origin");
    set(headers, header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(headers, HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()");
    if app.hsts {
        set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    headers.remove(header::SERVER);
    response
}
