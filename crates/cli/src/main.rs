//! `quantapilot`: the operator's tool. Results go to standard output, everything else to standard error.

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    common::http::client::install_crypto();
    let arguments = match quantapilot::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return quantapilot::output::usage(&error),
    };
    let output = quantapilot::output::Output::new(arguments.json);
    match quantapilot::run(arguments.command, output).await {
        Ok(code) => code,
        Err(failure) => output.failed(&failure),
    }
}
