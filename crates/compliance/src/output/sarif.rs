use serde::Serialize;
use serde_json::{Value, json};

use super::Each;
use crate::{
    report::{Finding, Report, Severity},
    rules,
};

#[derive(Serialize)]
struct Log<R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Run<R>; 1],
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R> {
    column_kind: &'static str,
    results: R,
    tool: Value,
}

/// SARIF 2.1.0, as code scanning and editors read it.
pub(super) fn log(report: &Report) -> impl Serialize {
    let all: Vec<&rules::Rule> = rules::all().collect();
    let descriptors: Vec<Value> = all
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "name": name(rule.id),
                "shortDescription": { "text": rule.summary },
                "fullDescription": { "text": rule.why },
                "help": { "text": rule.remedy },
                "defaultConfiguration": { "level": level(rule.severity), "enabled": rule.on },
                "properties": { "category": rule.category },
            })
        })
        .collect();
    let tool = json!({
        "driver": {
            "name": "quantapilot-compliance",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": descriptors,
        },
    });
    let results = Each(move || results(report, all.clone()));
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        runs: [Run { column_kind: "unicodeCodePoints", results, tool }],
        version: "2.1.0",
    }
}

fn results(report: &Report, all: Vec<&'static rules::Rule>) -> impl Iterator<Item = Value> {
    let findings = report.findings.iter().map(|finding| (finding, None));
    let waived = report.waived.iter().map(|waived| (&waived.finding, Some(waived)));
    findings.chain(waived).map(move |(finding, waived)| {
        let mut result = result(finding, &all);
        if let Some(waived) = waived {
            let justification = format!("{} (owner: {}, until {})", waived.reason, waived.owner, waived.expires);
            result["suppressions"] =
                json!([{ "kind": "external", "status": "accepted", "justification": justification }]);
        }
        result
    })
}

fn result(finding: &Finding, all: &[&rules::Rule]) -> Value {
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level(finding.severity),
        "message": { "text": format!("{}. {}", finding.message, finding.remedy) },
        "partialFingerprints": { "finding/v1": finding.fingerprint() },
    });
    // Findings about plans have rules of their own, which are not in the list.
    if let Some(index) = all.iter().position(|rule| rule.id == finding.rule) {
        result["ruleIndex"] = json!(index);
    }
    // A finding about the whole repository is shown at its root.
    let uri = if finding.path.is_empty() { ".".to_owned() } else { encode(&finding.path) };
    let mut place = json!({ "artifactLocation": { "uri": uri } });
    if !finding.path.is_empty() {
        place["region"] = json!({ "startLine": finding.line.max(1), "startColumn": finding.column.max(1) });
    }
    result["locations"] = json!([{ "physicalLocation": place }]);
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// `link-file-missing` → `LinkFileMissing`.
fn name(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

fn encode(path: &str) -> String {
    use std::fmt::Write as _;
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
