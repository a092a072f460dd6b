//! What is kept of documents once their texts are gone. Of most of them that is a few numbers, so that the memory of a check
//! follows the largest file and the list of names, and not what the tree says.

use std::{
    collections::{BTreeSet, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::LazyLock,
};

use aho_corasick::AhoCorasick;

use crate::{
    code::routes,
    config::ProjectType,
    markdown::{Document, anchor},
    page::Page,
    project::{Sources, is_sample},
    rules::sections,
    text::{
        paths,
        tokens::{self, Tokens},
    },
};

#[derive(Default)]
pub struct Documents {
    /// Places of the Markdown documents in the tree's list.
    pub places: Vec<u32>,
    /// The few that rules over the whole project read: the README and the changelog.
    pub front: Vec<Document>,
    /// READMEs at the root that are not Markdown (`README.rst`): path and headings.
    pub plain_front: Vec<(String, Vec<String>)>,
    /// Documents that are not Markdown.
    pub plain: usize,
    /// Licences at the root: path and how they begin.
    pub licences: Vec<(String, String)>,
    pub words: Tokens,
    /// Words that stand after `--`.
    pub flags: Tokens,
    /// Routes that documents of a web API name: method, when there is one, and path.
    pub routes: HashSet<(Option<String>, String)>,
    /// Those with a method that the code does not have.
    pub strange_routes: Vec<StrangeRoute>,
    /// Whether any link leads to what versions change.
    pub links_changes: bool,
    /// Whether any document says how tests are run.
    pub says_tests: bool,
    /// Fingerprints of the headings and ids of each Markdown document, in order.
    anchors: Vec<(u32, Box<[u64]>)>,
    references: Vec<Reference>,
    /// Fingerprints of the paths that documents link to, other than their own.
    linked: HashSet<u64>,
}

/// A route in a document that the code does not have.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StrangeRoute {
    pub document: u32,
    pub line: u32,
    pub method: String,
    pub path: String,
}

/// A link from a place in the tree's list to a heading or id of another, whose fingerprint is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reference {
    document: u32,
    target: u32,
    fragment: u64,
}

/// How much of a licence is looked at.
const LICENCE: usize = 16 * 1024;

/// Parts of the addresses of changelogs and pages of releases.
static CHANGES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(["/releases", "changelog", "changes", "history", "release-notes"])
        .expect("the words are few")
});

impl Documents {
    /// Keeps what rules over the whole project need of a Markdown document.
    pub(crate) fn add(&mut self, place: u32, page: &Page<'_>) {
        let document = page.document;
        self.places.push(place);
        self.add_words(place, page.text, page.sources);
        let mut anchors: Vec<u64> = document.anchors().map(fingerprint).collect();
        anchors.sort_unstable();
        anchors.dedup();
        self.links_changes =
            self.links_changes || document.links.iter().any(|link| CHANGES.is_match(&link.destination));
        if !is_sample(page.path()) {
            self.says_tests = self.says_tests || sections::says_tests(document);
            self.add_links(place, page, &anchors);
        }
        self.anchors.push((place, anchors.into_boxed_slice()));
    }

    /// Keeps a document itself, when rules over the whole project read it.
    pub(crate) fn keep(&mut self, document: Document) {
        let stem = paths::stem(&document.path).to_ascii_lowercase();
        if matches!(paths::parent(&document.path), "" | ".github")
            && matches!(stem.as_str(), "readme" | "changelog" | "changes" | "history")
        {
            self.front.push(document);
        }
    }

    /// A document in another format.
    pub(crate) fn add_plain(&mut self, place: u32, path: &str, text: &str, sources: &Sources<'_>) {
        self.plain += 1;
        self.add_words(place, text, sources);
        let name = paths::name(path).to_ascii_lowercase();
        if path.contains('/') {
            return;
        }
        if name.starts_with("readme") {
            self.plain_front.push((path.to_owned(), plain_headings(text)));
        }
        if ["license", "licence", "copying"].iter().any(|stem| name.starts_with(stem)) {
            self.licences.push((path.to_owned(), text[..text.floor_char_boundary(LICENCE)].to_owned()));
        }
    }

    fn add_words(&mut self, place: u32, text: &str, sources: &Sources<'_>) {
        let bytes = text.as_bytes();
        tokens::collect(bytes, &mut self.words);
        for at in memchr::memmem::find_iter(bytes, b"--") {
            let end = bytes[at + 2..]
                .iter()
                .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
                .map_or(bytes.len(), |length| at + 2 + length);
            if end > at + 3 {
                self.flags.insert(tokens::hash(&bytes[at + 2..end]));
            }
        }
        if sources.kind == ProjectType::WebApi {
            self.add_routes(place, text, sources);
        }
    }

    fn add_routes(&mut self, place: u32, text: &str, sources: &Sources<'_>) {
        let path = sources.path(place);
        let tells = !(paths::is_history(path) || path.contains("/adr/") || is_sample(path));
        for mention in routes::mentions(text) {
            if let Some(method) = mention.method.as_ref().filter(|_| tells)
                && !sources.offer.routes.knows(method, &mention.path)
            {
                let (method, path) = (method.clone(), mention.path.clone());
                self.strange_routes.push(StrangeRoute { document: place, line: mention.line, method, path });
            }
            self.routes.insert((mention.method, mention.path));
        }
    }

    fn add_links(&mut self, place: u32, page: &Page<'_>, anchors: &[u64]) {
        // A page may link to the same place a thousand times.
        let mut references = BTreeSet::new();
        for (_, target) in page.targets() {
            if let Some(path) = target.path.as_ref().filter(|path| *path != page.path()) {
                self.linked.insert(fingerprint(path));
            }
            let Some((path, fragment)) = target.anchor() else { continue };
            let Some(target) = page.sources.index.place(path) else { continue };
            let reference = Reference { document: place, target, fragment: fingerprint(anchor(fragment)) };
            if target != place || anchors.binary_search(&reference.fragment).is_err() {
                references.insert(reference);
            }
        }
        self.references.extend(references);
    }

    /// Joins what two threads found.
    #[must_use]
    pub(crate) fn merge(mut self, mut other: Self) -> Self {
        self.places.append(&mut other.places);
        self.front.append(&mut other.front);
        self.plain_front.append(&mut other.plain_front);
        self.plain += other.plain;
        self.licences.append(&mut other.licences);
        tokens::join(&mut self.words, other.words);
        tokens::join(&mut self.flags, other.flags);
        self.routes.extend(other.routes);
        self.strange_routes.append(&mut other.strange_routes);
        self.links_changes |= other.links_changes;
        self.says_tests |= other.says_tests;
        self.anchors.append(&mut other.anchors);
        self.references.append(&mut other.references);
        self.linked.extend(other.linked);
        self
    }

    /// Threads finish in any order; reports must not.
    pub(crate) fn sort(&mut self) {
        self.places.sort_unstable();
        self.front.sort_by(|a, b| a.path.cmp(&b.path));
        self.plain_front.sort();
        self.licences.sort();
        self.strange_routes.sort();
        self.anchors.sort_unstable_by_key(|(place, _)| *place);
        self.references.sort_unstable();
    }

    /// Markdown documents and others.
    pub fn count(&self) -> usize {
        self.places.len() + self.plain
    }

    /// Whether a document links to this path.
    pub fn is_linked(&self, path: &str) -> bool {
        self.linked.contains(&fingerprint(path))
    }

    /// Documents, and those in which they seem to link to a heading or id that is not there, by their places. Whether it is
    /// so their texts tell.
    pub(crate) fn doubtful(&self) -> Vec<(u32, u32)> {
        let is_missing = |reference: &&Reference| {
            self.anchors_of(reference.target).is_some_and(|all| all.binary_search(&reference.fragment).is_err())
        };
        let missing = self.references.iter().filter(is_missing);
        let mut doubtful: Vec<_> = missing.map(|reference| (reference.document, reference.target)).collect();
        doubtful.dedup();
        doubtful
    }

    fn anchors_of(&self, place: u32) -> Option<&[u64]> {
        let at = self.anchors.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        Some(&self.anchors[at].1)
    }
}

/// The same for the same text in the whole run.
fn fingerprint(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Lines above a row of `===` or `---`, or after `=` marks: enough to know the sections of a README that is not Markdown.
fn plain_headings(text: &str) -> Vec<String> {
    let mut headings = Vec::new();
    let mut last = "";
    for line in text.lines() {
        let ruled = line.len() >= 3
            && line
                .chars()
                .next()
                .is_some_and(|mark| "=-~^*#\"+`'".contains(mark) && line.trim_end().chars().all(|each| each == mark));
        if ruled && !last.trim().is_empty() {
            headings.push(last.trim().to_owned());
        } else if let Some(heading) =
            line.strip_prefix("= ").or_else(|| line.strip_prefix("== ")).or_else(|| line.strip_prefix("=== "))
        {
            headings.push(heading.trim().to_owned());
        }
        last = line;
    }
    headings
}
