//! Workflow files as we read them: what the check and the import need, the rest passed on as it is.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The files as they were when this program was built.
#[derive(rust_embed::RustEmbed)]
#[folder = "../../n8n-workflows"]
struct Embedded;

/// One workflow. What an export from the editor holds beside this (`active`, `pinData`, …) is left out.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Workflow {
    /// Sixteen characters of our choice; the same in every n8n.
    pub id: String,
    /// As the editor shows it.
    pub name: String,
    /// The boxes.
    pub nodes: Vec<Node>,
    /// The lines: by source node's name, `{"main": [[{"node", "type", "index"}]]}`.
    pub connections: Map<String, Value>,
    /// For example which workflow is called on errors.
    pub settings: Map<String, Value>,
}

/// One box.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Stable, so that changes show as changes.
    pub id: String,
    /// Unique in the workflow: expressions refer to it.
    pub name: String,
    /// For example `n8n-nodes-base.httpRequest`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of that type.
    pub type_version: serde_json::Number,
    /// What it does.
    pub parameters: Map<String, Value>,
    /// By credential type: `{"id", "name"}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub credentials: Map<String, Value>,
    /// Where it stands, its notes, its retries and the like.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Node {
    /// Notes for the reader of the editor.
    pub fn is_note(&self) -> bool {
        self.kind == "n8n-nodes-base.stickyNote"
    }

    /// The workflow that an `executeWorkflow` node calls.
    pub fn called_workflow(&self) -> Option<&str> {
        if self.kind != "n8n-nodes-base.executeWorkflow" {
            return None;
        }
        self.parameters.get("workflowId")?.get("value")?.as_str()
    }

    /// The path of a webhook that starts a workflow.
    pub fn webhook_path(&self) -> Option<&str> {
        if self.kind != "n8n-nodes-base.webhook" {
            return None;
        }
        self.parameters.get("path")?.as_str()
    }
}

impl Workflow {
    /// What must be active before this one: the workflows it calls and its error workflow.
    pub fn needs(&self) -> Vec<&str> {
        let error = self.settings.get("errorWorkflow").and_then(Value::as_str);
        self.nodes.iter().filter_map(Node::called_workflow).chain(error).collect()
    }

    /// The lines: source, output, target.
    pub fn lines(&self) -> anyhow::Result<Vec<(&str, usize, &str)>> {
        let mut lines = Vec::new();
        for (source, outputs) in &self.connections {
            let main = outputs
                .get("main")
                .and_then(Value::as_array)
                .with_context(|| format!("the connections of `{source}` have no list `main`"))?;
            for (output, targets) in main.iter().enumerate() {
                for target in targets.as_array().into_iter().flatten() {
                    let name = target
                        .get("node")
                        .and_then(Value::as_str)
                        .with_context(|| format!("a connection of `{source}` names no node"))?;
                    lines.push((source.as_str(), output, name));
                }
            }
        }
        Ok(lines)
    }
}

/// Every workflow with its file's name, from `dir` or from this program, each after those it needs.
pub(super) fn load(dir: Option<&Path>) -> anyhow::Result<Vec<(String, Workflow)>> {
    let mut files: Vec<(String, Cow<'static, [u8]>)> = match dir {
        Some(dir) => read_dir(dir)?,
        None => Embedded::iter()
            .filter(|name| name.ends_with(".json"))
            .filter_map(|name| Some((name.to_string(), Embedded::get(&name)?.data)))
            .collect(),
    };
    ensure!(!files.is_empty(), "there is no workflow file (*.json)");
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let workflows = files
        .into_iter()
        .map(|(name, bytes)| {
            let workflow = serde_json::from_slice(&bytes).with_context(|| format!("{name} is not a workflow file"))?;
            Ok((name, workflow))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    children_first(workflows)
}

fn read_dir(dir: &Path) -> anyhow::Result<Vec<(String, Cow<'static, [u8]>)>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("cannot read the folder `{}`", dir.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            files.push((name, bytes.into()));
        }
    }
    Ok(files)
}

/// n8n publishes a workflow only when those it calls are published.
pub(super) fn children_first(mut waiting: Vec<(String, Workflow)>) -> anyhow::Result<Vec<(String, Workflow)>> {
    let mut ordered: Vec<(String, Workflow)> = Vec::new();
    while !waiting.is_empty() {
        let known: Vec<String> = waiting.iter().map(|(_, workflow)| workflow.id.clone()).collect();
        let ready = |workflow: &Workflow| !workflow.needs().iter().any(|id| known.iter().any(|k| k == id));
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, workflow)| ready(workflow));
        if now.is_empty() {
            bail!("workflows call each other in a circle: {}", known.join(", "));
        }
        ordered.extend(now);
        waiting = later;
    }
    Ok(ordered)
}
