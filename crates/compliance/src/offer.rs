//! What code offers its users, gathered once, so that each document can be held against it.

use std::collections::{HashMap, HashSet};

use crate::{
    code::{Facts, routes},
    config::ProjectType,
    index::Index,
    project::{Collected, main_manifest},
};

#[derive(Debug, Default)]
pub struct Offer {
    /// Names of flags, without their dashes.
    pub flags: Vec<String>,
    /// Programs that the tree builds.
    pub programs: Vec<String>,
    /// The first words of variables of which the code reads two or more: `SHOP` of `SHOP_PORT` and `SHOP_HOST`.
    pub families: HashSet<String>,
    pub routes: routes::Known,
    /// Whether it reads any setting: a variable or a key.
    pub has_settings: bool,
    pub has_keys: bool,
}

impl Offer {
    pub(crate) fn new(index: &Index<'_>, facts: &Collected, kind: ProjectType) -> Self {
        let code = || facts.code.iter().map(|(_, facts)| facts);
        let has_keys = code().any(|facts| !facts.keys.is_empty());
        let mut seen = HashSet::new();
        let flags = code().flat_map(|facts| &facts.flags).filter(|flag| seen.insert(flag.name.as_str()));
        Self {
            flags: flags.map(|flag| flag.name.clone()).collect(),
            programs: programs(index, facts, kind),
            families: families(code()),
            routes: routes::Known::new(code()),
            has_settings: has_keys || code().any(|facts| !facts.variables.is_empty()),
            has_keys,
        }
    }
}

fn programs(index: &Index<'_>, facts: &Collected, kind: ProjectType) -> Vec<String> {
    let mut programs: Vec<String> = facts.manifests.iter().flat_map(|manifest| &manifest.programs).cloned().collect();
    let main = main_manifest(&facts.manifests).and_then(|manifest| manifest.name.as_deref());
    let is_program = index.is_file("src/main.rs") || index.is_file("main.go") || kind == ProjectType::Cli;
    programs.extend(main.filter(|_| is_program).map(|name| name.rsplit('/').next().unwrap_or(name).to_owned()));
    // Go builds a program for each folder under `cmd`.
    programs.extend(index.files().filter_map(|path| {
        let (_, program) = path.strip_suffix("/main.go")?.rsplit_once("cmd/")?;
        (!program.contains('/')).then(|| program.to_owned())
    }));
    programs
}

fn families<'f>(code: impl Iterator<Item = &'f Facts>) -> HashSet<String> {
    let mut members: HashMap<&str, HashSet<&str>> = HashMap::new();
    for variable in code.flat_map(|facts| &facts.variables) {
        if let Some((first, _)) = variable.name.split_once('_').filter(|(first, _)| first.len() > 2) {
            members.entry(first).or_default().insert(&variable.name);
        }
    }
    members.into_iter().filter(|(_, names)| names.len() > 1).map(|(first, _)| first.to_owned()).collect()
}
