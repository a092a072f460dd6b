//! What the evidence of a stage says: go on, back to the developer, or ask people. Pure.

use common::clients::agents::{AgentOutcome, AgentResult, Finding, ReviewAnswer, Severity, TestAnswer};
use common::clients::github::{BranchEvidence, ChecksResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Stage;

/// What a gate looks at. An agent's word alone opens none.
#[derive(Clone, Debug, Deserialize)]
pub struct Evidence {
    /// Which milestone.
    pub milestone: String,
    /// Which attempt, from 1.
    pub iteration: i32,
    /// Which stage.
    pub stage: Stage,
    /// What the branch really holds.
    #[serde(default)]
    pub branch: Option<BranchEvidence>,
    /// What the checks of its head said.
    #[serde(default)]
    pub checks: Option<ChecksResult>,
    /// QA's answer.
    #[serde(default)]
    pub qa: Option<TestAnswer>,
    /// The architect's answer.
    #[serde(default)]
    pub review: Option<ReviewAnswer>,
    /// How the agent's run ended.
    #[serde(default)]
    pub agent: Option<AgentResult>,
}

/// Where it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// On.
    Pass,
    /// Back to the developer.
    Fix,
    /// To people.
    Human,
}

/// What a gate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateAnswer {
    /// Where it goes on.
    pub verdict: Verdict,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// In one sentence.
    pub reason: String,
}

/// Judges the evidence. Attempt 1 may be repaired `max_fixes` times; what is red after that goes to people.
pub fn judge(evidence: &Evidence, max_fixes: i32) -> GateAnswer {
    let mut findings: Vec<Finding> = agent_findings(evidence.agent.as_ref()).into_iter().collect();
    findings.extend(branch_findings(evidence));
    findings.extend(check_findings(evidence.checks.as_ref()));
    if evidence.stage == Stage::Testing {
        findings.extend(qa_findings(evidence.qa.as_ref()));
    }
    if evidence.stage == Stage::Review {
        findings.extend(review_findings(evidence.review.as_ref()));
    }
    let wrong = findings.iter().filter(|finding| finding.severity > Severity::Minor).count();
    let first = findings
        .iter()
        .find(|finding| finding.severity > Severity::Minor)
        .map(|finding| finding.title.clone())
        .unwrap_or_default();
    let (verdict, reason) = match wrong {
        0 => (Verdict::Pass, "The branch, the checks and the agents' findings are in order".to_owned()),
        // Another attempt at the same changes nothing when people stopped the agent.
        _ if evidence.agent.as_ref().is_some_and(|agent| agent.outcome == AgentOutcome::Cancelled) => {
            (Verdict::Human, "The agent was stopped by a person".to_owned())
        }
        _ if evidence.iteration > max_fixes => {
            (Verdict::Human, format!("Still wrong after {} attempt(s): {first}", evidence.iteration))
        }
        1 => (Verdict::Fix, first),
        more => (Verdict::Fix, format!("{first}, and {} more", more - 1)),
    };
    GateAnswer { verdict, findings, reason }
}

fn finding(id: String, severity: Severity, title: impl Into<String>, detail: impl Into<String>) -> Finding {
    Finding { id, severity, title: title.into(), detail: detail.into(), file: None, line: None }
}

fn agent_findings(agent: Option<&AgentResult>) -> Option<Finding> {
    let agent = agent.filter(|agent| agent.outcome != AgentOutcome::Succeeded)?;
    let title = format!("The agent's run ended as `{}`", agent.outcome.as_str());
    Some(finding("A1".to_owned(), Severity::Blocker, title, agent.reason.clone().unwrap_or_default()))
}

fn branch_findings(evidence: &Evidence) -> Option<Finding> {
    match &evidence.branch {
        Some(branch) if branch.ok => None,
        Some(branch) => {
            let detail =
                branch.reason.clone().unwrap_or_else(|| "The branch is missing or holds nothing new".to_owned());
            Some(finding("B1".to_owned(), Severity::Blocker, "The branch does not hold the work", detail))
        }
        None if evidence.stage == Stage::Implementation => Some(finding(
            "B1".to_owned(),
            Severity::Blocker,
            "Nobody looked at the branch",
            "The gate needs the branch's evidence",
        )),
        None => None,
    }
}

/// A commit without checks is no failure: not every repository has any. A red or overdue one is.
fn check_findings(checks: Option<&ChecksResult>) -> Vec<Finding> {
    let Some(checks) = checks else { return Vec::new() };
    match checks.conclusion.as_str() {
        "success" | "none" | "neutral" | "skipped" => Vec::new(),
        "timed_out" => vec![finding(
            "C1".to_owned(),
            Severity::Blocker,
            "The checks did not finish in time",
            format!("Commit {}", checks.sha),
        )],
        _ => {
            let red = checks
                .checks
                .iter()
                .filter(|check| !matches!(check.conclusion.as_str(), "success" | "neutral" | "skipped"));
            let findings: Vec<_> = (1..)
                .zip(red)
                .map(|(number, check)| {
                    finding(
                        format!("C{number}"),
                        Severity::Blocker,
                        format!("Check `{}` ended as {}", check.name, check.conclusion),
                        check.summary.clone(),
                    )
                })
                .collect();
            if findings.is_empty() {
                vec![finding("C1".to_owned(), Severity::Blocker, "The checks failed", format!("Commit {}", checks.sha))]
            } else {
                findings
            }
        }
    }
}

fn qa_findings(qa: Option<&TestAnswer>) -> Vec<Finding> {
    let Some(qa) = qa else {
        return vec![finding("Q1".to_owned(), Severity::Blocker, "QA gave no answer", "The gate needs QA's verdict")];
    };
    let mut findings = qa.findings.clone();
    if qa.tests.failed > 0 && findings.is_empty() {
        findings.push(finding(
            "Q1".to_owned(),
            Severity::Major,
            format!("{} test(s) fail", qa.tests.failed),
            qa.summary.clone(),
        ));
    }
    with_verdict(findings, qa.verdict == "pass", "Q1", "QA says that it does not work", &qa.summary)
}

fn review_findings(review: Option<&ReviewAnswer>) -> Vec<Finding> {
    let Some(review) = review else {
        return vec![finding(
            "R1".to_owned(),
            Severity::Blocker,
            "The architect gave no answer",
            "The gate needs the review",
        )];
    };
    with_verdict(
        review.findings.clone(),
        review.verdict == "approve",
        "R1",
        "The architect asks for changes",
        &review.summary,
    )
}

/// A refusal without a finding that explains it is one itself.
fn with_verdict(mut findings: Vec<Finding>, good: bool, id: &str, title: &str, summary: &str) -> Vec<Finding> {
    if !good && !findings.iter().any(|finding| finding.severity > Severity::Minor) {
        findings.push(finding(id.to_owned(), Severity::Major, title, summary));
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn evidence(overrides: &serde_json::Value) -> Evidence {
        let mut base = json!({
            "milestone": "m1", "iteration": 1, "stage": "testing",
            "branch": {"ok": true, "head_sha": "a"},
            "checks": {"sha": "a", "conclusion": "success", "checks": []},
            "qa": {"verdict": "pass", "summary": "good", "tests": {"command": "t", "passed": 3, "failed": 0}, "findings": []},
            "review": null, "agent": null,
        });
        for (key, value) in overrides.as_object().unwrap() {
            base[key] = value.clone();
        }
        serde_json::from_value(base).unwrap()
    }

    #[test]
    fn all_green_passes() {
        assert_eq!(judge(&evidence(&json!({})), 3).verdict, Verdict::Pass);
        let no_checks = json!({"checks": {"sha": "a", "conclusion": "none", "checks": []}});
        assert_eq!(
            judge(&evidence(&no_checks), 3).verdict,
            Verdict::Pass,
            "a repository without checks has none to fail"
        );
    }

    #[test]
    fn what_is_red_goes_back_and_then_to_people() {
        let red = json!({"checks": {"sha": "a", "conclusion": "failure", "checks": [
            {"name": "ci", "conclusion": "failure", "summary": "1 failed"}, {"name": "lint", "conclusion": "success"}]}});
        let first = judge(&evidence(&red), 3);
        assert_eq!((first.verdict, first.findings.len()), (Verdict::Fix, 1));
        assert!(first.reason.contains("`ci`"));
        for (iteration, verdict) in [(3, Verdict::Fix), (4, Verdict::Human), (9, Verdict::Human)] {
            let mut later = evidence(&red);
            later.iteration = iteration;
            assert_eq!(judge(&later, 3).verdict, verdict, "attempt {iteration} with 3 fixes");
        }
    }

    #[test]
    fn a_claim_is_not_evidence() {
        let no_branch = json!({"branch": {"ok": false, "reason": "the branch does not exist"}});
        let answer = judge(&evidence(&no_branch), 3);
        assert_eq!(answer.verdict, Verdict::Fix);
        assert_eq!(answer.findings[0].detail, "the branch does not exist");
        assert_eq!(judge(&evidence(&json!({"qa": null})), 3).verdict, Verdict::Fix);
        let failing =
            json!({"qa": {"verdict": "pass", "summary": "s", "tests": {"passed": 2, "failed": 1}, "findings": []}});
        assert_eq!(judge(&evidence(&failing), 3).verdict, Verdict::Fix, "`pass` with a failing test is no pass");
        assert_eq!(judge(&evidence(&json!({"stage": "implementation", "branch": null})), 3).verdict, Verdict::Fix);
    }

    #[test]
    fn minor_findings_do_not_hold_it_up_but_a_refusal_does() {
        let minor = json!([{"id": "F1", "severity": "minor", "title": "a typo"}]);
        let passed = judge(&evidence(&json!({"qa": {"verdict": "pass", "summary": "s", "findings": minor}})), 3);
        assert_eq!((passed.verdict, passed.findings.len()), (Verdict::Pass, 1));
        let review = json!({"stage": "review", "review": {"verdict": "changes_requested", "summary": "unclear names", "findings": minor}});
        let refused = judge(&evidence(&review), 3);
        assert_eq!(refused.verdict, Verdict::Fix);
        assert_eq!(refused.findings[1].detail, "unclear names");
    }
}
