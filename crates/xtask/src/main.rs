//! The developer's tool: `cargo xtask up`, `down`, `test`, `e2e`, `bench`.

mod bench;
mod checks;
mod demo;
mod deploy;
mod e2e;
mod http;
mod install;
mod layout;
mod say;
mod shell;
mod stack;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::layout::Layout;
use crate::say::say;

/// The developer's tool of QuantaPilot.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing, start everything, and end with the URLs.
    Up(UpArguments),
    /// Stop a stack that still runs.
    Down {
        /// Also remove every trace: databases, secrets, logs.
        #[arg(long)]
        wipe: bool,
    },
    /// Run all checks and close with `N passed, N failed`.
    Test {
        /// Only checks whose name contains this; several are separated by commas.
        #[arg(long)]
        only: Option<String>,
    },
    /// Measure speed beside peers, in one run.
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// The service behind the proxies that `bench gateway` measures; it starts this itself.
    #[command(hide = true)]
    BenchStandin(bench::standin::Arguments),
    /// Run end-to-end scenarios on a stack of their own.
    E2e {
        /// Which: `loop`, `monitoring`, `schemathesis`, `kill-n8n`, `kill-services`, `compose`, or `all`.
        #[arg(default_value = "all")]
        scenario: String,
    },
}

#[derive(Debug, clap::Args)]
struct UpArguments {
    /// Build a project from a README, live, to its end.
    #[arg(long)]
    demo: bool,
    /// Which README: python-cli, node-api or rust-library.
    #[arg(long, default_value = "python-cli")]
    readme: String,
    /// Stop everything after the demo; the exit code says whether the project was completed.
    #[arg(long, requires = "demo")]
    once: bool,
    /// Ask the approvals here in the terminal.
    #[arg(long, requires = "demo")]
    interactive: bool,
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let result = shell::listen_for_interrupts().and_then(|()| match command {
        Command::Up(arguments) => up(&arguments),
        Command::Down { wipe } => down(wipe).map(|()| true),
        Command::Test { only } => checks::run(only.as_deref()),
        Command::Bench { what } => bench::run(&what),
        Command::BenchStandin(arguments) => bench::standin::serve(&arguments).map(|()| true),
        Command::E2e { scenario } => e2e::run(&scenario),
    });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Stops the stack; with `wipe` also what end-to-end runs and tests left behind.
fn down(wipe: bool) -> anyhow::Result<()> {
    if wipe {
        e2e::compose::wipe();
    }
    for name in if wipe { &["up", "e2e", "compose", "test", "bench"][..] } else { &["up"] } {
        let layout = Layout::named(name);
        stack::down(&layout, wipe)?;
        if wipe {
            say!("Removed {} and {}.", layout.state.display(), layout.data.display());
        }
    }
    if wipe {
        // Empty by now; a file that somebody put there stays.
        let _ = std::fs::remove_dir(Layout::standard().state.with_file_name(""));
    }
    Ok(())
}

fn up(arguments: &UpArguments) -> anyhow::Result<bool> {
    let layout = Layout::standard();
    let mut stack = stack::Stack::start(layout, stack::Options { with_admin: arguments.demo, fresh_ports: false })?;
    let mut completed = true;
    if arguments.demo {
        let approvals = if arguments.interactive { demo::Approvals::Ask } else { demo::Approvals::Press };
        completed = demo::run(&mut stack, &arguments.readme, approvals)?;
        if arguments.once {
            stack.stop();
            return Ok(completed);
        }
    }
    stack.print_urls();
    say!("Everything stays up until Ctrl-C.");
    while !shell::interrupted() {
        stack.tend();
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    say!("\nStopping …");
    stack.stop();
    Ok(completed)
}
