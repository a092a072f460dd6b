//! Running a project's tests and reading what came of it.

use std::{path::Path, time::Duration};

use super::{checkout::Checkout, command};

const LIMIT: Duration = Duration::from_mins(4);

/// How a project is tested, by the files it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Toolchain {
    Python,
    Node,
    Rust,
}

impl Toolchain {
    pub(super) fn of(checkout: &Checkout) -> Self {
        if checkout.has("Cargo.toml") {
            Self::Rust
        } else if checkout.has("package.json") {
            Self::Node
        } else {
            Self::Python
        }
    }

    pub(super) fn language(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Node => "JavaScript",
            Self::Rust => "Rust",
        }
    }

    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Python => "python3 -m unittest",
            Self::Node => "node --test",
            Self::Rust => "cargo test --offline",
        }
    }
}

/// What a run of the tests gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tests {
    pub(super) command: &'static str,
    pub(super) passed: u64,
    pub(super) failed: u64,
    /// Names of failing tests.
    pub(super) failing: Vec<String>,
    pub(super) output: String,
    /// The command succeeded and there was at least one test.
    pub(super) green: bool,
}

impl Tests {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!({"command": self.command, "passed": self.passed, "failed": self.failed})
    }

    pub(super) fn sentence(&self) -> String {
        format!("`{}`: {} passed, {} failed", self.command, self.passed, self.failed)
    }
}

/// Run the tests of a checkout. `scratch` is a folder for what they build.
pub(super) async fn run(checkout: &Checkout, scratch: &Path) -> anyhow::Result<Tests> {
    let toolchain = Toolchain::of(checkout);
    let words: Vec<&str> = toolchain.command().split(' ').collect();
    let target = scratch.join("target").to_string_lossy().into_owned();
    let environment = [
        ("CARGO_TARGET_DIR", target.as_str()),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("NO_COLOR", "1"),
        ("CARGO_TERM_COLOR", "never"),
        ("RUST_BACKTRACE", "0"),
    ];
    let ended = command::run(checkout.directory(), words[0], &words[1..], &environment, LIMIT).await?;
    let (passed, failed, failing) = match toolchain {
        Toolchain::Python => read_unittest(&ended.output),
        Toolchain::Node => read_node(&ended.output),
        Toolchain::Rust => read_cargo(&ended.output),
    };
    // A suite that does not even load fails without a count.
    let failed = if ended.success { failed } else { failed.max(1) };
    let green = ended.success && failed == 0 && passed > 0;
    Ok(Tests { command: toolchain.command(), passed, failed, failing, output: ended.output, green })
}

fn read_unittest(output: &str) -> (u64, u64, Vec<String>) {
    let number_after = |line: &str, word: &str| {
        let rest = &line[line.find(word)? + word.len()..];
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u64>().ok()
    };
    let ran = output.lines().find_map(|line| number_after(line.strip_prefix("Ran ")?, "")).unwrap_or(0);
    let last = output.lines().rev().find(|line| line.starts_with("OK") || line.starts_with("FAILED")).unwrap_or("");
    let count = |word| number_after(last, word).unwrap_or(0);
    let failed = count("failures=") + count("errors=") + count("unexpected successes=");
    let failing = output
        .lines()
        .filter_map(|line| line.strip_prefix("FAIL: ").or_else(|| line.strip_prefix("ERROR: ")))
        .map(|line| line.split(' ').next().unwrap_or(line).to_owned())
        .collect();
    (ran.saturating_sub(failed + count("skipped=")), failed, failing)
}

/// Both reporters: TAP, and the one for people that newer versions use everywhere.
fn read_node(output: &str) -> (u64, u64, Vec<String>) {
    let count = |word: &str| {
        output
            .lines()
            .filter_map(|line| line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")))
            .find_map(|line| line.strip_prefix(word)?.trim().parse().ok())
            .unwrap_or(0)
    };
    let mut failing: Vec<String> = Vec::new();
    for line in output.lines() {
        let name = line
            .strip_prefix("not ok ")
            .and_then(|line| Some(line.split_once(" - ")?.1))
            .or_else(|| Some(line.strip_prefix("✖ ")?.rsplit_once(" (")?.0));
        if let Some(name) = name.map(str::to_owned).filter(|name| !failing.contains(name)) {
            failing.push(name);
        }
    }
    (count("pass "), count("fail "), failing)
}

fn read_cargo(output: &str) -> (u64, u64, Vec<String>) {
    let (mut passed, mut failed) = (0, 0);
    for line in output.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        let number = |word: &str| {
            line.split([';', '.']).find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<u64>().ok())
        };
        passed += number("passed").unwrap_or(0);
        failed += number("failed").unwrap_or(0);
    }
    let failing = output
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
        .map(str::to_owned)
        .collect();
    (passed, failed, failing)
}

#[cfg(test)]
mod tests {
    use super::{read_cargo, read_node, read_unittest};

    #[test]
    fn unittest_is_read() {
        let output = "FAIL: test_a (tests.test_x.Case.test_a)\n----\nRan 12 tests in 0.1s\n\nFAILED (failures=2, errors=1, skipped=1)\n";
        assert_eq!(read_unittest(output), (8, 3, vec!["test_a".to_owned()]));
        assert_eq!(read_unittest("Ran 9 tests in 0.1s\n\nOK\n"), (9, 0, vec![]));
    }

    #[test]
    fn both_reporters_of_node_are_read() {
        let tap = "ok 1 - a\nnot ok 2 - b c\n# tests 2\n# pass 1\n# fail 1\n";
        assert_eq!(read_node(tap), (1, 1, vec!["b c".to_owned()]));
        let spec = "✔ a (1.2ms)\n✖ b c (3ms)\nℹ tests 2\nℹ pass 1\nℹ fail 1\n✖ failing tests:\n✖ b c (3ms)\n";
        assert_eq!(read_node(spec), (1, 1, vec!["b c".to_owned()]));
    }

    #[test]
    fn cargo_is_summed_up() {
        let output = "test x::y ... FAILED\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\
                      test result: FAILED. 2 passed; 1 failed; 0 ignored; finished in 0.07s\n";
        assert_eq!(read_cargo(output), (4, 1, vec!["x::y".to_owned()]));
    }
}
