//! One pass of the Markdown parser over a document.

use std::{cell::RefCell, collections::HashMap, ops::Range};

use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::{
    BrokenReference, Cell, Code, Definition, Document, Fence, FrontMatter, Heading, Item, Link, LinkKind, Paragraph,
    Row, Table, commands, html,
};
use crate::text::{Lines, slug};

/// Reads a document. Anything is a document: whatever the bytes were, this gives facts and never fails.
pub fn parse(path: &str, text: &str) -> Document {
    parse_with(path, text, true)
}

/// The same, for most documents without the texts of paragraphs and list items, which only rules over a few documents read.
pub(crate) fn parse_with(path: &str, text: &str, sentences: bool) -> Document {
    let front_matter = FrontMatter::read(text);
    let start = match &front_matter {
        Some(matter) => matter.source.end,
        None if text.starts_with('\u{feff}') => 3,
        None => 0,
    };
    let lines = Lines::new(text);
    let line_count = lines.count();
    let document = Document { path: path.to_owned(), front_matter, lines, line_count, ..Document::default() };
    Reader { document, text, start, sentences, ..Reader::new(text) }.run()
}

struct Reader<'t> {
    document: Document,
    text: &'t str,
    start: usize,
    /// Whether paragraphs and list items are kept.
    sentences: bool,
    slugs: HashMap<String, usize>,
    heading: Option<(Heading, Option<String>)>,
    links: Vec<Link>,
    fence: Option<Fence>,
    table: Option<Table>,
    row: Option<Row>,
    cell: Option<Cell>,
    items: Vec<usize>,
    paragraph: Option<Paragraph>,
    /// Depth of lists and quotations around the current event.
    depth: usize,
    html: Option<Range<usize>>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            document: Document::default(),
            text,
            start: 0,
            sentences: true,
            slugs: HashMap::new(),
            heading: None,
            links: Vec::new(),
            fence: None,
            table: None,
            row: None,
            cell: None,
            items: Vec::new(),
            paragraph: None,
            depth: 0,
            html: None,
        }
    }

    fn run(mut self) -> Document {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_GFM;
        let text = self.text;
        let start = self.start;
        let broken = RefCell::new(Vec::new());
        let on_broken = |link: BrokenLink<'_>| -> Option<(CowStr<'t>, CowStr<'t>)> {
            if matches!(link.link_type, LinkType::Reference | LinkType::Collapsed) {
                broken
                    .borrow_mut()
                    .push(BrokenReference { label: link.reference.to_string(), offset: start + link.span.start });
            }
            None
        };
        let mut parser =
            Parser::new_with_broken_link_callback(&text[start..], options, Some(on_broken)).into_offset_iter();
        for (event, range) in parser.by_ref() {
            self.event(event, start + range.start..start + range.end);
        }
        for (label, definition) in parser.reference_definitions().iter() {
            let source = start + definition.span.start..start + definition.span.end;
            let (line, column) = self.document.lines.position(text, source.start);
            self.document.links.push(Link {
                kind: LinkKind::Definition,
                destination: definition.dest.to_string(),
                text: label.to_owned(),
                offset: source.start,
                line,
                column,
                source: source.clone(),
            });
            self.document.definitions.push(Definition { label: label.to_owned(), source, line });
        }
        drop(parser);
        self.document.definitions.sort_by_key(|definition| definition.source.start);
        self.document.links.sort_by_key(|link| link.offset);
        self.document.broken_references = broken.into_inner();
        self.document
    }

    fn section(&self) -> Option<usize> {
        self.document.headings.len().checked_sub(1)
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.open(tag, range),
            Event::End(tag) => self.close(tag, &range),
            Event::Text(words) => {
                if self.fence.is_none() {
                    self.words(&words);
                    self.document.prose.push(range);
                } else if let Some(fence) = &mut self.fence {
                    if fence.body.is_empty() {
                        fence.body = range;
                    } else {
                        fence.body.end = range.end;
                    }
                }
            }
            Event::Code(words) => {
                self.words(&words);
                if let Some(cell) = &mut self.cell {
                    cell.codes.push(words.to_string());
                }
                if let Some(index) = self.items.last() {
                    self.document.items[*index].codes.push(words.to_string());
                }
                let line = self.document.lines.line(range.start);
                self.document.codes.push(Code { text: words.into_string(), offset: range.start, line });
            }
            Event::SoftBreak | Event::HardBreak => self.words(" "),
            Event::InlineHtml(_) => self.read_html(&range),
            Event::Html(_) => match &mut self.html {
                Some(block) => block.end = range.end,
                None => self.read_html(&range),
            },
            _ => {}
        }
    }

    /// Adds text to everything that is open and keeps its words.
    fn words(&mut self, words: &str) {
        if let Some((heading, _)) = &mut self.heading {
            heading.text.push_str(words);
        }
        for link in &mut self.links {
            link.text.push_str(words);
        }
        if let Some(cell) = &mut self.cell {
            cell.text.push_str(words);
        }
        if let Some(paragraph) = &mut self.paragraph {
            paragraph.text.push_str(words);
        }
        if let Some(index) = self.items.last() {
            self.document.items[*index].text.push_str(words);
        }
    }

    fn open(&mut self, tag: Tag<'_>, range: Range<usize>) {
        let line = self.document.lines.line(range.start);
        match tag {
            Tag::Heading { level, id, .. } => {
                let heading = Heading {
                    level: level as u8,
                    text: String::new(),
                    slug: String::new(),
                    offset: range.start,
                    line,
                    end: range.end,
                    nested: self.depth > 0,
                };
                self.heading = Some((heading, id.map(CowStr::into_string)));
            }
            Tag::Link { link_type, dest_url, .. } => {
                let kind = if matches!(link_type, LinkType::Autolink | LinkType::Email) {
                    LinkKind::Auto
                } else {
                    LinkKind::Link
                };
                self.open_link(kind, link_type, &dest_url, range);
            }
            Tag::Image { link_type, dest_url, .. } => self.open_link(LinkKind::Image, link_type, &dest_url, range),
            Tag::CodeBlock(kind) => {
                let (info, indented) = match kind {
                    CodeBlockKind::Fenced(info) => (info.trim().to_owned(), false),
                    CodeBlockKind::Indented => (String::new(), true),
                };
                let body = range.end..range.end;
                self.fence =
                    Some(Fence { info, body, offset: range.start, line, closed: true, indented, commands: Vec::new() });
            }
            Tag::Table(_) => self.table = Some(Table { section: self.section(), ..Table::default() }),
            Tag::TableHead | Tag::TableRow => self.row = Some(Row { line, offset: range.start, ..Row::default() }),
            Tag::TableCell => self.cell = Some(Cell::default()),
            Tag::List(_) | Tag::BlockQuote(_) => self.depth += 1,
            Tag::Item if self.sentences => {
                let depth = u8::try_from(self.items.len()).unwrap_or(u8::MAX);
                self.items.push(self.document.items.len());
                let section = self.section();
                self.document.items.push(Item {
                    text: String::new(),
                    codes: Vec::new(),
                    line,
                    offset: range.start,
                    depth,
                    section,
                });
            }
            Tag::Paragraph if !self.sentences => {}
            Tag::Paragraph if self.items.is_empty() => {
                self.paragraph =
                    Some(Paragraph { text: String::new(), line, offset: range.start, section: self.section() });
            }
            // A second paragraph of the same item starts a new word.
            Tag::Paragraph => self.words(" "),
            Tag::HtmlBlock => self.html = Some(range.start..range.start),
            _ => {}
        }
    }

    fn open_link(&mut self, kind: LinkKind, link_type: LinkType, destination: &str, range: Range<usize>) {
        let (line, column) = self.document.lines.position(self.text, range.start);
        // A reference's destination is reported at its definition, once.
        let inline = matches!(link_type, LinkType::Inline | LinkType::Autolink | LinkType::Email);
        let destination = if inline { destination.to_owned() } else { String::from("\u{0}") };
        self.links.push(Link {
            kind,
            destination,
            text: String::new(),
            offset: range.start,
            line,
            column,
            source: range,
        });
    }

    fn close(&mut self, tag: TagEnd, range: &Range<usize>) {
        match tag {
            TagEnd::Heading(_) => self.close_heading(),
            TagEnd::Link | TagEnd::Image => {
                if let Some(link) = self.links.pop()
                    && link.destination != "\u{0}"
                {
                    self.document.links.push(link);
                }
            }
            TagEnd::CodeBlock => self.close_fence(range),
            TagEnd::TableCell => {
                if let (Some(row), Some(cell)) = (&mut self.row, self.cell.take()) {
                    row.cells.push(cell);
                }
            }
            TagEnd::TableHead => {
                if let (Some(table), Some(row)) = (&mut self.table, self.row.take()) {
                    table.header = row;
                }
            }
            TagEnd::TableRow => {
                if let (Some(table), Some(row)) = (&mut self.table, self.row.take()) {
                    table.rows.push(row);
                }
            }
            TagEnd::Table => self.document.tables.extend(self.table.take()),
            TagEnd::List(_) | TagEnd::BlockQuote(_) => self.depth = self.depth.saturating_sub(1),
            TagEnd::Item => {
                self.items.pop();
            }
            TagEnd::Paragraph => self.document.paragraphs.extend(self.paragraph.take()),
            TagEnd::HtmlBlock => {
                if let Some(block) = self.html.take() {
                    self.read_html(&block);
                }
            }
            _ => {}
        }
    }

    fn close_heading(&mut self) {
        let Some((mut heading, id)) = self.heading.take() else { return };
        let trimmed = heading.text.trim().to_owned();
        heading.text = trimmed;
        let base = slug(&heading.text);
        let seen = self.slugs.entry(base.clone()).or_insert(0);
        heading.slug = if *seen == 0 { base } else { format!("{base}-{seen}") };
        *seen += 1;
        self.document.ids.extend(id);
        self.document.headings.push(heading);
    }

    fn close_fence(&mut self, range: &Range<usize>) {
        let Some(mut fence) = self.fence.take() else { return };
        let source = &self.text[range.clone()];
        if !fence.indented {
            // The closing marks are the last line of the block; a block that ends with its document has none.
            let mark = source.trim_start().chars().next().unwrap_or('`');
            let last = source.trim_end().rsplit('\n').next().unwrap_or_default();
            let last = last.trim_start_matches([' ', '\t', '>']);
            fence.closed = source.trim_end().contains('\n') && last.len() >= 3 && last.chars().all(|each| each == mark);
        }
        let language = fence.language();
        if commands::is_shell(&language) && !fence.body.is_empty() {
            let first = self.document.lines.line(fence.body.start);
            fence.commands = commands::read(&self.text[fence.body.clone()], first, &language);
        }
        self.document.fences.push(fence);
    }

    fn read_html(&mut self, range: &Range<usize>) {
        let text = self.text;
        let source = &text[range.clone()];
        let mut at = 0;
        while let Some(open) = source[at..].find("<!--").map(|found| at + found) {
            let end = source[open..].find("-->").map_or(source.len(), |end| open + end + 3);
            self.document.comments.push(range.start + open..range.start + end);
            at = end;
        }
        for heading in html::headings(source) {
            self.document.ids.push(slug(&heading));
        }
        let document = &mut self.document;
        html::attributes(source, |attribute, value, tag, offset| match attribute {
            "id" | "name" => document.ids.push(value.to_owned()),
            "href" | "src" if !matches!(tag, "link" | "script" | "base") => {
                let offset = range.start + offset;
                let (line, column) = document.lines.position(text, offset);
                let kind = if attribute == "src" { LinkKind::HtmlImage } else { LinkKind::Html };
                let source = offset..offset + value.len();
                let destination = value.to_owned();
                document.links.push(Link { kind, destination, text: String::new(), offset, line, column, source });
            }
            _ => {}
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_facts() {
        let text = "# Title\n\nSee [a](b.md#c) and ![pic](p.png).\n\n## One\n\n```sh\nmake x\n```\n\n| A | B |\n|---|---|\n| `x` | 1 |\n\n- item `k`\n\n<a id=\"here\"></a>\n\n## One\n\n[ref]: z.md\n";
        let document = parse("x.md", text);
        let slugs: Vec<_> = document.headings.iter().map(|heading| heading.slug.as_str()).collect();
        assert_eq!(slugs, ["title", "one", "one-1"]);
        let links: Vec<_> = document.links.iter().map(|link| (link.destination.as_str(), link.line)).collect();
        assert_eq!(links, [("b.md#c", 3), ("p.png", 3), ("z.md", 21)]);
        assert_eq!(document.fences[0].commands[0].words, ["make", "x"]);
        assert_eq!(document.fences[0].commands[0].line, 8);
        assert_eq!(document.tables[0].rows[0].cells[0].codes, ["x"]);
        assert_eq!(document.items[0].codes, ["k"]);
        assert!(document.has_anchor("here"));
    }

    #[test]
    fn a_fence_without_an_end_is_seen() {
        assert!(!parse("x.md", "```rust\nfn x() {}\n").fences[0].closed);
        assert!(parse("x.md", "```rust\nfn x() {}\n```\n").fences[0].closed);
        assert!(!parse("x.md", "~~~\n```\n").fences[0].closed);
    }
}
