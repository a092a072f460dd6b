//! The check as a program of its own, for projects that use nothing else of QuantaPilot.

use clap::Parser;

fn main() {
    let cli = compliance::cli::Cli::parse();
    std::process::exit(compliance::cli::run(cli.args));
}
