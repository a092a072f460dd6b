//! What a project is made of, from its build files, with how sure that is and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    config::ProjectType,
    index::Index,
    manifest::{self, Ecosystem, Manifest},
    project::Collected,
    text::paths,
    tree::{Kind as EntryKind, Tree},
};

mod known;
mod readme;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Language,
    /// Web frameworks, for servers.
    Framework,
    /// What runs in a browser.
    Frontend,
    Cli,
    Database,
    TestFramework,
    Ci,
    Container,
    PackageManager,
    Monorepo,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    pub kind: Kind,
    pub name: String,
    /// From 0 to 1: a build file says it outright near 1, a word in a README near 0.3.
    pub confidence: f64,
    /// Each piece as `path: what it says`.
    pub evidence: Vec<String>,
}

/// Reads the build files of a tree and says what they show.
pub fn detect(tree: &dyn Tree) -> Vec<Detected> {
    let entries = tree.entries();
    let index = Index::new(&entries);
    let (mut manifests, mut found) = (Vec::new(), Vec::new());
    let mut readme = None;
    for entry in entries.iter().filter(|entry| entry.kind == EntryKind::File && !crate::engine::is_foreign(&entry.path))
    {
        let name = paths::name(&entry.path);
        if names_images(name) {
            found.extend(tree.text(&entry.path).into_iter().flat_map(|text| images(&entry.path, &text)));
        } else if manifest::read(&entry.path, "").is_some() {
            manifests.extend(tree.text(&entry.path).and_then(|text| manifest::read(&entry.path, &text)));
        } else if readme.is_none() && !entry.path.contains('/') && name.to_ascii_lowercase().starts_with("readme") {
            readme = tree.text(&entry.path).map(|text| (entry.path.clone(), text));
        }
    }
    let mut detected = from_facts(&index, &manifests, &found);
    // Words count only where no build file speaks: a README that is still all there is.
    if !detected.iter().any(|each| each.kind == Kind::Language)
        && let Some((path, text)) = readme
    {
        detected.extend(readme::detect(&path, &text));
    }
    detected
}

#[derive(Default)]
struct Findings(BTreeMap<(Kind, String), (f64, Vec<String>)>);

impl Findings {
    /// Independent pieces of evidence add up: two at 0.6 make 0.84.
    fn add(&mut self, kind: Kind, name: &str, confidence: f64, evidence: String) {
        let (sum, list) = self.0.entry((kind, name.to_owned())).or_default();
        *sum = 1.0 - (1.0 - *sum) * (1.0 - confidence);
        if list.len() < 8 && !list.contains(&evidence) {
            list.push(evidence);
        }
    }

    fn finish(self) -> Vec<Detected> {
        let mut detected: Vec<Detected> = self
            .0
            .into_iter()
            .map(|((kind, name), (confidence, evidence))| Detected {
                kind,
                name,
                confidence: (confidence * 100.0).round() / 100.0,
                evidence,
            })
            .collect();
        detected
            .sort_by(|a, b| a.kind.cmp(&b.kind).then(b.confidence.total_cmp(&a.confidence)).then(a.name.cmp(&b.name)));
        detected
    }
}

/// An image that a container file starts from, of which something is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Image {
    pub path: String,
    pub line: u32,
    pub image: String,
    pub name: &'static str,
}

/// True for the name of a file that says from which images containers are made.
pub(crate) fn names_images(name: &str) -> bool {
    name.starts_with("docker-compose") || name.starts_with("compose.") || name.starts_with("Dockerfile")
}

/// The images in such a file of which something is known.
pub(crate) fn images(path: &str, text: &str) -> Vec<Image> {
    let lines = text.lines().zip(1..).filter_map(|(line, number)| {
        let line = line.trim();
        let image = line.strip_prefix("image:").or_else(|| line.strip_prefix("FROM "))?;
        let name = known::of_image(image)?;
        Some(Image { path: path.to_owned(), line: number, image: image.trim().to_owned(), name })
    });
    lines.collect()
}

pub(crate) fn from_facts(index: &Index<'_>, manifests: &[Manifest], images: &[Image]) -> Vec<Detected> {
    let mut found = Findings::default();
    for manifest in manifests {
        let sample = crate::project::is_sample(&manifest.path)
            || manifest.path.split('/').any(|part| matches!(part, "examples" | "example"));
        let weight = if sample { 0.3 } else { 1.0 };
        if let Some((language, confidence)) = language(manifest, index) {
            found.add(Kind::Language, language, confidence * weight, format!("{}: build file", manifest.path));
        }
        for dependency in &manifest.dependencies {
            for (kind, name) in known::of(manifest.ecosystem, &dependency.name) {
                let tool = matches!(kind, Kind::TestFramework | Kind::Monorepo);
                let base = if dependency.development && !tool { 0.5 } else { 0.95 };
                found.add(kind, name, base * weight, format!("{}: depends on `{}`", manifest.path, dependency.name));
            }
        }
        if !manifest.programs.is_empty() && !manifest.path.contains('/') {
            found.add(
                Kind::Cli,
                "program",
                0.9,
                format!("{}: builds `{}`", manifest.path, manifest.programs.join("`, `")),
            );
        }
        if manifest.workspace {
            let name = match manifest.ecosystem {
                Ecosystem::Cargo => "cargo workspace",
                Ecosystem::Node => "npm workspaces",
                Ecosystem::Python => "uv workspace",
                _ if manifest.path.contains("gradle") => "gradle projects",
                _ => "maven modules",
            };
            found.add(Kind::Monorepo, name, 0.95, format!("{}: names its members", manifest.path));
        }
    }
    let mut extensions: BTreeMap<&'static str, (usize, &str)> = BTreeMap::new();
    for path in index.files().filter(|path| !crate::engine::is_foreign(path)) {
        for (kind, name, confidence) in known::of_file(path) {
            found.add(kind, name, confidence, format!("{path}: exists"));
        }
        if let Some(language) = known::of_extension(&paths::extension(path)) {
            let entry = extensions.entry(language).or_insert((0, path));
            entry.0 += 1;
            entry.1 = entry.1.min(path);
        }
    }
    for (language, (count, example)) in extensions {
        let confidence = if count >= 5 { 0.6 } else { 0.3 };
        found.add(Kind::Language, language, confidence, format!("{example}: {count} source files"));
    }
    for Image { path, line, image, name } in images {
        found.add(Kind::Database, name, 0.85, format!("{path}:{line}: image `{image}`"));
    }
    several_packages(manifests, &mut found);
    found.finish()
}

/// Packages side by side make a monorepo even when no file says so.
fn several_packages(manifests: &[Manifest], found: &mut Findings) {
    let packages: Vec<&Manifest> = manifests
        .iter()
        .filter(|manifest| {
            manifest.path.contains('/')
                && manifest.name.is_some()
                && !crate::project::is_sample(&manifest.path)
                && !manifest
                    .path
                    .split('/')
                    .any(|part| matches!(part, "examples" | "example" | "docs" | "website" | "benchmarks"))
        })
        .collect();
    if packages.len() >= 2 {
        let names: Vec<&str> = packages.iter().take(4).map(|manifest| manifest.path.as_str()).collect();
        found.add(
            Kind::Monorepo,
            "several packages",
            0.7,
            format!("{}: {} packages below the root", names.join(", "), packages.len()),
        );
    }
}

fn language(manifest: &Manifest, index: &Index<'_>) -> Option<(&'static str, f64)> {
    Some(match manifest.ecosystem {
        Ecosystem::Cargo => ("Rust", 0.95),
        Ecosystem::Python => ("Python", if paths::extension(&manifest.path) == "txt" { 0.7 } else { 0.95 }),
        Ecosystem::Node => {
            let typed = manifest.depends_on("typescript")
                || paths::join(manifest.directory(), "tsconfig.json").is_some_and(|path| index.is_file(&path));
            (if typed { "TypeScript" } else { "JavaScript" }, 0.9)
        }
        Ecosystem::Go => ("Go", 0.95),
        Ecosystem::Jvm => ("Java", 0.9),
        Ecosystem::Dotnet => ("C#", 0.95),
        Ecosystem::Php => ("PHP", 0.95),
        Ecosystem::Ruby => ("Ruby", 0.9),
        Ecosystem::Tasks => return None,
    })
}

/// The kind of project that a tree seems to be.
pub fn kind_of(tree: &dyn Tree) -> ProjectType {
    let config = crate::Config::default();
    crate::engine::kind(tree, &config)
}

/// The kind of project, for the rules about required documents.
pub(crate) fn project_type(index: &Index<'_>, facts: &Collected, detected: &[Detected]) -> ProjectType {
    let sure = |kind: Kind| detected.iter().any(|each| each.kind == kind && each.confidence >= 0.8);
    let root: Vec<&Manifest> = facts.manifests.iter().filter(|manifest| !manifest.path.contains('/')).collect();
    let programs = root.iter().any(|manifest| !manifest.programs.is_empty());
    let rust_program = index.is_file("src/main.rs");
    let go_program =
        index.is_file("main.go") || index.files().any(|path| path.starts_with("cmd/") && path.ends_with("/main.go"));
    // Nothing that a registry would take, but it takes arguments: a script.
    let script = !root.iter().any(|manifest| manifest.name.is_some())
        && facts.code.iter().any(|(path, facts)| !crate::code::is_test(path) && !facts.flags.is_empty());
    let jvm_program = sure(Kind::Cli) && root.iter().any(|manifest| manifest.ecosystem == Ecosystem::Jvm);
    let routes = facts.code.iter().any(|(path, facts)| !crate::code::is_test(path) && !facts.routes.is_empty());
    let named = root.iter().any(|manifest| manifest.name.is_some() && manifest.ecosystem != Ecosystem::Tasks);
    if sure(Kind::Framework) && routes {
        ProjectType::WebApi
    } else if sure(Kind::Frontend)
        && !root.iter().any(|manifest| !manifest.private && manifest.ecosystem == Ecosystem::Node)
    {
        ProjectType::WebApp
    } else if programs || rust_program || go_program || jvm_program || script {
        ProjectType::Cli
    } else if named {
        ProjectType::Library
    } else {
        ProjectType::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Files;

    fn names(files: &[(&str, &str)]) -> Vec<String> {
        let tree: Files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        detect(&tree).into_iter().filter(|each| each.confidence >= 0.5).map(|each| each.name).collect()
    }

    #[test]
    fn stacks_are_read_from_build_files() {
        for (files, expected) in [
            (&[("Cargo.toml", "[package]\nname='x'\n[dependencies]\naxum='1'\nsqlx='1'\n")][..], &["Rust", "axum"][..]),
            (
                &[(
                    "pyproject.toml",
                    "[project]\nname='x'\ndependencies=['fastapi','psycopg[binary]']\n[dependency-groups]\ndev=['pytest']\n",
                )],
                &["Python", "FastAPI", "PostgreSQL", "pytest"],
            ),
            (
                &[(
                    "package.json",
                    "{\"name\":\"x\",\"dependencies\":{\"express\":\"1\",\"react\":\"1\"},\"devDependencies\":{\"typescript\":\"1\",\"vitest\":\"1\"}}",
                )],
                &["TypeScript", "Express", "React", "Vitest"],
            ),
            (&[("go.mod", "module x\nrequire github.com/gin-gonic/gin v1\n")], &["Go", "Gin"]),
            (
                &[(
                    "pom.xml",
                    "<project><artifactId>a</artifactId><dependencies><dependency><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>",
                )],
                &["Java", "Spring Boot"],
            ),
            (&[("a.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>")], &["C#", "ASP.NET Core"]),
            (&[("composer.json", "{\"require\":{\"laravel/framework\":\"1\"}}")], &["PHP", "Laravel"]),
            (&[("Gemfile", "gem 'rails'\ngem 'rspec'\n")], &["Ruby", "Rails", "RSpec"]),
            (
                &[
                    (".github/workflows/ci.yml", "on: push"),
                    ("Dockerfile", "FROM x"),
                    ("compose.yaml", "services:\n  db:\n    image: postgres:16\n"),
                ],
                &["PostgreSQL", "GitHub Actions", "Docker", "Docker Compose"],
            ),
        ] {
            let found = names(files);
            for name in expected {
                assert!(found.iter().any(|each| each == name), "{name} is not in {found:?}");
            }
        }
    }

    #[test]
    fn evidence_names_the_file_and_the_dependency() {
        let tree = Files::new().with("Cargo.toml", "[package]\nname='x'\n[dependencies]\naxum='1'\n");
        let axum = detect(&tree).into_iter().find(|each| each.name == "axum").expect("axum is found");
        assert_eq!(axum.evidence, ["Cargo.toml: depends on `axum`"]);
        assert!(axum.confidence > 0.9);
    }

    #[test]
    fn a_readme_speaks_only_when_nothing_else_does() {
        let tree = Files::new().with("README.md", "# X\n\nA Python service with FastAPI and PostgreSQL.\n");
        let found = detect(&tree);
        assert!(found.iter().any(|each| each.name == "Python" && each.confidence < 0.5));
        assert!(found.iter().any(|each| each.name == "FastAPI"));
        let tree = tree.with("go.mod", "module x\n");
        assert!(!detect(&tree).iter().any(|each| each.name == "Python"));
    }

    #[test]
    fn monorepos_are_seen() {
        let tree = Files::new().with("a/package.json", "{\"name\":\"a\"}").with("b/package.json", "{\"name\":\"b\"}");
        assert!(detect(&tree).iter().any(|each| each.kind == Kind::Monorepo));
    }
}
