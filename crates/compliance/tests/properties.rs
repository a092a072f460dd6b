//! Any bytes, any tree: findings, never a panic, never a path outside the tree.

use std::collections::HashSet;

use compliance::{Config, Files, Tree, check, config::Level, fix, output, plan, requirements, rules, stack};
use proptest::prelude::*;

/// Everything on, so that every rule sees everything.
fn strict() -> Config {
    let levels = rules::all().map(|rule| (rule.id.to_owned(), Level::Default)).collect();
    Config { levels, today: Some("2025-06-01".to_owned()), max_file_bytes: 32 * 1024 * 1024, ..Config::default() }
}

fn sound(tree: &Files) {
    let report = check(tree, &strict());
    let known: HashSet<&str> = tree.0.keys().map(String::as_str).collect();
    for finding in &report.findings {
        assert!(
            finding.path.is_empty() || known.contains(finding.path.as_str()),
            "{} is not in the tree",
            finding.path
        );
        assert!(finding.line >= 1 && finding.column >= 1, "{finding:?}");
    }
    assert_eq!(report, check(tree, &strict()), "a second check differs");
    for format in [output::Format::Human, output::Format::Json, output::Format::Sarif, output::Format::Github] {
        let _ = output::render(&report, format, true);
    }
    let (files, _) = fix::fixed(tree, &report);
    for (path, bytes) in files {
        assert!(known.contains(path.as_str()));
        assert!(std::str::from_utf8(&bytes).is_ok());
    }
    let _ = stack::detect(tree);
}

/// Pieces that parsers stumble over, glued together at random.
fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("# "),
        Just("## "),
        Just("\n"),
        Just("\n\n"),
        Just("```"),
        Just("```sh\n"),
        Just("~~~"),
        Just("[a](b.md)"),
        Just("[a][b]"),
        Just("[b]: c.md\n"),
        Just("![]("),
        Just(")"),
        Just("| a | b |\n|---|---|\n"),
        Just("| x |"),
        Just("---\n"),
        Just("<!--"),
        Just("-->"),
        Just("<a href=\""),
        Just("\">"),
        Just("- [x] "),
        Just("1. "),
        Just("> "),
        Just("`"),
        Just("TODO:"),
        Just("$ make x && \\\n"),
        Just("<<EOF\n"),
        Just("\t"),
        Just("    "),
        Just("\r\n"),
        Just("GET /a/{b}"),
        Just("--flag"),
        Just("A_B=1"),
        Just("Ж"),
        Just("\u{feff}"),
        Just("\0"),
        Just("{{ project_name }}"),
        Just("<<<<<<< "),
        Just(">>>>>>> "),
        Just("## [1.0.0] - 2024-01-01\n"),
        Just("must "),
        Just("должен "),
        Just("%ff"),
        Just("#x"),
        Just("\u{202e}"),
        Just("\\"),
        Just("]:"),
        Just("[["),
        Just("]]"),
    ];
    prop::collection::vec(prop_oneof![piece.prop_map(str::to_owned), ".{0,12}"], 0..60)
        .prop_map(|pieces| pieces.concat())
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "README.md",
            "docs/a.md",
            "CHANGELOG.md",
            ".cursor/rules/a.mdc",
            "AGENTS.md",
            "docs/adr/0001-x.md",
            "docs/adr/x.md",
            ".env.example",
            "Cargo.toml",
            "package.json",
            "pyproject.toml",
            "go.mod",
            "pom.xml",
            "a.csproj",
            "composer.json",
            "Gemfile",
            "Makefile",
            "src/main.rs",
            "app.py",
            "a.ts",
            "main.go",
            "A.java",
            "A.cs",
            "a.php",
            "a.rb",
            "openapi.yaml",
            "openapi.json",
            "compliance-waivers.toml",
            "LICENSE",
            "setup.cfg",
            "requirements.txt",
            "README.rst",
            "docker-compose.yml",
            "con.md",
            "a/../b.md",
            "/abs.md",
            "",
            "..",
            "a//b.md",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z./ :\\\\\u{430}-\u{44f}]{0,20}\\.(md|mdc|rs|py|toml|json)",
    ]
}

/// Few by default, for each checks whole trees with every rule, twice; `PROPTEST_CASES=1000` asks for more.
fn cases() -> ProptestConfig {
    let wanted = std::env::var_os("PROPTEST_CASES").is_some();
    let usual = ProptestConfig::default();
    if wanted { usual } else { ProptestConfig { cases: 32, ..usual } }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_bytes_in_any_file(files in prop::collection::vec((path(), prop::collection::vec(any::<u8>(), 0..400)), 0..8)) {
        sound(&files.into_iter().collect());
    }

    #[test]
    fn any_markdown_in_any_file(files in prop::collection::vec((path(), markdown()), 0..6)) {
        sound(&files.into_iter().collect());
    }

    #[test]
    fn any_readme_gives_requirements_with_different_ids(readme in markdown()) {
        let found = requirements::read(&readme);
        let ids: HashSet<&str> = found.iter().map(|requirement| requirement.id.as_str()).collect();
        prop_assert_eq!(ids.len(), found.len());
        let coverage = requirements::coverage(&found, &plan::Plan::default());
        prop_assert_eq!(coverage.uncovered.len(), found.len());
    }

    #[test]
    fn any_settings_file_is_read_or_refused(text in "[a-z_\\[\\]=\"\\n 0-9-]{0,80}") {
        let _ = Config::parse(&text);
        let _ = compliance::waivers::parse(&text);
    }
}

#[test]
fn shapes_that_break_programs() {
    let long_line = "word [a](b.md) `c` ж ".repeat(5_000);
    let very_long_line = "plain words without an end ".repeat(400_000);
    let deep_lists = (0..400).map(|depth| "  ".repeat(depth) + "- x\n").collect::<Vec<_>>().concat();
    let deep_path = format!("{}x.md", "a/".repeat(2_000));
    let tree = Files::new()
        .with("long.md", long_line)
        .with("very-long.md", very_long_line)
        .with("quotes.md", "> ".repeat(5_000))
        .with("brackets.md", "[".repeat(20_000))
        .with("images.md", "![".repeat(20_000))
        .with("stars.md", "*_".repeat(20_000))
        .with("backticks.md", (1..150).map(|count| "`".repeat(count)).collect::<Vec<_>>().join(" "))
        .with("tags.md", "<a ".repeat(20_000))
        .with("comments.md", "<!--".repeat(20_000))
        .with("lists.md", deep_lists)
        .with("zeros.md", vec![0u8; 100_000])
        .with("high.md", vec![0xffu8; 100_000])
        .with("main.rs", "#[arg(long)] ".repeat(20_000))
        .with("a.py", "class A(BaseSettings):\n".repeat(5_000))
        .with(deep_path, "# X\n");
    let started = std::time::Instant::now();
    sound(&tree);
    assert!(started.elapsed().as_secs() < 60, "took {:?}", started.elapsed());
}

#[test]
fn a_tree_refuses_what_it_does_not_list() {
    let tree = Files::new().with("a.md", "x");
    assert!(tree.read("../a.md").is_err() && tree.read("/etc/hostname").is_err());
}
