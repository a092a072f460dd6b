//! Agents and runs, as they are kept and as clients see them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RunStatus {
    Creating,
    Running,
    Finished,
    Error,
    Cancelled,
}

impl RunStatus {
    pub(super) fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::Error | Self::Cancelled)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::Running => "RUNNING",
            Self::Finished => "FINISHED",
            Self::Error => "ERROR",
            Self::Cancelled => "CANCELLED",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Repository {
    pub(super) url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) starting_ref: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pr_url: Option<String>,
}

/// Token counters, disjoint.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are Cursor's")]
pub(super) struct Usage {
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) cache_write_tokens: u64,
    pub(super) cache_read_tokens: u64,
    pub(super) total_tokens: u64,
}

impl Usage {
    pub(super) fn new(input: u64, output: u64, cache_write: u64, cache_read: u64) -> Self {
        Self {
            input_tokens: input,
            output_tokens: output,
            cache_write_tokens: cache_write,
            cache_read_tokens: cache_read,
            total_tokens: input + output + cache_write + cache_read,
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self::new(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
        )
    }

    /// What a middling model would have cost, in US cents.
    #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
    pub(super) fn cents(self) -> f64 {
        let per_million = |tokens: u64, dollars: f64| tokens as f64 * dollars * 100.0 / 1_000_000.0;
        per_million(self.input_tokens, 3.0)
            + per_million(self.output_tokens, 15.0)
            + per_million(self.cache_write_tokens, 3.75)
            + per_million(self.cache_read_tokens, 0.3)
    }
}

/// One entry of a run's stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    /// `<milliseconds>-0`; grows within a run.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) data: Value,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) status: RunStatus,
    pub(super) prompt: String,
    /// Of the task block; empty without one.
    pub(super) role: String,
    pub(super) task: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) ended_at: Option<OffsetDateTime>,
    pub(super) result: Option<String>,
    pub(super) error: Option<String>,
    pub(super) usage: Usage,
    pub(super) events: Vec<Event>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Agent {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) archived: bool,
    pub(super) model: Option<Value>,
    pub(super) metadata: Option<Value>,
    pub(super) repositories: Vec<Repository>,
    pub(super) work_on_current_branch: bool,
    pub(super) auto_create_pr: bool,
    /// The branch it has pushed to, once it has.
    pub(super) pushed_branch: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) updated_at: OffsetDateTime,
    pub(super) runs: Vec<Run>,
}

pub(super) fn timestamp(at: OffsetDateTime) -> String {
    let whole = at.replace_nanosecond(at.millisecond().into()).unwrap_or(at);
    let whole = whole.replace_millisecond(at.millisecond()).unwrap_or(whole);
    whole.format(&Rfc3339).unwrap_or_default()
}

impl Agent {
    pub(super) fn run(&self, id: &str) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == id)
    }

    pub(super) fn run_mut(&mut self, id: &str) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.id == id)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.runs.iter().any(|run| !run.status.is_terminal())
    }

    fn status(&self) -> &'static str {
        if self.archived {
            "ARCHIVED"
        } else if self.is_busy() {
            "ACTIVE"
        } else {
            "IDLE"
        }
    }

    /// As clients see it. Optional fields are left out, not null.
    pub(super) fn view(&self, base_url: &str) -> Value {
        let mut view = json!({
            "id": self.id,
            "status": self.status(),
            "env": {"type": "cloud"},
            "workOnCurrentBranch": self.work_on_current_branch,
            "autoCreatePR": self.auto_create_pr,
            "url": format!("{base_url}/_sandbox/#/agents/{}", self.id),
            "createdAt": timestamp(self.created_at),
            "updatedAt": timestamp(self.updated_at),
        });
        if let Some(name) = &self.name {
            view["name"] = json!(name);
        }
        if !self.repositories.is_empty() {
            view["repos"] = json!(self.repositories);
        }
        if let Some(metadata) = &self.metadata {
            view["metadata"] = metadata.clone();
        }
        if let Some(run) = self.runs.last() {
            view["latestRunId"] = json!(run.id);
        }
        view
    }

    /// What the agent has pushed: of the agent, not of one run.
    pub(super) fn git(&self) -> Option<Value> {
        let branch = self.pushed_branch.as_ref()?;
        let repository = self.repositories.first()?;
        let bare = repository.url.split_once("://").map_or(repository.url.as_str(), |(_, rest)| rest);
        Some(json!({"branches": [{"repoUrl": bare, "branch": branch}]}))
    }

    /// A run as clients see it; lists leave out the result and the duration.
    pub(super) fn run_view(&self, run: &Run, in_list: bool) -> Value {
        // A running run's time of change stays where it was shortly after creation.
        let updated_at = run.ended_at.unwrap_or(run.created_at + time::Duration::SECOND);
        let mut view = json!({
            "id": run.id,
            "agentId": self.id,
            "status": run.status.as_str(),
            "createdAt": timestamp(run.created_at),
            "updatedAt": timestamp(updated_at),
        });
        if in_list {
            return view;
        }
        if let Some(ended_at) = run.ended_at {
            let milliseconds = (ended_at - run.created_at).whole_milliseconds();
            view["durationMs"] = json!(i64::try_from(milliseconds).unwrap_or(i64::MAX));
        }
        if let Some(result) = &run.result {
            view["result"] = json!(result);
        }
        if let Some(git) = self.git() {
            view["git"] = git;
        }
        view
    }
}

/// The time. The sandbox stands for the world outside, whose clock no test moves.
#[expect(clippy::disallowed_methods, reason = "the sandbox is not one of our services")]
pub(super) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
