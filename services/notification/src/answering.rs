//! Answers and their ends: an answer is stored with the job that hands it in; once somebody has decided, everything that asked is closed.

use common::clients::dashboard::Decision;
use common::jobs::enqueue;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::app::App;
use crate::jobs::{DeliverChat, SendAnswer};
use crate::metrics::ANSWERS;
use crate::store::answers::{Answer, NewAnswer};
use crate::store::outbox::Reply;
use crate::store::{AnswerId, answers, approval_links, decisions, messages, outbox};
use crate::templates::escape;
use crate::wording;

/// Stores an answer and queues its way to dashboard-backend. `None`: its source has answered before.
pub async fn submit(
    conn: &mut PgConnection,
    answer: &NewAnswer<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<AnswerId>> {
    let Some(answer_id) = answers::insert(conn, answer, now).await? else { return Ok(None) };
    enqueue(conn, &SendAnswer { answer_id }, now).await?;
    Ok(Some(answer_id))
}

/// dashboard-backend has ruled on an answer: the person is told, and the question is closed if it is over.
pub async fn rule(
    app: &App,
    answer: &Answer,
    accepted: bool,
    text: &str,
    decision: Option<&Decision>,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let state = if accepted { "accepted" } else { "refused" };
    if !answers::finish(&mut tx, answer.id, state, text, now).await? {
        return Ok(());
    }
    match decision {
        Some(decision) if !wording::is_open(decision) => close(&mut tx, decision, now).await?,
        _ => {}
    }
    // The message itself shows an accepted answer; only a reason given by reply, or a refusal, needs words of its own.
    if let Some(chat_id) = answer.chat_id.filter(|_| !accepted || answer.comment.is_some()) {
        let reply = Reply { html: escape(text), ..Reply::default() };
        outbox::insert_reply(&mut tx, chat_id, &reply, now).await?;
        enqueue(&mut tx, &DeliverChat { chat_id }, now).await?;
    }
    tx.commit().await?;
    ANSWERS.with_label_values(&[&answer.channel, state]).inc();
    Ok(())
}

/// A decision is over: every message that asked for it is edited, every link to it is void. Safe to repeat.
pub async fn close(conn: &mut PgConnection, decision: &Decision, now: OffsetDateTime) -> sqlx::Result<()> {
    decisions::close(conn, decision, now).await?;
    approval_links::void(conn, decision.id, "decided", now).await?;
    for message in messages::list_asking(conn, decision.id).await? {
        if let Some(chat_id) = message.chat_id() {
            outbox::insert(conn, chat_id, "edit", message.id, now).await?;
            enqueue(conn, &DeliverChat { chat_id }, now).await?;
        }
    }
    Ok(())
}
