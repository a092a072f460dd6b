//! n8n: up, and our workflows active in it.

use std::path::Path;

use common::config::Secret;
use url::Url;

use super::Finding;
use crate::n8n::{Api, N8n};
use crate::workflows;

/// Whether it is ready, and whether each workflow is there and active.
pub(super) async fn look(url: &Url, api_key_file: &Path) -> Vec<Finding> {
    const WORKFLOWS: &str = "n8n workflows";
    const IMPORT: &str = "run `quantapilot workflows import`";
    let n8n = N8n::new(url.clone());
    if !n8n.ready().await {
        let hint = "is it running, and is N8N_URL right? Its first start takes up to a minute";
        return vec![
            Finding::failed("n8n", format!("{url} is not ready"), hint),
            Finding::skipped(WORKFLOWS, "n8n is not ready"),
        ];
    }
    let ready = Finding::ok("n8n", format!("ready at {url}"));
    let key = match std::fs::read_to_string(api_key_file) {
        Ok(text) => Secret::new(text.trim()),
        Err(error) => {
            let detail = format!("no API key: {}: {error}", api_key_file.display());
            return vec![ready, Finding::failed(WORKFLOWS, detail, IMPORT)];
        }
    };
    match inactive(&Api::new(&n8n, key)).await {
        Ok((count, missing)) if missing.is_empty() => {
            vec![ready, Finding::ok(WORKFLOWS, format!("all {count} are active"))]
        }
        Ok((_, missing)) => vec![ready, Finding::failed(WORKFLOWS, missing.join("; "), IMPORT)],
        Err(error) => vec![ready, Finding::failed(WORKFLOWS, format!("{error:#}"), IMPORT)],
    }
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
