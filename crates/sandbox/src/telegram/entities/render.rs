//! Text plus entities as safe HTML for the phone page.

use std::fmt::Write as _;

use super::Entity;

/// HTML with everything people wrote escaped; only our own tags are in it.
pub(crate) fn render(text: &str, entities: &[Entity]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for c in text.chars() {
        close(&mut out, entities, at);
        for entity in entities.iter().filter(|entity| entity.offset == at) {
            out.push_str(&tags(entity).0);
        }
        escape(&mut out, c);
        at += c.len_utf16();
    }
    close(&mut out, entities, at);
    out
}

fn close(out: &mut String, entities: &[Entity], at: usize) {
    // Inner entities were opened last, so they close first.
    for entity in entities.iter().rev().filter(|entity| entity.offset + entity.length == at) {
        out.push_str(tags(entity).1);
    }
}

fn escape(out: &mut String, c: char) {
    match c {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        other => out.push(other),
    }
}

fn tags(entity: &Entity) -> (String, &'static str) {
    let simple = |tag: &str| format!("<{tag}>");
    match entity.kind.as_str() {
        "bold" => (simple("b"), "</b>"),
        "italic" => (simple("i"), "</i>"),
        "underline" => (simple("u"), "</u>"),
        "strikethrough" => (simple("s"), "</s>"),
        "code" => (simple("code"), "</code>"),
        "pre" => (simple("pre"), "</pre>"),
        "blockquote" | "expandable_blockquote" => (simple("blockquote"), "</blockquote>"),
        "spoiler" => ("<span class=\"spoiler\">".to_owned(), "</span>"),
        "text_link" => {
            let url = entity.url.as_deref().unwrap_or_default();
            // Only addresses a phone would open; `javascript:` stays text.
            if !["http://", "https://", "tg://", "mailto:"].iter().any(|scheme| url.starts_with(scheme)) {
                return (simple("u"), "</u>");
            }
            let mut tag = String::from("<a rel=\"noreferrer\" target=\"_blank\" href=\"");
            url.chars().for_each(|c| escape(&mut tag, c));
            let _ = write!(tag, "\">");
            (tag, "</a>")
        }
        _ => (String::new(), ""),
    }
}
