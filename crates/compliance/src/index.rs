//! Names of all files and folders of a tree, and what stands at a path.

use std::collections::{HashMap, HashSet};

use crate::{
    text::paths,
    tree::{Entry, Kind},
};

/// Names of all files and folders of a tree. It holds none of them itself: they are those of the tree's list.
#[derive(Debug, Default)]
pub struct Index<'t> {
    /// With their places in the tree's list.
    files: HashMap<&'t str, u32>,
    folders: HashSet<&'t str>,
    symlinks: HashMap<&'t str, &'t str>,
    /// Names that are not in lower case throughout, by what they would be in it.
    lower: HashMap<String, &'t str>,
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

impl<'t> Index<'t> {
    pub fn new(entries: &'t [Entry]) -> Self {
        let mut index = Self::default();
        index.folders.insert("");
        for (entry, at) in entries.iter().zip(0..).filter(|(entry, _)| paths::is_inside(&entry.path)) {
            match &entry.kind {
                Kind::Symlink(target) => {
                    index.symlinks.insert(&entry.path, target);
                }
                Kind::File | Kind::Other => {
                    index.files.insert(&entry.path, at);
                }
            }
            index.add_lower(&entry.path);
            let mut folder = paths::parent(&entry.path);
            while !folder.is_empty() && index.folders.insert(folder) {
                index.add_lower(folder);
                folder = paths::parent(folder);
            }
        }
        index
    }

    fn add_lower(&mut self, path: &'t str) {
        let lower = path.to_lowercase();
        if lower != path {
            self.lower.entry(lower).or_insert(path);
        }
    }

    pub fn files(&self) -> impl Iterator<Item = &'t str> {
        self.files.keys().copied()
    }

    /// The place of a file in the tree's list.
    pub fn place(&self, path: &str) -> Option<u32> {
        self.files.get(path).copied()
    }

    pub fn is_file(&self, path: &str) -> bool {
        self.find(path) == Found::File
    }

    pub fn exists(&self, path: &str) -> bool {
        matches!(self.find(path), Found::File | Found::Folder | Found::Unknown)
    }

    /// Folders that hold the settings of a site builder.
    pub fn builders(&self) -> HashSet<&'t str> {
        let names = self.files().chain(self.folders.iter().copied()).chain(self.symlinks.keys().copied());
        names.filter(|path| BUILDERS.contains(&paths::name(path)) && self.exists(path)).map(paths::parent).collect()
    }

    /// Links that lead to a file of the tree.
    pub fn links_to_files(&self) -> impl Iterator<Item = &'t str> {
        self.symlinks.keys().copied().filter(|link| self.is_file(link))
    }

    /// Resolves links by name, a few steps deep.
    pub fn find(&self, path: &str) -> Found {
        let mut path = path.to_owned();
        for _ in 0..8 {
            if self.files.contains_key(path.as_str()) {
                return Found::File;
            }
            if self.folders.contains(path.as_str()) {
                return Found::Folder;
            }
            let Some((link, rest)) = self.link_in(&path) else {
                return self.other_case(&path).map_or(Found::Missing, |other| Found::OtherCase(other.to_owned()));
            };
            let target = self.symlinks[link];
            let Some(resolved) = (!target.starts_with('/')).then(|| paths::join(paths::parent(link), target)).flatten()
            else {
                return Found::Unknown;
            };
            let Some(next) = paths::join(&resolved, rest) else { return Found::Unknown };
            path = next;
        }
        Found::Unknown
    }

    fn other_case(&self, path: &str) -> Option<&'t str> {
        let lower = path.to_lowercase();
        let as_it_is = || {
            let file = self.files.get_key_value(lower.as_str()).map(|(path, _)| path);
            file.or_else(|| self.folders.get(lower.as_str()))
                .or_else(|| self.symlinks.get_key_value(lower.as_str()).map(|(path, _)| path))
                .copied()
        };
        self.lower.get(&lower).copied().or_else(as_it_is)
    }

    /// The first link on the way, and what follows it.
    fn link_in<'a>(&self, path: &'a str) -> Option<(&'a str, &'a str)> {
        if self.symlinks.is_empty() {
            return None;
        }
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.map(|end| (&path[..end], path[end..].trim_start_matches('/')))
            .find(|(link, _)| self.symlinks.contains_key(*link))
    }
}
