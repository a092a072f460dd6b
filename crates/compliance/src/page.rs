//! What a rule over one document sees.

use std::cell::OnceCell;

use crate::{
    links::{self, Target},
    markdown::{Document, Link},
    project::Sources,
};

/// A document with its text, and what the rest of the tree says: names of files, code, build files.
pub struct Page<'a> {
    pub document: &'a Document,
    pub text: &'a str,
    /// The bytes before repair, for rules about bytes.
    pub bytes: &'a [u8],
    pub sources: &'a Sources<'a>,
    /// Where the links lead, once a rule has asked.
    targets: OnceCell<Vec<(usize, Target)>>,
}

impl<'a> Page<'a> {
    pub fn new(document: &'a Document, text: &'a str, bytes: &'a [u8], sources: &'a Sources<'a>) -> Self {
        Self { document, text, bytes, sources, targets: OnceCell::new() }
    }

    pub fn path(&self) -> &str {
        &self.document.path
    }

    pub fn position(&self, offset: usize) -> (u32, u32) {
        self.document.lines.position(self.text, offset)
    }

    pub fn line_text(&self, line: u32) -> &str {
        &self.text[self.document.lines.range(self.text, line)]
    }

    /// Links that mean something in the tree, with where they lead.
    pub(crate) fn targets(&self) -> impl Iterator<Item = (&Link, &Target)> {
        let targets = self.targets.get_or_init(|| links::targets(self.document, self.sources));
        targets.iter().map(|(link, target)| (&self.document.links[*link], target))
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
