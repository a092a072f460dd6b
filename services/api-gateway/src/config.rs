//! Every variable of the gateway.

use std::net::SocketAddr;

use common::config::{ConfigError, Reader, Secret, ServiceUrls};
use common::telemetry::Telemetry;
use http::HeaderValue;
use ipnet::IpNet;

use crate::table::Table;

/// The settings of the gateway.
pub struct Config {
    /// `BIND` (default `0.0.0.0:3000`).
    pub bind: SocketAddr,
    /// `LOG`, `LOG_FORMAT`.
    pub telemetry: Telemetry,
    /// `REDIS_URL`: the counters of the rate limits. Without Redis each gateway counts for itself.
    pub redis_url: Secret,
    /// `SERVICE_TOKEN_SECRET`: signs the identity that goes to the services.
    pub service_token_secret: Secret,
    /// Where the services are.
    pub services: ServiceUrls,
    /// `API_GATEWAY_ROUTES`: a file that replaces the built-in routes.
    pub table: Table,
    /// `API_GATEWAY_CORS_ORIGINS`: origins, separated by commas, from which browsers may call. Default none: the app is served from here.
    pub cors_origins: Vec<HeaderValue>,
    /// `API_GATEWAY_TRUSTED_PROXIES`: networks, separated by commas, whose `X-Forwarded-For` is believed. Default none.
    pub trusted_proxies: Vec<IpNet>,
    /// `API_GATEWAY_HSTS` (default `false`): say that only HTTPS is to be used; set it when TLS stands in front.
    pub hsts: bool,
    /// `API_GATEWAY_MAX_IN_FLIGHT` (default 4096): beyond it requests are answered 503 at once.
    pub max_in_flight: usize,
}

impl Config {
    /// Reads the environment; every problem is reported at once.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut env = Reader::from_env();
        let config = Self::read(&mut env);
        env.finish().map(|()| config)
    }

    /// Reads from `env`, which collects the problems.
    pub fn read(env: &mut Reader) -> Self {
        let table = match env.optional::<String>("API_GATEWAY_ROUTES") {
            None => Table::built_in(),
            Some(path) => {
                match std::fs::read_to_string(&path).map_err(|e| e.to_string()).and_then(|text| Table::parse(&text)) {
                    Ok(table) => table,
                    Err(why) => {
                        env.problem(format!("API_GATEWAY_ROUTES: `{path}`: {why}"));
                        Table::built_in()
                    }
                }
            }
        };
        let origins: Option<String> = env.optional("API_GATEWAY_CORS_ORIGINS");
        let proxies: Option<String> = env.optional("API_GATEWAY_TRUSTED_PROXIES");
        let cors_origins = list(origins.as_deref(), "API_GATEWAY_CORS_ORIGINS", "https://dashboard.example.org", env);
        let trusted_proxies = list(proxies.as_deref(), "API_GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8", env);
        Self {
            bind: env.or("BIND", SocketAddr::from(([0, 0, 0, 0], 3000))),
            telemetry: Telemetry::read(env),
            redis_url: env.optional_secret("REDIS_URL").unwrap_or_else(|| Secret::new("redis://127.0.0.1:6379")),
            service_token_secret: env.secret("SERVICE_TOKEN_SECRET", 32),
            services: ServiceUrls::read(env),
            table,
            cors_origins,
            trusted_proxies,
            hsts: env.or("API_GATEWAY_HSTS", false),
            max_in_flight: env.or("API_GATEWAY_MAX_IN_FLIGHT", 4096),
        }
    }
}

fn list<T: std::str::FromStr>(text: Option<&str>, name: &str, example: &str, env: &mut Reader) -> Vec<T> {
    let mut values = Vec::new();
    for part in text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.parse() {
            Ok(value) => values.push(value),
            Err(_) => env.problem(format!("{name}: `{part}` is not valid (example: {name}={example})")),
        }
    }
    values
}
