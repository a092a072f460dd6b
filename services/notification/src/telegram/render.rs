//! A notification as a Telegram message: text, buttons, and how it changes once somebody has decided.

use common::clients::dashboard::Decision;
use serde::Serialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::store::messages::Message;
use crate::store::notifications::Notification;
use crate::store::outbox::Reply;
use crate::text::{block, one_line};
use crate::wording;

/// Sizes before escaping; together they stay well below the 4096 units Telegram allows after it has read the markup.
const MAX_PROJECT_UNITS: usize = 80;
const MAX_TITLE_UNITS: usize = 300;
const MAX_TEXT_UNITS: usize = 3000;

/// What every template may name.
#[derive(Debug, Clone, Serialize)]
pub struct Values {
    pub project: String,
    pub title: String,
    pub text: Option<String>,
    pub link: Option<String>,
    pub instance: String,
    pub asks: bool,
    pub short_id: String,
    pub deadline: Option<String>,
    pub outcome: Option<String>,
    pub confirming: Option<String>,
    pub approve_url: Option<String>,
    pub choices: Vec<Choice>,
}

/// A choice as a button of a mail.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    pub label: String,
    pub url: String,
}

impl Values {
    /// Cleaned and cut, not yet escaped: the template does that.
    pub fn new(app: &App, notification: &Notification, decision: Option<&Decision>) -> Self {
        let text = if notification.text.trim().is_empty() {
            decision.map(|decision| decision.summary.as_str()).unwrap_or_default()
        } else {
            &notification.text
        };
        let text = block(text, MAX_TEXT_UNITS);
        Self {
            project: one_line(&notification.project_name, MAX_PROJECT_UNITS),
            title: one_line(&notification.title, MAX_TITLE_UNITS),
            text: Some(text).filter(|text| !text.is_empty()),
            link: notification.link.clone(),
            instance: app.config.shared.public_url.host_str().unwrap_or("this instance").to_owned(),
            asks: decision.is_some(),
            short_id: decision.map(|decision| one_line(&decision.short_id, 20)).unwrap_or_default(),
            deadline: decision.and_then(|decision| decision.expires_at).map(wording::clock_time),
            outcome: decision.filter(|decision| !wording::is_open(decision)).map(wording::outcome),
            confirming: None,
            approve_url: None,
            choices: Vec::new(),
        }
    }
}

/// The arguments of `sendMessage`, or of `editMessageText` when the message is out already.
pub fn message(
    app: &App,
    message: &Message,
    notification: &Notification,
    decision: Option<&Decision>,
) -> anyhow::Result<Value> {
    let mut values = Values::new(app, notification, decision);
    values.confirming = decision.filter(|_| message.confirming.is_some()).map(wording::bound_to);
    let text = app.templates.render(&notification.kind, "telegram", &values)?;
    let mut call = json!({
        "chat_id": message.chat_id(),
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": { "is_disabled": true },
    });
    let keyboard = keyboard(app, message, notification, decision);
    if !keyboard.is_empty() {
        call["reply_markup"] = json!({ "inline_keyboard": keyboard });
    }
    // Only questions, failures and "done" make a sound.
    if notification.kind == "stage" {
        call["disable_notification"] = json!(true);
    }
    Ok(call)
}

fn keyboard(app: &App, message: &Message, notification: &Notification, decision: Option<&Decision>) -> Vec<Value> {
    let mut rows = Vec::new();
    if let Some(decision) = decision.filter(|decision| wording::is_open(decision)) {
        let confirming = message.confirming.as_deref().and_then(|choice| {
            let option = decision.options.iter().position(|option| option == choice)?;
            Some((choice, option))
        });
        if let Some((choice, option)) = confirming {
            let yes = format!("Yes, {}", wording::bound_to(decision));
            rows.push(json!([
                button(&one_line(&yes, 60), &format!("d:{}:{option}y", message.code), wording::style(choice)),
                button("Back", &format!("d:{}:b", message.code), None),
            ]));
        } else {
            let buttons: Vec<Value> = decision
                .options
                .iter()
                .enumerate()
                .map(|(option, choice)| {
                    button(&wording::label(choice), &format!("d:{}:{option}", message.code), wording::style(choice))
                })
                .collect();
            rows.extend(buttons.chunks(3).map(|row| json!(row)));
        }
    }
    // Telegram refuses links that a phone cannot open, so without a public HTTPS address there is none.
    let evidence = notification.link.as_deref().filter(|_| notification.kind != "alert"); // an alert has its link in the text
    if let Some(link) = evidence.filter(|link| app.public_https() && link.starts_with("https://")) {
        rows.push(json!([{ "text": "🔎 Evidence", "url": link }]));
    }
    rows
}

fn button(text: &str, data: &str, style: Option<&str>) -> Value {
    let mut button = json!({ "text": text, "callback_data": data });
    if let Some(style) = style {
        button["style"] = json!(style);
    }
    button
}

/// The arguments of `sendMessage` for a text of ours.
pub fn reply(chat_id: i64, reply: &Reply) -> Value {
    let mut call = json!({
        "chat_id": chat_id,
        "text": reply.html,
        "parse_mode": "HTML",
        "link_preview_options": { "is_disabled": true },
    });
    if let Some(replied) = reply.reply_to {
        call["reply_parameters"] = json!({ "message_id": replied, "allow_sending_without_reply": true });
    }
    if let Some(prompt) = &reply.prompt {
        let (_, placeholder) = wording::ask_reason(&prompt.decision_type, &prompt.choice);
        call["reply_markup"] = json!({ "force_reply": true, "input_field_placeholder": placeholder });
    }
    call
}
