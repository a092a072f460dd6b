//! A Markdown document as facts: headings, links, fences, tables, with their places.

use std::ops::Range;

use crate::text::Lines;

pub mod commands;
pub mod front_matter;
pub mod html;
mod parse;

pub use commands::Command;
pub use front_matter::FrontMatter;
pub use parse::parse;
pub(crate) use parse::parse_with;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    pub level: u8,
    pub text: String,
    pub slug: String,
    pub offset: usize,
    pub line: u32,
    /// End of the heading's source, for what stands beneath it.
    pub end: usize,
    /// Inside a list or a quotation it is an illustration, not the document's own structure.
    pub nested: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    Link,
    Image,
    /// `<https://…>` and bare addresses.
    Auto,
    /// `href` or `src` of HTML in the document.
    Html,
    HtmlImage,
    Definition,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub kind: LinkKind,
    pub destination: String,
    pub text: String,
    pub offset: usize,
    pub line: u32,
    pub column: u32,
    /// Bytes of the whole link in the source.
    pub source: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The words after the opening marks.
    pub info: String,
    pub body: Range<usize>,
    pub offset: usize,
    pub line: u32,
    pub closed: bool,
    /// Indented blocks have no marks and no language.
    pub indented: bool,
    pub commands: Vec<Command>,
}

impl Fence {
    pub fn language(&self) -> String {
        self.info.split([' ', ',', '{', '\t']).next().unwrap_or_default().trim_start_matches('.').to_ascii_lowercase()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub text: String,
    pub offset: usize,
    pub line: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    /// Inline code of the cell, in order.
    pub codes: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub cells: Vec<Cell>,
    pub line: u32,
    pub offset: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub header: Row,
    pub rows: Vec<Row>,
    /// Index into the document's headings of the one above, if any.
    pub section: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub text: String,
    pub codes: Vec<String>,
    pub line: u32,
    pub offset: usize,
    pub depth: u8,
    pub section: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    pub text: String,
    pub line: u32,
    pub offset: usize,
    pub section: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub label: String,
    pub source: Range<usize>,
    pub line: u32,
}

/// A reference `[text][label]` without a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenReference {
    pub label: String,
    pub offset: usize,
}

#[derive(Debug, Clone, Default)]
pub struct Document {
    pub path: String,
    pub front_matter: Option<FrontMatter>,
    pub headings: Vec<Heading>,
    pub links: Vec<Link>,
    /// Fragments other than headings: `id` and `name` of HTML, `{#custom}`.
    pub ids: Vec<String>,
    pub fences: Vec<Fence>,
    pub codes: Vec<Code>,
    pub tables: Vec<Table>,
    pub items: Vec<Item>,
    pub paragraphs: Vec<Paragraph>,
    pub definitions: Vec<Definition>,
    pub broken_references: Vec<BrokenReference>,
    /// Source ranges of text that people read: not code, not HTML.
    pub prose: Vec<Range<usize>>,
    /// Source ranges of HTML comments.
    pub comments: Vec<Range<usize>>,
    pub lines: Lines,
    pub line_count: usize,
}

impl Document {
    /// Everything that a link's fragment can name: headings and ids.
    pub fn anchors(&self) -> impl Iterator<Item = &str> {
        self.headings.iter().map(|heading| heading.slug.as_str()).chain(self.ids.iter().map(String::as_str))
    }

    /// True when `fragment` is a place in this document.
    pub fn has_anchor(&self, fragment: &str) -> bool {
        let fragment = anchor(fragment);
        self.anchors().any(|anchor| anchor == fragment)
    }

    pub fn heading(&self, section: Option<usize>) -> Option<&Heading> {
        section.and_then(|index| self.headings.get(index))
    }

    /// The heading and those above it, outermost first.
    pub fn trail(&self, section: Option<usize>) -> Vec<&Heading> {
        let Some(index) = section else { return Vec::new() };
        let mut level = u8::MAX;
        let mut trail = Vec::new();
        for heading in self.headings[..=index.min(self.headings.len().saturating_sub(1))].iter().rev() {
            if heading.level < level {
                level = heading.level;
                trail.push(heading);
            }
        }
        trail.reverse();
        trail
    }
}

/// A fragment without what the forge puts before the ids of a document.
pub(crate) fn anchor(fragment: &str) -> &str {
    fragment.strip_prefix("user-content-").unwrap_or(fragment)
}
