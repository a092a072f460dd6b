//! The HTML style of the Bot API, as strict as the real one: an unknown tag or a stray `<` fails the message.

use super::{Builder, Formatted};
use crate::telegram::error::ApiError;

fn fault(what: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!("can't parse entities: {what}"))
}

pub(super) fn parse(source: &str) -> Result<Formatted, ApiError> {
    let mut out = Builder::default();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        match c {
            '<' => at = tag(source, at, &mut out)?,
            '&' => {
                let (decoded, length) = entity(&source[at..]);
                decoded.chars().for_each(|c| out.push(c));
                at += length;
            }
            other => {
                out.push(other);
                at += other.len_utf8();
            }
        }
    }
    if let Some(open) = out.open.last() {
        return Err(fault(format!("Can't find end tag corresponding to start tag \"{}\"", open.tag)));
    }
    Ok(out.finish())
}

/// One character reference; anything else stays an ampersand, as in the real server.
fn entity(text: &str) -> (String, usize) {
    if let Some(end) = text.find(';').filter(|end| *end < 12) {
        let name = &text[1..end];
        let decoded = match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            _ => name.strip_prefix('#').and_then(|digits| {
                let code = match digits.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => digits.parse().ok(),
                };
                code.and_then(char::from_u32).filter(|c| *c != '\0')
            }),
        };
        if let Some(decoded) = decoded {
            return (decoded.to_string(), end + 1);
        }
    }
    ("&".to_owned(), 1)
}

fn tag(source: &str, start: usize, out: &mut Builder) -> Result<usize, ApiError> {
    let closing = source[start + 1..].starts_with('/');
    let name_at = start + 1 + usize::from(closing);
    let name: String = source[name_at..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect::<String>()
        .to_ascii_lowercase();
    if closing {
        let end =
            source[name_at..].find('>').ok_or_else(|| fault(format!("Unclosed end tag at byte offset {start}")))?;
        let Some(open) = out.open.last() else {
            return Err(fault(format!("Unexpected end tag at byte offset {start}")));
        };
        if !name.is_empty() && open.tag != name {
            return Err(fault(format!(
                "Unmatched end tag at byte offset {start}, expected \"</{}>\", found \"</{name}>\"",
                open.tag
            )));
        }
        out.close();
        return Ok(name_at + end + 1);
    }
    if name.is_empty() {
        return Err(fault(format!("Unsupported start tag \"\" at byte offset {start}")));
    }
    let (attributes, after) = attributes(source, name_at + name.len(), start)?;
    let named = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let kind = match name.as_str() {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "tg-spoiler" => "spoiler",
        "span" if named("class").as_deref() == Some("tg-spoiler") => "spoiler",
        "span" => {
            return Err(fault(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {start}")));
        }
        "code" | "pre" => name.as_str(),
        "a" => "text_link",
        "tg-emoji" => "",
        "blockquote" if named("expandable").is_some() => "expandable_blockquote",
        "blockquote" => "blockquote",
        _ => return Err(fault(format!("Unsupported start tag \"{name}\" at byte offset {start}"))),
    };
    let language = named("class").and_then(|class| class.strip_prefix("language-").map(ToOwned::to_owned));
    let inside_pre = out.open.last().is_some_and(|open| open.entity.kind == "pre");
    if name == "code" && inside_pre {
        // `<pre><code class="language-x">` is one entity, the language belongs to the block.
        if let Some(open) = out.open.last_mut() {
            open.entity.language = language;
        }
        out.open("code", "", None, None);
    } else {
        // A link without a usable address is plain text in the real client too.
        let url = named("href").filter(|url| kind == "text_link" && url.contains(':'));
        let kind = if kind == "text_link" && url.is_none() { "" } else { kind };
        out.open(&name, kind, url, None);
    }
    Ok(after)
}

type Attributes = Vec<(String, String)>;

fn attributes(source: &str, mut at: usize, start: usize) -> Result<(Attributes, usize), ApiError> {
    let mut found = Attributes::new();
    let unclosed = || fault(format!("Unclosed start tag at byte offset {start}"));
    loop {
        at += source[at..].len() - source[at..].trim_start().len();
        let rest = &source[at..];
        if rest.starts_with('>') {
            return Ok((found, at + 1));
        }
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
        if name.is_empty() {
            return Err(unclosed());
        }
        at += name.len();
        let mut value = String::new();
        if source[at..].starts_with('=') {
            at += 1;
            let quote = source[at..].chars().next().ok_or_else(unclosed)?;
            let (raw, length) = if matches!(quote, '"' | '\'') {
                let end = source[at + 1..].find(quote).ok_or_else(unclosed)?;
                (&source[at + 1..at + 1 + end], end + 2)
            } else {
                let end = source[at..].find(|c: char| c.is_whitespace() || c == '>').ok_or_else(unclosed)?;
                (&source[at..at + end], end)
            };
            value = decode(raw);
            at += length;
        }
        found.push((name.to_ascii_lowercase(), value));
    }
}

fn decode(raw: &str) -> String {
    let mut out = String::new();
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let (decoded, length) = if c == '&' { entity(rest) } else { (c.to_string(), c.len_utf8()) };
        out.push_str(&decoded);
        rest = &rest[length..];
    }
    out
}
