//! `cargo xtask test`: every check, one after another, with a count at the end.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::layout::Layout;
use crate::say::say;
use crate::shell::{interrupted, run_logged};
use crate::stack::{self, Databases};
use crate::{deploy, e2e, install};

/// How many passed and failed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl Count {
    pub(crate) fn one(passed: bool) -> Self {
        if passed { Self { passed: 1, failed: 0 } } else { Self { passed: 0, failed: 1 } }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

struct Checks {
    layout: Layout,
    only: Vec<String>,
    count: Count,
}

/// Runs all checks, or those whose name contains one of the parts of `only`. `true` when none failed.
pub(crate) fn run(only: Option<&str>) -> anyhow::Result<bool> {
    let layout = Layout::named("test");
    std::fs::create_dir_all(layout.logs())?;
    for old in std::fs::read_dir(layout.logs())?.flatten() {
        let _ = std::fs::remove_file(old.path());
    }
    let only = only.map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default();
    install::programs(&layout, &[("chromium", "chromium"), ("pip3", "python3-pip")])?;
    install::programs(&layout, &stack::monitoring::PROGRAMS)?;
    install::n8n(&layout)?;
    let databases = Databases::start(&layout)?;
    let mut checks = Checks { layout, only, count: Count::default() };
    let images = checks.wanted("e2e-compose").then(e2e::compose::prepare);
    checks.rust(&databases);
    checks.monitoring();
    checks.dashboard();
    checks.deployment();
    if let Some(images) = images {
        let _ = images.join();
    }
    checks.end_to_end();
    drop(databases);
    anyhow::ensure!(!interrupted(), "interrupted");
    anyhow::ensure!(checks.count.passed + checks.count.failed > 0, "no check has such a name");
    say!("\n{} passed, {} failed", checks.count.passed, checks.count.failed);
    Ok(checks.count.failed == 0)
}

impl Checks {
    fn rust(&mut self, databases: &Databases) {
        let cargo = |layout: &Layout, arguments: &[&str]| {
            let mut command = crate::shell::cargo(layout);
            command.args(arguments);
            databases.environment(&mut command);
            command
        };
        let layout = self.layout.clone();
        self.command("format", cargo(&layout, &["fmt", "--all", "--check"]), one);
        self.command(
            "clippy",
            cargo(&layout, &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]),
            one,
        );
        self.rust_tests(|arguments| cargo(&layout, arguments));
        self.command("build", cargo(&layout, &["build", "--workspace", "--bins", "--exclude", "xtask"]), one);
        let mut workflows = Command::new(layout.binary("quantapilot"));
        workflows.args(["workflows", "check", "--dir"]).arg(layout.root.join("n8n-workflows"));
        self.command("workflows", workflows, one);
    }

    /// All tests; those that wait for a real n8n most of the time run beside the others.
    fn rust_tests(&mut self, cargo: impl Fn(&[&str]) -> Command) {
        const SLOW: &str = "rust-tests-n8n";
        let (all, slow) = (self.wanted("rust-tests"), self.wanted(SLOW));
        if !slow || interrupted() {
            return;
        }
        // Once, so that neither waits for the other's compiler.
        self.command("rust-tests-n8n-build", cargo(&["test", "--workspace", "--no-run"]), one);
        let beside = cargo(&["test", "--workspace", "--test", "workflows", "--no-fail-fast", "--", "--ignored"]);
        let layout = self.layout.clone();
        let beside = std::thread::spawn(move || Ran::of(SLOW, beside, &layout));
        if all {
            self.command("rust-tests", cargo(&["test", "--workspace", "--no-fail-fast"]), cargo_tests);
        }
        match beside.join() {
            Ok(ran) => self.told(&ran, cargo_tests),
            Err(_) => self.failed(SLOW, &anyhow::anyhow!("panicked")),
        }
    }

    /// What the programs that will read them say of our configuration, rules and tests of rules.
    fn monitoring(&mut self) {
        let dir = self.layout.root.join("prometheus");
        let all = |folder: &str| {
            let files = std::fs::read_dir(dir.join(folder)).into_iter().flatten().flatten().map(|entry| entry.path());
            files.filter(|path| path.extension().is_some_and(|ending| ending == "yml")).collect::<Vec<_>>()
        };
        let promtool = |arguments: [&str; 2], files: &[std::path::PathBuf]| {
            let mut command = Command::new("promtool");
            command.args(arguments).args(files);
            command
        };
        self.command("promtool-config", promtool(["check", "config"], &[dir.join("prometheus.yml")]), one);
        self.command("promtool-rules", promtool(["check", "rules"], &all("rules")), one);
        self.command("promtool-tests", promtool(["test", "rules"], &all("tests")), promtool_tests);
        let mut amtool = Command::new("amtool");
        amtool.arg("check-config").arg(dir.join("alertmanager.yml"));
        self.command("amtool", amtool, one);
    }

    fn dashboard(&mut self) {
        if !["ui-lint", "ui-tests", "ui-build", "ui-browser"].iter().any(|name| self.wanted(name)) {
            return;
        }
        if let Err(error) = install::node_modules(&self.layout) {
            self.failed("ui-packages", &error);
            return;
        }
        let npm = |layout: &Layout, script: &str| {
            let mut command = install::npm();
            command.args(["run", "--silent", script]).current_dir(layout.ui()).env("CI", "1").env("NO_COLOR", "1");
            command
        };
        let layout = self.layout.clone();
        self.command("ui-lint", npm(&layout, "lint"), one);
        self.command("ui-tests", npm(&layout, "test"), vitest);
        self.command("ui-build", npm(&layout, "build"), one);
        self.command("ui-browser", npm(&layout, "check:browser"), one);
    }

    /// What `deploy/` holds.
    fn deployment(&mut self) {
        for (name, check) in deploy::CHECKS {
            if !self.wanted(name) || interrupted() {
                continue;
            }
            let start = Instant::now();
            match check(&self.layout) {
                Err(error) => self.failed(name, &error),
                Ok(deploy::Outcome::Skipped(why)) => say!("  ⚠ SKIPPED {name}: {why}"),
                Ok(deploy::Outcome::Checked(findings)) => {
                    let passed = findings.problems.is_empty();
                    let mark = if passed { '✓' } else { '✗' };
                    let seconds = start.elapsed().as_secs_f64();
                    say!(
                        "  {mark} {name}: {} facts hold, {} do not ({seconds:.1} s)",
                        findings.held,
                        findings.problems.len()
                    );
                    for problem in findings.problems.iter().take(40) {
                        say!("    {problem}");
                    }
                    self.count.add(Count::one(passed));
                }
            }
        }
    }

    fn end_to_end(&mut self) {
        for scenario in e2e::SCENARIOS {
            let name = format!("e2e-{}", scenario.name);
            let covered = scenario.within.is_some() && self.only.is_empty();
            if scenario.by_name && self.only.is_empty() {
                say!("  ⚠ SKIPPED {name}: it is run by `cargo xtask e2e {}`", scenario.name);
                continue;
            }
            if self.wanted(&name) && !covered && !interrupted() {
                say!("{name} …");
                let start = Instant::now();
                let count = e2e::scenario(scenario);
                say!(
                    "  {name}: {} passed, {} failed ({:.0} s)",
                    count.passed,
                    count.failed,
                    start.elapsed().as_secs_f64()
                );
                self.count.add(count);
            }
        }
    }

    fn wanted(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
    }

    fn failed(&mut self, name: &str, error: &anyhow::Error) {
        say!("  ✗ {name}: {error:#}");
        self.count.add(Count::one(false));
    }

    /// Runs one command and counts what its output says.
    fn command(&mut self, name: &str, command: Command, count: fn(bool, &str) -> Count) {
        if self.wanted(name) && !interrupted() {
            let ran = Ran::of(name, command, &self.layout);
            self.told(&ran, count);
        }
    }

    fn told(&mut self, ran: &Ran, count: fn(bool, &str) -> Count) {
        let text = std::fs::read_to_string(&ran.log).unwrap_or_default();
        let mut counted = count(ran.outcome.is_ok(), &text);
        if ran.outcome.is_err() && counted.failed == 0 {
            counted.failed = 1; // it failed before or beside its tests
        }
        let mark = if counted.failed == 0 { "✓" } else { "✗" };
        let (name, passed, failed) = (&ran.name, counted.passed, counted.failed);
        say!("  {mark} {name}: {passed} passed, {failed} failed ({:.0} s)", ran.took.as_secs_f64());
        if let Err(error) = &ran.outcome {
            show_failures(&text, &ran.log);
            say!("    {error:#}");
        }
        self.count.add(counted);
    }
}

/// A command that ran to its end.
struct Ran {
    name: String,
    log: PathBuf,
    outcome: anyhow::Result<()>,
    took: Duration,
}

impl Ran {
    fn of(name: &str, mut command: Command, layout: &Layout) -> Self {
        let (start, log) = (Instant::now(), layout.logs().join(format!("{name}.log")));
        let outcome = run_logged(name, &mut command, &log);
        Self { name: name.to_owned(), log, outcome, took: start.elapsed() }
    }
}

fn one(passed: bool, _text: &str) -> Count {
    Count::one(passed)
}

/// One line `SUCCESS` for each file of tests.
fn promtool_tests(_passed: bool, text: &str) -> Count {
    let lines = |word: &str| text.lines().filter(|line| line.trim().starts_with(word)).count();
    let number = |word: &str| u32::try_from(lines(word)).unwrap_or(u32::MAX);
    Count { passed: number("SUCCESS"), failed: number("FAILED") }
}

/// Sums the closing lines of libtest: `test result: ok. 3 passed; 0 failed; …`.
fn cargo_tests(_passed: bool, text: &str) -> Count {
    let mut count = Count::default();
    for line in text.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        let number = |word: &str| {
            line.split(['.', ';']).find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok()).unwrap_or(0)
        };
        count.add(Count { passed: number("passed"), failed: number("failed") });
    }
    count
}

/// The closing line of Vitest: `Tests  2 failed | 40 passed (42)`.
fn vitest(passed: bool, text: &str) -> Count {
    let Some(line) = text.lines().rev().find(|line| line.trim_start().starts_with("Tests ")) else {
        return Count::one(passed);
    };
    let number = |word: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
    };
    Count { passed: number("passed"), failed: number("failed") }
}

/// The lines that say what failed, when the end of the log does not.
fn show_failures(text: &str, log: &Path) {
    let failures: Vec<&str> = text
        .lines()
        .filter(|line| line.ends_with("... FAILED") || line.starts_with("error") || line.contains("panicked at"))
        .take(20)
        .collect();
    if !failures.is_empty() {
        say!("    from {}:", log.display());
    }
    for line in failures {
        say!("    {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_read() {
        let count = cargo_tests(
            true,
            "x\ntest result: ok. 3 passed; 0 failed; 1 ignored\ntest result: FAILED. 4 passed; 2 failed; 0 ignored",
        );
        assert_eq!((count.passed, count.failed), (7, 2));
        let count = vitest(false, " Test Files  1 failed | 4 passed (5)\n      Tests  2 failed | 40 passed (42)\n");
        assert_eq!((count.passed, count.failed), (40, 2));
        assert_eq!(vitest(true, "      Tests  42 passed (42)\n").passed, 42);
    }
}
