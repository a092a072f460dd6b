//! What is printed for programs: JSON that reads back, SARIF that its schema accepts.
//!
//! `fixtures/sarif-2.1.0.schema.json` is the OASIS schema of SARIF 2.1.0, as published for validators.

use compliance::{
    Config, Files, Report, check,
    output::{self, Format},
};

fn report() -> Report {
    let waiver =
        "[[waiver]]\nrule = \"link-empty\"\npath = \"**\"\nreason = \"r\"\nowner = \"o\"\nexpires = \"2099-01-01\"\n";
    let tree = Files::new()
        .with("docs/a b,ж.md", "# A\n\n[x](gone.md) Ж [y]()\n\nTODO: more\n\n### Jump\n\nText.\n")
        .with("compliance-waivers.toml", waiver);
    check(&tree, &Config::default())
}

#[test]
fn json_reads_back() {
    let report = report();
    assert!(report.findings.len() >= 4 && report.waived.len() == 1);
    let back: Report = serde_json::from_str(&output::render(&report, Format::Json, false)).unwrap();
    assert_eq!(back, report);
}

#[test]
fn sarif_is_what_its_schema_says() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("fixtures/sarif-2.1.0.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for report in [report(), Report::default(), check(&Files::new(), &Config::default())] {
        let log: serde_json::Value = serde_json::from_str(&output::render(&report, Format::Sarif, false)).unwrap();
        let problems: Vec<String> =
            validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), report.findings.len() + report.waived.len());
    }
    let log: serde_json::Value = serde_json::from_str(&output::render(&report(), Format::Sarif, false)).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let suppressed = results.iter().find(|result| result["suppressions"].is_array()).unwrap();
    assert_eq!(suppressed["ruleId"], "link-empty");
    let link = results.iter().find(|result| result["ruleId"] == "link-file-missing").unwrap();
    assert_eq!(link["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "docs/a%20b%2C%D0%B6.md");
    let rule =
        &log["runs"][0]["tool"]["driver"]["rules"][usize::try_from(link["ruleIndex"].as_u64().unwrap()).unwrap()];
    assert_eq!(rule["id"], "link-file-missing");
}

#[test]
fn the_schema_refuses_what_is_not_sarif() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("fixtures/sarif-2.1.0.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{ "tool": {} }] })));
}
