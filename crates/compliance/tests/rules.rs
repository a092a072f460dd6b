//! Every rule's own cases: where it must speak and where it must be silent.

use compliance::{Config, Files, check, rules};

#[test]
fn every_rule_speaks_and_is_silent_where_its_cases_say() {
    let mut wrong = Vec::new();
    // No bytes in memory are unreadable; tests/engine.rs shows that rule on a tree that refuses.
    for rule in rules::all().filter(|rule| rule.id != "file-unreadable") {
        for case in rule.cases {
            let files: Files = case.files.iter().map(|(path, text)| (*path, *text)).collect();
            // A case may bring its own settings, as a repository would.
            let mut config = Config::only(rule.id);
            if let Some((_, text)) = case.files.iter().find(|(path, _)| *path == compliance::config::FILE) {
                let own = Config::parse(text).unwrap();
                config = Config { levels: config.levels, ..own };
            }
            config.today = Some("2025-06-01".to_owned());
            let report = check(&files, &config);
            let found: Vec<(&str, u32)> =
                report.of(rule.id).map(|finding| (finding.path.as_str(), finding.line)).collect();
            if found != case.expect || report.findings.len() != found.len() {
                let messages: Vec<&str> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
                wrong.push(format!(
                    "{}, case \"{}\": expected {:?}, found {found:?} {messages:?}",
                    rule.id, case.name, case.expect
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_cases_of_both_kinds() {
    for rule in rules::all() {
        assert!(rule.cases.iter().any(|case| !case.expect.is_empty()), "{} has no case where it speaks", rule.id);
        assert!(rule.cases.iter().any(|case| case.expect.is_empty()), "{} has no case where it is silent", rule.id);
    }
}

#[test]
fn ids_are_kebab_case_sorted_and_named_like_their_file() {
    let ids: Vec<&str> = rules::all().map(|rule| rule.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted, "the list in src/rules/mod.rs is in the order of the ids");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            !matches!(
                name.as_str(),
                "mod.rs" | "links.rs" | "sections.rs" | "changelog.rs" | "decisions.rs" | "agents.rs"
            )
        })
        .map(|name| name.trim_end_matches(".rs").replace('_', "-"))
        .collect();
    files.sort();
    assert_eq!(files, ids, "each file in src/rules is one rule and is listed in src/rules/mod.rs");
}
