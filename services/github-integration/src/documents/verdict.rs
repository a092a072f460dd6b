//! What two reports, of a branch's head and of where it left the default branch, say of the branch. Pure.

use std::fmt::Write as _;

use compliance::baseline::Baseline;
use compliance::{Config, Finding, Report, Severity, Tree};

use crate::github::checks::{Annotation, Level};

/// The least severity that counts, as for the command.
const COUNTS: Severity = Severity::Warning;
/// So many lines fit into what a developer is told of a check.
const MOST_LINES: usize = 40;
/// GitHub takes so many annotations at once; those beyond are in the summary.
const MOST_ANNOTATIONS: usize = 50;
/// The least that a change of these files is worth a reviewer's look: they say what the check does not say.
const OWN_FILES: [&str; 3] = [compliance::config::FILE, compliance::waivers::FILE, compliance::baseline::FILE];

/// What is to be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// `success`, `failure` or `neutral`.
    pub conclusion: &'static str,
    /// Findings that the branch brings and that count.
    pub problems: usize,
    /// Findings that were there before.
    pub older: usize,
    /// The first line is the title.
    pub summary: String,
    pub annotations: Vec<Annotation>,
}

impl Verdict {
    /// Nothing could be said.
    pub(crate) fn unknown(reason: &str) -> Self {
        Self {
            conclusion: "neutral",
            problems: 0,
            older: 0,
            summary: format!("The documents were not checked: {reason}"),
            annotations: Vec::new(),
        }
    }
}

/// Checks the head's tree, and that of the base to know what was there before.
pub(crate) fn compare(head: &dyn Tree, base: Option<&dyn Tree>, required: bool, today: &str) -> Verdict {
    let config = match Config::of_tree(head, today) {
        Ok(config) => config,
        Err(wrong) => return broken_settings(&wrong, required),
    };
    let mut report = compliance::check(head, &config);
    let mut older = 0;
    let mut own_files = Vec::new();
    if let Some(base) = base {
        // The base is judged by the settings of the head, so that a stricter setting brings only what it newly asks for.
        let before = compliance::check(base, &config);
        older = Baseline::of(&before).subtract(&mut report.findings);
        older += take_promises(&mut report.findings, head, base, &config);
        report.settle();
        own_files.extend(OWN_FILES.into_iter().filter(|path| head.text(path) != base.text(path)));
    }
    verdict(&report, older, &own_files, required)
}

/// Takes out what old sentences promise and no code could be held against so far. A README tells what is to be built; with the
/// first milestone half of it is there, and the other half is no mistake of that milestone.
fn take_promises(findings: &mut Vec<Finding>, head: &dyn Tree, base: &dyn Tree, config: &Config) -> usize {
    let armed = compliance::engine::armed(base, config);
    let is_promise = |finding: &Finding| {
        let rule = finding.rule.as_ref();
        compliance::engine::NEED_CODE.contains(&rule)
            && !armed.contains(&rule)
            && is_old_line(finding, head, base).unwrap_or(false)
    };
    let before = findings.len();
    findings.retain(|finding| !is_promise(finding));
    before - findings.len()
}

/// Whether the line of a finding stood in the same file before.
fn is_old_line(finding: &Finding, head: &dyn Tree, base: &dyn Tree) -> Option<bool> {
    let (head, base) = (head.text(&finding.path)?, base.text(&finding.path)?);
    let line = head.lines().nth(usize::try_from(finding.line).ok()?.checked_sub(1)?)?;
    Some(base.lines().any(|old| old.trim() == line.trim()))
}

fn broken_settings(wrong: &str, required: bool) -> Verdict {
    Verdict {
        conclusion: if required { "failure" } else { "neutral" },
        problems: 1,
        older: 0,
        summary: format!("The settings of the check cannot be read\n\n{wrong}"),
        annotations: Vec::new(),
    }
}

fn verdict(report: &Report, older: usize, own_files: &[&str], required: bool) -> Verdict {
    let mut findings: Vec<&Finding> = report.findings.iter().filter(|finding| finding.severity >= COUNTS).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let problems = findings.len();
    let mut summary = match problems {
        0 => "The documents are in order".to_owned(),
        1 => "1 problem in the documents".to_owned(),
        many => format!("{many} problems in the documents"),
    };
    if problems > 0 {
        summary.push('\n');
    }
    for finding in findings.iter().take(MOST_LINES) {
        let _ = write!(summary, "\n- {}", told(finding));
    }
    if problems > MOST_LINES {
        let _ = write!(summary, "\n- and {} more", problems - MOST_LINES);
    }
    let waived = report.waived.len();
    for (count, what) in [(older, "older, from before this branch"), (waived, "waived")] {
        if count > 0 {
            let _ = write!(summary, "\n\nNot counted: {count} {what}.");
        }
    }
    if !own_files.is_empty() {
        let _ = write!(summary, "\n\nThis branch changes what the check looks at: `{}`.", own_files.join("`, `"));
    }
    let annotations = findings.iter().filter(|finding| !finding.path.is_empty()).take(MOST_ANNOTATIONS);
    Verdict {
        conclusion: match (problems, required) {
            (0, _) => "success",
            (_, true) => "failure",
            (_, false) => "neutral",
        },
        problems,
        older,
        summary,
        annotations: annotations.map(|finding| annotation(finding)).collect(),
    }
}

/// `docs/a.md:3 link-file-missing: … Remedy`.
fn told(finding: &Finding) -> String {
    let place = if finding.path.is_empty() { String::new() } else { format!("`{}:{}` ", finding.path, finding.line) };
    format!("{place}{}: {}. {}", finding.rule, finding.message.trim_end_matches('.'), finding.remedy)
}

fn annotation(finding: &Finding) -> Annotation {
    Annotation {
        path: finding.path.clone(),
        line: finding.line,
        level: if finding.severity == Severity::Error { Level::Failure } else { Level::Warning },
        title: finding.rule.to_string(),
        message: format!("{}\n{}", finding.message, finding.remedy),
    }
}

#[cfg(test)]
mod tests {
    use compliance::Files;

    use super::*;

    const TODAY: &str = "2026-06-01";
    const README: &str = "# Todo\n\nThings to do, in a list.\n\n[Old](gone.md)\n";

    fn base() -> Files {
        Files::new().with("README.md", README)
    }

    #[test]
    fn a_branch_answers_for_what_it_brings() {
        let head = base().with("docs/GUIDE.md", "# Guide\n\nSee [the list](lists.md).\n");
        let verdict = compare(&head, Some(&base()), true, TODAY);
        assert_eq!((verdict.conclusion, verdict.problems), ("failure", 1), "{}", verdict.summary);
        assert!(verdict.older >= 1, "the README's own link was broken before");
        assert!(verdict.summary.starts_with("1 problem in the documents\n\n- `docs/GUIDE.md:3` link-file-missing: "));
        let place = &verdict.annotations[0];
        assert_eq!((place.path.as_str(), place.line, place.level), ("docs/GUIDE.md", 3, Level::Failure));

        let shown = compare(&head, Some(&base()), false, TODAY);
        assert_eq!((shown.conclusion, shown.annotations), ("neutral", verdict.annotations));
        assert_eq!(compare(&base(), Some(&base()), true, TODAY).conclusion, "success");
    }

    #[test]
    fn a_promise_of_the_readme_is_no_mistake_of_the_first_milestone_but_drift_later_is() {
        let readme = "# Todo\n\nThings to do.\n\n## Installation\n\n```sh\nnpm run build\nnpm run migrate\n```\n\n## Usage\n\nOpen it.\n\n## License\n\nMIT\n";
        let base = Files::new().with("README.md", readme);
        let package = |scripts: &str| {
            format!("{{\"name\":\"todo\",\"private\":true,\"license\":\"MIT\",\"scripts\":{{{scripts}}}}}")
        };
        let first = base
            .clone()
            .with("package.json", package("\"build\":\"tsc\",\"test\":\"node --test\""))
            .with("src/index.js", "console.log(1);\n");
        let verdict = compare(&first, Some(&base), true, TODAY);
        assert_eq!(verdict.conclusion, "success", "{}", verdict.summary);
        assert!(verdict.summary.contains("older"), "{}", verdict.summary);

        let renamed = first.clone().with("package.json", package("\"bundle\":\"tsc\",\"test\":\"node --test\""));
        let verdict = compare(&renamed, Some(&first), true, TODAY);
        assert_eq!((verdict.conclusion, verdict.problems), ("failure", 1), "{}", verdict.summary);
        assert!(verdict.summary.contains("no script `build`"), "{}", verdict.summary);
    }

    #[test]
    fn waivers_count_until_they_end_and_changed_settings_are_told() {
        let waiver = "[[waiver]]\nrule = \"link-file-missing\"\npath = \"docs/GUIDE.md\"\nreason = \"Written next week\"\nowner = \"ann\"\nexpires = \"2026-06-30\"\n";
        let head = base()
            .with("docs/GUIDE.md", "# Guide\n\nSee [the list](lists.md).\n")
            .with("compliance-waivers.toml", waiver);
        let verdict = compare(&head, Some(&base()), true, TODAY);
        assert_eq!(verdict.conclusion, "success", "{}", verdict.summary);
        assert!(verdict.summary.contains("Not counted: 1 waived."), "{}", verdict.summary);
        assert!(verdict.summary.contains("`compliance-waivers.toml`"), "{}", verdict.summary);
        let late = compare(&head, Some(&base()), true, "2026-07-01");
        assert_eq!((late.conclusion, late.problems), ("failure", 2), "the waiver's end is a finding too");
    }

    #[test]
    fn wrong_settings_fail_with_the_nearest_right_key() {
        let head = base().with("compliance.toml", "exlude = []\n");
        let verdict = compare(&head, Some(&base()), true, TODAY);
        assert_eq!(verdict.conclusion, "failure");
        assert!(verdict.summary.contains("`exclude`"), "{}", verdict.summary);
    }

    #[test]
    fn many_findings_are_bounded() {
        let links = (0..120).map(|number| format!("[x](gone-{number}.md)")).collect::<Vec<_>>().join("\n");
        let head = base().with("docs/GUIDE.md", format!("# Guide\n\n{links}"));
        let verdict = compare(&head, Some(&base()), true, TODAY);
        assert_eq!((verdict.problems, verdict.annotations.len()), (120, 50));
        assert!(verdict.summary.contains("- and 80 more"), "{}", verdict.summary);
    }
}
