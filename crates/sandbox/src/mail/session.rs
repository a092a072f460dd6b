//! One SMTP conversation.

use std::time::{Duration, SystemTime};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};

use super::{Caught, Mail, reader};
use crate::faults::{Kind, Surface};

const MAX_MAIL_BYTES: usize = 25 * 1024 * 1024;
const MAX_RECIPIENTS: usize = 100;
/// A client that says nothing for so long has gone.
const PATIENCE: Duration = Duration::from_mins(5);

trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

struct Session {
    mail: Mail,
    stream: BufStream<Box<dyn Connection>>,
    client: String,
    user: Option<String>,
    tls: bool,
    sender: Option<String>,
    utf8: bool,
    recipients: Vec<String>,
}

/// What happens after a command.
enum Next {
    Go,
    Close,
    Tls,
}

pub(super) async fn run(mail: Mail, stream: tokio::net::TcpStream) -> std::io::Result<()> {
    let mut session = Session {
        mail,
        stream: BufStream::new(Box::new(stream)),
        client: String::new(),
        user: None,
        tls: false,
        sender: None,
        utf8: false,
        recipients: Vec::new(),
    };
    if let Some(next) = session.struck("CONNECT").await? {
        return if matches!(next, Next::Close) { Ok(()) } else { session.stream.shutdown().await };
    }
    session.say("220 sandbox.localhost ESMTP ready").await?;
    loop {
        let Ok(line) = tokio::time::timeout(PATIENCE, reader::line(&mut session.stream)).await else {
            return session.say("421 4.4.2 Timeout, closing connection").await;
        };
        let Some(line) = line? else { return Ok(()) };
        match session.command(&line).await? {
            Next::Go => {}
            Next::Close => return Ok(()),
            Next::Tls => session = session.into_tls().await?,
        }
    }
}

impl Session {
    async fn say(&mut self, text: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    async fn reply(&mut self, text: &str) -> std::io::Result<Next> {
        self.say(text).await?;
        Ok(Next::Go)
    }

    /// A switch that is set for this moment: it has answered, and says how to go on.
    async fn struck(&mut self, moment: &str) -> std::io::Result<Option<Next>> {
        let faults = self.mail.0.ctx.faults().clone();
        let verb = moment.split(' ').next().unwrap_or_default();
        // A switch that names this command counts here whatever it is; one that names none, only where its code belongs.
        let aimed: Vec<Kind> = faults
            .list()
            .into_iter()
            .filter(|set| set.fault.times.is_none_or(|times| set.struck < times))
            .filter(|set| set.fault.route.as_deref().is_some_and(|route| route.starts_with(verb)))
            .map(|set| set.fault.kind)
            .collect();
        let slow = |kind: &Kind| matches!(kind, Kind::Delay { .. }) && (verb == "END" || aimed.contains(kind));
        if let Some(Kind::Delay { milliseconds }) = faults.take_if(Surface::Smtp, moment, slow) {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        let fitting = |kind: &Kind| match kind {
            Kind::Status { status } => aimed.contains(kind) || fits(*status, verb),
            Kind::Drop => aimed.contains(kind) || verb == "END",
            _ => false,
        };
        match faults.take_if(Surface::Smtp, moment, fitting) {
            Some(Kind::Status { status: 421 }) => {
                self.say("421 4.3.2 Service not available, closing transmission channel").await?;
                Ok(Some(Next::Close))
            }
            Some(Kind::Status { status }) => {
                self.say(&refusal(status)).await?;
                Ok(Some(Next::Go))
            }
            Some(_) => Ok(Some(Next::Close)),
            None => Ok(None),
        }
    }

    async fn command(&mut self, line: &str) -> std::io::Result<Next> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.hello(rest, true).await,
            "HELO" => self.hello(rest, false).await,
            "STARTTLS" if self.tls => self.reply("503 5.5.1 TLS is already on").await,
            "STARTTLS" => {
                self.say("220 2.0.0 Ready to start TLS").await?;
                Ok(Next::Tls)
            }
            "AUTH" => self.auth(rest).await,
            "MAIL" => self.mail_from(rest).await,
            "RCPT" => self.rcpt_to(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.forget();
                self.reply("250 2.0.0 Ok").await
            }
            "NOOP" => self.reply("250 2.0.0 Ok").await,
            "VRFY" => self.reply("252 2.0.0 Send some mail, I will try my best").await,
            "HELP" => self.reply("214 2.0.0 This server keeps every mail and sends none on").await,
            "QUIT" => {
                self.say("221 2.0.0 Bye").await?;
                Ok(Next::Close)
            }
            _ => self.reply("500 5.5.2 Command not recognised").await,
        }
    }

    fn forget(&mut self) {
        self.sender = None;
        self.recipients.clear();
        self.utf8 = false;
    }

    async fn hello(&mut self, name: &str, extended: bool) -> std::io::Result<Next> {
        if name.is_empty() {
            return self.reply("501 5.5.4 Say who you are").await;
        }
        if let Some(next) = self.struck("EHLO").await? {
            return Ok(next);
        }
        self.forget();
        name.clone_into(&mut self.client);
        if !extended {
            return self.reply("250 sandbox.localhost").await;
        }
        let mut offers =
            vec!["sandbox.localhost".to_owned(), "PIPELINING".to_owned(), format!("SIZE {MAX_MAIL_BYTES}")];
        offers.extend(["8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "AUTH PLAIN LOGIN"].map(ToOwned::to_owned));
        if !self.tls {
            offers.push("STARTTLS".to_owned());
        }
        let last = offers.pop().unwrap_or_default();
        for offer in offers {
            // The answer is one piece: it goes out with its last line.
            self.stream.write_all(format!("250-{offer}\r\n").as_bytes()).await?;
        }
        self.reply(&format!("250 {last}")).await
    }

    async fn auth(&mut self, rest: &str) -> std::io::Result<Next> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let user = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let given = if initial.is_empty() { self.ask("").await? } else { initial.to_owned() };
                decode(&given).and_then(|text| {
                    let mut parts = text.split('\0').skip(1);
                    Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
                })
            }
            "LOGIN" => {
                let name = if initial.is_empty() { self.ask("VXNlcm5hbWU6").await? } else { initial.to_owned() };
                let password = self.ask("UGFzc3dvcmQ6").await?;
                decode(&name).zip(decode(&password))
            }
            _ => return self.reply("504 5.5.4 Mechanism not offered").await,
        };
        let Some((user, password)) = user else {
            return self.reply("501 5.5.2 Cannot decode the credentials").await;
        };
        if let Some(next) = self.struck(&format!("AUTH {user}")).await? {
            return Ok(next);
        }
        if user.is_empty() || password.is_empty() {
            return self.reply(&refusal(535)).await;
        }
        self.user = Some(user);
        self.reply("235 2.7.0 Authentication successful").await
    }

    async fn ask(&mut self, challenge: &str) -> std::io::Result<String> {
        self.say(&format!("334 {challenge}")).await?;
        Ok(reader::line(&mut self.stream).await?.unwrap_or_default())
    }

    async fn mail_from(&mut self, rest: &str) -> std::io::Result<Next> {
        if self.client.is_empty() {
            return self.reply("503 5.5.1 Say EHLO first").await;
        }
        if self.sender.is_some() {
            return self.reply("503 5.5.1 A mail is already under way").await;
        }
        let Some((address, parameters)) = path(rest, "FROM:") else {
            return self.reply("501 5.5.4 Syntax: MAIL FROM:<address>").await;
        };
        self.utf8 = parameters.iter().any(|parameter| parameter == "SMTPUTF8");
        let size = parameters.iter().find_map(|parameter| parameter.strip_prefix("SIZE=")?.parse::<usize>().ok());
        if size.is_some_and(|size| size > MAX_MAIL_BYTES) {
            return self.reply("552 5.3.4 Message size exceeds fixed limit").await;
        }
        if !address.is_ascii() && !self.utf8 {
            return self.reply("553 5.6.7 Address needs SMTPUTF8").await;
        }
        if let Some(next) = self.struck(&format!("MAIL {address}")).await? {
            return Ok(next);
        }
        self.sender = Some(address);
        self.reply("250 2.1.0 Ok").await
    }

    async fn rcpt_to(&mut self, rest: &str) -> std::io::Result<Next> {
        if self.sender.is_none() {
            return self.reply("503 5.5.1 Say MAIL first").await;
        }
        let Some((address, _)) = path(rest, "TO:").filter(|(address, _)| address.contains('@')) else {
            return self.reply("501 5.1.3 Syntax: RCPT TO:<address>").await;
        };
        if !address.is_ascii() && !self.utf8 {
            return self.reply("553 5.6.7 Address needs SMTPUTF8").await;
        }
        if self.recipients.len() >= MAX_RECIPIENTS {
            return self.reply("452 4.5.3 Too many recipients").await;
        }
        if let Some(next) = self.struck(&format!("RCPT {address}")).await? {
            return Ok(next);
        }
        self.recipients.push(address);
        self.reply("250 2.1.5 Ok").await
    }

    async fn data(&mut self) -> std::io::Result<Next> {
        let Some(sender) = self.sender.clone().filter(|_| !self.recipients.is_empty()) else {
            return self.reply("503 5.5.1 Say RCPT first").await;
        };
        if let Some(next) = self.struck("DATA").await? {
            return Ok(next);
        }
        self.say("354 End data with <CR><LF>.<CR><LF>").await?;
        let Some(raw) = reader::data(&mut self.stream, MAX_MAIL_BYTES).await? else {
            self.forget();
            return self.reply("552 5.3.4 Message size exceeds fixed limit").await;
        };
        if let Some(next) = self.struck("END").await? {
            self.forget();
            return Ok(next);
        }
        let caught = Caught {
            id: 0,
            received_at: SystemTime::now().into(),
            sender,
            recipients: std::mem::take(&mut self.recipients),
            client: self.client.clone(),
            user: self.user.clone(),
            tls: self.tls,
            raw,
        };
        self.forget();
        match self.mail.keep(caught) {
            Ok(id) => {
                let drop_after = |kind: &Kind| *kind == Kind::DropAfter;
                if self.mail.0.ctx.faults().take_if(Surface::Smtp, "END", drop_after).is_some() {
                    return Ok(Next::Close);
                }
                self.reply(&format!("250 2.0.0 Ok: queued as {id}")).await
            }
            Err(error) => {
                tracing::warn!(%error, "cannot keep a mail");
                self.reply("452 4.3.1 Insufficient system storage").await
            }
        }
    }

    async fn into_tls(self) -> std::io::Result<Self> {
        // What a client sent behind STARTTLS in clear text is dropped with the buffer: it could be anybody's.
        let plain = self.stream.into_inner();
        let stream = self.mail.0.acceptor.accept(plain).await?;
        Ok(Self {
            mail: self.mail.clone(),
            stream: BufStream::new(Box::new(stream)),
            client: String::new(),
            user: None,
            tls: true,
            sender: None,
            utf8: false,
            recipients: Vec::new(),
        })
    }
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()
}

/// `FROM:<address> A=1 B` as the address and the parameters in capitals.
fn path(rest: &str, keyword: &str) -> Option<(String, Vec<String>)> {
    let head = rest.get(..keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let (address, parameters) = rest[keyword.len()..].trim_start().strip_prefix('<')?.split_once('>')?;
    let parameters = parameters.split_whitespace().map(str::to_ascii_uppercase).collect();
    // A source route in front of the address is allowed and ignored.
    let address = address.rsplit_once(':').map_or(address, |(_, address)| address);
    Some((address.to_owned(), parameters))
}

/// Where a reply code belongs when the switch names no command.
fn fits(status: u16, verb: &str) -> bool {
    match status {
        421 => verb == "CONNECT",
        530 | 534 | 535 | 538 => verb == "AUTH",
        552 | 554 => verb == "END",
        _ => verb == "RCPT",
    }
}

fn refusal(status: u16) -> String {
    let text = match status {
        450 => "4.2.0 Mailbox busy, try again later",
        451 => "4.7.1 Greylisted, please try again later",
        452 => "4.2.2 Mailbox full, try again later",
        535 => "5.7.8 Authentication credentials invalid",
        550 => "5.1.1 No such user here",
        552 => "5.3.4 Message size exceeds fixed limit",
        554 => "5.7.1 Refused by policy",
        400..=499 => "4.3.0 Temporary failure",
        _ => "5.3.0 Permanent failure",
    };
    format!("{status} {text}")
}
