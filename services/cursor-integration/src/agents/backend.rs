//! What every way to run an agent has in common.

use std::time::Duration;

use common::clients::agents::Usage;
use futures::future::BoxFuture;

/// The answer of a backend.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, BackendError>>;

/// What an agent needs to begin.
#[derive(Debug, Clone, Copy)]
pub struct StartAgent<'a> {
    /// Chosen by us, and the same in every repetition.
    pub agent_id: &'a str,
    /// For people who look at the backend's own pages.
    pub name: &'a str,
    pub prompt: &'a str,
    /// For people: the repository's address without `.git`.
    pub repository_url: &'a str,
    /// An existing branch. Work is pushed to it.
    pub branch: &'a str,
}

/// Where a run stands. `Unknown` is a word we do not know: not the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    Working,
    Finished,
    Failed,
    Cancelled,
    Expired,
    Unknown(String),
}

/// A run as the backend tells it.
#[derive(Debug, Clone)]
pub struct RunState {
    pub phase: Phase,
    /// The final message.
    pub text: Option<String>,
    /// Why it failed, when it says so.
    pub error: Option<String>,
    /// Branches the agent has pushed to.
    pub branches: Vec<String>,
}

/// Something an agent did, for the transcript.
#[derive(Debug, Clone)]
pub struct Event {
    /// Unique within the run.
    pub id: String,
    pub kind: EventKind,
    pub text: String,
    pub data: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    Text,
    ToolCall,
}

/// What an agent took, and whether its cost is settled.
#[derive(Debug, Clone)]
pub struct UsageReading {
    pub usage: Usage,
    pub settled: bool,
}

/// Why a backend did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// No answer, or one that does not tell: it may or may not have been done.
    #[error("no clear answer: {0}")]
    NoAnswer(String),
    /// Too many calls, by the backend's account or ours. Nothing was done.
    #[error("asked to wait {} s", .0.as_secs())]
    Throttled(Duration),
    /// It failed too often; it is left alone for a while. Nothing was sent.
    #[error("the backend failed too often and is left alone for {} s", .0.as_secs())]
    CircuitOpen(Duration),
    /// An agent of this id exists.
    #[error("the agent exists already")]
    Exists,
    /// The agent has a run under way.
    #[error("the agent is busy")]
    Busy,
    /// There is no such agent or run.
    #[error("the backend does not know the agent or run")]
    NotFound,
    /// The run has ended and cannot be stopped.
    #[error("the run has ended")]
    Ended,
    /// The account has no money left for agents.
    #[error("usage limit exceeded: {0}")]
    UsageLimit(String),
    /// May pass by itself although the answer says no.
    #[error("refused for now ({code}): {message}")]
    Flaky { code: String, message: String },
    /// Asking again will not help.
    #[error("refused ({code}): {message}")]
    Refused { code: String, message: String },
}

impl BackendError {
    /// For metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoAnswer(_) => "no_answer",
            Self::Throttled(_) => "throttled",
            Self::CircuitOpen(_) => "circuit_open",
            _ => "refused",
        }
    }

    /// When asking again makes sense at the earliest.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Throttled(wait) | Self::CircuitOpen(wait) => Some(*wait),
            _ => None,
        }
    }
}

/// A way to run agents. Every call may be repeated; only `start` and `follow_up` make something, and the caller looks before it repeats them.
pub trait AgentBackend: Send + Sync {
    /// The name in tables and metrics.
    fn name(&self) -> &'static str;

    /// The model it is asked for; none: the account's default.
    fn model(&self) -> Option<&str>;

    /// An id for an agent that does not exist yet.
    fn new_agent_id(&self) -> String;

    /// Make an agent and its first run; the id of the run.
    fn start<'a>(&'a self, agent: StartAgent<'a>) -> Answer<'a, String>;

    /// The newest run of an agent; none while it has none.
    fn latest_run<'a>(&'a self, agent_id: &'a str) -> Answer<'a, Option<String>>;

    /// A further run of the same agent; its id.
    fn follow_up<'a>(&'a self, agent_id: &'a str, prompt: &'a str) -> Answer<'a, String>;

    fn status<'a>(&'a self, agent_id: &'a str, run_id: &'a str) -> Answer<'a, RunState>;

    /// Ask a run to stop: it may take a moment, and may not work at the first try.
    fn cancel<'a>(&'a self, agent_id: &'a str, run_id: &'a str) -> Answer<'a, ()>;

    fn usage<'a>(&'a self, agent_id: &'a str) -> Answer<'a, UsageReading>;

    /// What happened after the event `after`, as far as it can be told within a moment.
    fn events<'a>(&'a self, agent_id: &'a str, run_id: &'a str, after: Option<&'a str>) -> Answer<'a, Vec<Event>>;

    /// The agent is not needed any more.
    fn release<'a>(&'a self, agent_id: &'a str) -> Answer<'a, ()>;

    /// Whether the backend can be reached and knows us.
    fn reach(&self) -> Answer<'_, ()>;
}
