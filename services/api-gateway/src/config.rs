//! Every variable of the gateway.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use common::config::{ConfigError, Reader, Secret, ServiceUrls};
use common::telemetry::Telemetry;
use http::HeaderValue;
use ipnet::IpNet;
use jsonwebtoken::Algorithm;
use url::Url;

use crate::access_log::Target;
use crate::policy::Cors;
use crate::table::Table;

/// The settings of the gateway.
pub struct Config {
    /// `BIND` (default `0.0.0.0:3000`).
    pub bind: SocketAddr,
    /// `LOG`, `LOG_FORMAT`.
    pub telemetry: Telemetry,
    /// `REDIS_URL`: counters of the rate limits, cached answers, what is revoked. Without Redis each gateway counts for itself.
    pub redis_url: Secret,
    /// `SERVICE_TOKEN_SECRET`: signs the identity that goes to the services.
    pub service_token_secret: Secret,
    /// The routes to begin with.
    pub table: Table,
    /// What does not change.
    pub settings: Settings,
}

/// What does not change while the process runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `API_GATEWAY_ROUTES`: a file that replaces the built-in routes; read anew when it changes and on SIGHUP.
    pub routes: Option<PathBuf>,
    /// Where the services are: `$NAME` in the routes file.
    pub services: ServiceUrls,
    /// The base of dashboard-backend.
    pub dashboard_url: Url,
    /// `API_GATEWAY_JWKS_URL` (default: dashboard-backend's): the key set that access tokens are verified against.
    pub jwks_url: Url,
    /// Where the list of revocations is.
    pub revocations_url: Url,
    /// How access tokens are verified.
    pub jwt: JwtSettings,
    /// `API_GATEWAY_CORS_ORIGINS`: origins, separated by commas, from which browsers may call. Default none: the app is served from here.
    pub cors: Cors,
    /// `API_GATEWAY_TRUSTED_PROXIES`: networks, separated by commas, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Default none.
    pub trusted_proxies: Vec<IpNet>,
    /// `API_GATEWAY_HSTS` (default: whether the gateway itself has TLS): say that only HTTPS is to be used; set it when TLS stands in front.
    pub hsts: bool,
    /// `API_GATEWAY_MAX_IN_FLIGHT` (default 4096): beyond it requests are answered 503 at once.
    pub max_in_flight: usize,
    /// `API_GATEWAY_MAX_CONNECTIONS` (default 20000): beyond it connections are closed at once.
    pub max_connections: usize,
    /// `API_GATEWAY_LIMIT_PATIENCE_MILLISECONDS` (default 50): a Redis that takes longer to count is taken to be away, and counting goes on in memory.
    pub limit_patience: Duration,
    /// `API_GATEWAY_THREADS` (default: one for each processor): workers, each with connections of its own.
    pub threads: usize,
    /// `API_GATEWAY_HEADER_SECONDS` (default 15): how long a client may take to send the head of a request, and how long an idle connection is kept.
    pub header_seconds: u64,
    /// `API_GATEWAY_WRITE_SECONDS` (default 60): how long a client may take nothing of an answer before its connection is closed.
    pub write_seconds: u64,
    /// `API_GATEWAY_START_SECONDS` (default 3): how long the start waits for the keys of tokens and for the list of what is revoked. Connections wait as long; without either the gateway goes on, and answers tokens with 503 until it has the keys.
    pub start_seconds: u64,
    /// `API_GATEWAY_DRAIN_SECONDS` (default 20): how long open requests may go on after the signal to stop.
    pub drain_seconds: u64,
    /// `API_GATEWAY_REUSE_PORT` (default false): let a second gateway listen on the same port, for a restart without a gap.
    pub reuse_port: bool,
    /// `API_GATEWAY_ACCESS_LOG` (default `stderr`): `stderr`, `off`, or a file, which is opened anew on SIGHUP.
    pub access_log: Target,
    /// `API_GATEWAY_METRICS_BIND` (default none): another address for `/metrics`, which the public one then no longer answers.
    pub metrics_bind: Option<SocketAddr>,
    /// The certificate, when the gateway speaks TLS itself.
    pub tls: Option<TlsFiles>,
}

/// Where the certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// `API_GATEWAY_TLS_CERT`: PEM file of the certificate and its chain. With `API_GATEWAY_TLS_KEY` the gateway speaks TLS, HTTP/1.1 and HTTP/2.
    pub certificate: PathBuf,
    /// `API_GATEWAY_TLS_KEY`: PEM file of its private key. Both are read anew when they change and on SIGHUP.
    pub key: PathBuf,
}

/// How access tokens are verified.
#[derive(Clone, Debug)]
pub struct JwtSettings {
    /// `API_GATEWAY_JWT_ALGORITHMS` (default `EdDSA`): accepted, separated by commas: `EdDSA`, `RS256`, `ES256`, `HS256`. Any other is refused.
    pub algorithms: Vec<Algorithm>,
    /// `API_GATEWAY_JWT_ISSUER` (default `quantapilot`): who must have made a token, `iss`.
    pub issuer: String,
    /// `API_GATEWAY_JWT_AUDIENCE` (default `quantapilot`): for whom it must have been made, `aud`.
    pub audience: String,
    /// `API_GATEWAY_JWT_LEEWAY_SECONDS` (default 30): by how much the clocks of two machines may differ.
    pub leeway_seconds: i64,
    /// `API_GATEWAY_JWT_HS256_SECRET` (32 characters or more): verifies tokens signed with `HS256`, when that is accepted.
    pub shared_secret: Option<Secret>,
}

impl Default for JwtSettings {
    fn default() -> Self {
        Self {
            algorithms: vec![Algorithm::EdDSA],
            issuer: "quantapilot".to_owned(),
            audience: "quantapilot".to_owned(),
            leeway_seconds: 30,
            shared_secret: None,
        }
    }
}

impl Config {
    /// Reads the environment; every problem is reported at once.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = Reader::from_env();
        let config = Self::read(&mut env);
        env.finish()?;
        Ok(config.expect("without a problem there is a table"))
    }

    /// Reads from `env`, which collects the problems. `None` only with a problem in the routes.
    pub fn read(env: &mut Reader) -> Option<Self> {
        let services = ServiceUrls::read(env);
        let routes: Option<PathBuf> = env.optional::<String>("API_GATEWAY_ROUTES").map(PathBuf::from);
        let table = match crate::reload::read(routes.as_deref(), &services) {
            Ok(table) => Some(table),
            Err(why) => {
                env.problem(format!("API_GATEWAY_ROUTES: {why}"));
                None
            }
        };
        let tls = tls(env);
        let dashboard_url = services.dashboard_backend.clone();
        let jwks_url = env.optional("API_GATEWAY_JWKS_URL");
        let settings = Settings {
            routes,
            jwks_url: jwks_url.unwrap_or_else(|| join(&dashboard_url, "/api/v1/auth/jwks.json")),
            revocations_url: join(&dashboard_url, "/internal/v1/auth/revocations"),
            dashboard_url,
            services,
            jwt: jwt(env),
            cors: Cors::new(list(env, "API_GATEWAY_CORS_ORIGINS", "https://dashboard.example.org", |text| {
                let url: Url = text.parse().ok()?;
                let origin = url.origin().ascii_serialization();
                (origin == text).then(|| HeaderValue::from_str(text).ok()).flatten()
            })),
            trusted_proxies: list(env, "API_GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8", |text| {
                text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
            }),
            hsts: env.or("API_GATEWAY_HSTS", tls.is_some()),
            max_in_flight: env.or("API_GATEWAY_MAX_IN_FLIGHT", 4096),
            max_connections: env.or("API_GATEWAY_MAX_CONNECTIONS", 20_000),
            limit_patience: Duration::from_millis(env.or("API_GATEWAY_LIMIT_PATIENCE_MILLISECONDS", 50)),
            threads: env
                .or("API_GATEWAY_THREADS", std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
                .clamp(1, 256),
            header_seconds: env.or("API_GATEWAY_HEADER_SECONDS", 15).max(1),
            write_seconds: env.or("API_GATEWAY_WRITE_SECONDS", 60).max(1),
            start_seconds: env.or("API_GATEWAY_START_SECONDS", 3),
            drain_seconds: env.or("API_GATEWAY_DRAIN_SECONDS", 20),
            reuse_port: env.or("API_GATEWAY_REUSE_PORT", false),
            access_log: env.or("API_GATEWAY_ACCESS_LOG", Target::Stderr),
            metrics_bind: env.optional("API_GATEWAY_METRICS_BIND"),
            tls,
        };
        let bind = env.or("BIND", SocketAddr::from(([0, 0, 0, 0], 3000)));
        let telemetry = Telemetry::read(env);
        let redis_url = common::config::redis_url(env);
        let service_token_secret = env.rotating_secret("SERVICE_TOKEN_SECRET", 32);
        Some(Self { bind, telemetry, redis_url, service_token_secret, table: table?, settings })
    }
}

fn join(base: &Url, path: &str) -> Url {
    base.join(path).expect("the path is valid")
}

fn jwt(env: &mut Reader) -> JwtSettings {
    let standard = JwtSettings::default();
    let algorithms = list(env, "API_GATEWAY_JWT_ALGORITHMS", "EdDSA,RS256", |text| {
        text.parse().ok().filter(|algorithm| {
            matches!(algorithm, Algorithm::EdDSA | Algorithm::RS256 | Algorithm::ES256 | Algorithm::HS256)
        })
    });
    let algorithms = if algorithms.is_empty() { standard.algorithms } else { algorithms };
    let shared_secret = algorithms.contains(&Algorithm::HS256).then(|| env.secret("API_GATEWAY_JWT_HS256_SECRET", 32));
    JwtSettings {
        shared_secret,
        algorithms,
        issuer: env.or("API_GATEWAY_JWT_ISSUER", standard.issuer),
        audience: env.or("API_GATEWAY_JWT_AUDIENCE", standard.audience),
        leeway_seconds: env.or("API_GATEWAY_JWT_LEEWAY_SECONDS", standard.leeway_seconds).clamp(0, 600),
    }
}

fn tls(env: &mut Reader) -> Option<TlsFiles> {
    let certificate: Option<String> = env.optional("API_GATEWAY_TLS_CERT");
    let key: Option<String> = env.optional("API_GATEWAY_TLS_KEY");
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate: certificate.into(), key: key.into() }),
        (None, None) => None,
        _ => {
            env.problem("API_GATEWAY_TLS_CERT and API_GATEWAY_TLS_KEY go together: set both, or neither");
            None
        }
    }
}

fn list<T>(env: &mut Reader, name: &str, example: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
    let text: Option<String> = env.optional(name);
    let mut values = Vec::new();
    for part in text.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match parse(part) {
            Some(value) => values.push(value),
            None => env.problem(format!("{name}: `{part}` is not valid (example: {name}={example})")),
        }
    }
    values
}
