//! Violations seeded into a whole, clean project: each is found, at its place, by its rule.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use compliance::{
    Config, Files, check,
    config::{Level, ProjectType},
    generate::{self, ProjectInfo},
    rules, stack,
};

const README: &str = "# Shop\n\nA small shop for small towns.\n\n## Installation\n\n```sh\ncargo install --path .\n```\n\n## Usage\n\nSee [the documents](docs/README.md).\n\n## License\n\nMIT\n";

/// A project that nothing is wrong with.
fn clean() -> Files {
    let mut tree = Files::new()
        .with("README.md", README)
        .with("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nlicense = \"MIT\"\n")
        .with("src/main.rs", "fn main() {}\n");
    let info = ProjectInfo {
        name: "Shop".to_owned(),
        summary: "A small shop for small towns.".to_owned(),
        project_type: Some(ProjectType::Cli),
        license: Some("MIT".to_owned()),
        date: "2025-06-01".to_owned(),
        ..ProjectInfo::default()
    };
    for file in generate::documents(&stack::detect(&tree), &info) {
        tree.insert(file.path, file.content);
    }
    tree
}

fn config(tree: &Files, rule: &str) -> Config {
    let text = String::from_utf8(tree.0["compliance.toml"].clone()).unwrap();
    let mut config = Config::parse(&text).unwrap();
    config.levels.insert(rule.to_owned(), Level::Default);
    config.today = Some("2025-06-01".to_owned());
    config
}

#[test]
fn the_project_is_clean_before_anything_is_seeded() {
    let tree = clean();
    let report = check(&tree, &config(&tree, "readme-missing"));
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

#[test]
fn at_least_forty_seeded_violations_are_all_found() {
    let mut seeded = 0;
    let mut missed = Vec::new();
    for rule in rules::all().filter(|rule| rule.id != "file-unreadable") {
        for case in rule
            .cases
            .iter()
            .filter(|case| !case.expect.is_empty() && case.expect.iter().all(|(path, _)| !path.is_empty()))
        {
            // A case that brings a build file or another project's code replaces the project's own.
            let mut tree = clean();
            let brings_code = case.files.iter().any(|(path, _)| {
                !matches!(compliance::text::paths::extension(path).as_str(), "md" | "mdc") && !path.starts_with("docs/")
            });
            if brings_code {
                tree.0.remove("Cargo.toml");
                tree.0.remove("src/main.rs");
                tree.0.insert("compliance.toml".to_owned(), Vec::new());
                if matches!(
                    rule.id,
                    "licence-mismatch"
                        | "flag-undocumented"
                        | "flag-unknown"
                        | "key-undocumented"
                        | "variable-undocumented"
                ) {
                    tree.insert("Cargo.toml", "[package]\nname = \"shop\"\n[[bin]]\nname = \"shop\"\n");
                }
            }
            if rule.category == rules::Category::Decisions {
                tree.0.retain(|path, _| !path.starts_with("docs/adr/"));
            }
            for (path, text) in case.files {
                tree.insert(*path, *text);
            }
            let report = check(&tree, &config(&tree, rule.id));
            for (path, line) in case.expect {
                seeded += 1;
                if !report.of(rule.id).any(|finding| finding.path == *path && finding.line == *line) {
                    missed.push(format!("{} \"{}\" at {path}:{line}", rule.id, case.name));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{} of {seeded} missed:\n{}", missed.len(), missed.join("\n"));
    assert!(seeded >= 40, "only {seeded}");
}

#[test]
fn what_is_taken_away_is_missed() {
    for (gone, rule) in [
        ("README.md", "readme-missing"),
        ("CONTRIBUTING.md", "contributing-missing"),
        ("CHANGELOG.md", "changelog-missing"),
        ("AGENTS.md", "agents-missing"),
        (".cursor/rules/", "cursor-rules-missing"),
    ] {
        let mut tree = clean();
        tree.0.retain(|path, _| !path.starts_with(gone));
        // What leads to the removed file goes too, so that only its absence is left to be found.
        for text in tree.0.values_mut() {
            let kept: Vec<String> = String::from_utf8_lossy(text)
                .lines()
                .filter(|line| !line.to_lowercase().contains("changelog") && !line.to_lowercase().contains("contribut"))
                .map(str::to_owned)
                .collect();
            *text = (kept.join("\n") + "\n").into_bytes();
        }
        let report = check(&tree, &config(&tree, rule));
        assert_eq!(report.of(rule).count(), 1, "{rule}: {:?}", report.findings);
    }
}
