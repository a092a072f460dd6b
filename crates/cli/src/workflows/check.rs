//! What can be known about the workflow files without n8n. Each rule is here because breaking it would only show at run time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::files::{self, Node, Workflow};
use crate::output::{Failure, Output};

/// What webhooks expect.
pub(super) const INBOUND: &str = "qpCredInbound001";
/// What calls to our services carry.
pub(super) const OUTBOUND: &str = "qpCredOutbound01";

/// The node types that are used, with the version they were tested with. No code nodes: logic lives in the services.
const TYPES: [(&str, &str); 13] = [
    ("errorTrigger", "1"),
    ("executeWorkflow", "1.4"),
    ("executeWorkflowTrigger", "1.2"),
    ("filter", "2.3"),
    ("httpRequest", "4.5"),
    ("if", "2.3"),
    ("noOp", "1"),
    ("set", "3.5"),
    ("stickyNote", "1"),
    ("stopAndError", "1"),
    ("switch", "3.4"),
    ("wait", "1.1"),
    ("webhook", "2.1"),
];

/// Nodes that may start a workflow: nothing leads to them.
const STARTS: [&str; 3] = ["errorTrigger", "executeWorkflowTrigger", "webhook"];

pub(super) fn run(dir: Option<&Path>, output: Output) -> Result<ExitCode, Failure> {
    let workflows = files::load(dir)?;
    let problems = problems(&workflows);
    let text =
        if problems.is_empty() { format!("{} workflows, no problems.", workflows.len()) } else { problems.join("\n") };
    output.result(&json!({ "workflows": workflows.len(), "problems": problems }), text)?;
    Ok(ExitCode::from(u8::from(!problems.is_empty())))
}

/// Everything that is wrong, one line each.
pub(super) fn problems(workflows: &[(String, Workflow)]) -> Vec<String> {
    let mut found = Vec::new();
    let ids: BTreeSet<&str> = workflows.iter().map(|(_, workflow)| workflow.id.as_str()).collect();
    repeated("workflow id", workflows.iter().map(|(_, w)| w.id.as_str()), &mut found);
    repeated("workflow name", workflows.iter().map(|(_, w)| w.name.as_str()), &mut found);
    repeated("node id", workflows.iter().flat_map(|(_, w)| w.nodes.iter().map(|n| n.id.as_str())), &mut found);
    repeated(
        "webhook path",
        workflows.iter().flat_map(|(_, w)| w.nodes.iter().filter_map(Node::webhook_path)),
        &mut found,
    );
    for (file, workflow) in workflows {
        let mut own = Vec::new();
        workflow_problems(workflow, &ids, &mut own);
        for node in &workflow.nodes {
            node_problems(node, &mut own);
        }
        found.extend(own.into_iter().map(|problem| format!("{file}: {problem}")));
    }
    found
}

fn repeated<'a>(what: &str, values: impl Iterator<Item = &'a str>, found: &mut Vec<String>) {
    let mut count: BTreeMap<&str, u32> = BTreeMap::new();
    for value in values {
        *count.entry(value).or_default() += 1;
    }
    found.extend(
        count.into_iter().filter(|(_, n)| *n > 1).map(|(value, n)| format!("the {what} `{value}` is used {n} times")),
    );
}

fn workflow_problems(workflow: &Workflow, ids: &BTreeSet<&str>, found: &mut Vec<String>) {
    if workflow.id.len() != 16 || !workflow.id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        found.push(format!("the id `{}` is not 16 letters and digits", workflow.id));
    }
    let names: BTreeSet<&str> = workflow.nodes.iter().map(|node| node.name.as_str()).collect();
    repeated("node name", workflow.nodes.iter().map(|node| node.name.as_str()), found);
    for needed in workflow.needs() {
        if !ids.contains(needed) {
            found.push(format!("it needs the workflow `{needed}`, which is not there"));
        }
    }
    let handles_errors = workflow.nodes.iter().any(|node| short(&node.kind) == "errorTrigger");
    if !handles_errors && !workflow.settings.contains_key("errorWorkflow") {
        found.push("it has no error workflow".to_owned());
    }
    let lines = match workflow.lines() {
        Ok(lines) => lines,
        Err(error) => return found.push(error.to_string()),
    };
    for name in lines.iter().flat_map(|(source, _, target)| [source, target]) {
        if !names.contains(name) {
            found.push(format!("a connection names `{name}`, which is no node"));
        }
    }
    let reached: BTreeSet<&str> = lines.iter().map(|(_, _, target)| *target).collect();
    for node in workflow.nodes.iter().filter(|node| !node.is_note()) {
        if !reached.contains(node.name.as_str()) && !STARTS.contains(&short(&node.kind)) {
            found.push(format!("nothing leads to `{}`", node.name));
        }
        let error_output = node.rest.get("onError").is_some_and(|on_error| on_error == "continueErrorOutput");
        if error_output && !lines.iter().any(|(source, output, _)| *source == node.name && *output == 1) {
            found.push(format!("the error output of `{}` leads nowhere: a failure would pass as success", node.name));
        }
        for name in referred(&Value::Object(node.parameters.clone())) {
            if !names.contains(name.as_str()) {
                found.push(format!("`{}` refers to `{name}`, which is no node", node.name));
            }
        }
    }
}

fn node_problems(node: &Node, found: &mut Vec<String>) {
    let name = &node.name;
    let kind = short(&node.kind);
    match TYPES.iter().find(|(known, _)| *known == kind) {
        None => found.push(format!("`{name}` is of type `{}`, which is not one of the tested ones", node.kind)),
        Some((_, version)) if node.type_version.to_string() != *version => {
            found.push(format!("`{name}` is of version {} of `{kind}`; tested is {version}", node.type_version));
        }
        Some(_) => {}
    }
    if matches!(kind, "webhook" | "wait") && !node.rest.contains_key("webhookId") {
        found.push(format!("`{name}` has no webhookId: its address would change at every import"));
    }
    let credential = node.credentials.get("httpHeaderAuth").and_then(|used| used.get("id")).and_then(Value::as_str);
    let expected = match kind {
        "httpRequest" => Some(OUTBOUND),
        "webhook" => Some(INBOUND),
        _ => None,
    };
    if credential != expected {
        found.push(format!(
            "`{name}` uses the credential `{}`, not `{}`",
            credential.unwrap_or("none"),
            expected.unwrap_or("none")
        ));
    }
    if kind == "httpRequest" {
        request_problems(node, found);
    }
}

fn request_problems(node: &Node, found: &mut Vec<String>) {
    let name = &node.name;
    let value = |pointer: &str| Value::Object(node.parameters.clone()).pointer(pointer).cloned();
    if value("/options/timeout").and_then(|timeout| timeout.as_u64()).is_none() {
        found.push(format!("`{name}` has no time-out"));
    }
    if node.rest.get("retryOnFail") != Some(&Value::Bool(true)) {
        found.push(format!("`{name}` does not try again"));
    }
    let headers: Vec<String> = value("/headerParameters/parameters")
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|header| Some(header.get("name")?.as_str()?.to_ascii_lowercase()))
        .collect();
    let has = |header: &str| headers.iter().any(|known| known == header);
    if has("idempotency-key") != has("x-qp-epoch") {
        found.push(format!("`{name}` must send `Idempotency-Key` and `X-QP-Epoch` together"));
    }
    if !has("x-qp-execution") {
        found.push(format!("`{name}` does not send `X-QP-Execution`"));
    }
    let body = value("/jsonBody").and_then(|body| body.as_str().map(str::to_owned)).unwrap_or_default();
    if body.matches("}}").count() > 1 {
        found.push(format!("`{name}` has `}}}}` inside its expression, which ends it there"));
    }
}

/// The nodes named in expressions: `$('Name')`.
fn referred(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(text) if text.starts_with('=') => text
            .split("$('")
            .skip(1)
            .filter_map(|rest| rest.split_once("')"))
            .map(|(name, _)| name.to_owned())
            .collect(),
        Value::Array(items) => items.iter().flat_map(referred).collect(),
        Value::Object(fields) => fields.values().flat_map(referred).collect(),
        _ => BTreeSet::new(),
    }
}

fn short(kind: &str) -> &str {
    kind.strip_prefix("n8n-nodes-base.").unwrap_or(kind)
}
