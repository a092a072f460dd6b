//! E-mail: how a message is composed, and the server that takes it.

mod compose;
mod tokens;

use std::time::Duration;

use common::telemetry::Outgoing;
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use url::Url;

pub use compose::compose;
pub use tokens::{hash_token, token};

use crate::config;

/// A server that has not answered by then is tried again later.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The way to the mail server.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    /// Whom mails are from.
    pub from: lettre::message::Mailbox,
    /// The right side of our message ids.
    pub host: String,
}

/// Why a mail did not go out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// Another try may work: greylisting, a full mailbox, no answer, a wrong password of ours.
    #[error("{0}")]
    Later(String),
    /// This address will never take it.
    #[error("{0}")]
    Never(String),
}

impl Mailer {
    /// Builds the transport; nothing is called yet.
    pub fn new(settings: &config::Smtp, public_url: &Url) -> anyhow::Result<Self> {
        let transport =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose())?.timeout(Some(TIMEOUT)).build();
        Ok(Self {
            transport,
            from: settings.from.clone(),
            host: public_url.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned(),
        })
    }

    /// Hands a mail over; answers what the server said.
    pub async fn send(&self, mail: Message) -> Result<String, Failure> {
        let call = Outgoing::begin("smtp", "send");
        let result = call.during(self.transport.send(mail)).await;
        call.end(match result.as_ref().map_err(|error| error.status().map(u16::from)) {
            Ok(_) => "2xx",
            Err(None) => "unreachable",
            Err(Some(..500)) => "4xx",
            Err(Some(500..)) => "5xx",
        });
        match result {
            Ok(answer) => Ok(answer.message().collect::<Vec<_>>().join(" ")),
            Err(error) => Err(classify(&error)),
        }
    }

    /// Whether the server answers.
    pub async fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.transport.test_connection().await?, "the mail server does not answer NOOP");
        Ok(())
    }
}

fn classify(error: &SmtpError) -> Failure {
    let code = error.status().map(u16::from);
    let text = with_causes(error);
    match code {
        // Our own credentials are wrong: that is for the operator to mend, and then the mail shall go.
        Some(530 | 534 | 535 | 538) => Failure::Later(text),
        Some(500..=599) => Failure::Never(text),
        _ => Failure::Later(text),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}
