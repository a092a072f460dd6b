//! The page behind the links in mails.
//!
//! Mail scanners open links before people do, some run scripts and submit forms. So looking never decides; deciding takes a form with a
//! nonce from a cookie, a verdict nobody chose beforehand, and at least two seconds.

mod nonce;
mod submit;
mod view;

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::response::{Html, IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

pub use nonce::Nonces;
pub use submit::{__path_submit_approval, submit_approval};
pub use view::{__path_show_approval, show_approval};

use crate::app::App;
use crate::text::one_line;

/// Unknown tokens and failed tries an address has in ten minutes.
const MAX_MISSES: i64 = 20;
const MISS_WINDOW: time::Duration = time::Duration::minutes(10);

/// Who looks, for the record: the address as the gateway saw it, and the program.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub address: String,
    pub user_agent: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        // The gateway appends the address it saw, so the last one is the one to believe.
        let forwarded = text("x-forwarded-for").and_then(|list| list.rsplit(',').next()).map(str::trim);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string());
        let address = forwarded.map(ToOwned::to_owned).or(peer).unwrap_or_else(|| "unknown".to_owned());
        let user_agent = one_line(text("user-agent").unwrap_or("unknown"), 300);
        Ok(Self { address: one_line(&address, 64), user_agent })
    }
}

/// What the page shows.
#[derive(Debug, Default, Serialize)]
pub(super) struct Page {
    pub project: Option<String>,
    pub short_id: Option<String>,
    pub title: String,
    pub notice: Option<String>,
    pub text: Option<String>,
    pub bound_to: Option<String>,
    pub form: Option<Form>,
    pub dashboard: Option<String>,
}

/// The form of an open question.
#[derive(Debug, Default, Serialize)]
pub(super) struct Form {
    pub action: String,
    pub nonce: String,
    pub name: Option<String>,
    pub comment: String,
    pub code: bool,
    pub choices: Vec<FormChoice>,
}

#[derive(Debug, Serialize)]
pub(super) struct FormChoice {
    pub value: String,
    pub label: String,
    pub hint: bool,
}

/// The page with the headers it always has: nothing is kept, nothing leaks, nothing runs.
pub(super) fn respond(app: &App, status: StatusCode, page: &Page) -> Response {
    let html = match app.templates.render("approval_page", "html", page) {
        Ok(html) => html,
        Err(error) => return common::Error::from(error).into_response(),
    };
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    response
}

/// For a token that was never given out: says nothing about what exists.
pub(super) fn unknown(app: &App) -> Response {
    let page = Page {
        title: "This link leads nowhere".to_owned(),
        notice: Some("It may be incomplete: copy it from the mail once more, or decide in the dashboard.".to_owned()),
        dashboard: Some(app.public("/")),
        ..Page::default()
    };
    respond(app, StatusCode::NOT_FOUND, &page)
}

/// Too many wrong tries from one address.
pub(super) fn slow_down(app: &App) -> Response {
    let page = Page {
        title: "Too many tries".to_owned(),
        notice: Some("Please wait ten minutes, or decide in the dashboard.".to_owned()),
        dashboard: Some(app.public("/")),
        ..Page::default()
    };
    let mut response = respond(app, StatusCode::TOO_MANY_REQUESTS, &page);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("600"));
    response
}
