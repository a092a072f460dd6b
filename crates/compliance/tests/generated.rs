//! What is generated passes the check, for every stack and type of project, and a second run changes nothing.

use compliance::{
    Config, Files, Severity, check,
    config::{Level, ProjectType},
    generate::{self, Outcome, ProjectInfo, Record},
    manifest, requirements, rules, stack,
};

const README: &str = "# Shop\n\nA small shop for small towns.\n\n## Features\n\n- List the goods of the shop\n- The basket must survive a restart\n\n## Installation\n\nRun the commands of the contributing guide.\n\n## Usage\n\nSee the documents.\n";

const STACKS: &[(&str, &str, &str)] = &[
    ("rust", "Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n"),
    ("python", "pyproject.toml", "[project]\nname = \"shop\"\nversion = \"0.1.0\"\n"),
    (
        "typescript",
        "package.json",
        "{\"name\":\"shop\",\"version\":\"0.1.0\",\"scripts\":{\"build\":\"tsc\",\"test\":\"vitest\",\"lint\":\"eslint\",\"start\":\"node .\"},\"devDependencies\":{\"typescript\":\"5\"}}",
    ),
    (
        "javascript",
        "package.json",
        "{\"name\":\"shop\",\"version\":\"0.1.0\",\"scripts\":{\"build\":\"x\",\"test\":\"x\",\"lint\":\"x\",\"start\":\"x\"}}",
    ),
    // Scripts that the generated documents must not promise.
    (
        "javascript without scripts",
        "package.json",
        "{\"name\":\"shop\",\"version\":\"0.1.0\",\"scripts\":{\"start\":\"x\"}}",
    ),
    ("go", "go.mod", "module example.com/shop\n\ngo 1.22\n"),
    ("java", "pom.xml", "<project><artifactId>shop</artifactId><version>1</version></project>"),
    ("csharp", "Shop.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>"),
    ("php", "composer.json", "{\"name\":\"a/shop\"}"),
    ("ruby", "Gemfile", "gem 'rake'\n"),
    ("nothing", "notes.txt", "none\n"),
];

const TYPES: [ProjectType; 5] =
    [ProjectType::Cli, ProjectType::WebApi, ProjectType::WebApp, ProjectType::Library, ProjectType::Other];

fn generated(build: (&str, &str), kind: ProjectType) -> (Files, Vec<generate::GeneratedFile>) {
    let mut tree = Files::new().with("README.md", README).with(build.0, build.1);
    let info = ProjectInfo {
        name: "Shop".to_owned(),
        summary: "A small shop for small towns.".to_owned(),
        project_type: Some(kind),
        license: Some("MIT".to_owned()),
        owner: Some("Ann".to_owned()),
        requirements: requirements::read(README),
        date: "2025-06-01".to_owned(),
        scripts: manifest::read(build.0, build.1).filter(|_| build.0 == "package.json").map(|read| read.scripts),
        ..ProjectInfo::default()
    };
    let files = generate::documents(&stack::detect(&tree), &info);
    for file in &files {
        tree.insert(file.path.clone(), file.content.clone());
    }
    (tree, files)
}

#[test]
fn forty_and_more_generated_trees_are_clean_under_every_rule() {
    let mut trees = 0;
    for (name, path, text) in STACKS {
        for kind in TYPES {
            let (tree, _) = generated((path, text), kind);
            // Stricter than any installation: even the rules that are off by default.
            let mut config =
                Config::parse(&tree.0["compliance.toml"].iter().map(|byte| char::from(*byte)).collect::<String>())
                    .unwrap();
            for rule in
                rules::all().filter(|rule| !matches!(rule.id, "security-missing" | "line-length" | "tests-documented"))
            {
                config.levels.insert(rule.id.to_owned(), Level::Default);
            }
            let report = check(&tree, &config);
            assert!(report.findings.is_empty(), "{name}, {}: {:#?}", kind.name(), report.findings);
            trees += 1;
        }
    }
    assert!(trees >= 40);
}

#[test]
fn a_second_run_changes_nothing() {
    for (_, path, text) in STACKS {
        let (tree, files) = generated((path, text), ProjectType::Cli);
        let (_, record) = generate::apply(&Files::new(), &files, &Record::default());
        let (changes, again) = generate::apply(&tree, &files, &record);
        assert!(changes.iter().all(|change| change.outcome == Outcome::Unchanged), "{changes:?}");
        assert_eq!(record, again);
    }
}

#[test]
fn an_installation_replaces_templates() {
    let mut templates = generate::Templates::default();
    templates.replace("agents", "# Ours for {{name}}\n".to_owned()).unwrap();
    assert_eq!(
        templates.replace("agent", String::new()).unwrap_err(),
        "there is no template `agent`; did you mean `agents`?"
    );
    let info = ProjectInfo { name: "Shop".to_owned(), ..ProjectInfo::default() };
    let files = generate::documents_with(&templates, &[], &info).unwrap();
    assert_eq!(files.iter().find(|file| file.path == "AGENTS.md").unwrap().content, "# Ours for Shop\n");
    templates.replace("agents", "{{nothing_like_it}}".to_owned()).unwrap();
    assert!(generate::documents_with(&templates, &[], &info).unwrap_err().starts_with("template `agents`"));
}

#[test]
fn the_hook_and_the_workflow_check_documents() {
    let hook = compliance::pre_commit_hook();
    assert!(hook.starts_with("#!/bin/sh") && hook.contains("$check --rev"));
    let workflow = compliance::ci_workflow();
    assert!(workflow.contains("pull_request") && workflow.contains("compliance check --format github"));
}

#[test]
fn the_report_of_a_project_names_no_error_when_only_warnings_are_there() {
    let (tree, _) = generated(("notes.txt", "x\n"), ProjectType::Other);
    let tree = tree.with("docs/EXTRA.md", "# Extra\n\n### Jump\n\nText.\n");
    let report = check(&tree, &Config::default());
    assert!(report.fails(Severity::Warning) && !report.fails(Severity::Error), "{:?}", report.findings);
}
