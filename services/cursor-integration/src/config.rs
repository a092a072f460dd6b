//! Every setting of this service.

use std::time::Duration;

use common::config::{ConfigError, Reader, Secret, Shared};
use common::credentials::CredentialFiles;
use common::sandbox::Mode;
use common::telemetry::Telemetry;
use url::Url;

/// The port unless `BIND` says otherwise.
pub const PORT: u16 = 3001;

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    pub shared: Shared,
    pub telemetry: Telemetry,
    pub cursor: Cursor,
    pub runs: Runs,
    /// Those that came from a folder.
    pub credentials: CredentialFiles,
}

/// The Cursor Cloud Agents API.
#[derive(Debug, Clone)]
pub struct Cursor {
    /// `CURSOR_API_URL` (default `https://api.cursor.com`): the sandbox's address works as well.
    pub api_url: Url,
    /// Whether that is the sandbox's.
    pub mode: Mode,
    /// `CURSOR_API_KEY`: a user key or a service-account key (`crsr_…`). Team admin keys are refused by Cursor.
    pub api_key: Secret,
    /// `CURSOR_MODEL`: an id of `GET /v1/models`. Default: the account's own default.
    pub model: Option<String>,
    /// `CURSOR_CREATE_TIMEOUT_SECONDS` (default 180, at least 120): making an agent takes as long as its machine takes to boot.
    pub create_timeout: Duration,
    /// `CURSOR_REQUESTS_PER_MINUTE` (default 15, or 6000 when `CURSOR_API_URL` is not Cursor's) for each kind of call; Cursor's own limit is 20.
    pub requests_per_minute: u32,
}

/// How runs are followed.
#[derive(Debug, Clone)]
pub struct Runs {
    /// `CURSOR_MAX_RUNNING` (default 4): agents that work at once; further runs wait.
    pub max_running: i64,
    /// `CURSOR_POLL_SECONDS` (default `1,5,15,60`, or `0.3,0.5,1,5` when `CURSOR_API_URL` is not Cursor's): between two looks in the first ten seconds, the first minute, the first ten minutes, and later.
    pub poll: [Duration; 4],
    /// `CURSOR_STALL_SECONDS` (default 900): a run without a sign of life for so long is stopped.
    pub stall: Duration,
    /// `CURSOR_DEADLINE_SECONDS` (default 3600): the longest a run may take when the workflow sets no deadline.
    pub deadline: Duration,
    /// `CURSOR_MAX_REPAIRS` (default 2): how often an invalid answer is sent back.
    pub max_repairs: i32,
    /// `CURSOR_CONTEXT_TOKENS` (default 24000): room for the project's context in a prompt.
    pub context_tokens: usize,
    /// `CURSOR_USAGE_SECONDS` (default `60,300,1800`, or `6,30` when `CURSOR_API_URL` is not Cursor's): when cost is read again after a run, because it is settled late.
    pub usage: Vec<Duration>,
    /// `CURSOR_KEEP_TRANSCRIPTS_DAYS` (default 180; 0: for ever): how long the transcript of a run stays after its end. The run, its answer and its cost stay for ever.
    pub keep_transcripts: Option<Duration>,
}

impl Config {
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(Reader::from_env())
    }

    /// Read every setting, then report every problem at once.
    pub fn read(mut env: Reader) -> Result<Self, ConfigError> {
        let shared = Shared::read(&mut env, PORT);
        let telemetry = Telemetry::read(&mut env);
        let (api_url, api_key) = backend(&mut env, &shared);
        // A sandbox has no limits, and answers at once.
        let is_cursor = api_url.host_str().is_some_and(|host| host == "cursor.com" || host.ends_with(".cursor.com"));
        let per_minute = if is_cursor { 15 } else { 6000 };
        let cursor = Cursor {
            mode: shared.mode_of(&api_url),
            api_url,
            api_key,
            model: env.optional("CURSOR_MODEL"),
            create_timeout: between(&mut env, "CURSOR_CREATE_TIMEOUT_SECONDS", 180, 120..=900),
            requests_per_minute: number(&mut env, "CURSOR_REQUESTS_PER_MINUTE", per_minute, 1, 100_000),
        };
        let poll = seconds(&mut env, "CURSOR_POLL_SECONDS", if is_cursor { "1,5,15,60" } else { "0.3,0.5,1,5" });
        let poll = poll.try_into().unwrap_or_else(|_| {
            env.problem("CURSOR_POLL_SECONDS needs four numbers (example: CURSOR_POLL_SECONDS=1,5,15,60)");
            [Duration::from_mins(1); 4]
        });
        let runs = Runs {
            max_running: i64::from(number(&mut env, "CURSOR_MAX_RUNNING", 4, 1, 1000)),
            poll,
            stall: between(&mut env, "CURSOR_STALL_SECONDS", 900, 10..=86_400),
            deadline: between(&mut env, "CURSOR_DEADLINE_SECONDS", 3600, 10..=86_400),
            max_repairs: i32::try_from(number(&mut env, "CURSOR_MAX_REPAIRS", 2, 0, 10)).unwrap_or(2),
            context_tokens: number(&mut env, "CURSOR_CONTEXT_TOKENS", 24_000, 1_000, 1_000_000) as usize,
            usage: seconds(&mut env, "CURSOR_USAGE_SECONDS", if is_cursor { "60,300,1800" } else { "6,30" }),
            keep_transcripts: env.keep_days("CURSOR_KEEP_TRANSCRIPTS_DAYS", 180),
        };
        let credentials = env.finish()?;
        Ok(Self { shared, telemetry, cursor, runs, credentials })
    }
}

/// Where the agents are and the key for them; without a key it is the sandbox, if there is one.
fn backend(env: &mut Reader, shared: &Shared) -> (Url, Secret) {
    let api_url: Option<Url> = env.optional("CURSOR_API_URL");
    match &shared.sandbox_url {
        Some(sandbox)
            if env.optional_secret("CURSOR_API_KEY").is_none()
                && api_url.as_ref().is_none_or(|url| url.origin() == sandbox.origin()) =>
        {
            (sandbox.clone(), Secret::new(common::sandbox::CURSOR_API_KEY))
        }
        _ => {
            let api_url = api_url.unwrap_or_else(|| "https://api.cursor.com".parse().expect("the default is a URL"));
            (api_url, env.secret("CURSOR_API_KEY", 8))
        }
    }
}

fn number(env: &mut Reader, name: &str, default: u32, least: u32, most: u32) -> u32 {
    let value = env.or(name, default);
    if !(least..=most).contains(&value) {
        env.problem(format!("{name} must be between {least} and {most} (example: {name}={default})"));
    }
    value
}

fn between(env: &mut Reader, name: &str, default: u64, range: std::ops::RangeInclusive<u64>) -> Duration {
    let value = env.or(name, default);
    if !range.contains(&value) {
        env.problem(format!(
            "{name} must be between {} and {} seconds (example: {name}={default})",
            range.start(),
            range.end()
        ));
    }
    Duration::from_secs(value)
}

/// A list of seconds, with fractions where they help.
fn seconds(env: &mut Reader, name: &str, default: &str) -> Vec<Duration> {
    let text = env.or(name, default.to_owned());
    let parsed: Option<Vec<Duration>> = text
        .split(',')
        .map(|part| {
            part.trim().parse::<f64>().ok().filter(|n| (0.05..=86_400.0).contains(n)).map(Duration::from_secs_f64)
        })
        .collect();
    parsed.unwrap_or_else(|| {
        env.problem(format!(
            "{name} must be seconds from 0.05 to 86400, separated by commas (example: {name}={default})"
        ));
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(extra: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let base = [
            ("DATABASE_URL", "postgres://localhost/x"),
            ("SERVICE_TOKEN_SECRET", "0123456789abcdef0123456789abcdef"),
            ("N8N_INBOUND_TOKEN", "0123456789abcdef"),
            ("CURSOR_API_KEY", "crsr_12345678"),
        ];
        let all: Vec<(String, String)> =
            base.iter().chain(extra).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::read(Reader::from_lookup(move |name| all.iter().rfind(|(k, _)| k == name).map(|(_, v)| v.clone())))
    }

    #[test]
    fn a_key_is_enough() {
        let config = read(&[]).unwrap();
        assert_eq!(config.runs.poll.map(|p| p.as_secs()), [1, 5, 15, 60]);
        assert_eq!(config.cursor.create_timeout.as_secs(), 180);
        let local = read(&[("CURSOR_API_URL", "http://127.0.0.1:3900")]).unwrap();
        assert_eq!((local.runs.poll[0], local.cursor.requests_per_minute), (Duration::from_millis(300), 6000));
        let fast = read(&[("CURSOR_POLL_SECONDS", "0.2,0.5,1,5")]).unwrap();
        assert_eq!(fast.runs.poll[0], Duration::from_millis(200));
    }

    #[test]
    fn without_a_key_the_sandbox_plays_the_agents() {
        let sandbox = ("SANDBOX_URL", "http://sandbox:3900");
        let played = read(&[sandbox, ("CURSOR_API_KEY", "")]).unwrap();
        assert_eq!((played.cursor.mode, played.cursor.api_url.as_str()), (Mode::Sandbox, "http://sandbox:3900/"));
        let live = read(&[sandbox]).unwrap();
        assert_eq!((live.cursor.mode, live.cursor.api_url.as_str()), (Mode::Live, "https://api.cursor.com/"));
        let text = read(&[("CURSOR_API_KEY", "")]).unwrap_err().to_string();
        assert!(text.contains("CURSOR_API_KEY"), "without either it does not start: {text}");
    }

    #[test]
    fn every_problem_names_its_variable() {
        let wrong = [
            ("CURSOR_API_KEY", ""),
            ("CURSOR_POLL_SECONDS", "1,2"),
            ("CURSOR_CREATE_TIMEOUT_SECONDS", "30"),
            ("CURSOR_USAGE_SECONDS", "soon"),
        ];
        let text = read(&wrong).unwrap_err().to_string();
        for (name, _) in wrong {
            assert!(text.contains(name), "{name} is missing in: {text}");
        }
    }
}
