//! Prompt templates: the built-in ones, and the versions people write to replace them.

use axum::extract::State;
use common::auth::{Admin, Caller, Viewer};
use common::clients::agents::AgentTask;
use common::error::{Error, Problem, Result};
use common::http::{Json, Path};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::agents::prompt::Prompts;
use crate::app::App;
use crate::store::prompt_templates::{self, PromptTemplate};

const TASKS: [AgentTask; 5] =
    [AgentTask::Plan, AgentTask::Implement, AgentTask::Fix, AgentTask::Test, AgentTask::Review];
const BODY_LIMIT: usize = 50_000;

/// The template of one task.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskTemplate {
    name: String,
    /// What runs use right now.
    body: String,
    /// The version in use; null: the built-in template.
    version: Option<i32>,
    built_in: String,
    /// Every version people wrote, newest first.
    versions: Vec<PromptTemplate>,
}

/// All templates.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskTemplates {
    items: Vec<TaskTemplate>,
}

/// List the prompt templates.
#[utoipa::path(get, path = "/api/v1/prompt-templates", tag = "prompt-templates", responses((status = 200, body = TaskTemplates)))]
pub(crate) async fn list_prompt_templates(State(app): State<App>, _: Caller<Viewer>) -> Result<Json<TaskTemplates>> {
    let all = prompt_templates::list(&mut *app.db.acquire().await?).await?;
    let items = TASKS.map(|task| {
        let versions: Vec<PromptTemplate> =
            all.iter().filter(|version| version.name == task.as_str()).cloned().collect();
        let active = versions.iter().find(|version| version.active);
        TaskTemplate {
            name: task.as_str().to_owned(),
            body: active.map_or_else(|| Prompts::source(task).to_owned(), |version| version.body.clone()),
            version: active.map(|version| version.version),
            built_in: Prompts::source(task).to_owned(),
            versions,
        }
    });
    Ok(Json(TaskTemplates { items: items.into() }))
}

/// A new version.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewPromptTemplate {
    /// A Handlebars template. It may use `project`, `repository`, `branch`, `base`, `milestone_key`, `iteration`, `iteration_note`, and must contain
    /// `{{{context}}}`. The form of the answer and the task block are added to it.
    body: String,
}

/// Write a new version of a template; runs that start from now on use it.
#[utoipa::path(post, path = "/api/v1/prompt-templates/{name}/versions", tag = "prompt-templates", request_body = NewPromptTemplate, responses(
    (status = 201, body = PromptTemplate), (status = 404, body = Problem), (status = 422, body = Problem, description = "The template cannot be used")))]
pub(crate) async fn create_prompt_template(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path(name): Path<String>,
    Json(body): Json<NewPromptTemplate>,
) -> Result<(StatusCode, Json<PromptTemplate>)> {
    let task = task_named(&name)?;
    let unusable = |message: String| {
        Error::unprocessable("template_unusable", "The template cannot be used").with_field("body", message)
    };
    if body.body.len() > BODY_LIMIT {
        return Err(unusable(format!("must have at most {BODY_LIMIT} bytes")));
    }
    app.prompts.check(&body.body).map_err(|error| unusable(format!("{error:#}")))?;
    let mut tx = app.db.begin().await?;
    let now = app.clock.now();
    let version = prompt_templates::insert(&mut tx, task.as_str(), &body.body, caller.user_id, now).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(version)))
}

/// Go back to the built-in template.
#[utoipa::path(delete, path = "/api/v1/prompt-templates/{name}", tag = "prompt-templates", responses(
    (status = 204), (status = 404, body = Problem)))]
pub(crate) async fn reset_prompt_template(
    State(app): State<App>,
    _: Caller<Admin>,
    Path(name): Path<String>,
) -> Result<StatusCode> {
    let task = task_named(&name)?;
    prompt_templates::deactivate(&mut *app.db.acquire().await?, task.as_str()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn task_named(name: &str) -> Result<AgentTask> {
    TASKS.into_iter().find(|task| task.as_str() == name).ok_or_else(|| {
        Error::not_found("no_such_template", "There are templates for plan, implement, fix, test and review")
    })
}
