//! Looking at the page: shows the question and its state, and changes nothing.

use axum::extract::State;
use axum::response::Response;
use common::clients::dashboard::Decision;
use common::error::Result;
use common::http::{Path, Query};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use sqlx::PgConnection;

use super::{Form, FormChoice, MAX_MISSES, MISS_WINDOW, Page, Visitor, respond, slow_down, unknown};
use crate::app::App;
use crate::mail::hash_token;
use crate::store::approval_links::{ApprovalLink, Visit};
use crate::store::{approval_links, decisions, messages, telegram_links};
use crate::text::{block, one_line};
use crate::wording;

/// The cookie that carries the nonce; bound to the path, so that pages of several decisions do not mix.
pub(super) const COOKIE: &str = "qp_approval";

/// Which button of the mail was used: a hint, nothing more.
#[derive(Debug, Default, Deserialize)]
pub struct Hint {
    #[serde(default)]
    pub v: Option<String>,
}

/// What is known about a link.
pub(super) struct Known {
    pub link: ApprovalLink,
    pub decision: Decision,
    pub closed: bool,
    pub name: String,
    /// Six digits can be sent to this person's Telegram.
    pub has_telegram: bool,
}

/// Show the question behind a mail link. Never decides anything, however often it is called.
#[utoipa::path(get, path = "/a/{token}", tag = "doors", params(("token" = String, Path), ("v" = Option<String>, Query)),
    responses((status = 200, content_type = "text/html"), (status = 404, content_type = "text/html"),
        (status = 429, content_type = "text/html", description = "Too many wrong tries from this address")))]
pub async fn show_approval(
    State(app): State<App>,
    method: Method,
    visitor: Visitor,
    Path(token): Path<String>,
    Query(hint): Query<Hint>,
) -> Result<Response> {
    let token_hash = hash_token(&token);
    let now = app.clock.now();
    let mut conn = app.db.acquire().await?;
    if approval_links::count_misses(&mut conn, &visitor.address, now - MISS_WINDOW).await? >= MAX_MISSES {
        return Ok(slow_down(&app));
    }
    let known = load(&mut conn, &token_hash).await?;
    let outcome = match &known {
        None => "unknown",
        Some(known) if known.link.used_at.is_some() || known.closed => "over",
        Some(_) if method == Method::HEAD => "head",
        Some(_) => "shown",
    };
    record(&mut conn, &token_hash, "view", outcome, &visitor, now).await?;
    let Some(known) = known else { return Ok(unknown(&app)) };
    drop(conn);
    Ok(page(&app, &known, &token, StatusCode::OK, None, &hint.v.unwrap_or_default(), ""))
}

/// The page in its present state; with a form (and a fresh nonce) while the question is open.
pub(super) fn page(
    app: &App,
    known: &Known,
    token: &str,
    status: StatusCode,
    notice: Option<String>,
    hint: &str,
    comment: &str,
) -> Response {
    let Known { link, decision, .. } = known;
    let now = app.clock.now();
    let mut page = Page {
        project: Some(one_line(&decision.project_name, 100)),
        short_id: Some(one_line(&decision.short_id, 20)),
        title: one_line(&decision.title, 300),
        text: Some(block(&decision.summary, 6000)).filter(|text| !text.is_empty()),
        bound_to: decision.artifact.as_ref().and_then(|artifact| artifact.sha.clone()).map(|sha| one_line(&sha, 80)),
        dashboard: Some(app.public(&format!("/decisions/{}", decision.id))),
        notice,
        ..Page::default()
    };
    if let Some(state) = why_over(known, now) {
        page.notice = page.notice.or(Some(state));
        return respond(app, status, &page);
    }
    let high = decision.risk == "high";
    if high && !known.has_telegram {
        page.notice = page.notice.or(Some(
            "This decision weighs much, so a mail alone is not enough: sign in to the dashboard to answer, or link Telegram there.".to_owned(),
        ));
        return respond(app, status, &page);
    }
    let nonce = app.nonces.make(&link.token_hash, now);
    page.form = Some(Form {
        action: format!("/a/{token}"),
        nonce: nonce.clone(),
        name: Some(one_line(&known.name, 80)).filter(|name| !name.is_empty()),
        comment: comment.to_owned(),
        code: high && link.code_hash.is_some(),
        choices: decision
            .options
            .iter()
            .map(|choice| FormChoice { value: choice.clone(), label: wording::label(choice), hint: choice == hint })
            .collect(),
    });
    let mut response = respond(app, status, &page);
    let secure = if app.public_https() { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={nonce}; Path=/a/{token}; HttpOnly; SameSite=Strict; Max-Age=28800{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Why there is nothing to answer any more.
pub(super) fn why_over(known: &Known, now: time::OffsetDateTime) -> Option<String> {
    if known.closed || !wording::is_open(&known.decision) {
        return Some(wording::outcome(&known.decision));
    }
    if known.link.used_at.is_some() {
        return Some("Your answer was taken and is being recorded.".to_owned());
    }
    if known.link.void_at.is_some() {
        return Some("This link does not count any more. Please decide in the dashboard.".to_owned());
    }
    (known.link.expires_at <= now)
        .then(|| "The time to answer by this link is over. Please decide in the dashboard.".to_owned())
}

pub(super) async fn load(conn: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<Option<Known>> {
    let Some(link) = approval_links::find(conn, token_hash).await? else { return Ok(None) };
    let Some(known) = decisions::find(conn, link.decision_id).await? else { return Ok(None) };
    let name = messages::find(conn, link.message_id).await?.map(|message| message.name).unwrap_or_default();
    let telegram = telegram_links::find(conn, link.user_id).await?;
    Ok(Some(Known {
        has_telegram: telegram.is_some_and(|telegram| telegram.blocked_at.is_none()),
        closed: known.closed_at.is_some(),
        decision: known.body.0,
        link,
        name,
    }))
}

pub(super) async fn record(
    conn: &mut PgConnection,
    token_hash: &[u8],
    kind: &str,
    outcome: &str,
    visitor: &Visitor,
    now: time::OffsetDateTime,
) -> sqlx::Result<()> {
    let Visitor { address, user_agent } = visitor;
    approval_links::record_visit(conn, &Visit { token_hash, kind, outcome, address, user_agent }, now).await
}
