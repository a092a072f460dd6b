//! The published JSON Schema of `compliance.toml`, made from the same tables that the reader uses.

use serde_json::{Map, Value, json};

use crate::rules;

pub(super) const TOP: &[&str] = &["project_type", "exclude", "max_file_bytes", "rules", "words", "$schema"];
pub(super) const LEVELS: &[&str] = &["off", "on", "info", "warning", "error"];

/// Name, is it a list, what it does.
pub(super) const WORDS: &[(&str, bool, &str)] = &[
    ("placeholders", true, "More words that mark unfinished text"),
    ("ignore_variables", true, "Environment variables that need no documentation; `*` at the end matches any rest"),
    ("ignore_flags", true, "Command line flags that need no documentation, without their dashes"),
    ("ignore_routes", true, "Routes that need no documentation, such as `/internal*`"),
    ("ignore_keys", true, "Configuration keys that need no documentation"),
    ("required_documents", true, "Documents that must exist besides those of the project type"),
    ("required_sections", true, "Sections that the README must have besides those of the project type"),
    ("decision_folders", true, "Folders of decision records besides docs/adr, docs/decisions, doc/adr and adr"),
    (
        "rule_lines",
        false,
        "Lines after which an agent rule is too long, or 100 times as many characters; 500 when not set",
    ),
    ("line_length", false, "Characters of the longest line for the rule `line-length`; 140 when not set"),
];

pub fn schema() -> Value {
    let list = json!({ "type": "array", "items": { "type": "string" } });
    let level = json!({ "enum": LEVELS });
    let rules: Map<String, Value> = rules::all()
        .map(|rule| {
            let default = if rule.on { rule.severity.name() } else { "off" };
            let mut entry = level.clone();
            entry["description"] = json!(rule.summary);
            entry["default"] = json!(default);
            (rule.id.to_owned(), entry)
        })
        .collect();
    let words: Map<String, Value> = WORDS
        .iter()
        .map(|(name, is_list, description)| {
            let mut entry = if *is_list { list.clone() } else { json!({ "type": "integer", "minimum": 1 }) };
            entry["description"] = json!(description);
            ((*name).to_owned(), entry)
        })
        .collect();
    let mut exclude = list;
    exclude["description"] = json!("Globs of paths that are not checked; they still count as link targets");
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "compliance.toml",
        "description": "Settings of the documentation check",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "$schema": { "type": "string" },
            "project_type": { "enum": super::ProjectType::NAMES, "description": "What the project is; detected when not set" },
            "exclude": exclude,
            "max_file_bytes": { "type": "integer", "minimum": 1, "default": 8_388_608, "description": "Larger files are reported and not read" },
            "rules": { "type": "object", "additionalProperties": false, "properties": rules },
            "words": { "type": "object", "additionalProperties": false, "properties": words },
        },
    })
}
