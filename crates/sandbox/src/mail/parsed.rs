//! A caught mail the way a mail program reads it.

use std::collections::BTreeMap;

use mail_parser::{Address, HeaderValue, MessageParser, MimeHeaders as _, PartType};
use serde::Serialize;

/// Addresses, subject, both bodies, and the links in them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Parsed {
    /// `From`, as `Name <address>`.
    pub from: Option<String>,
    /// `To`, each as `Name <address>`.
    pub to: Vec<String>,
    /// Decoded subject.
    pub subject: String,
    /// `Message-ID` without the angle brackets.
    pub message_id: Option<String>,
    /// The plain text part.
    pub text: Option<String>,
    /// The HTML part.
    pub html: Option<String>,
    /// Every `http` address in either part, in the order they appear.
    pub links: Vec<String>,
    /// File names of attachments.
    pub attachments: Vec<String>,
    /// Headers with their raw values; of repeated ones the last.
    pub headers: BTreeMap<String, String>,
}

impl Parsed {
    pub(super) fn read(raw: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse(raw) else { return Self::default() };
        let mut parsed = Self {
            from: message.from().and_then(|address| addresses(address).into_iter().next()),
            to: message.to().map(addresses).unwrap_or_default(),
            subject: message.subject().unwrap_or_default().to_owned(),
            message_id: message.message_id().map(ToOwned::to_owned),
            ..Self::default()
        };
        for part in &message.parts {
            let attached = part.attachment_name().map(ToOwned::to_owned);
            match (&part.body, attached) {
                (_, Some(name)) => parsed.attachments.push(name),
                (PartType::Text(text), None) if parsed.text.is_none() => parsed.text = Some(text.to_string()),
                (PartType::Html(html), None) if parsed.html.is_none() => parsed.html = Some(html.to_string()),
                _ => {}
            }
        }
        for header in message.headers() {
            let value = match &header.value {
                HeaderValue::Text(text) => text.to_string(),
                _ => String::from_utf8_lossy(
                    raw.get(header.offset_start as usize..header.offset_end as usize).unwrap_or_default(),
                )
                .trim()
                .to_owned(),
            };
            parsed.headers.insert(header.name.as_str().to_owned(), value);
        }
        let bodies = [parsed.html.as_deref(), parsed.text.as_deref()];
        for link in bodies.into_iter().flatten().flat_map(links) {
            if !parsed.links.contains(&link) {
                parsed.links.push(link);
            }
        }
        parsed
    }
}

fn addresses(address: &Address<'_>) -> Vec<String> {
    address
        .iter()
        .map(|one| match (one.name(), one.address()) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (None, Some(address)) => address.to_owned(),
            (name, None) => name.unwrap_or_default().to_owned(),
        })
        .collect()
}

fn links(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find("http") {
        rest = &rest[at..];
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | ']'))
            .unwrap_or(rest.len());
        let link = rest[..end].trim_end_matches(['.', ',', ';']);
        if link.starts_with("http://") || link.starts_with("https://") {
            found.push(link.replace("&amp;", "&"));
        }
        rest = &rest[end.max("http".len()).min(rest.len())..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bodies_subject_and_links_are_found() {
        let raw = "From: =?utf-8?q?J=C3=BCrgen?= <j@x.test>\r\nTo: a@x.test, B <b@x.test>\r\n\
                   Subject: =?utf-8?b?0J/RgNC40LLQtdGC?=\r\nMessage-ID: <1@x.test>\r\nMIME-Version: 1.0\r\n\
                   Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
                   See https://x.test/a.\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
                   <a href=\"https://x.test/b?x=1&amp;y=2\">b</a>\r\n--b--\r\n";
        let parsed = Parsed::read(raw.as_bytes());
        assert_eq!(parsed.from.as_deref(), Some("Jürgen <j@x.test>"));
        assert_eq!(parsed.to, ["a@x.test", "B <b@x.test>"]);
        assert_eq!(parsed.subject, "Привет");
        assert_eq!(parsed.message_id.as_deref(), Some("1@x.test"));
        assert_eq!(parsed.links, ["https://x.test/b?x=1&y=2", "https://x.test/a"]);
        assert!(parsed.text.expect("a plain part").contains("See"));
    }

    #[test]
    fn anything_can_be_parsed() {
        for raw in [&b""[..], b"\r\n", b"no headers at all", b"\xff\xfe\x00", b"Subject\r\n\r\n"] {
            let parsed = Parsed::read(raw);
            assert!(parsed.links.is_empty());
        }
    }
}
