//! What an agent intends to build for a README: the common form of the bundled projects and the start for any other.

use std::collections::BTreeMap;

use super::{
    bundles::{Bundle, Files},
    generic,
    suite::Toolchain,
    task::Requirement,
};

/// A path and what the file holds.
pub(super) type File = (String, String);

#[derive(Debug)]
pub(super) struct Blueprint {
    pub(super) summary: String,
    pub(super) project_type: &'static str,
    pub(super) toolchain: Toolchain,
    pub(super) run_command: Option<&'static str>,
    pub(super) documents: Vec<File>,
    pub(super) rules: Vec<File>,
    pub(super) risks: Vec<String>,
    pub(super) stages: Vec<Stage>,
    pub(super) suspect: Option<(&'static str, &'static str)>,
}

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) key: &'static str,
    pub(super) title: String,
    pub(super) goal: String,
    pub(super) tasks: Vec<String>,
    pub(super) acceptance: Vec<String>,
    pub(super) files: Vec<File>,
    /// Replaces some of `files` in the first try.
    pub(super) first: Vec<File>,
    pub(super) qa: Vec<File>,
    /// The part of the README that tells how to start.
    pub(super) getting_started: String,
}

impl Blueprint {
    /// What to build for this README.
    pub(super) fn of(readme: &str, requirements: &[Requirement]) -> Self {
        Bundle::of(readme).map_or_else(|| generic::blueprint(readme, requirements), Self::from_bundle)
    }

    fn from_bundle(bundle: &Bundle) -> Self {
        Self {
            summary: format!("{}, in two milestones.", bundle.readme.summary),
            project_type: bundle.project_type,
            toolchain: bundle.toolchain,
            run_command: bundle.run_command,
            documents: owned(bundle.documents),
            rules: owned(bundle.rules),
            risks: strings(bundle.risks),
            stages: bundle
                .stages
                .iter()
                .map(|stage| Stage {
                    key: stage.key,
                    title: stage.title.to_owned(),
                    goal: stage.goal.to_owned(),
                    tasks: strings(stage.tasks),
                    acceptance: strings(stage.acceptance),
                    files: owned(stage.files),
                    first: owned(stage.first),
                    qa: owned(stage.qa),
                    getting_started: stage.readme.to_owned(),
                })
                .collect(),
            suspect: Some(bundle.suspect),
        }
    }

    /// The stage of a milestone by its key; the first one for a key that is not ours.
    pub(super) fn stage(&self, key: Option<&str>) -> usize {
        self.stages.iter().position(|stage| Some(stage.key) == key).unwrap_or(0)
    }

    /// Every file as it must be after a stage; later stages win.
    pub(super) fn tree(&self, stage: usize) -> BTreeMap<&str, &str> {
        self.stages[..=stage].iter().flat_map(|stage| pairs(&stage.files)).collect()
    }

    /// All tests of QA up to a stage; later stages win.
    pub(super) fn qa(&self, stage: usize) -> BTreeMap<&str, &str> {
        self.stages[..=stage].iter().flat_map(|stage| pairs(&stage.qa)).collect()
    }
}

pub(super) fn pairs(files: &[File]) -> impl Iterator<Item = (&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
}

fn owned(files: Files) -> Vec<File> {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}
