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
    pub anchors: Vec<String>,
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
    /// True when `fragment` is a place in this document.
    pub fn has_anchor(&self, fragment: &str) -> bool {
        let fragment = fragment.strip_prefix("user-content-").unwrap_or(fragment);
        self.headings.iter().any(|heading| heading.slug == fragment)
            || self.anchors.iter().any(|anchor| anchor == fragment)
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

    /// Drops what only rules over one page need, so that a tree of documents stays small in memory. The few documents
    /// that rules read whole (the README, decision records, agent rules) keep their texts.
    pub(crate) fn shrink(&mut self, whole: bool) {
        self.prose = Vec::new();
        self.comments = Vec::new();
        self.broken_references = Vec::new();
        self.definitions = Vec::new();
        self.lines = Lines::default();
        self.fences.retain(|fence| !fence.commands.is_empty());
        self.fences.shrink_to_fit();
        if whole {
            return;
        }
        self.paragraphs = Vec::new();
        self.items = Vec::new();
        // Only paths, commands and variables in inline code are looked at once the text is gone.
        self.codes.retain(|code| code.text.contains(['/', ' ', '_']));
        self.codes.shrink_to_fit();
        self.links.retain(|link| link.kind != LinkKind::Auto && !link.destination.starts_with("http"));
        for link in &mut self.links {
            link.text = String::new();
        }
        self.links.shrink_to_fit();
        self.headings.shrink_to_fit();
        self.tables.retain(|table| table.header.cells.iter().any(|cell| !cell.text.is_empty()));
    }
}

/// A document with its text: what rules over one page see.
pub struct Page<'a> {
    pub document: &'a Document,
    pub text: &'a str,
    /// The bytes before repair, for rules about bytes.
    pub bytes: &'a [u8],
}

impl Page<'_> {
    pub fn path(&self) -> &str {
        &self.document.path
    }

    pub fn position(&self, offset: usize) -> (u32, u32) {
        self.document.lines.position(self.text, offset)
    }

    pub fn line_text(&self, line: u32) -> &str {
        &self.text[self.document.lines.range(self.text, line)]
    }

    /// Lines outside fenced code, with their number and byte offset.
    pub fn plain_lines(&self) -> impl Iterator<Item = (u32, usize, &str)> {
        let mut fences = self.document.fences.iter().peekable();
        let mut number = 0;
        let mut offset = 0;
        self.text.split_inclusive('\n').filter_map(move |line| {
            number += 1;
            let start = offset;
            offset += line.len();
            while fences.next_if(|fence| fence.body.end.max(fence.offset) < start && fence.body.end <= start).is_some()
            {
            }
            let inside =
                fences.peek().is_some_and(|fence| start + line.len() > fence.offset && start <= fence.body.end);
            (!inside).then(|| (number, start, line.trim_end_matches(['\n', '\r'])))
        })
    }
}
