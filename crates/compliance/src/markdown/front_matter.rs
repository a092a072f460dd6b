//! The block between two `---` lines: keys, values and lists, which is all that documents and agent rules use.

use std::ops::Range;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrontMatter {
    pub entries: Vec<Entry>,
    /// Bytes of the block with both marks.
    pub source: Range<usize>,
    /// The block was opened and never closed.
    pub unclosed: bool,
    /// Lines that are neither `key: value`, list items, comments nor continuations.
    pub odd_lines: Vec<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub value: String,
    pub items: Vec<String>,
    pub line: u32,
}

impl FrontMatter {
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Reads the block at the start of `text`, if there is one.
    pub fn read(text: &str) -> Option<Self> {
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let first = text[start..].split_inclusive('\n').next()?;
        if first.trim_end() != "---" || !first.ends_with('\n') {
            return None;
        }
        let mut matter = Self { source: start..start + first.len(), unclosed: true, ..Self::default() };
        let mut line_number = 1;
        // A thematic break at the top of a document is no front matter: a blank line or prose follows it.
        for line in text[matter.source.end..].split_inclusive('\n').take(200) {
            line_number += 1;
            matter.source.end += line.len();
            let content = line.trim_end();
            if content == "---" || content == "..." {
                matter.unclosed = false;
                break;
            }
            matter.line(content, line_number);
        }
        if matter.unclosed && matter.entries.is_empty() {
            return None;
        }
        if matter.unclosed {
            matter.source.end = start + first.len();
        }
        Some(matter)
    }

    fn line(&mut self, content: &str, line: u32) {
        let trimmed = content.trim_start();
        let indented = trimmed.len() < content.len();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            return;
        }
        if let Some(item) = trimmed.strip_prefix("- ").or(if trimmed == "-" { Some("") } else { None })
            && let Some(entry) = self.entries.last_mut()
        {
            entry.items.push(unquote(item).to_owned());
            return;
        }
        if indented {
            if let Some(entry) = self.entries.last_mut() {
                if !entry.value.is_empty() {
                    entry.value.push(' ');
                }
                entry.value.push_str(trimmed);
            }
            return;
        }
        match trimmed.split_once(':') {
            Some((key, value)) if is_key(key) && (value.is_empty() || value.starts_with([' ', '\t'])) => {
                let value = value.trim();
                let items = value
                    .strip_prefix('[')
                    .and_then(|list| list.strip_suffix(']'))
                    .map(|list| {
                        list.split(',').map(|item| unquote(item).to_owned()).filter(|item| !item.is_empty()).collect()
                    })
                    .unwrap_or_default();
                self.entries.push(Entry { key: key.trim().to_owned(), value: unquote(value).to_owned(), items, line });
            }
            _ => self.odd_lines.push(line),
        }
    }
}

fn is_key(key: &str) -> bool {
    let key = key.trim().trim_matches('"');
    !key.is_empty() && key.chars().all(|character| character.is_alphanumeric() || "_-. ".contains(character))
}

fn unquote(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lists_and_quotes_are_read() {
        let text = "---\ndescription: \"How we test\"\nglobs: [a/*.rs, 'b']\ntags:\n  - one\n  - two\nalwaysApply: true\n---\n# T\n";
        let matter = FrontMatter::read(text).expect("there is front matter");
        assert_eq!(matter.get("description").unwrap().value, "How we test");
        assert_eq!(matter.get("globs").unwrap().items, ["a/*.rs", "b"]);
        assert_eq!(matter.get("tags").unwrap().items, ["one", "two"]);
        assert_eq!(&text[matter.source.end..], "# T\n");
        assert!(FrontMatter::read("---\n\nprose\n").is_none());
        assert!(FrontMatter::read("---\nkey: x\nno end\n").unwrap().unclosed);
    }
}
