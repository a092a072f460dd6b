//! The READMEs that come with the sandbox, and the projects that answer them.
//!
//! Each project is a folder under `projects/`, in layers: `plan` (documents and rules), then per milestone the right
//! files (`m1`, `m2`), the first try with its bug (`m1-first`), and the tests that QA adds (`m1-qa`, `m2-qa`).

use super::{Readme, suite::Toolchain};

/// Paths in the repository, and what they hold.
pub(super) type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("projects/", $folder, "/", $path)))),*]
    };
}

/// A README and the project that answers it.
#[derive(Debug)]
pub(super) struct Bundle {
    pub(super) readme: Readme,
    pub(super) toolchain: Toolchain,
    pub(super) project_type: &'static str,
    pub(super) run_command: Option<&'static str>,
    pub(super) documents: Files,
    pub(super) rules: Files,
    pub(super) risks: &'static [&'static str],
    pub(super) stages: [Stage; 2],
    /// Where QA looks first when its tests fail: a file, and the text of the line that is to blame.
    pub(super) suspect: (&'static str, &'static str),
}

/// One milestone.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) goal: &'static str,
    /// Titles; the words in them decide which requirement belongs to which task.
    pub(super) tasks: &'static [&'static str],
    pub(super) acceptance: &'static [&'static str],
    pub(super) files: Files,
    /// Replaces some of `files` in the first try.
    pub(super) first: Files,
    pub(super) qa: Files,
    /// The part of the README that tells how to start.
    pub(super) readme: &'static str,
}

impl Bundle {
    /// The bundle whose README this is: the same title, and most of its lines. So a small edit keeps it, and another README
    /// with the same title is not mistaken for it.
    pub(super) fn of(readme: &str) -> Option<&'static Self> {
        let title =
            |text: &str| text.lines().find_map(|line| line.strip_prefix("# ")).map(|line| line.trim().to_lowercase());
        BUNDLES.iter().find(|bundle| {
            let mut lines = bundle.readme.text.lines().filter(|line| line.starts_with("- ")).peekable();
            let all = lines.clone().count();
            let same = lines.by_ref().filter(|line| readme.contains(*line)).count();
            title(readme) == title(bundle.readme.text) && same * 10 >= all * 6
        })
    }
}

pub(super) static BUNDLES: [Bundle; 3] = [
    Bundle {
        readme: Readme {
            key: "python-cli",
            repository: "pocket-ledger",
            summary: "A command-line tool in Python that keeps track of expenses",
            text: include_str!("readmes/pocket-ledger.md"),
        },
        toolchain: Toolchain::Python,
        project_type: "cli",
        run_command: Some("python3 -m pocket"),
        documents: files!("pocket/plan": "docs/ARCHITECTURE.md", "docs/USAGE.md", "docs/TESTING.md", "CHANGELOG.md"),
        rules: files!("pocket/plan": ".cursor/rules/python.mdc", ".cursor/rules/testing.mdc"),
        risks: &["Binary fractions creep into sums of money; amounts must be whole cents from the first line on."],
        stages: [
            Stage {
                key: "m1",
                title: "Record and list expenses",
                goal: "Expenses can be added, exact to the cent, kept in a file that is never half-written, and listed.",
                tasks: &[
                    "pocket add records an expense with note and date; amounts are exact to the cent, with at most two decimals",
                    "pocket list shows expenses, newest first, narrowed down by category and month",
                    "JSON file of POCKET_FILE, replaced as a whole, never half-written",
                    "Wrong input gives one line on standard error and exit code 2, nothing is written",
                    "Python standard library, python3 -m pocket; tests with python3 -m unittest in a GitHub workflow on every push",
                ],
                acceptance: &[
                    "Every amount from 0.01 to 99.99 comes back as it was written",
                    "A ledger file that cannot be read is left alone",
                    "The workflow is green",
                ],
                files: files!("pocket/m1":
                    ".github/workflows/ci.yml", ".gitignore", "CHANGELOG.md", "docs/ARCHITECTURE.md", "docs/USAGE.md",
                    "pocket/__init__.py", "pocket/__main__.py", "pocket/cli.py", "pocket/money.py", "pocket/store.py",
                    "tests/__init__.py", "tests/helpers.py", "tests/test_cli.py", "tests/test_money.py"),
                first: files!("pocket/m1-first": "pocket/money.py"),
                qa: files!("pocket/m1-qa": "tests/test_exact_amounts.py"),
                readme: "Nothing has to be installed but Python.\n\n```sh\npython3 -m pocket add 12.50 food --note \"lunch\"\npython3 -m pocket list --month 2026-01\n```\n\nThe commands are described in [docs/USAGE.md](docs/USAGE.md), the structure in [docs/ARCHITECTURE.md](docs/ARCHITECTURE.md). Run the tests with `python3 -m unittest`.\n",
            },
            Stage {
                key: "m2",
                title: "Sum up and export",
                goal: "The ledger can be summed up by category and taken elsewhere as CSV.",
                tasks: &[
                    "pocket summary shows the total of each category, largest first, and the grand total",
                    "pocket export writes all expenses as CSV to standard output",
                ],
                acceptance: &[
                    "Notes with commas, quotes and line breaks survive the way through CSV",
                    "Sums never drift",
                ],
                files: files!("pocket/m2":
                    "CHANGELOG.md", "docs/ARCHITECTURE.md", "docs/USAGE.md", "pocket/__init__.py", "pocket/cli.py",
                    "pocket/report.py", "tests/test_report.py"),
                first: &[],
                qa: files!("pocket/m2-qa": "tests/test_reports_on_odd_ledgers.py"),
                readme: "Nothing has to be installed but Python.\n\n```sh\npython3 -m pocket add 12.50 food --note \"lunch\"\npython3 -m pocket list --month 2026-01\npython3 -m pocket summary\npython3 -m pocket export > expenses.csv\n```\n\nThe commands are described in [docs/USAGE.md](docs/USAGE.md), the structure in [docs/ARCHITECTURE.md](docs/ARCHITECTURE.md). Run the tests with `python3 -m unittest`.\n",
            },
        ],
        suspect: ("pocket/money.py", "float("),
    },
    Bundle {
        readme: Readme {
            key: "node-api",
            repository: "reading-list-api",
            summary: "A web service in JavaScript, without dependencies, that keeps links to read later",
            text: include_str!("readmes/reading-list-api.md"),
        },
        toolchain: Toolchain::Node,
        project_type: "web_api",
        run_command: Some("node src/main.js"),
        documents: files!("reading-list/plan": "docs/ARCHITECTURE.md", "docs/API.md", "docs/TESTING.md", "CHANGELOG.md"),
        rules: files!("reading-list/plan": ".cursor/rules/javascript.mdc", ".cursor/rules/testing.mdc"),
        risks: &["Paging that is only tested on its first page hides mistakes in every other one."],
        stages: [
            Stage {
                key: "m1",
                title: "Add, list and remove items",
                goal: "Items can be added, listed page by page, read and removed; every error has one form.",
                tasks: &[
                    "POST /items adds an item with url, title and tags and answers 201, within the limits",
                    "GET /items lists items, newest first, by tag, with limit and offset in pages",
                    "GET and DELETE /items/{id}; an unknown id is a 404",
                    "Every error is an object with code and message; bodies over 64 KiB refused with 413, broken JSON with 400",
                    "Node without dependencies, node src/main.js listens on PORT; tests with node --test in a GitHub workflow on every push",
                ],
                acceptance: &[
                    "Walking through the pages shows every item once",
                    "What cannot be stored is refused with a reason",
                    "The workflow is green",
                ],
                files: files!("reading-list/m1":
                    ".github/workflows/ci.yml", ".gitignore", "CHANGELOG.md", "docs/API.md", "docs/ARCHITECTURE.md",
                    "package.json", "src/app.js", "src/errors.js", "src/items.js", "src/main.js", "src/validate.js",
                    "test/errors.test.js", "test/items.test.js", "testing/service.js"),
                first: files!("reading-list/m1-first": "src/items.js"),
                qa: files!("reading-list/m1-qa": "test/paging.test.js"),
                readme: "Nothing has to be installed but Node.\n\n```sh\nPORT=3000 node src/main.js\ncurl -X POST localhost:3000/items -d '{\"url\": \"https://example.org\", \"title\": \"An example\"}'\n```\n\nThe routes are described in [docs/API.md](docs/API.md), the structure in [docs/ARCHITECTURE.md](docs/ARCHITECTURE.md). Run the tests with `node --test`.\n",
            },
            Stage {
                key: "m2",
                title: "Change items, count tags, keep everything",
                goal: "Items can be changed and marked as read, tags are counted, and everything is there again after a restart.",
                tasks: &[
                    "PATCH /items/{id} changes title, tags, or marks the item as read",
                    "GET /tags lists every tag with the number of its items, most used first",
                    "JSON file named by DATA_FILE, replaced as a whole; in memory without the variable",
                ],
                acceptance: &["A change that cannot be saved is not shown", "Items are there again after a restart"],
                files: files!("reading-list/m2":
                    "CHANGELOG.md", "docs/API.md", "docs/ARCHITECTURE.md", "package.json", "src/app.js", "src/file.js",
                    "src/items.js", "src/main.js", "src/validate.js", "test/changes.test.js"),
                first: &[],
                qa: files!("reading-list/m2-qa": "test/durability.test.js"),
                readme: "Nothing has to be installed but Node.\n\n```sh\nPORT=3000 DATA_FILE=items.json node src/main.js\ncurl -X POST localhost:3000/items -d '{\"url\": \"https://example.org\", \"title\": \"An example\"}'\n```\n\nThe routes are described in [docs/API.md](docs/API.md), the structure in [docs/ARCHITECTURE.md](docs/ARCHITECTURE.md). Run the tests with `node --test`.\n",
            },
        ],
        suspect: ("src/items.js", "slice(offset, limit)"),
    },
    Bundle {
        readme: Readme {
            key: "rust-library",
            repository: "human-durations",
            summary: "A Rust library that reads and writes spans of time the way people do",
            text: include_str!("readmes/human-durations.md"),
        },
        toolchain: Toolchain::Rust,
        project_type: "library",
        run_command: None,
        documents: files!("human-durations/plan": "docs/ARCHITECTURE.md", "docs/API.md", "docs/TESTING.md", "CHANGELOG.md"),
        rules: files!("human-durations/plan": ".cursor/rules/rust.mdc", ".cursor/rules/testing.mdc"),
        risks: &["Text comes from anywhere: a number that is too large must be an error, not a panic or a wrong sum."],
        stages: [
            Stage {
                key: "m1",
                title: "Read and write durations",
                goal: "Durations such as `1h 30m` can be read and written, and no text makes the library panic.",
                tasks: &[
                    "parse returns a Duration; units in short or in words, spaces optional, any case",
                    "Wrong text gives an error that names what is wrong and where; no text makes the library panic",
                    "format writes the shortest exact text, largest unit first, and parses back to the same duration",
                    "Rust without dependencies or unsafe; tests with cargo test --offline in a GitHub workflow on every push",
                ],
                acceptance: &[
                    "A number that is too large is an error with its place",
                    "What was formatted parses back to the same duration",
                    "The workflow is green",
                ],
                files: files!("human-durations/m1":
                    ".github/workflows/ci.yml", ".gitignore", "CHANGELOG.md", "Cargo.lock", "Cargo.toml", "docs/API.md",
                    "docs/ARCHITECTURE.md", "rustfmt.toml", "src/error.rs", "src/format.rs", "src/lib.rs", "src/parse.rs",
                    "src/unit.rs", "tests/format.rs", "tests/parse.rs"),
                first: files!("human-durations/m1-first": "src/parse.rs"),
                qa: files!("human-durations/m1-qa": "tests/hostile_input.rs"),
                readme: "```rust\nlet span = human_durations::parse(\"1h 30m\")?;\nassert_eq!(human_durations::format(span), \"1h 30m\");\n```\n\nThe functions are described in [docs/API.md](docs/API.md), the structure in [docs/ARCHITECTURE.md](docs/ARCHITECTURE.md). Run the tests with `cargo test --offline`.\n",
            },
            Stage {
                key: "m2",
                title: "Round, and the form of ISO 8601",
                goal: "Durations can be rounded to their largest units, and read and written in the form of ISO 8601.",
                tasks: &[
                    "format_rounded keeps only the largest units and rounds the rest",
                    "parse_iso and format_iso read and write the ISO 8601 form",
                ],
                acceptance: &["All forms read back to the same duration", "The longest durations do not panic"],
                files: files!("human-durations/m2":
                    "CHANGELOG.md", "Cargo.lock", "Cargo.toml", "docs/API.md", "docs/ARCHITECTURE.md", "src/format.rs",
                    "src/iso.rs", "src/lib.rs", "tests/iso.rs", "tests/rounded.rs"),
                first: &[],
                qa: files!("human-durations/m2-qa": "tests/all_forms_agree.rs"),
                readme: "```rust\nlet span = human_durations::parse(\"1h 30m\")?;\nassert_eq!(human_durations::format_rounded(span, 1), \"2h\");\nassert_eq!(human_durations::format_iso(span), \"PT1H30M\");\n```\n\nThe functions are described in [docs/API.md](docs/API.md), the structure in [docs/ARCHITECTURE.md](docs/ARCHITECTURE.md). Run the tests with `cargo test --offline`.\n",
            },
        ],
        suspect: ("src/parse.rs", "total += number * unit.milliseconds"),
    },
];

#[cfg(test)]
mod tests {
    use super::{BUNDLES, Bundle};

    #[test]
    fn a_readme_is_known_by_its_title_and_most_of_its_lines() {
        for bundle in &BUNDLES {
            let found = Bundle::of(bundle.readme.text).expect("its own README");
            assert_eq!(found.readme.key, bundle.readme.key);
            assert!(Bundle::of(&format!("{}\n## Getting started\n\nmore\n", bundle.readme.text)).is_some());
            let title = bundle.readme.text.lines().next().expect("a title");
            assert!(Bundle::of(&format!("{title}\n\n- something else\n")).is_none());
        }
    }
}
