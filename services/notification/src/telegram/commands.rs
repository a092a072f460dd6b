//! What people type: linking, commands, and the reason for an answer.

use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::inbox::Reaction;
use super::update::{Message, Person};
use crate::answering;
use crate::app::App;
use crate::jobs::DeliverChat;
use crate::store::answers::NewAnswer;
use crate::store::outbox::Reply;
use crate::store::{decisions, messages, notifications, outbox, prompts, telegram_links, updates};
use crate::templates::escape;
use crate::text::{block, one_line};
use crate::wording;

/// Wrong codes an account may send in ten minutes before we stop answering.
const MAX_WRONG_CODES: i64 = 5;
const MAX_REASON_UNITS: usize = 2000;

/// The hash under which a link code is kept.
pub(crate) fn hash_code(code: &str) -> Vec<u8> {
    Sha256::digest(code.as_bytes()).to_vec()
}

pub(super) async fn react(
    conn: &mut PgConnection,
    app: &App,
    update_id: i64,
    message: &Message,
) -> anyhow::Result<Reaction> {
    let Some(from) = message.from.as_ref().filter(|from| !from.is_bot) else { return Ok(Reaction::silent("ignored")) };
    let Some(text) = message.text.as_deref() else { return Ok(Reaction::silent("ignored")) };
    if let Some(replied) = &message.replied
        && let Some(reaction) = reason(conn, app, update_id, message, replied.id, from, text).await?
    {
        return Ok(reaction);
    }
    if message.chat.kind != "private" {
        return Ok(Reaction::silent("ignored"));
    }
    let (command, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let command = command.split('@').next().unwrap_or_default();
    let instance = escape(app.config.shared.public_url.host_str().unwrap_or("this instance"));
    let (outcome, html) = match command {
        "/start" if rest.trim().is_empty() => (
            "greeted",
            format!("This is the QuantaPilot bot of <b>{instance}</b>.\nTo link your account, open your profile in the dashboard and follow the Telegram link there."),
        ),
        "/start" => match start(conn, app, from, rest.trim()).await? {
            Some(reply) => reply,
            None => return Ok(Reaction::silent("wrong_code")),
        },
        "/status" => match telegram_links::find_by_account(conn, from.id).await? {
            Some(link) => ("told", format!("This account is linked to <b>{}</b> on <b>{instance}</b>.", escape(&link.name))),
            None => ("told", "This account is not linked.".to_owned()),
        },
        "/unlink" => {
            if let Some(link) = telegram_links::find_by_account(conn, from.id).await? {
                telegram_links::unlink(conn, link.user_id).await?;
            }
            ("unlinked", "This account is not linked any more. Nothing will be sent here.".to_owned())
        }
        "/help" => (
            "told",
            "I bring questions about your projects and take your answers.\nUse the buttons under a question. For a reason, reply to the message that asks for it.\n/status shows the link, /unlink ends it.".to_owned(),
        ),
        _ => ("told", "A message alone decides nothing. Use the buttons under a question, or reply to the message that asks for a reason. /help says more.".to_owned()),
    };
    say(conn, app, message.chat.id, Reply { html, ..Reply::default() }).await?;
    Ok(Reaction::silent(outcome))
}

async fn start(
    conn: &mut PgConnection,
    app: &App,
    from: &Person,
    code: &str,
) -> anyhow::Result<Option<(&'static str, String)>> {
    let now = app.clock.now();
    if updates::count(conn, from.id, "wrong_code", now - time::Duration::minutes(10)).await? >= MAX_WRONG_CODES {
        return Ok(None);
    }
    let Some((user_id, name)) = telegram_links::use_code(conn, &hash_code(code), now).await? else {
        return Ok(Some((
            "wrong_code",
            "This code is not valid, or no longer. Get a fresh one in the dashboard.".to_owned(),
        )));
    };
    telegram_links::link(conn, user_id, from.id, &name, now).await?;
    let instance = app.config.shared.public_url.host_str().unwrap_or("this instance");
    Ok(Some((
        "linked",
        format!(
            "Linked: <b>{}</b> is now <b>{}</b> on <b>{}</b>.\nQuestions about your projects will come here. /unlink ends it.",
            escape(&one_line(&from.first_name, 60)),
            escape(&one_line(&name, 100)),
            escape(instance)
        ),
    )))
}

/// A reply to a question for a reason. `None`: it is a reply to something else.
async fn reason(
    conn: &mut PgConnection,
    app: &App,
    update_id: i64,
    message: &Message,
    replied: i64,
    from: &Person,
    text: &str,
) -> anyhow::Result<Option<Reaction>> {
    let Some(link) = telegram_links::find_by_account(conn, from.id).await? else { return Ok(None) };
    let now = app.clock.now();
    let Some(prompt) = prompts::answer(conn, message.chat.id, replied, link.user_id, now).await? else {
        return Ok(None);
    };
    let Some(asking) = messages::find(conn, prompt.message_id).await? else { return Ok(None) };
    let notification = notifications::find(conn, asking.notification_id).await?;
    let known = match notification.and_then(|notification| notification.decision_id) {
        Some(id) => decisions::find(conn, id).await?,
        None => None,
    };
    let Some(known) = known else { return Ok(None) };
    let decision = known.body.0;
    if known.closed_at.is_some() {
        let html = escape(&wording::outcome(&decision));
        say(conn, app, message.chat.id, Reply { html, reply_to: Some(message.id), prompt: None }).await?;
        return Ok(Some(Reaction::silent("late")));
    }
    let answer = NewAnswer {
        source: format!("telegram:{update_id}"),
        decision_id: decision.id,
        user_id: prompt.user_id,
        choice: &prompt.choice,
        comment: Some(block(text, MAX_REASON_UNITS)),
        channel: "telegram",
        evidence_sha: decision.artifact.as_ref().and_then(|artifact| artifact.sha.clone()),
        chat_id: Some(message.chat.id),
        message_id: Some(asking.id),
    };
    answering::submit(conn, &answer, now).await?;
    Ok(Some(Reaction::silent("answered")))
}

async fn say(conn: &mut PgConnection, app: &App, chat_id: i64, reply: Reply) -> anyhow::Result<()> {
    let now = app.clock.now();
    outbox::insert_reply(conn, chat_id, &reply, now).await?;
    common::jobs::enqueue(conn, &DeliverChat { chat_id }, now).await?;
    Ok(())
}
