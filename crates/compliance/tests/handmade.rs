//! Whole trees in many stacks, written by hand as people write them: what is wrong in them is found, and nothing else is.
//!
//! Each file of `fixtures/trees` is one tree. It begins with the findings that a reader confirmed, one a line as
//! `rule path:line`; then come the files, each under `-- path --`. A tree without findings must stay without.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{fs, path::Path};

use compliance::{Config, Files, Severity, check};

struct Case {
    name: String,
    expected: Vec<String>,
    tree: Files,
}

fn read(path: &Path) -> Case {
    let text = fs::read_to_string(path).unwrap();
    let mut case = Case {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        expected: Vec::new(),
        tree: Files::new(),
    };
    let mut file: Option<(String, String)> = None;
    for line in text.split_inclusive('\n') {
        let marker = line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --"));
        match (marker, &mut file) {
            (Some(path), _) => {
                if let Some((path, text)) = file.replace((path.to_owned(), String::new())) {
                    case.tree.insert(path, text);
                }
            }
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => case.expected.push(line.trim_end().to_owned()),
        }
    }
    if let Some((path, text)) = file {
        case.tree.insert(path, text);
    }
    case.expected.sort();
    case
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trees");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn found(tree: &Files) -> Vec<String> {
    let config = Config { today: Some("2026-06-01".to_owned()), ..Config::default() };
    let report = check(tree, &config);
    let counted = report.findings.iter().filter(|finding| finding.severity > Severity::Info);
    let place = |path: &str| if path.is_empty() { ".".to_owned() } else { path.to_owned() };
    let mut lines: Vec<String> =
        counted.map(|finding| format!("{} {}:{}", finding.rule, place(&finding.path), finding.line)).collect();
    lines.sort();
    lines
}

#[test]
fn hand_made_trees_have_the_findings_that_a_reader_confirmed() {
    let cases = cases();
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let found = found(&case.tree);
            let missed: Vec<_> = case.expected.iter().filter(|line| !found.contains(line)).collect();
            let extra: Vec<_> = found.iter().filter(|line| !case.expected.contains(line)).collect();
            (found != case.expected).then(|| format!("{}: missed {missed:?}, extra {extra:?}", case.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let clean = cases.iter().filter(|case| case.expected.is_empty()).count();
    assert!(cases.len() >= 30 && clean >= 10, "{} trees, {clean} of them clean", cases.len());
}

#[test]
fn line_ends_and_marks_of_windows_change_nothing() {
    for case in cases() {
        let windows: Files = case
            .tree
            .0
            .iter()
            .map(|(path, bytes)| (path.clone(), String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes()))
            .collect();
        assert_eq!(found(&windows), case.expected, "{}", case.name);
    }
}
