//! The calls on agents and runs.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Cursor,
    error::{ApiError, Result},
    model::{Agent, Repository, Run, RunStatus, Usage, now},
    run::Job,
};
use crate::{Change, agents::Prompt};

pub(super) const MODELS: [(&str, &str); 2] =
    [("sandbox-deterministic", "Sandbox (deterministic program)"), ("composer-2.5", "Composer 2.5 (the same program)")];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateAgent {
    prompt: PromptInput,
    model: Option<Value>,
    name: Option<String>,
    #[serde(default)]
    repos: Vec<Repository>,
    #[serde(default)]
    work_on_current_branch: bool,
    #[serde(default, rename = "autoCreatePR")]
    auto_create_pr: bool,
    agent_id: Option<String>,
    env_vars: Option<Value>,
    metadata: Option<Value>,
    mode: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PromptInput {
    text: String,
}

#[derive(Debug, Deserialize)]
struct CreateRun {
    prompt: PromptInput,
    model: Option<Value>,
    mode: Option<String>,
}

/// A body, with refusals in Cursor's form.
fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T> {
    if body.is_empty() {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "missing_body", "Request body is required"));
    }
    serde_json::from_slice(body).map_err(|error| ApiError::invalid(format!("Invalid request body: {error}")))
}

fn check_prompt(prompt: &PromptInput, mode: Option<&str>) -> Result<()> {
    if prompt.text.trim().is_empty() {
        return Err(ApiError::invalid("prompt.text must not be empty"));
    }
    if mode.is_some_and(|mode| mode != "agent" && mode != "plan") {
        return Err(ApiError::invalid("mode must be `agent` or `plan`"));
    }
    Ok(())
}

fn check_model(model: Option<&Value>) -> Result<()> {
    let Some(model) = model else { return Ok(()) };
    let Some(id) = model.get("id").and_then(Value::as_str) else {
        return Err(ApiError::invalid("model must be an object with an id"));
    };
    if MODELS.iter().any(|(known, _)| *known == id) {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_model", format!("Model `{id}` is not available")))
}

fn is_agent_id(id: &str) -> bool {
    id.strip_prefix("bc-").is_some_and(|rest| rest.len() == 36 && Uuid::parse_str(rest).is_ok())
}

pub(super) async fn create_agent(
    State(cursor): State<Cursor>,
    body: axum::body::Bytes,
) -> Result<(StatusCode, Json<Value>)> {
    let input: CreateAgent = parse(&body)?;
    check_prompt(&input.prompt, input.mode.as_deref())?;
    check_model(input.model.as_ref())?;
    if input.name.as_ref().is_some_and(|name| name.chars().count() > 100) {
        return Err(ApiError::invalid("name must have at most 100 characters"));
    }
    if input.agent_id.is_some() && input.env_vars.is_some() {
        return Err(ApiError::invalid("envVars cannot be combined with agentId"));
    }
    if input.agent_id.as_deref().is_some_and(|id| !is_agent_id(id)) {
        return Err(ApiError::invalid("agentId must look like bc-<uuid>"));
    }
    if input.repos.len() > 1 {
        return Err(ApiError::invalid("the sandbox takes one repository per agent"));
    }
    if let Some(id) = input.agent_id.as_deref().filter(|id| cursor.store().get(id).is_some()) {
        return Err(taken(id));
    }
    if let Some(repository) = input.repos.first() {
        check_branch(&cursor, repository).await?;
    }
    let at = now();
    let id = input.agent_id.unwrap_or_else(|| format!("bc-{}", Uuid::new_v4()));
    let run = new_run(&input.prompt.text, at);
    let agent = Agent {
        id: id.clone(),
        name: input.name,
        archived: false,
        model: input.model,
        metadata: input.metadata,
        repositories: input.repos,
        work_on_current_branch: input.work_on_current_branch,
        auto_create_pr: input.auto_create_pr,
        pushed_branch: None,
        created_at: at,
        updated_at: at,
        runs: vec![run.clone()],
    };
    let inserted = cursor.store().insert(agent.clone()).map_err(|error| ApiError::internal(&error))?;
    if !inserted {
        return Err(taken(&id));
    }
    cursor.start(job(&cursor, &agent, &run));
    cursor.context().changed(Change::AgentRuns);
    let view = json!({"agent": agent.view(cursor.context().base_url()), "run": agent.run_view(&run, false)});
    Ok((StatusCode::CREATED, Json(view)))
}

fn taken(id: &str) -> ApiError {
    ApiError::conflict("agent_id_conflict", format!("An agent with id {id} already exists"))
}

/// Cursor checks the branch before it answers, and takes names only.
async fn check_branch(cursor: &Cursor, repository: &Repository) -> Result<()> {
    let refused = |code, message: String| ApiError::new(StatusCode::BAD_REQUEST, code, message);
    let Some(remote) = cursor.remote(&repository.url) else {
        return Err(refused("repository_access", format!("{} is not a repository of this sandbox", repository.url)));
    };
    let Some(branch) = repository.starting_ref.as_deref() else {
        return Err(refused("validation_error", "Could not determine the default branch; send startingRef".to_owned()));
    };
    let looks_like_a_sha = branch.len() == 40 && branch.bytes().all(|byte| byte.is_ascii_hexdigit());
    if branch.is_empty() || branch.starts_with('-') || looks_like_a_sha {
        return Err(refused("invalid_branch_name", format!("`{branch}` is not a branch name")));
    }
    match remote.branch_head(branch).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(refused("validation_error", format!("Failed to verify existence of branch '{branch}'"))),
        Err(error) => Err(refused("repository_access", format!("{} cannot be read: {error:#}", repository.url))),
    }
}

fn new_run(prompt: &str, at: OffsetDateTime) -> Run {
    let task = Prompt::read(prompt).map(|prompt| prompt.task);
    Run {
        id: format!("run-{}", Uuid::new_v4()),
        status: RunStatus::Creating,
        prompt: prompt.to_owned(),
        role: task.as_ref().map(|task| task.role.clone()).unwrap_or_default(),
        task: task.map(|task| task.name).unwrap_or_default(),
        created_at: at,
        ended_at: None,
        result: None,
        error: None,
        usage: Usage::default(),
        events: Vec::new(),
    }
}

fn job(cursor: &Cursor, agent: &Agent, run: &Run) -> Job {
    let suffix: String = agent.id.chars().rev().take(4).collect();
    Job {
        agent_id: agent.id.clone(),
        run_id: run.id.clone(),
        prompt: run.prompt.clone(),
        remote: agent.repositories.first().and_then(|repository| cursor.remote(&repository.url)),
        push_to: (!agent.work_on_current_branch).then(|| format!("cursor/sandbox-{suffix}")),
    }
}

pub(super) async fn list_agents(State(cursor): State<Cursor>, RawQuery(query): RawQuery) -> Result<Json<Value>> {
    let (mut limit, mut after, mut with_archived) = (20_usize, None, true);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "limit" => limit = parse_limit(&value)?,
            "cursor" => after = Some(value.into_owned()),
            "includeArchived" => with_archived = value != "false",
            "prUrl" => {}
            other => return Err(ApiError::invalid(format!("unknown query parameter `{other}`"))),
        }
    }
    let agents: Vec<Agent> =
        cursor.store().all().into_iter().filter(|agent| with_archived || !agent.archived).collect();
    let from = match &after {
        None => 0,
        Some(id) => {
            agents.iter().position(|agent| agent.id == *id).ok_or_else(|| ApiError::invalid("unknown cursor"))? + 1
        }
    };
    let page = &agents[from..agents.len().min(from + limit)];
    let items: Vec<Value> = page.iter().map(|agent| agent.view(cursor.context().base_url())).collect();
    let mut body = json!({"items": items});
    if let Some(last) = page.last().filter(|_| from + page.len() < agents.len()) {
        body["nextCursor"] = json!(last.id);
    }
    Ok(Json(body))
}

fn parse_limit(text: &str) -> Result<usize> {
    text.parse()
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| ApiError::invalid("limit must be 1 to 100"))
}

pub(super) async fn get_agent(State(cursor): State<Cursor>, Path(id): Path<String>) -> Result<Json<Value>> {
    let agent = cursor.store().get(&id).ok_or_else(ApiError::no_agent)?;
    Ok(Json(agent.view(cursor.context().base_url())))
}

pub(super) async fn delete_agent(State(cursor): State<Cursor>, Path(id): Path<String>) -> Result<Json<Value>> {
    let agent = cursor.store().get(&id).ok_or_else(ApiError::no_agent)?;
    for run in &agent.runs {
        cursor.stop(&run.id);
    }
    cursor.store().remove(&id);
    cursor.context().changed(Change::AgentRuns);
    Ok(Json(json!({"id": id})))
}

pub(super) async fn archive_agent(State(cursor): State<Cursor>, Path(id): Path<String>) -> Result<Json<Value>> {
    set_archived(&cursor, &id, true)
}

pub(super) async fn unarchive_agent(State(cursor): State<Cursor>, Path(id): Path<String>) -> Result<Json<Value>> {
    set_archived(&cursor, &id, false)
}

fn set_archived(cursor: &Cursor, id: &str, archived: bool) -> Result<Json<Value>> {
    let changed =
        cursor.store().change(id, |agent| agent.archived = archived).map_err(|error| ApiError::internal(&error))?;
    changed.ok_or_else(ApiError::no_agent)?;
    Ok(Json(json!({"id": id})))
}

pub(super) async fn create_run(
    State(cursor): State<Cursor>,
    Path(id): Path<String>,
    body: axum::body::Bytes,
) -> Result<(StatusCode, Json<Value>)> {
    let input: CreateRun = parse(&body)?;
    check_prompt(&input.prompt, input.mode.as_deref())?;
    check_model(input.model.as_ref())?;
    let run = new_run(&input.prompt.text, now());
    let added = cursor
        .store()
        .change(&id, |agent| {
            if agent.archived {
                return Err(ApiError::conflict("agent_archived", "Unarchive the agent first"));
            }
            if agent.is_busy() {
                return Err(ApiError::conflict("agent_busy", "The agent has a run under way"));
            }
            if input.model.is_some() {
                agent.model = input.model;
            }
            agent.runs.push(run.clone());
            Ok(agent.clone())
        })
        .map_err(|error| ApiError::internal(&error))?;
    let agent = added.ok_or_else(ApiError::no_agent)??;
    cursor.start(job(&cursor, &agent, &run));
    cursor.context().changed(Change::AgentRuns);
    Ok((StatusCode::CREATED, Json(json!({"run": agent.run_view(&run, false)}))))
}

pub(super) async fn list_runs(State(cursor): State<Cursor>, Path(id): Path<String>) -> Result<Json<Value>> {
    let agent = cursor.store().get(&id).ok_or_else(ApiError::no_agent)?;
    let items: Vec<Value> = agent.runs.iter().rev().map(|run| agent.run_view(run, true)).collect();
    Ok(Json(json!({"items": items})))
}

pub(super) async fn get_run(
    State(cursor): State<Cursor>,
    Path((id, run_id)): Path<(String, String)>,
) -> Result<Json<Value>> {
    let agent = cursor.store().get(&id).ok_or_else(ApiError::no_agent)?;
    let run = agent.run(&run_id).ok_or_else(ApiError::no_run)?;
    Ok(Json(agent.run_view(run, false)))
}

pub(super) async fn cancel_run(
    State(cursor): State<Cursor>,
    Path((id, run_id)): Path<(String, String)>,
) -> Result<Json<Value>> {
    cursor.store().get(&id).ok_or_else(ApiError::no_agent)?;
    match cursor.cancel(&id, &run_id).map_err(|error| ApiError::internal(&error))? {
        None => Err(ApiError::no_run()),
        Some(false) => Err(ApiError::conflict("run_not_cancellable", "The run has ended already")),
        Some(true) => Ok(Json(json!({"id": run_id}))),
    }
}
