//! What the build files of a project say: names, versions, dependencies, programs, scripts.

use serde::Serialize;

use crate::text::paths;

mod cargo;
mod dotnet;
mod go;
mod jvm;
mod node;
mod php;
mod python;
mod ruby;
mod tasks;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ecosystem {
    Cargo,
    Python,
    Node,
    Go,
    Jvm,
    Dotnet,
    Php,
    Ruby,
    /// Makefiles and other task runners.
    Tasks,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    pub name: String,
    pub development: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub path: String,
    pub ecosystem: Ecosystem,
    pub name: Option<String>,
    pub version: Option<String>,
    pub license: Option<String>,
    pub dependencies: Vec<Dependency>,
    /// Programs that the package installs or builds.
    pub programs: Vec<String>,
    /// Names that a task runner knows: npm scripts, make targets, recipes.
    pub scripts: Vec<String>,
    /// Names other packages.
    pub workspace: bool,
    /// What could not be read, in the words of the parser.
    pub problem: Option<String>,
    /// Reads scripts from elsewhere too, so a missing name proves nothing.
    pub open: bool,
    pub private: bool,
}

impl Manifest {
    fn new(path: &str, ecosystem: Ecosystem) -> Self {
        Self {
            path: path.to_owned(),
            ecosystem,
            name: None,
            version: None,
            license: None,
            dependencies: Vec::new(),
            programs: Vec::new(),
            scripts: Vec::new(),
            workspace: false,
            problem: None,
            open: false,
            private: false,
        }
    }

    fn depend(&mut self, name: &str, development: bool) {
        let name = name.trim();
        if !name.is_empty() {
            self.dependencies.push(Dependency { name: name.to_owned(), development });
        }
    }

    pub fn directory(&self) -> &str {
        paths::parent(&self.path)
    }

    pub fn depends_on(&self, name: &str) -> bool {
        self.dependencies.iter().any(|dependency| dependency.name == name)
    }
}

/// Reads a build file, or answers `None` for a file that is not one.
pub fn read(path: &str, text: &str) -> Option<Manifest> {
    let name = paths::name(path);
    let lower = name.to_ascii_lowercase();
    Some(match name {
        "Cargo.toml" => cargo::read(path, text),
        "pyproject.toml" => python::pyproject(path, text),
        "setup.py" => python::setup_py(path, text),
        "setup.cfg" => python::setup_cfg(path, text),
        "Pipfile" => python::pipfile(path, text),
        "package.json" => node::read(path, text),
        "go.mod" => go::read(path, text),
        "pom.xml" => jvm::maven(path, text),
        "build.gradle" | "build.gradle.kts" => jvm::gradle(path, text),
        "settings.gradle" | "settings.gradle.kts" => jvm::gradle_settings(path, text),
        "composer.json" => php::read(path, text),
        "Gemfile" => ruby::gemfile(path, text),
        "Rakefile" => tasks::rakefile(path, text),
        "Makefile" | "makefile" | "GNUmakefile" => tasks::makefile(path, text),
        "justfile" | "Justfile" | ".justfile" => tasks::justfile(path, text),
        "Taskfile.yml" | "Taskfile.yaml" => tasks::taskfile(path, text),
        _ if lower.ends_with(".csproj") || lower.ends_with(".fsproj") => dotnet::read(path, text),
        _ if lower.ends_with(".gemspec") => ruby::gemspec(path, text),
        _ if lower.starts_with("requirements") && paths::extension(&lower) == "txt" => python::requirements(path, text),
        _ => return None,
    })
}
