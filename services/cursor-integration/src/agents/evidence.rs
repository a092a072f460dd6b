//! What a run left in the repository. An agent's word is a claim; the branch is the fact.

use common::clients::agents::AgentTask;
use common::clients::github::VerifyBranch;
use serde_json::Value;

use super::backend::RunState;
use crate::app::App;
use crate::store::agent_runs::AgentRun;

/// Where the branch is now; none when nobody can tell.
pub(crate) async fn head(app: &App, repository: &str, branch: &str, base: &str) -> Option<Option<String>> {
    let request = VerifyBranch {
        repository: repository.to_owned(),
        branch: branch.to_owned(),
        base: base.to_owned(),
        expect_ahead: false,
    };
    match app.github.inspect_branch(&request).await {
        Ok(evidence) => Some(Some(evidence.head_sha).filter(|sha| !sha.is_empty())),
        Err(error) => {
            tracing::warn!(error = %error, "cannot look at the branch; the workflow looks again");
            None
        }
    }
}

/// Why the answer is not borne out by the branch. The workflow verifies again, with checks; this is to tell early and clearly.
pub(crate) async fn contradiction(app: &App, run: &AgentRun, answer: &Value, state: &RunState) -> Option<String> {
    let claimed = answer["commit"].as_str();
    let must_push = match run.task() {
        AgentTask::Implement | AgentTask::Fix => true,
        AgentTask::Test => claimed.is_some(),
        AgentTask::Plan | AgentTask::Review => false,
    };
    if !must_push {
        return None;
    }
    let branch = &run.branch;
    match head(app, &run.repository, branch, &run.base_branch).await {
        Some(None) => Some(format!("There is no branch `{branch}`, although the agent says it is done")),
        Some(Some(head)) if run.start_head_sha.as_deref() == Some(&head) => {
            Some(format!("Branch `{branch}` is where it was before the run, although the agent says it is done"))
        }
        Some(Some(head)) => claimed
            .filter(|claimed| *claimed != head)
            .map(|claimed| format!("Branch `{branch}` is at `{head}`, not at `{claimed}` as the agent says")),
        // Nobody can tell: then the backend's own record of what was pushed counts.
        None if state.branches.iter().any(|pushed| pushed == branch) => None,
        None => Some(format!("The agent says it is done, but nothing was pushed to `{branch}`")),
    }
}
