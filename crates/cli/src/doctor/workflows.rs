//! Our workflows in n8n: there, and active; and the key with which n8n is asked.

use std::path::Path;

use ::doctor::Finding;
use common::config::Secret;
use url::Url;

use crate::n8n::{Api, N8n};
use crate::workflows;

/// Whether n8n takes our key, and whether each workflow is there and active.
pub(super) async fn look(url: &Url, api_key_file: &Path, ready: bool) -> Vec<Finding> {
    const KEY: &str = "n8n.api-key";
    const WORKFLOWS: &str = "n8n.workflows";
    const IMPORT: &str = "run `quantapilot workflows import`";
    let skip = |why: &str| vec![Finding::skipped(KEY, why), Finding::skipped(WORKFLOWS, why)];
    if !ready {
        return skip("n8n is not ready");
    }
    let key = match std::fs::read_to_string(api_key_file) {
        Ok(text) => Secret::new(text.trim()),
        Err(error) => {
            let detail = format!("no API key: {}: {error}", api_key_file.display());
            return vec![Finding::critical(KEY, detail, IMPORT), Finding::skipped(WORKFLOWS, "there is no API key")];
        }
    };
    let api = Api::new(&N8n::new(url.clone()), key);
    match api.accepts_key().await {
        Ok(true) => {}
        Ok(false) => {
            let refused = Finding::critical(KEY, "n8n refuses the key", IMPORT);
            return vec![refused, Finding::skipped(WORKFLOWS, "n8n refuses the key")];
        }
        Err(error) => return skip(&error.to_string()),
    }
    let workflows = match inactive(&api).await {
        Ok((count, missing)) if missing.is_empty() => Finding::ok(WORKFLOWS, format!("all {count} are active")),
        Ok((_, missing)) => Finding::critical(WORKFLOWS, missing.join("; "), IMPORT),
        Err(error) => Finding::critical(WORKFLOWS, format!("{error:#}"), IMPORT),
    };
    vec![Finding::ok(KEY, "n8n takes it"), workflows]
}

/// How many there should be, and what is wrong with them.
async fn inactive(api: &Api) -> anyhow::Result<(usize, Vec<String>)> {
    let expected = workflows::embedded()?;
    let mut problems = Vec::new();
    for workflow in &expected {
        match api.workflow(&workflow.id).await? {
            None => problems.push(format!("`{}` is not there", workflow.name)),
            Some(stored) if !stored.active => problems.push(format!("`{}` is switched off", workflow.name)),
            Some(_) => {}
        }
    }
    Ok((expected.len(), problems))
}
