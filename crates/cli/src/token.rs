//! `quantapilot token`: whoever holds the secret may call any service; this only saves the typing.

use std::process::ExitCode;

use clap::Args;
use common::auth::ServiceTokens;
use common::clock::Clock;
use common::config::Reader;
use serde_json::json;

use crate::output::{Failure, Output};
use crate::services::{self, ISSUER, SERVICES};

/// Make a token with which a service may be called by hand, for debugging.
#[derive(Debug, Args)]
pub struct Token {
    /// The service that will accept it; give it more than once for several.
    #[arg(long = "for", value_name = "SERVICE", required = true, value_parser = SERVICES)]
    audiences: Vec<String>,
    /// How long it is good for.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(i64).range(1..=86_400))]
    seconds: i64,
}

impl Token {
    /// Prints the token.
    pub fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let mut env = Reader::from_env();
        let secret = services::service_secret(&mut env);
        env.finish()?;
        let audiences: Vec<&str> = self.audiences.iter().map(String::as_str).collect();
        let token = ServiceTokens::new(ISSUER, &secret, Clock::system()).long_lived(&audiences, self.seconds);
        output.result(&json!({ "token": token, "audiences": audiences, "seconds": self.seconds }), &token)?;
        Ok(ExitCode::SUCCESS)
    }
}
