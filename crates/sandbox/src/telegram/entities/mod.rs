//! Formatted text: what `parse_mode` makes of a message, as text plus entities counted in UTF-16 units.

mod html;
mod markdown;
mod render;

use serde_json::{Value, json};

pub(crate) use render::render;

use super::error::ApiError;

/// A span of a text and what it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entity {
    /// `bold`, `code`, `text_link`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Start, in UTF-16 units.
    pub offset: usize,
    /// Length, in UTF-16 units.
    pub length: usize,
    /// Where a `text_link` leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The language of a `pre` block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A text after its formatting was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Formatted {
    /// The text without markup.
    pub(crate) text: String,
    /// What is marked up in it.
    pub(crate) entities: Vec<Entity>,
}

/// Length as Telegram counts it.
pub(crate) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Reads a text in the given `parse_mode`. No mode takes it as it stands.
pub(crate) fn parse(text: &str, mode: Option<&str>) -> Result<Formatted, ApiError> {
    let mut formatted = match mode.map(str::to_ascii_lowercase).as_deref() {
        None | Some("") => Formatted { text: text.to_owned(), entities: Vec::new() },
        Some("html") => html::parse(text)?,
        Some("markdownv2" | "markdown") => markdown::parse(text)?,
        Some(_) => return Err(ApiError::bad_request("unsupported parse_mode")),
    };
    trim(&mut formatted);
    mark_commands(&mut formatted);
    formatted.entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
    Ok(formatted)
}

/// Telegram drops white space around a message; entities move with the text.
fn trim(formatted: &mut Formatted) {
    let start = formatted.text.len() - formatted.text.trim_start().len();
    let skipped = units(&formatted.text[..start]);
    let text = formatted.text.trim().to_owned();
    let total = units(&text);
    formatted.entities.retain_mut(|entity| {
        let end = (entity.offset + entity.length).saturating_sub(skipped).min(total);
        entity.offset = entity.offset.saturating_sub(skipped).min(total);
        entity.length = end.saturating_sub(entity.offset);
        entity.length > 0
    });
    formatted.text = text;
}

/// A leading `/command` is an entity even without a parse mode; clients look for it.
fn mark_commands(formatted: &mut Formatted) {
    let Some(rest) = formatted.text.strip_prefix('/') else { return };
    let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '@')).collect();
    if name.is_empty() || formatted.entities.iter().any(|entity| entity.offset == 0) {
        return;
    }
    formatted.entities.push(Entity {
        kind: "bot_command".to_owned(),
        offset: 0,
        length: 1 + units(&name),
        url: None,
        language: None,
    });
}

/// The entities as the Bot API lists them.
pub(crate) fn to_json(entities: &[Entity]) -> Value {
    json!(entities)
}

/// An entity that is open while a text is read.
#[derive(Debug)]
struct Open {
    tag: String,
    entity: Entity,
}

#[derive(Debug, Default)]
struct Builder {
    text: String,
    length: usize,
    open: Vec<Open>,
    entities: Vec<Entity>,
}

impl Builder {
    fn push(&mut self, c: char) {
        self.text.push(c);
        self.length += c.len_utf16();
    }

    fn open(&mut self, tag: &str, kind: &str, url: Option<String>, language: Option<String>) {
        let entity = Entity { kind: kind.to_owned(), offset: self.length, length: 0, url, language };
        self.open.push(Open { tag: tag.to_owned(), entity });
    }

    fn close(&mut self) {
        if let Some(mut open) = self.open.pop() {
            open.entity.length = self.length - open.entity.offset;
            if open.entity.length > 0 && !open.entity.kind.is_empty() {
                self.entities.push(open.entity);
            }
        }
    }

    fn finish(self) -> Formatted {
        Formatted { text: self.text, entities: self.entities }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_utf16_units() {
        let read = parse("😀 <b>da &lt;b&gt;</b> <a href=\"https://x.test/?a=1&amp;b=2\">here</a>", Some("HTML"))
            .expect("valid");
        assert_eq!(read.text, "😀 da <b> here");
        assert_eq!((read.entities[0].offset, read.entities[0].length), (3, 6));
        assert_eq!(read.entities[1].url.as_deref(), Some("https://x.test/?a=1&b=2"));
    }

    #[test]
    fn hostile_html_is_refused_in_telegrams_words() {
        for (text, words) in [
            ("a <script>", "Unsupported start tag \"script\" at byte offset 2"),
            ("<b>x", "Can't find end tag corresponding to start tag \"b\""),
            ("<b>x</i>", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\""),
            ("x</b>", "Unexpected end tag at byte offset 1"),
            ("1 < 2", "Unsupported start tag \"\" at byte offset 2"),
        ] {
            let refused = parse(text, Some("HTML")).expect_err(text);
            assert_eq!(refused.description, format!("Bad Request: can't parse entities: {words}"));
        }
    }

    #[test]
    fn markdown_wants_its_backslashes() {
        let refused = parse("a.b", Some("MarkdownV2")).expect_err("reserved");
        assert!(refused.description.contains("Character '.' is reserved"), "{}", refused.description);
        let read = parse("*bold* `a.b` [x](https://x.test/) a\\.b", Some("MarkdownV2")).expect("valid");
        assert_eq!(read.text, "bold a.b x a.b");
        assert_eq!(read.entities.len(), 3);
    }

    #[test]
    fn rendering_escapes_what_people_wrote() {
        let read = parse("<b>&lt;img&gt;</b>\n/start", Some("HTML")).expect("valid");
        assert_eq!(render(&read.text, &read.entities), "<b>&lt;img&gt;</b>\n/start");
    }
}
