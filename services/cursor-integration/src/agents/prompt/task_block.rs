//! The block that ends every prompt. It holds our own data only, so that an agent can rely on it.

use common::clients::cursor::StartAgentRun;
use common::ids::ProjectId;
use serde_json::json;

use crate::agents::fence::fenced;

/// What a run is about besides its request.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) project_id: ProjectId,
    pub(crate) project_name: String,
    pub(crate) clone_url: String,
    pub(crate) readme_path: String,
}

pub(crate) fn task_block(request: &StartAgentRun, subject: &Subject, errors: Option<&[String]>) -> String {
    let block = json!({
        "schema": "quantapilot.task/1",
        "role": request.role,
        "task": request.task,
        "iteration": request.iteration,
        "project": {"id": subject.project_id, "name": super::one_line(&subject.project_name)},
        "repository": request.repository,
        "clone_url": subject.clone_url,
        "branch": request.branch,
        "base_branch": request.base,
        "milestone": request.milestone,
        "readme_path": subject.readme_path,
        "findings": request.inputs.findings.as_deref().unwrap_or_default(),
        "repair": errors.map(|errors| json!({"errors": errors})),
    });
    fenced("json quantapilot-task", &format!("{block:#}"))
}
