//! A notification as a mail: plain text and HTML, threaded by project, marked as automatic.

use std::time::SystemTime;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message as Mail};

use common::clients::dashboard::Decision;

use super::Mailer;
use crate::app::App;
use crate::store::messages::Message;
use crate::store::notifications::Notification;
use crate::telegram::render::{Choice, Values};
use crate::text::one_line;
use crate::wording;

/// Builds the mail. `link` is the confirm page of a decision that is still open.
pub fn compose(
    app: &App,
    mailer: &Mailer,
    message: &Message,
    notification: &Notification,
    decision: Option<&Decision>,
    link: Option<&str>,
) -> anyhow::Result<Mail> {
    let mut values = Values::new(app, notification, decision);
    if let (Some(link), Some(decision)) = (link, decision) {
        values.approve_url = Some(link.to_owned());
        values.choices = decision
            .options
            .iter()
            .map(|choice| Choice { label: wording::label(choice), url: format!("{link}?v={choice}") })
            .collect();
    }
    let render = |part| app.templates.render(&notification.kind, part, &values);
    let subject = one_line(&render("subject")?, 200);
    let address: Address = message.address.parse()?;
    let name = Some(one_line(&message.name, 80)).filter(|name| !name.is_empty());
    let thread = format!("<project-{}@{}>", notification.project_id, mailer.host);
    let mail = Mail::builder()
        .from(mailer.from.clone())
        .to(Mailbox::new(name, address))
        .subject(subject)
        .date(SystemTime::from(message.created_at))
        .message_id(Some(message_id(message, mailer)))
        .in_reply_to(thread.clone())
        .references(thread)
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Auto-Response-Suppress", "All"))
        .multipart(MultiPart::alternative_plain_html(render("text")?, render("html")?))?;
    Ok(mail)
}

/// The same for every attempt: a mail program shows a mail that came twice once.
fn message_id(message: &Message, mailer: &Mailer) -> String {
    format!("<{}@{}>", message.id, mailer.host)
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
