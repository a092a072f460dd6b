//! Confirming the form: the only place where a mail link leads to an answer.

use std::time::{Duration, Instant};

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse as _, Response};
use common::error::Result;
use common::http::Path;
use common::jobs::enqueue;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use subtle::ConstantTimeEq as _;

use super::nonce::Verdict;
use super::view::{COOKIE, Known, load, page, record, why_over};
use super::{MAX_MISSES, MISS_WINDOW, Visitor, slow_down, unknown};
use crate::app::App;
use crate::jobs::DeliverChat;
use crate::mail::hash_token;
use crate::store::answers::NewAnswer;
use crate::store::outbox::Reply;
use crate::store::{AnswerId, answers, approval_links, outbox, telegram_links};
use crate::text::block;
use crate::{answering, wording};

const CODE_LIFETIME: time::Duration = time::Duration::minutes(10);
const MAX_CODE_TRIES: i32 = 5;

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
pub struct Submitted {
    #[serde(default)]
    pub nonce: String,
    #[serde(default)]
    pub verdict: String,
    #[serde(default)]
    pub comment: String,
    #[serde(default)]
    pub code: String,
}

/// Answer by a mail link: once, by a person, with a reason where one is needed.
#[utoipa::path(post, path = "/a/{token}", tag = "doors", params(("token" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html"), (status = 403, content_type = "text/html"), (status = 404, content_type = "text/html"), (status = 409, content_type = "text/html"),
        (status = 422, content_type = "text/html"), (status = 429, content_type = "text/html", description = "Too many wrong tries from this address")))]
pub async fn submit_approval(
    State(app): State<App>,
    visitor: Visitor,
    Path(token): Path<String>,
    headers: HeaderMap,
    form: std::result::Result<Form<Submitted>, FormRejection>,
) -> Result<Response> {
    let form = form.map(|Form(form)| form).unwrap_or_default();
    let token_hash = hash_token(&token);
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if approval_links::count_misses(&mut tx, &visitor.address, now - MISS_WINDOW).await? >= MAX_MISSES {
        return Ok(slow_down(&app));
    }
    let Some(known) = load(&mut tx, &token_hash).await? else {
        record(&mut tx, &token_hash, "try", "unknown", &visitor, now).await?;
        tx.commit().await?;
        return Ok(unknown(&app));
    };
    let refused = check(&mut tx, &app, &known, &form, &cookie(&headers)).await?;
    let answer_id = match &refused {
        Some(_) => None,
        None => accept(&mut tx, &app, &known, &form).await?,
    };
    let outcome = match (&refused, answer_id) {
        (Some(refusal), _) => refusal.outcome,
        (None, Some(_)) => "answered",
        (None, None) => "over",
    };
    record(&mut tx, &token_hash, "try", outcome, &visitor, now).await?;
    tx.commit().await?;
    if let Some(refusal) = refused {
        let mut conn = app.db.acquire().await?;
        let Some(known) = load(&mut conn, &token_hash).await? else { return Ok(unknown(&app)) };
        let comment = block(&form.comment, 4000);
        return Ok(page(&app, &known, &token, refusal.status, Some(refusal.notice), "", &comment));
    }
    let notice = match answer_id {
        Some(answer_id) => await_ruling(&app, answer_id).await?,
        None => None,
    };
    let mut conn = app.db.acquire().await?;
    let Some(known) = load(&mut conn, &token_hash).await? else { return Ok(unknown(&app)) };
    Ok(page(&app, &known, &token, StatusCode::OK, notice, "", "").into_response())
}

struct Refusal {
    outcome: &'static str,
    status: StatusCode,
    notice: String,
}

fn refuse(outcome: &'static str, status: StatusCode, notice: impl Into<String>) -> Refusal {
    Refusal { outcome, status, notice: notice.into() }
}

async fn check(
    conn: &mut PgConnection,
    app: &App,
    known: &Known,
    form: &Submitted,
    cookie: &str,
) -> Result<Option<Refusal>> {
    let now = app.clock.now();
    if let Some(over) = why_over(known, now) {
        return Ok(Some(refuse("over", StatusCode::CONFLICT, over)));
    }
    match app.nonces.check(&known.link.token_hash, &form.nonce, cookie, now) {
        Verdict::Good => {}
        Verdict::TooSoon => {
            return Ok(Some(refuse(
                "too_soon",
                StatusCode::CONFLICT,
                "That was very quick. Please press Confirm again.",
            )));
        }
        Verdict::Wrong => {
            let notice = "This page was not opened in this browser, or too long ago. Please choose and confirm again.";
            return Ok(Some(refuse("wrong_nonce", StatusCode::CONFLICT, notice)));
        }
    }
    if !known.decision.options.contains(&form.verdict) {
        return Ok(Some(refuse("no_verdict", StatusCode::UNPROCESSABLE_ENTITY, "Please choose an answer first.")));
    }
    if wording::needs_reason(&form.verdict) && form.comment.trim().is_empty() {
        let notice = "Please say why: whoever works on this needs the reason.";
        return Ok(Some(refuse("no_reason", StatusCode::UNPROCESSABLE_ENTITY, notice)));
    }
    if known.decision.risk == "high" {
        return check_code(conn, app, known, form).await;
    }
    Ok(None)
}

/// A weighty decision also needs six digits that went to the person's Telegram.
async fn check_code(conn: &mut PgConnection, app: &App, known: &Known, form: &Submitted) -> Result<Option<Refusal>> {
    let now = app.clock.now();
    let link = &known.link;
    let given = form.code.trim();
    let fresh = link.code_sent_at.is_some_and(|sent| now - sent <= CODE_LIFETIME) && link.code_tries < MAX_CODE_TRIES;
    if let Some(expected) = link.code_hash.as_deref().filter(|_| fresh && !given.is_empty()) {
        if bool::from(hash_code(&link.token_hash, given).ct_eq(expected)) {
            return Ok(None);
        }
        approval_links::count_try(conn, &link.token_hash).await?;
        return Ok(Some(refuse(
            "wrong_code",
            StatusCode::CONFLICT,
            "These are not the six digits. Please look again.",
        )));
    }
    let Some(telegram) = telegram_links::find(conn, link.user_id).await?.filter(|found| found.blocked_at.is_none())
    else {
        let notice = "This decision weighs much: please sign in to the dashboard to answer.";
        return Ok(Some(refuse("needs_session", StatusCode::FORBIDDEN, notice)));
    };
    // A wait between codes, so that nobody is flooded by a stolen link.
    if !fresh || link.code_sent_at.is_none_or(|sent| now - sent > time::Duration::minutes(1)) {
        let code = format!("{:06}", rand::random_range(0..1_000_000));
        approval_links::set_code(conn, &link.token_hash, &hash_code(&link.token_hash, &code), now).await?;
        let html = format!(
            "Code for {}: <b>{code}</b>\nSomebody with the link from your mail wants to answer. If that is not you, do nothing.",
            crate::templates::escape(&known.decision.short_id)
        );
        let chat_id = telegram.telegram_user_id;
        outbox::insert_reply(conn, chat_id, &Reply { html, ..Reply::default() }, now).await?;
        enqueue(conn, &DeliverChat { chat_id }, now).await?;
    }
    let notice =
        "This decision weighs much: six digits were sent to your Telegram. Please choose again and enter them.";
    Ok(Some(refuse("asked_code", StatusCode::OK, notice)))
}

fn hash_code(token_hash: &[u8], code: &str) -> Vec<u8> {
    Sha256::new().chain_update(token_hash).chain_update(b"\0").chain_update(code.as_bytes()).finalize().to_vec()
}

/// Uses the link up and stores the answer, in one transaction. `None`: somebody was faster.
async fn accept(conn: &mut PgConnection, app: &App, known: &Known, form: &Submitted) -> Result<Option<AnswerId>> {
    let now = app.clock.now();
    let link = &known.link;
    if !approval_links::use_up(conn, &link.token_hash, now).await? {
        return Ok(None);
    }
    let answer = NewAnswer {
        source: format!("email:{}", hex::encode(&link.token_hash)),
        decision_id: link.decision_id,
        user_id: link.user_id,
        choice: &form.verdict,
        comment: Some(block(&form.comment, 4000)).filter(|comment| !comment.is_empty()),
        channel: "email",
        evidence_sha: link.evidence_sha.clone(),
        chat_id: None,
        message_id: Some(link.message_id),
    };
    Ok(answering::submit(conn, &answer, now).await?)
}

/// A moment's patience, so that most people see how it ended. `None`: it is still on its way.
async fn await_ruling(app: &App, answer_id: AnswerId) -> Result<Option<String>> {
    let start = Instant::now();
    loop {
        let mut conn = app.db.acquire().await?;
        let answer = answers::find(&mut conn, answer_id).await?;
        drop(conn);
        match answer {
            Some(answer) if answer.state != "pending" => return Ok(answer.result),
            _ if start.elapsed() >= app.page_patience => return Ok(None),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn cookie(headers: &HeaderMap) -> String {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
        .unwrap_or_default()
}
