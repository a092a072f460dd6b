//! End-to-end scenarios: the whole loop on real n8n, Postgres, Redis and git, on a stack of its own.

mod evidence;
mod kills;
mod monitoring;
mod outputs;
mod projects;

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
    run: fn(&mut Stack, &mut Facts) -> anyhow::Result<()>,
}

/// Every scenario, in the order in which they are run.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { name: "loop", within: None, run: projects::all_readmes },
    Scenario { name: "monitoring", within: Some("loop"), run: monitoring::alone },
    Scenario { name: "kill-n8n", within: None, run: kills::n8n },
    Scenario { name: "kill-services", within: None, run: kills::services },
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

/// Runs one scenario on a fresh stack. A scenario that cannot go on counts as one failure.
pub(crate) fn scenario(scenario: &Scenario) -> Count {
    let mut facts = Facts::default();
    let layout = Layout::named("e2e");
    let outcome = crate::stack::down(&layout, true)
        .and_then(|()| Stack::start(layout, Options { with_admin: true, fresh_ports: true }))
        .and_then(|mut stack| {
            let outcome = (scenario.run)(&mut stack, &mut facts)
                .and_then(|()| outputs::check(&stack, scenario.name == "loop", &mut facts));
            stack.stop();
            outcome
        });
    if let Err(error) = outcome {
        facts.check(&format!("{} runs to its end", scenario.name), false, || format!("{error:#}"));
    }
    facts.0
}
