//! Reading the environment: every problem is found before one error is reported.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::credentials::CredentialFiles;
use crate::sandbox::Mode;

/// A value that never prints. One that was read from a file remembers where, so that it can be read again when it is rotated
/// (see [`crate::rotation`]).
#[derive(Clone)]
pub struct Secret {
    text: secrecy::SecretString,
    file: Option<Arc<Path>>,
}

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: secrecy::SecretString::from(text.into()), file: None }
    }

    pub(crate) fn of_file(text: &str, file: &str) -> Self {
        Self { file: Some(Path::new(file).into()), ..Self::new(text.trim_end()) }
    }

    /// The text itself, as it was when it was read; keep it out of logs, URLs and errors.
    pub fn expose(&self) -> &str {
        secrecy::ExposeSecret::expose_secret(&self.text)
    }

    /// The file it was read from.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Of a secret that is rotated line by line, the one that has been good for longest. What is derived from it changes last.
    #[must_use]
    pub fn oldest(&self) -> Self {
        Self::new(self.expose().lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What was wrong with the settings: one line for each.
#[derive(Debug, thiserror::Error)]
#[error("{} setting(s) are missing or wrong:\n{}", .0.len(), .0.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(Vec<String>);

type Lookup = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Reads variables and collects what is wrong with them.
pub struct Reader {
    lookup: Lookup,
    problems: Vec<String>,
    credentials: CredentialFiles,
}

impl Reader {
    /// Reads the process environment. An empty value counts as absent.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn from_env() -> Self {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads from anything that answers names, for tests and tools.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let lookup = Box::new(move |name: &str| lookup(name).filter(|value| !value.is_empty()));
        Self { lookup, problems: Vec::new(), credentials: CredentialFiles::default() }
    }

    /// The variable, or `None` when absent. A value that does not parse is a problem.
    pub fn optional<T: FromStr>(&mut self, name: &str) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        let text = (self.lookup)(name)?;
        match text.trim().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(format!("{name} is not valid: {error}"));
                None
            }
        }
    }

    /// The variable, or `default` when absent.
    pub fn or<T: FromStr>(&mut self, name: &str, default: T) -> T
    where
        T::Err: fmt::Display,
    {
        self.optional(name).unwrap_or(default)
    }

    /// The variable; absent is a problem. `example` shows a good value and stands in until `finish` fails.
    pub fn required<T: FromStr>(&mut self, name: &str, example: &str) -> T
    where
        T::Err: fmt::Display,
    {
        if (self.lookup)(name).is_none() {
            self.problem(format!("{name} is not set (example: {name}={example})"));
        }
        let value = self.optional(name);
        value.unwrap_or_else(|| match example.parse() {
            Ok(value) => value,
            Err(error) => panic!("the example `{example}` of {name} must parse: {error}"),
        })
    }

    /// A secret from `NAME`, from the file that `NAME_FILE` names, or from the file `name` in the folder `SECRETS_DIR` (trailing line end
    /// cut). Absent is `None`. No log shows it from then on.
    pub fn optional_secret(&mut self, name: &str) -> Option<Secret> {
        let secret = self.find_secret(name)?;
        crate::scrub::register_lines(secret.expose());
        Some(secret)
    }

    fn find_secret(&mut self, name: &str) -> Option<Secret> {
        let file_name = format!("{name}_FILE");
        match ((self.lookup)(name), (self.lookup)(&file_name)) {
            (Some(_), Some(_)) => {
                self.problem(format!("{name} and {file_name} are both set: keep one"));
                None
            }
            (Some(text), None) => Some(Secret::new(text)),
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(text) if text.trim().is_empty() => {
                    self.problem(format!("{file_name}: the file `{path}` is empty"));
                    None
                }
                Ok(text) => Some(Secret::of_file(&text, &path)),
                Err(error) => {
                    self.problem(format!("{file_name}: cannot read `{path}`: {error}"));
                    None
                }
            },
            (None, None) => self.secret_of_folder(name),
        }
    }

    /// Only here may a file be missing: a folder holds what its owner put into it.
    fn secret_of_folder(&mut self, name: &str) -> Option<Secret> {
        // `SECRETS_DIR` (default: none): a folder whose file `github_token` is the secret `GITHUB_TOKEN`, and so on. Files may be missing there.
        let path = Path::new(&(self.lookup)("SECRETS_DIR")?).join(name.to_ascii_lowercase());
        self.credentials.read(&path).unwrap_or_else(|error| {
            self.problem(format!("SECRETS_DIR: cannot read `{}`: {error}", path.display()));
            None
        })
    }

    /// The URL in the secret `name`, with the password of `password_name` put into it when it has none.
    pub fn url_with_password(&mut self, name: &str, password_name: &str, url: Secret) -> Secret {
        let Some(password) = self.optional_secret(password_name) else { return url };
        let Ok(mut parsed) = url.expose().parse::<Url>() else { return url }; // whoever uses it says what is wrong with it
        if parsed.password().is_some() {
            self.problem(format!("{name} holds a password and {password_name} is set: keep one"));
        } else if parsed.set_password(Some(password.expose())).is_err() {
            self.problem(format!("{name} cannot carry the password of {password_name}: it names no host"));
        }
        Secret::new(parsed)
    }

    /// A secret that must be there, of at least `min_length` characters.
    pub fn secret(&mut self, name: &str, min_length: usize) -> Secret {
        let before = self.problems.len();
        let Some(secret) = self.optional_secret(name) else {
            if self.problems.len() == before {
                self.problem(format!("{name} is not set: put {min_length} or more random characters there, or a file's path in {name}_FILE (`quantapilot init` makes one)"));
            }
            return Secret::new("");
        };
        if secret.expose().len() < min_length {
            self.problem(format!("{name} is too short: it needs {min_length} characters or more (`openssl rand -hex 32` makes a good one)"));
        }
        secret
    }

    /// How long something is kept, in days; 0 means for ever, which is `None`.
    pub fn keep_days(&mut self, name: &str, default: u32) -> Option<Duration> {
        let days = self.or(name, default);
        (days > 0).then(|| Duration::from_hours(24 * u64::from(days)))
    }

    /// A secret that can be rotated without a gap: one a line, the first is used, the others are still accepted. A change of its file is taken
    /// up in place (see [`crate::rotation`]), so it is none of the credentials that end the process.
    pub fn rotating_secret(&mut self, name: &str, min_length: usize) -> Secret {
        let secret = self.secret(name, min_length);
        self.credentials.leave_out(&secret);
        self.check_lines(name, &secret, min_length);
        secret
    }

    /// The same, or `None` when absent.
    pub fn optional_rotating_secret(&mut self, name: &str, min_length: usize) -> Option<Secret> {
        let secret = self.optional_secret(name)?;
        self.credentials.leave_out(&secret);
        if secret.expose().len() < min_length {
            self.problem(format!("{name} is too short: it needs {min_length} characters or more (`openssl rand -hex 32` makes a good one)"));
        }
        self.check_lines(name, &secret, min_length);
        Some(secret)
    }

    fn check_lines(&mut self, name: &str, secret: &Secret, min_length: usize) {
        let short = |line: &str| (1..min_length).contains(&line.trim().len());
        if secret.expose().len() >= min_length && secret.expose().lines().any(short) {
            self.problem(format!("{name} holds a line that is too short: each line is a secret of {min_length} characters or more; the first is used, the others are still accepted"));
        }
    }

    /// Adds a problem that only the caller can see.
    pub fn problem(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.problems.contains(&text) {
            self.problems.push(text);
        }
    }

    /// Fails with every problem found; else tells which credentials came from the folder, for whoever wants to know when they change.
    pub fn finish(self) -> Result<CredentialFiles, ConfigError> {
        if self.problems.is_empty() { Ok(self.credentials) } else { Err(ConfigError(self.problems)) }
    }
}

/// The settings every service has.
#[derive(Clone, Debug)]
pub struct Shared {
    /// `BIND` (default: all interfaces, the service's own port): where the HTTP server listens.
    pub bind: SocketAddr,
    /// `DATABASE_URL`: Postgres, for example `postgres://quantapilot:…@postgres/quantapilot`. May carry a password.
    pub database_url: Secret,
    /// `DATABASE_DIRECT_URL` (default `DATABASE_URL`): around a pooler in transaction mode, for what lives as long as a connection: listening, and
    /// the lock of whoever polls Telegram.
    pub database_direct_url: Option<Secret>,
    /// `DATABASE_MAX_CONNECTIONS` (default 10): size of the pool of this process.
    pub database_max_connections: u32,
    /// `REDIS_URL` (default `redis://127.0.0.1:6379`). May carry a password.
    pub redis_url: Secret,
    /// `SERVICE_TOKEN_SECRET`, 32 characters or more, the same for all services: signs the tokens between them. Further lines are
    /// still accepted; a file is read again when it changes (`quantapilot init --rotate service_token_secret`).
    pub service_token_secret: Secret,
    /// `PUBLIC_URL` (default `http://localhost:3000`): where people reach the gateway; links in messages start with it.
    pub public_url: Url,
    /// `N8N_URL` (default `http://n8n:5678`): n8n as the services reach it.
    pub n8n_url: Url,
    /// `N8N_INBOUND_TOKEN`: what n8n's webhooks expect in `X-QP-Token`.
    pub n8n_inbound_token: Secret,
    /// `SANDBOX_URL` (default: none): the sandbox. It plays every integration that has no credentials, and turns on the demo.
    pub sandbox_url: Option<Url>,
    /// `API_GATEWAY_URL`, `CURSOR_INTEGRATION_URL`, `GITHUB_INTEGRATION_URL`, `NOTIFICATION_URL`, `DASHBOARD_BACKEND_URL`.
    pub services: ServiceUrls,
    /// How long finished jobs stay in their table.
    pub keep_jobs: KeepJobs,
}

/// How long jobs stay after their end, for people who look.
#[derive(Clone, Copy, Debug)]
pub struct KeepJobs {
    /// `KEEP_DONE_JOBS_HOURS` (default 24): how long jobs that are done stay in their table.
    pub done: Duration,
    /// `KEEP_DEAD_JOBS_DAYS` (default 90; 0: for ever): how long jobs that were given up stay, to be looked at and tried again.
    pub dead: Option<Duration>,
}

impl Default for KeepJobs {
    fn default() -> Self {
        Self { done: Duration::from_hours(24), dead: Some(Duration::from_hours(24 * 90)) }
    }
}

impl KeepJobs {
    fn read(env: &mut Reader) -> Self {
        let done = env.or("KEEP_DONE_JOBS_HOURS", 24_u32);
        if done == 0 {
            env.problem("KEEP_DONE_JOBS_HOURS must be 1 or more (example: KEEP_DONE_JOBS_HOURS=24)");
        }
        Self { done: Duration::from_hours(done.into()), dead: env.keep_days("KEEP_DEAD_JOBS_DAYS", 90) }
    }
}

/// The database's URL, with its password.
pub fn database_url(env: &mut Reader) -> Secret {
    let url = env.secret("DATABASE_URL", 1);
    // `DATABASE_PASSWORD`: put into `DATABASE_URL` when that has none, so that a file can hold the password alone.
    env.url_with_password("DATABASE_URL", "DATABASE_PASSWORD", url)
}

/// The way to the database around a pooler, with its password.
fn database_direct_url(env: &mut Reader) -> Option<Secret> {
    let url = env.optional_secret("DATABASE_DIRECT_URL")?;
    Some(env.url_with_password("DATABASE_DIRECT_URL", "DATABASE_PASSWORD", url))
}

/// Redis' URL, with its password.
pub fn redis_url(env: &mut Reader) -> Secret {
    let url = env.optional_secret("REDIS_URL").unwrap_or_else(|| Secret::new("redis://127.0.0.1:6379"));
    // `REDIS_PASSWORD`: put into `REDIS_URL` when that has none.
    env.url_with_password("REDIS_URL", "REDIS_PASSWORD", url)
}

/// Where our services are; the defaults are the names of the compose file.
#[derive(Clone, Debug)]
pub struct ServiceUrls {
    /// Default `http://api-gateway:3000`.
    pub api_gateway: Url,
    /// Default `http://cursor-integration:3001`.
    pub cursor_integration: Url,
    /// Default `http://github-integration:3002`.
    pub github_integration: Url,
    /// Default `http://notification:3003`.
    pub notification: Url,
    /// Default `http://dashboard-backend:3004`.
    pub dashboard_backend: Url,
}

impl ServiceUrls {
    /// Reads the five URLs.
    pub fn read(env: &mut Reader) -> Self {
        let mut url = |name: &str, default: &str| env.or(name, default.parse().expect("the default is a URL"));
        Self {
            api_gateway: url("API_GATEWAY_URL", "http://api-gateway:3000"),
            cursor_integration: url("CURSOR_INTEGRATION_URL", "http://cursor-integration:3001"),
            github_integration: url("GITHUB_INTEGRATION_URL", "http://github-integration:3002"),
            notification: url("NOTIFICATION_URL", "http://notification:3003"),
            dashboard_backend: url("DASHBOARD_BACKEND_URL", "http://dashboard-backend:3004"),
        }
    }
}

impl Shared {
    /// Reads the shared settings of a service whose port is `default_port` unless `BIND` says otherwise.
    pub fn read(env: &mut Reader, default_port: u16) -> Self {
        Self {
            bind: env.or("BIND", SocketAddr::from(([0, 0, 0, 0], default_port))),
            database_url: database_url(env),
            database_direct_url: database_direct_url(env),
            database_max_connections: env.or("DATABASE_MAX_CONNECTIONS", 10),
            redis_url: redis_url(env),
            service_token_secret: env.rotating_secret("SERVICE_TOKEN_SECRET", 32),
            public_url: env.or("PUBLIC_URL", "http://localhost:3000".parse().expect("the default is a URL")),
            n8n_url: env.or("N8N_URL", "http://n8n:5678".parse().expect("the default is a URL")),
            n8n_inbound_token: env.secret("N8N_INBOUND_TOKEN", 16),
            sandbox_url: env.optional("SANDBOX_URL"),
            services: ServiceUrls::read(env),
            keep_jobs: KeepJobs::read(env),
        }
    }

    /// Who answers at `url`.
    pub fn mode_of(&self, url: &Url) -> Mode {
        crate::sandbox::mode_of(url, self.sandbox_url.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(pairs: &'static [(&'static str, &'static str)]) -> Reader {
        Reader::from_lookup(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let mut env = reader(&[("BIND", "nonsense"), ("SERVICE_TOKEN_SECRET", "short")]);
        let _ = Shared::read(&mut env, 3001);
        let message = env.finish().unwrap_err().to_string();
        for name in ["BIND", "DATABASE_URL", "SERVICE_TOKEN_SECRET", "N8N_INBOUND_TOKEN"] {
            assert!(message.contains(name), "{name} is missing in: {message}");
        }
        assert!(!message.contains("short "), "values of secrets are not repeated");
    }

    #[test]
    fn a_secret_never_prints() {
        let secret = Secret::new("hush-hush");
        assert_eq!(format!("{secret:?}"), "***");
    }

    #[test]
    fn a_secret_comes_from_a_file() {
        let path = std::env::temp_dir().join(format!("qp-secret-{}", uuid::Uuid::now_v7()));
        std::fs::write(&path, "from-a-file-with-enough-length-0123456789\n").unwrap();
        let at = path.clone();
        let mut env = Reader::from_lookup(move |name| (name == "TOKEN_FILE").then(|| at.display().to_string()));
        assert_eq!(env.secret("TOKEN", 32).expose(), "from-a-file-with-enough-length-0123456789");
        env.finish().unwrap();
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_secret_may_lie_in_the_folder_of_secrets() {
        let dir = std::env::temp_dir().join(format!("qp-secrets-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("github_token"), "from-the-folder\n").unwrap();
        std::fs::write(dir.join("smtp_url"), "\n").unwrap();
        std::fs::create_dir(dir.join("cursor_api_key")).unwrap();
        let at = dir.display().to_string();
        let mut env = Reader::from_lookup(move |name| (name == "SECRETS_DIR").then(|| at.clone()));
        assert_eq!(env.optional_secret("GITHUB_TOKEN").unwrap().expose(), "from-the-folder");
        assert!(env.optional_secret("TELEGRAM_BOT_TOKEN").is_none(), "a file that is not there is no problem");
        assert!(env.optional_secret("SMTP_URL").is_none(), "nor is an empty one");
        assert!(env.optional_secret("CURSOR_API_KEY").is_none());
        let problems = env.finish().unwrap_err().to_string();
        assert!(problems.contains("cursor_api_key") && problems.contains("1 setting"), "{problems}");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_password_of_its_own_goes_into_the_url() {
        let mut env = reader(&[("DATABASE_URL", "postgres://ada@db/x"), ("DATABASE_PASSWORD", "p@ss/word")]);
        assert_eq!(database_url(&mut env).expose(), "postgres://ada:p%40ss%2Fword@db/x");
        env.finish().unwrap();
        let mut env = reader(&[("REDIS_PASSWORD", "hush")]);
        assert_eq!(redis_url(&mut env).expose(), "redis://:hush@127.0.0.1:6379");
        env.finish().unwrap();
        let mut env = reader(&[("DATABASE_URL", "postgres://ada:one@db/x"), ("DATABASE_PASSWORD", "two")]);
        database_url(&mut env);
        let problems = env.finish().unwrap_err().to_string();
        assert!(problems.contains("keep one") && !problems.contains("two"), "{problems}");
    }
}
