//! A pressed button: who may, what it means now, and what is stored.

use sqlx::PgConnection;

use super::inbox::{Acknowledgement, Reaction};
use super::update::Press;
use crate::answering;
use crate::app::App;
use crate::jobs::DeliverChat;
use crate::store::answers::NewAnswer;
use crate::store::outbox::{PromptFor, Reply};
use crate::store::{answers, decisions, messages, notifications, outbox, telegram_links};
use crate::templates::escape;
use crate::text::cut;
use crate::wording;

const STRANGER: &str = "You are not an approver here: link your account in the dashboard first (Profile → Telegram).";
const OLD: &str = "This button is no longer in use.";

/// What a button asks for: `d:<code>:<option>`, `d:<code>:<option>y` for the confirming one, `d:<code>:b` for back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Choose(usize),
    Confirm(usize),
    Back,
}

fn read(data: &str) -> Option<(&str, Action)> {
    let (code, action) = data.strip_prefix("d:")?.split_once(':')?;
    let action = match (action, action.strip_suffix('y')) {
        ("b", _) => Action::Back,
        (_, Some(option)) => Action::Confirm(option.parse().ok()?),
        (option, None) => Action::Choose(option.parse().ok()?),
    };
    Some((code, action))
}

pub(super) async fn react(
    conn: &mut PgConnection,
    app: &App,
    update_id: i64,
    press: &Press,
) -> anyhow::Result<Reaction> {
    let tell = |outcome, text: &str, alert| {
        let text = cut(text, wording::MAX_ALERT_UNITS);
        Ok(Reaction { outcome, acknowledgement: Some(Acknowledgement { callback_id: press.id.clone(), text, alert }) })
    };
    let Some(link) = telegram_links::find_by_account(conn, press.from.id).await? else {
        return tell("stranger", STRANGER, true);
    };
    let Some((code, action)) = press.data.as_deref().and_then(read) else {
        return tell("ignored", OLD, true);
    };
    let Some(message) = messages::find_by_code(conn, code).await? else { return tell("ignored", OLD, true) };
    // A private message is for one person; whoever holds it now is not that person.
    if message.user_id.is_some_and(|owner| owner != link.user_id) {
        return tell("stranger", STRANGER, true);
    }
    let now = app.clock.now();
    if let Some(pressed) = press.message.as_ref().filter(|pressed| Some(pressed.chat.id) == message.chat_id()) {
        // A copy we may not know of: sent by a process that died before it could note that.
        messages::note_copy(conn, message.id, pressed.id, now).await?;
    }
    let notification = notifications::find(conn, message.notification_id).await?;
    let known = match notification.and_then(|notification| notification.decision_id) {
        Some(id) => decisions::find(conn, id).await?,
        None => None,
    };
    let (Some(known), Some(chat_id)) = (known, message.chat_id()) else { return tell("ignored", OLD, true) };
    let decision = known.body.0;
    let refresh = async |conn: &mut PgConnection| -> anyhow::Result<()> {
        outbox::insert(conn, chat_id, "edit", message.id, now).await?;
        common::jobs::enqueue(conn, &DeliverChat { chat_id }, now).await?;
        Ok(())
    };
    if known.closed_at.is_some() || !wording::is_open(&decision) {
        refresh(conn).await?;
        return tell("late", &wording::outcome(&decision), true);
    }
    if answers::is_pending(conn, decision.id, link.user_id).await? {
        return tell("repeated", "Your answer is being recorded.", false);
    }
    let chosen = match action {
        Action::Back => {
            messages::set_confirming(conn, message.id, None).await?;
            refresh(conn).await?;
            return tell("went_back", "", false);
        }
        Action::Choose(option) | Action::Confirm(option) => decision.options.get(option),
    };
    let Some(choice) = chosen else { return tell("ignored", OLD, true) };
    if wording::needs_reason(choice) {
        let (question, _) = wording::ask_reason(&decision.decision_type, choice);
        let reply = Reply {
            html: format!("{} · <b>{}</b>\n{question}", escape(&decision.short_id), escape(&wording::label(choice))),
            reply_to: press.message.as_ref().map(|message| message.id),
            prompt: Some(PromptFor {
                message_id: message.id,
                user_id: link.user_id,
                choice: choice.clone(),
                decision_type: decision.decision_type.clone(),
            }),
        };
        outbox::insert_reply(conn, chat_id, &reply, now).await?;
        common::jobs::enqueue(conn, &DeliverChat { chat_id }, now).await?;
        return tell("asked_reason", "Please reply with the reason.", false);
    }
    if wording::needs_confirmation(&decision, choice) && !matches!(action, Action::Confirm(_)) {
        messages::set_confirming(conn, message.id, Some(choice)).await?;
        refresh(conn).await?;
        return tell("asked_confirmation", &format!("Please confirm: {}", wording::bound_to(&decision)), false);
    }
    let answer = NewAnswer {
        source: format!("telegram:{update_id}"),
        decision_id: decision.id,
        user_id: link.user_id,
        choice,
        comment: None,
        channel: "telegram",
        evidence_sha: decision.artifact.as_ref().and_then(|artifact| artifact.sha.clone()),
        chat_id: Some(chat_id),
        message_id: Some(message.id),
    };
    answering::submit(conn, &answer, now).await?;
    tell("answered", "Recording your answer…", false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn button_data_is_read_strictly() {
        assert_eq!(read("d:abc:0"), Some(("abc", Action::Choose(0))));
        assert_eq!(read("d:abc:2y"), Some(("abc", Action::Confirm(2))));
        assert_eq!(read("d:abc:b"), Some(("abc", Action::Back)));
        for bad in ["", "d:", "d:abc", "d:abc:", "d:abc:x", "d:abc:-1", "x:abc:0", "d:abc:0yy"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
