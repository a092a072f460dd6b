use serde_json::{Value, json};

use crate::{
    report::{Finding, Report, Severity},
    rules,
};

/// SARIF 2.1.0, as code scanning and editors read it.
pub fn sarif(report: &Report) -> Value {
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
    let findings = report.findings.iter().map(|finding| result(finding, &all));
    let waived = report.waived.iter().map(|waived| {
        let mut result = result(&waived.finding, &all);
        let justification = format!("{} (owner: {}, until {})", waived.reason, waived.owner, waived.expires);
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": justification }]);
        result
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "quantapilot-compliance",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": descriptors,
            } },
            "columnKind": "unicodeCodePoints",
            "results": findings.chain(waived).collect::<Vec<_>>(),
        }],
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
