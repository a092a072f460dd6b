//! The pages of the rules, their list and the schema are generated: this keeps them current.
//!
//! `UPDATE_PAGES=1 cargo test -p compliance --test pages` writes them.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

use compliance::{config, rule, rules};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/compliance")
}

fn list() -> String {
    let mut list = "# Rules\n\nEvery rule has a page with its reason and with examples of what it finds and what it leaves alone.\n".to_owned();
    let mut categories: BTreeMap<rules::Category, Vec<&rules::Rule>> = BTreeMap::new();
    for rule in rules::all() {
        categories.entry(rule.category).or_default().push(rule);
    }
    for (category, rules) in categories {
        let _ = write!(list, "\n## {}\n\n| Rule | Default | What must hold |\n| --- | --- | --- |\n", category.title());
        for rule in rules {
            let state = if rule.on { rule.severity.name() } else { "off" };
            let _ = writeln!(list, "| [{}]({}.md) | {state} | {} |", rule.id, rule.id, rule.summary);
        }
    }
    list
}

#[test]
fn pages_and_schema_are_current() {
    let mut wanted: BTreeMap<PathBuf, String> =
        rules::all().map(|each| (folder().join(format!("rules/{}.md", each.id)), rule::page(each))).collect();
    wanted.insert(folder().join("rules/README.md"), list());
    wanted.insert(
        folder().join("compliance.schema.json"),
        serde_json::to_string_pretty(&config::schema::schema()).unwrap() + "\n",
    );
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::create_dir_all(folder().join("rules")).unwrap();
        for (path, text) in &wanted {
            fs::write(path, text).unwrap();
        }
    }
    let stale: Vec<String> = wanted
        .iter()
        .filter(|(path, text)| fs::read_to_string(path).is_ok_and(|found| found != **text) || !path.exists())
        .map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(stale.is_empty(), "run `UPDATE_PAGES=1 cargo test -p compliance --test pages`: {stale:?} differ");
    for entry in fs::read_dir(folder().join("rules")).unwrap() {
        let path = entry.unwrap().path();
        assert!(
            wanted.keys().any(|known| known.file_name() == path.file_name()),
            "{} is the page of no rule",
            path.display()
        );
    }
}

#[test]
fn the_schema_accepts_right_settings_and_refuses_wrong_ones() {
    let validator = jsonschema::validator_for(&config::schema::schema()).unwrap();
    for (text, right) in [
        ("project_type = \"cli\"\n[rules]\nlink-empty = \"off\"\n[words]\nrule_lines = 3\n", true),
        ("project_typo = \"cli\"\n", false),
        ("[rules]\nlink-emptty = \"off\"\n", false),
        ("[words]\nrule_lines = \"many\"\n", false),
    ] {
        let table: toml::Table = text.parse().unwrap();
        let value = serde_json::to_value(table).unwrap();
        assert_eq!(validator.is_valid(&value), right, "{text}");
        assert_eq!(compliance::Config::parse(text).is_ok(), right, "{text}: the schema and the reader disagree");
    }
}
