//! The settings of every service, read as the services themselves read them.

use ::doctor::Finding;
use common::config::{ConfigError, Reader};

/// A service and how it reads its settings.
type Parse = fn(Reader) -> Result<(), ConfigError>;

/// Every service of ours.
pub(super) const SERVICES: [(&str, Parse); 5] = [
    ("api-gateway", |mut env| {
        let _ = api_gateway::config::Config::read(&mut env);
        env.finish().map(drop)
    }),
    ("cursor-integration", |env| cursor_integration::config::Config::read(env).map(drop)),
    ("dashboard-backend", |env| dashboard_backend::config::Config::read(env).map(drop)),
    ("github-integration", |env| github_integration::config::Config::read(env).map(drop)),
    ("notification", |env| notification::config::Config::read(env).map(drop)),
];

/// The settings in this process's environment.
pub(super) fn look() -> Vec<Finding> {
    let one = |(name, parse): (&str, Parse)| {
        let id = format!("settings.{name}");
        match parse(Reader::from_env()) {
            Ok(()) => Finding::ok(id, "every setting is there and can be read"),
            Err(error) => Finding::critical(
                id,
                error.to_string(),
                "set what it names; run the doctor with the environment that the services get (`.env`)",
            ),
        }
    };
    SERVICES.map(one).into()
}
