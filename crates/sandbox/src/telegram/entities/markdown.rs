//! The `MarkdownV2` style: every reserved character needs a backslash, and one that lacks it fails the message.

use super::{Builder, Formatted};
use crate::telegram::error::ApiError;

const RESERVED: &str = "_*[]()~>#+-=|{}.!";

/// Markers and the entities they open; the longer ones first.
const MARKERS: [(&str, &str); 8] = [
    ("```", "pre"),
    ("__", "underline"),
    ("||", "spoiler"),
    ("`", "code"),
    ("*", "bold"),
    ("_", "italic"),
    ("~", "strikethrough"),
    ("[", "text_link"),
];

fn fault(what: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!("can't parse entities: {what}"))
}

pub(super) fn parse(source: &str) -> Result<Formatted, ApiError> {
    let mut out = Builder::default();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        let verbatim = out.open.last().is_some_and(|open| matches!(open.tag.as_str(), "```" | "`"));
        if c == '\\'
            && let Some(next) = rest[1..].chars().next().filter(|next| (1..127).contains(&u32::from(*next)))
        {
            out.push(next);
            at += 1 + next.len_utf8();
            continue;
        }
        if verbatim {
            let tag = out.open.last().map(|open| open.tag.clone()).unwrap_or_default();
            if rest.starts_with(&tag) {
                out.close();
                at += tag.len();
            } else {
                out.push(c);
                at += c.len_utf8();
            }
            continue;
        }
        if c == ']' && out.open.last().is_some_and(|open| open.tag == "[") {
            at += link_end(rest, at, &mut out)?;
            continue;
        }
        if let Some((marker, kind)) = MARKERS.iter().find(|(marker, _)| rest.starts_with(marker)) {
            if out.open.last().is_some_and(|open| open.tag == *marker) {
                out.close();
            } else if out.open.iter().any(|open| open.tag == *marker) {
                return Err(fault(format!("Can't find end of the entity starting at byte offset {at}")));
            } else {
                out.open(marker, kind, None, None);
            }
            at += marker.len();
            continue;
        }
        if c == '>' && (at == 0 || source[..at].ends_with('\n')) {
            at += 1;
            continue;
        }
        if RESERVED.contains(c) {
            return Err(fault(format!("Character '{c}' is reserved and must be escaped with the preceding '\\'")));
        }
        out.push(c);
        at += c.len_utf8();
    }
    if let Some(open) = out.open.last() {
        return Err(fault(format!(
            "Can't find end of {} entity at byte offset {}",
            open.entity.kind, open.entity.offset
        )));
    }
    Ok(out.finish())
}

/// `](address)`; answers how many bytes it took.
fn link_end(rest: &str, at: usize, out: &mut Builder) -> Result<usize, ApiError> {
    let Some(address) = rest.strip_prefix("](") else {
        return Err(fault(format!("Can't find end of a URL at byte offset {at}")));
    };
    let mut url = String::new();
    let mut escaped = false;
    for (length, c) in address.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            ')' if !escaped => {
                if let Some(open) = out.open.last_mut() {
                    open.entity.url = Some(url);
                }
                out.close();
                return Ok(2 + length + 1);
            }
            other => {
                escaped = false;
                url.push(other);
            }
        }
    }
    Err(fault(format!("Can't find end of a URL at byte offset {at}")))
}
