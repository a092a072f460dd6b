//! Everything known about a tree once every file has been read: what rules over the whole project see.

use std::collections::{HashMap, HashSet};

use crate::{
    code::{Facts, Route, routes::Mention},
    config::{Config, ProjectType},
    manifest::Manifest,
    markdown::Document,
    stack::Detected,
    text::{paths, tokens::Tokens},
    tree::{Entry, Kind, Tree},
};

/// Names of all files and folders of a tree.
#[derive(Debug, Default)]
pub struct Index {
    files: HashSet<String>,
    folders: HashSet<String>,
    symlinks: HashMap<String, String>,
    lower: HashMap<String, String>,
}

/// Settings of site builders that spell anchors in a way of their own, or whose layouts add some.
const BUILDERS: &[&str] = &[
    ".vitepress",
    "astro.config.mjs",
    "astro.config.ts",
    "astro.config.js",
    ".eleventy.js",
    "eleventy.config.js",
    "eleventy.config.mjs",
];

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    File,
    Folder,
    /// Something with that name in other case.
    OtherCase(String),
    /// A link leads out of the tree or in circles: nothing can be said.
    Unknown,
    Missing,
}

impl Index {
    pub fn new(entries: &[Entry]) -> Self {
        let mut index = Self::default();
        index.folders.insert(String::new());
        for entry in entries.iter().filter(|entry| paths::is_inside(&entry.path)) {
            match &entry.kind {
                Kind::Symlink(target) => {
                    index.symlinks.insert(entry.path.clone(), target.clone());
                }
                Kind::File | Kind::Other => {
                    index.files.insert(entry.path.clone());
                }
            }
            index.lower.entry(entry.path.to_lowercase()).or_insert_with(|| entry.path.clone());
            let mut folder = paths::parent(&entry.path);
            while !folder.is_empty() && index.folders.insert(folder.to_owned()) {
                index.lower.entry(folder.to_lowercase()).or_insert_with(|| folder.to_owned());
                folder = paths::parent(folder);
            }
        }
        index
    }

    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    pub fn is_file(&self, path: &str) -> bool {
        self.find(path) == Found::File
    }

    pub fn exists(&self, path: &str) -> bool {
        matches!(self.find(path), Found::File | Found::Folder | Found::Unknown)
    }

    /// Folders that hold the settings of a site builder.
    pub fn builders(&self) -> HashSet<String> {
        let names = self.files.iter().chain(&self.folders).chain(self.symlinks.keys());
        names
            .filter(|path| BUILDERS.contains(&paths::name(path)) && self.exists(path))
            .map(|path| paths::parent(path).to_owned())
            .collect()
    }

    /// Links that lead to a file of the tree.
    pub fn links_to_files(&self) -> impl Iterator<Item = &str> {
        self.symlinks.keys().map(String::as_str).filter(|link| self.is_file(link))
    }

    /// Resolves links by name, a few steps deep.
    pub fn find(&self, path: &str) -> Found {
        let mut path = path.to_owned();
        for _ in 0..8 {
            if self.files.contains(&path) {
                return Found::File;
            }
            if self.folders.contains(&path) {
                return Found::Folder;
            }
            let Some((link, rest)) = self.link_in(&path) else {
                return self
                    .lower
                    .get(&path.to_lowercase())
                    .map_or(Found::Missing, |other| Found::OtherCase(other.clone()));
            };
            let target = &self.symlinks[link];
            let Some(resolved) = (!target.starts_with('/')).then(|| paths::join(paths::parent(link), target)).flatten()
            else {
                return Found::Unknown;
            };
            let Some(next) = paths::join(&resolved, rest) else { return Found::Unknown };
            path = next;
        }
        Found::Unknown
    }

    /// The first link on the way, and what follows it.
    fn link_in<'a>(&'a self, path: &'a str) -> Option<(&'a str, &'a str)> {
        if self.symlinks.is_empty() {
            return None;
        }
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.map(|end| (&path[..end], path[end..].trim_start_matches('/')))
            .find(|(link, _)| self.symlinks.contains_key(*link))
    }
}

/// An entry of a `.env.example` or the like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub path: String,
    pub name: String,
    pub line: u32,
}

#[derive(Default)]
pub struct Collected {
    pub documents: Vec<Document>,
    /// Texts that are documents but not Markdown (`README.rst`): path and headings.
    pub plain_documents: Vec<(String, Vec<String>)>,
    pub code: Vec<(String, Facts)>,
    pub manifests: Vec<Manifest>,
    /// Small files that rules read whole: licences and the like.
    pub texts: Vec<(String, String)>,
    pub examples: Vec<Example>,
    pub api_routes: Vec<(String, Vec<Route>)>,
    pub mentions: Vec<(String, Vec<Mention>)>,
    /// Words of every file that is not a document.
    pub code_words: Tokens,
    /// Words of documents and examples.
    pub document_words: Tokens,
    /// Words that stand after `--` in documents.
    pub document_flags: Tokens,
}

impl Collected {
    /// Joins what two threads found.
    #[must_use]
    pub fn merge(mut self, mut other: Self) -> Self {
        if other.code_words.len() > self.code_words.len() {
            std::mem::swap(&mut self.code_words, &mut other.code_words);
        }
        if other.document_words.len() > self.document_words.len() {
            std::mem::swap(&mut self.document_words, &mut other.document_words);
        }
        self.documents.append(&mut other.documents);
        self.plain_documents.append(&mut other.plain_documents);
        self.code.append(&mut other.code);
        self.manifests.append(&mut other.manifests);
        self.texts.append(&mut other.texts);
        self.examples.append(&mut other.examples);
        self.api_routes.append(&mut other.api_routes);
        self.mentions.append(&mut other.mentions);
        self.code_words.extend(other.code_words);
        self.document_words.extend(other.document_words);
        self.document_flags.extend(other.document_flags);
        self
    }

    /// Threads finish in any order; reports must not.
    pub(crate) fn sort(&mut self) {
        self.documents.sort_by(|a, b| a.path.cmp(&b.path));
        self.plain_documents.sort();
        self.code.sort_by(|a, b| a.0.cmp(&b.0));
        self.manifests.sort_by(|a, b| a.path.cmp(&b.path));
        self.texts.sort();
        self.examples.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        self.api_routes.sort_by(|a, b| a.0.cmp(&b.0));
        self.mentions.sort_by(|a, b| a.0.cmp(&b.0));
    }
}

pub struct Project<'a> {
    pub tree: &'a dyn Tree,
    pub config: &'a Config,
    pub index: Index,
    pub entries: Vec<Entry>,
    pub facts: Collected,
    /// Where each document is in `facts.documents`: links ask for them by the hundred thousand.
    pub places: HashMap<String, usize>,
    /// Folders that hold the settings of a site builder.
    pub builders: HashSet<String>,
    pub stack: Vec<Detected>,
    pub kind: ProjectType,
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

impl Project<'_> {
    pub fn document(&self, path: &str) -> Option<&Document> {
        self.places.get(path).map(|at| &self.facts.documents[*at])
    }

    /// The README at the root, when it is Markdown.
    pub fn readme(&self) -> Option<&Document> {
        let at_root = |folder: &str| {
            self.facts.documents.iter().find(|document| {
                paths::parent(&document.path) == folder
                    && paths::stem(&document.path).eq_ignore_ascii_case("readme")
                    && paths::extension(&document.path) != "mdc"
            })
        };
        at_root("").or_else(|| at_root(".github"))
    }

    /// The path of a README in any format.
    pub fn readme_path(&self) -> Option<&str> {
        self.readme().map(|document| document.path.as_str()).or_else(|| {
            // A workspace may show the README of its main package by a link.
            let mut found: Vec<&str> = self
                .index
                .files()
                .chain(self.index.links_to_files())
                .filter(|path| !path.contains('/') && path.to_ascii_lowercase().starts_with("readme"))
                .collect();
            found.sort_unstable();
            found.first().copied()
        })
    }

    /// A document at the root or in the usual folders, by its name without extension.
    pub fn named(&self, stem: &str) -> Option<&Document> {
        self.facts.documents.iter().find(|document| {
            matches!(paths::parent(&document.path), "" | "docs" | "doc" | ".github")
                && paths::stem(&document.path).eq_ignore_ascii_case(stem)
        })
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

    /// The manifest that speaks for the whole tree: at the root, with a name if possible.
    pub fn main_manifest(&self) -> Option<&Manifest> {
        let roots = || self.facts.manifests.iter().filter(|manifest| !manifest.path.contains('/'));
        roots().find(|manifest| manifest.name.is_some()).or_else(|| roots().next())
    }

    /// Source files whose facts users may see.
    pub fn shipped_code(&self) -> impl Iterator<Item = (&str, &Facts)> {
        self.facts
            .code
            .iter()
            .filter(|(path, _)| !crate::code::is_test(path))
            .map(|(path, facts)| (path.as_str(), facts))
    }

    /// True when a document names a route with its method.
    pub fn mentions_routes(&self) -> bool {
        self.facts.mentions.iter().flat_map(|(_, mentions)| mentions).any(|mention| mention.method.is_some())
    }

    /// Documents that are this project's own words.
    pub fn pages(&self) -> impl Iterator<Item = &Document> {
        self.facts.documents.iter().filter(|document| !is_sample(&document.path))
    }
}
