//! n8n's workflows through its API, as people have changed them. Its own credentials are made anew by `quantapilot workflows import`.

use std::collections::BTreeMap;
use std::path::Path;

use common::config::{Reader, Secret};
use serde_json::Value;
use url::Url;

use crate::n8n::{Api, N8n};
use crate::output::Failure;
use crate::workflows::Workflow;

/// The settings that n8n's API takes; it gives out more, and refuses those.
const SETTINGS: [&str; 11] = [
    "callerIds",
    "callerPolicy",
    "errorWorkflow",
    "executionOrder",
    "executionTimeout",
    "saveDataErrorExecution",
    "saveDataSuccessExecution",
    "saveExecutionProgress",
    "saveManualExecutions",
    "timeSavedPerExecution",
    "timezone",
];

/// Every workflow by id, and whether it is active.
pub(super) async fn fetch(api_key_file: &Path) -> Result<BTreeMap<String, Value>, Failure> {
    let mut env = Reader::from_env();
    let url: Option<Url> = env.optional("N8N_URL");
    env.finish()?;
    let url = url.ok_or_else(|| Failure::usage("N8N_URL is not set").hint("for example N8N_URL=http://n8n:5678"))?;
    let key = std::fs::read_to_string(api_key_file).map_err(|error| {
        Failure::new(format!("cannot read n8n's API key in `{}`: {error}", api_key_file.display()))
            .hint("`quantapilot workflows import` makes it")
    })?;
    let workflows = Api::new(&N8n::new(url), Secret::new(key.trim())).workflows().await?;
    let id = |workflow: &Value| workflow["id"].as_str().map(str::to_owned);
    Ok(workflows.into_iter().filter_map(|workflow| Some((id(&workflow)?, workflow))).collect())
}

/// A workflow as n8n takes it, and whether it was active.
pub(super) fn parse(text: &[u8]) -> anyhow::Result<(Workflow, bool)> {
    let value: Value = serde_json::from_slice(text)?;
    let active = value["active"].as_bool().unwrap_or(false);
    let mut workflow: Workflow = serde_json::from_value(value)?;
    workflow.settings.retain(|name, _| SETTINGS.contains(&name.as_str()));
    Ok((workflow, active))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_n8n_would_refuse_is_left_out() {
        let stored = r#"{"id": "qpX", "name": "X", "active": true, "nodes": [], "connections": {}, "versionId": "v",
            "settings": {"executionOrder": "v1", "availableInMCP": false}, "shared": [{"role": "owner"}]}"#;
        let (workflow, active) = parse(stored.as_bytes()).unwrap();
        assert!(active);
        assert_eq!(workflow.settings.keys().collect::<Vec<_>>(), ["executionOrder"]);
    }
}
