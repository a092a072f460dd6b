//! Everything known about a tree: first what is no document, then, once every document has been read, the whole.

use std::collections::HashSet;

use crate::{
    code::{self, Facts, Route},
    config::{Config, ProjectType},
    documents::Documents,
    index::Index,
    manifest::{Ecosystem, Manifest},
    markdown::Document,
    offer::Offer,
    stack::{self, Detected, Image},
    text::{
        paths,
        tokens::{self, Tokens},
    },
    tree::{Entry, Tree},
};

/// An entry of a `.env.example` or the like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub path: String,
    pub name: String,
    pub line: u32,
}

/// What the files say that are no documents. Of their texts nothing is kept.
#[derive(Default)]
pub struct Collected {
    pub code: Vec<(String, Facts)>,
    pub manifests: Vec<Manifest>,
    pub images: Vec<Image>,
    pub examples: Vec<Example>,
    pub api_routes: Vec<(String, Vec<Route>)>,
    /// Words of every file that is not a document.
    pub code_words: Tokens,
    /// Words of examples and descriptions of APIs, which are documents of a kind.
    pub document_words: Tokens,
}

impl Collected {
    /// Joins what two threads found.
    #[must_use]
    pub fn merge(mut self, mut other: Self) -> Self {
        self.code.append(&mut other.code);
        self.manifests.append(&mut other.manifests);
        self.images.append(&mut other.images);
        self.examples.append(&mut other.examples);
        self.api_routes.append(&mut other.api_routes);
        tokens::join(&mut self.code_words, other.code_words);
        tokens::join(&mut self.document_words, other.document_words);
        self
    }

    /// Threads finish in any order; reports must not.
    pub(crate) fn sort(&mut self) {
        self.code.sort_by(|a, b| a.0.cmp(&b.0));
        self.manifests.sort_by(|a, b| a.path.cmp(&b.path));
        self.images.sort();
        self.examples.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        self.api_routes.sort_by(|a, b| a.0.cmp(&b.0));
    }
}

/// The tree without its documents: the names of all files, and what code, build files and settings say. It is known before
/// the first document is read, so that each document can be held against it while its text is at hand.
pub struct Sources<'a> {
    pub tree: &'a dyn Tree,
    pub config: &'a Config,
    pub entries: &'a [Entry],
    pub index: Index<'a>,
    pub facts: Collected,
    /// What the code offers its users.
    pub offer: Offer,
    /// Folders that hold the settings of a site builder.
    pub builders: HashSet<&'a str>,
    pub stack: Vec<Detected>,
    pub kind: ProjectType,
    /// Whether a build file is one of Cargo's.
    pub has_cargo: bool,
}

impl<'a> Sources<'a> {
    pub fn new(tree: &'a dyn Tree, config: &'a Config, entries: &'a [Entry], mut facts: Collected) -> Self {
        facts.sort();
        let index = Index::new(entries);
        let stack = stack::from_facts(&index, &facts.manifests, &facts.images);
        let kind = config.project_type.unwrap_or_else(|| stack::project_type(&index, &facts, &stack));
        let offer = Offer::new(&index, &facts, kind);
        let builders = index.builders();
        let has_cargo = facts.manifests.iter().any(|manifest| manifest.ecosystem == Ecosystem::Cargo);
        Self { tree, config, entries, index, facts, offer, builders, stack, kind, has_cargo }
    }

    pub fn path(&self, place: u32) -> &'a str {
        self.entries.get(place as usize).map_or("", |entry| &entry.path)
    }

    /// The manifest that speaks for the whole tree: at the root, with a name if possible.
    pub fn main_manifest(&self) -> Option<&Manifest> {
        main_manifest(&self.facts.manifests)
    }

    pub fn has_code(&self) -> bool {
        self.index.files().any(code::is_code)
    }

    /// True when any file at the root or in the usual folders has this name, whatever its format.
    pub fn has(&self, stems: &[&str]) -> bool {
        self.index.files().any(|path| {
            matches!(paths::parent(path), "" | "docs" | "doc" | ".github" | ".gitlab") && {
                let name = paths::name(path).to_ascii_lowercase();
                stems.iter().any(|stem| {
                    name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
                })
            }
        })
    }

    /// Source files whose facts users may see.
    pub fn shipped_code(&self) -> impl Iterator<Item = (&str, &Facts)> {
        self.facts.code.iter().filter(|(path, _)| !code::is_test(path)).map(|(path, facts)| (path.as_str(), facts))
    }
}

/// See [`Sources::main_manifest`].
pub(crate) fn main_manifest(manifests: &[Manifest]) -> Option<&Manifest> {
    let roots = || manifests.iter().filter(|manifest| !manifest.path.contains('/'));
    roots().find(|manifest| manifest.name.is_some()).or_else(|| roots().next())
}

/// The tree once every file has been read: what rules over the whole project see.
pub struct Project<'a> {
    pub sources: Sources<'a>,
    pub documents: Documents,
}

impl<'a> Project<'a> {
    /// The README at the root, when it is Markdown.
    pub fn readme(&self) -> Option<&Document> {
        let at_root = |folder: &str| {
            self.documents.front.iter().find(|document| {
                paths::parent(&document.path) == folder
                    && paths::stem(&document.path).eq_ignore_ascii_case("readme")
                    && paths::extension(&document.path) != "mdc"
            })
        };
        at_root("").or_else(|| at_root(".github"))
    }

    /// The path of a README in any format.
    pub fn readme_path(&self) -> Option<&str> {
        let index = &self.sources.index;
        self.readme().map(|document| document.path.as_str()).or_else(|| {
            // A workspace may show the README of its main package by a link.
            let mut found: Vec<&str> = index
                .files()
                .chain(index.links_to_files())
                .filter(|path| !path.contains('/') && path.to_ascii_lowercase().starts_with("readme"))
                .collect();
            found.sort_unstable();
            found.first().copied()
        })
    }

    /// Paths of all Markdown documents, in order.
    pub fn paths(&self) -> impl Iterator<Item = &'a str> {
        self.documents.places.iter().map(|place| self.sources.path(*place))
    }

    /// True when a word stands in a document.
    pub fn says(&self, word: &str) -> bool {
        tokens::contains(&self.documents.words, word) || tokens::contains(&self.sources.facts.document_words, word)
    }
}

/// Folders whose documents are somebody's samples, not this project's words.
pub fn is_sample(path: &str) -> bool {
    paths::parent(path).split('/').any(|part| {
        matches!(
            part,
            "testdata"
                | "fixtures"
                | "__fixtures__"
                | "test-fixtures"
                | "fixture"
                | "snapshots"
                | "__snapshots__"
                | "golden"
                | "test"
                | "tests"
                | "__tests__"
                | "spec"
                | "samples"
                | "corpus"
                | "test_data"
                | "test-data"
                | "cassettes"
        )
    })
}

/// Texts that others fill in: forms of the forge, templates of generators.
pub fn is_template(path: &str) -> bool {
    path.split('/').any(|part| {
        let part = part.to_ascii_lowercase();
        part.contains("template")
            || part.starts_with("_layouts")
            || part.starts_with("_includes")
            || part.contains("{{")
    })
}
