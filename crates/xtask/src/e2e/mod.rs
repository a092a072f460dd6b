//! End-to-end scenarios: the whole loop on real n8n, Postgres, Redis and git, on a stack of its own.

pub(crate) mod compose;
mod contract;
mod evidence;
mod kills;
mod monitoring;
mod outputs;
mod projects;
mod restore;
mod stream;
mod traffic;

use crate::checks::Count;
use crate::layout::Layout;
use crate::say::say;
use crate::stack::{Options, Stack};

/// A scenario: what it is called and what it does. It reports each fact it checks.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// A longer scenario that checks the same and more; `cargo xtask test` runs that one alone.
    pub(crate) within: Option<&'static str>,
    /// `cargo xtask test` runs it only when it is named.
    pub(crate) by_name: bool,
    run: Run,
}

/// What a scenario runs on.
#[derive(Clone, Copy)]
enum Run {
    /// A fresh stack.
    OnStack(fn(&mut Stack, &mut Facts) -> anyhow::Result<()>),
    /// What it starts itself.
    Alone(fn(&mut Facts) -> anyhow::Result<()>),
}

/// Every scenario, in the order in which they are run.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "loop", within: None, by_name: false, run: Run::OnStack(projects::all_readmes) },
    Scenario { name: "monitoring", within: Some("loop"), by_name: false, run: Run::OnStack(monitoring::alone) },
    Scenario { name: "schemathesis", within: None, by_name: false, run: Run::OnStack(contract::run) },
    Scenario { name: "kill-n8n", within: None, by_name: false, run: Run::OnStack(kills::n8n) },
    Scenario { name: "kill-services", within: None, by_name: false, run: Run::OnStack(kills::services) },
    Scenario {
        name: "rolling-restart",
        within: Some("kill-services"),
        by_name: false,
        run: Run::OnStack(kills::rolling),
    },
    Scenario {
        name: "rotate-and-restore",
        within: None,
        by_name: false,
        run: Run::OnStack(restore::rotate_and_restore),
    },
    Scenario { name: "compose", within: None, by_name: false, run: Run::Alone(compose::run) },
    Scenario { name: "scale-out", within: None, by_name: true, run: Run::Alone(compose::scaled_out) },
];

/// What was checked.
#[derive(Default)]
pub(crate) struct Facts(Count);

impl Facts {
    /// Notes a fact, true or not; `detail` is shown when it is not.
    pub(crate) fn check(&mut self, fact: &str, holds: bool, detail: impl FnOnce() -> String) {
        if holds {
            say!("    ✓ {fact}");
        } else {
            say!("    ✗ {fact}: {}", detail());
        }
        self.0.add(Count::one(holds));
    }
}

/// Runs the scenarios whose name contains `wanted`, or all.
pub(crate) fn run(wanted: &str) -> anyhow::Result<bool> {
    let mut count = Count::default();
    let chosen: Vec<&Scenario> =
        SCENARIOS.iter().filter(|one| (wanted == "all" && one.within.is_none()) || one.name.contains(wanted)).collect();
    let names = || SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join(", ");
    anyhow::ensure!(!chosen.is_empty(), "there is no scenario `{wanted}`; there are {}", names());
    for one in chosen {
        say!("{} …", one.name);
        count.add(scenario(one));
    }
    say!("\n{} passed, {} failed", count.passed, count.failed);
    Ok(count.failed == 0)
}

/// Runs one scenario. One that cannot go on counts as one failure.
pub(crate) fn scenario(scenario: &Scenario) -> Count {
    let mut facts = Facts::default();
    let outcome = match scenario.run {
        Run::OnStack(run) => on_stack(run, scenario.name, &mut facts),
        Run::Alone(run) => run(&mut facts),
    };
    if let Err(error) = outcome {
        facts.check(&format!("{} runs to its end", scenario.name), false, || format!("{error:#}"));
    }
    facts.0
}

/// Runs a scenario on a fresh stack, and then looks whether its outputs hold a secret.
fn on_stack(
    run: fn(&mut Stack, &mut Facts) -> anyhow::Result<()>,
    name: &str,
    facts: &mut Facts,
) -> anyhow::Result<()> {
    let layout = Layout::named("e2e");
    crate::stack::down(&layout, true)?;
    let mut stack = Stack::start(layout, Options { with_admin: true, fresh_ports: true })?;
    let outcome = run(&mut stack, facts).and_then(|()| outputs::check(&stack, name == "loop", facts));
    stack.stop();
    outcome
}
