//! What the stand-in answers: a pure function of the story and the step, so that a replay gets the same.

use common::clients::agents::AgentResult;
use common::clients::cursor::StartAgentRun;
use common::clients::dashboard::DecisionArtifact;
use common::clients::github::{BranchEvidence, ChecksResult, VerifyBranch};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Story {
    /// One milestone, one repair, everybody agrees.
    #[default]
    Smooth,
    /// Every way the workflows know.
    EveryTurn,
}

pub(crate) enum Answer {
    Short(Value),
    Long(Value),
}

pub(crate) fn repository() -> Value {
    json!({
        "id": 42, "owner": "acme", "name": "greeter", "full_name": "acme/greeter", "default_branch": "main",
        "html_url": "https://github.example/acme/greeter", "clone_url": "https://github.example/acme/greeter.git",
    })
}

pub(crate) fn project(id: &str) -> Value {
    json!({
        "id": id, "name": "Greeter", "slug": "greeter", "status": "received", "repository": repository(), "plan_iteration": 0,
        "limits": { "max_fix_iterations": 3, "agent_deadline_seconds": 3600, "checks_deadline_seconds": 1800 },
    })
}

fn plan() -> Value {
    json!({
        "summary": "A tool that greets", "project_type": "cli", "stack": { "language": "python" },
        "milestones": [{ "key": "m1", "title": "Greet" }, { "key": "m2", "title": "Greet politely" }],
        "risks": ["none"], "estimate": { "tokens": 1000, "cost_usd": 0.1 },
    })
}

fn finding(title: &str) -> Value {
    json!([{ "id": "F1", "severity": "major", "title": title, "detail": "seen by a test", "file": null, "line": null }])
}

fn agent(outcome: &str, answer: &Value) -> Answer {
    Answer::Long(json!({
        "run_id": "0199f3a0-0000-7000-8000-00000000000a", "outcome": outcome, "answer": answer,
        "reason": if outcome == "succeeded" { Value::Null } else { json!("it said nothing we can read") },
        "usage": { "total_tokens": 10, "source": "agent" },
    }))
}

fn decision(choice: &str, comment: &str) -> Answer {
    Answer::Long(json!({
        "decision_id": "0199f3a0-0000-7000-8000-00000000000d", "choice": choice, "comment": comment, "decided_by": "Ada",
        "decided_at": "2026-11-22T12:00:00Z", "channel": "telegram", "auto": false,
    }))
}

/// A commit for each round, so that a mix-up of rounds shows.
fn sha(of: &str, n: u32) -> String {
    format!("{of}-{n}")
}

fn checks(conclusion: &str, sha: &Value) -> Answer {
    Answer::Long(
        json!({ "sha": sha, "conclusion": conclusion, "checks": [{ "name": "test", "conclusion": conclusion, "summary": "" }] }),
    )
}

fn evidence(ok: bool, head: &str) -> Answer {
    Answer::Short(json!({
        "ok": ok, "head_sha": if ok { head } else { "" }, "base_sha": "base", "ahead_by": u32::from(ok), "behind_by": 0,
        "files": [{ "filename": "greet.py", "status": "added", "additions": 3, "deletions": 0 }],
        "reason": if ok { Value::Null } else { json!("the branch is level with main") },
    }))
}

fn gate(verdict: &str) -> Answer {
    let findings = if verdict == "pass" { json!([]) } else { finding(verdict) };
    Answer::Short(json!({ "verdict": verdict, "findings": findings, "reason": format!("the gate says {verdict}") }))
}

fn merged(refusal: Option<&str>, sha: &str) -> Answer {
    let merge_sha = if refusal.is_none() { json!(sha) } else { Value::Null };
    Answer::Short(json!({ "merged": refusal.is_none(), "merge_sha": merge_sha, "reason": refusal }))
}

/// What this step answers, given what it was asked.
pub(crate) fn answer(story: Story, key: &str, body: &Value) -> Answer {
    let (step, n) = key.rsplit_once('/').expect("a key has an iteration");
    let n: u32 = n.parse().expect("the iteration is a number");
    let every = story == Story::EveryTurn;
    match step.split_once('.') {
        Some((milestone @ ("m1" | "m2"), step)) => in_milestone(every, milestone, step, n, body),
        _ => outside(every, step, n, body),
    }
}

fn outside(every: bool, step: &str, n: u32, body: &Value) -> Answer {
    match step {
        "analysis" => Answer::Short(
            json!({ "head_sha": "h0", "default_branch": "main", "languages": {}, "tree": [], "tree_truncated": false, "readme": null, "is_empty_but_readme": true }),
        ),
        "analysis.store" => Answer::Short(json!({ "artifact_id": "a1", "requirements": [] })),
        "plan.agent" if every && n == 2 => agent("invalid_answer", &Value::Null),
        "plan.agent" => agent("succeeded", &plan()),
        "plan.store" => {
            let accepted = !(every && n == 1);
            let findings = if accepted { json!([]) } else { finding("a requirement is not covered") };
            Answer::Short(json!({
                "artifact_id": format!("plan-{n}"), "sha256": sha("plan", n), "accepted": accepted, "findings": findings,
                "milestones": [{ "key": "m1", "title": "Greet" }, { "key": "m2", "title": "Greet politely" }],
            }))
        }
        "plan.stuck.2" => decision("retry", "answer in JSON"),
        "plan.decision.3" if n == 1 => decision("expired", ""),
        "plan.decision.3" => decision("change", "smaller milestones"),
        "plan.decision" | "plan.decision.4" | "release.decision" => decision("approve", ""),
        "foundation.files" => Answer::Short(json!({
            "branch": "quantapilot/foundation", "title": "Lay the foundation", "body": "Documents", "message": "docs: Lay the foundation",
            "files": [{ "path": "AGENTS.md", "content": "# Rules with }} and \"quotes\"\n" }],
        })),
        "foundation.branch" => {
            Answer::Short(json!({ "branch": "quantapilot/foundation", "sha": "h0", "created": true }))
        }
        "foundation.commit" => Answer::Short(json!({ "sha": "h1", "changed": true })),
        "foundation.pr" => Answer::Short(
            json!({ "number": 1, "html_url": "https://github.example/1", "head_sha": "h1", "created": true }),
        ),
        "foundation.verify" => evidence(true, &sha("foundation", n)),
        "foundation.checks" => checks(if every && n == 2 { "failure" } else { "success" }, &body["sha"]),
        "foundation.stuck.2" => decision("skip", "a known flake"),
        "foundation.merge" => merged((every && n == 1).then_some("head_moved"), "merge-foundation"),
        "milestones.next" => {
            let last = if every { 2 } else { 1 };
            if n > last {
                return Answer::Short(json!({ "done": true, "milestone": null }));
            }
            Answer::Short(json!({ "done": false, "milestone": {
                "key": format!("m{n}"), "title": format!("Milestone {n}"), "index": n, "total": last, "goal": "It greets",
                "branch": format!("quantapilot/m{n}-greet"),
            } }))
        }
        "release.publish" => Answer::Short(
            json!({ "id": 7, "tag": body["tag"], "html_url": "https://github.example/r", "created": true }),
        ),
        "analysis.stage" | "plan.stage" | "release.stage" => {
            Answer::Short(json!({ "stage_id": "s", "status": "open" }))
        }
        "finish" => Answer::Short(json!({})),
        _ => panic!("the workflows made a step that the story does not know: {step}"),
    }
}

fn in_milestone(every: bool, milestone: &str, step: &str, n: u32, body: &Value) -> Answer {
    let first = milestone == "m1";
    let tested = json!({ "verdict": "pass", "summary": "tested", "commit": "c", "findings": [] });
    match step {
        "branch" => {
            Answer::Short(json!({ "branch": format!("quantapilot/{milestone}-greet"), "sha": "h2", "created": true }))
        }
        "stage-implementation" | "stage-testing" | "stage-review" => {
            Answer::Short(json!({ "stage_id": "s", "status": "open" }))
        }
        "implement" => agent("succeeded", &json!({ "summary": "built", "branch": "b", "commit": "c" })),
        "verify" => evidence(!(every && first && n == 1), &sha("work", n)),
        "pr" => Answer::Short(
            json!({ "number": 2, "html_url": "https://github.example/2", "head_sha": "work-1", "created": true }),
        ),
        "checks" => checks(if every && first && n == 2 { "failure" } else { "success" }, &body["sha"]),
        "qa" => agent("succeeded", &tested),
        "qa-verify" => evidence(true, &sha("qa", n)),
        "qa-checks" => checks("success", &body["sha"]),
        "review" => agent("succeeded", &json!({ "verdict": "approve", "summary": "good", "findings": [] })),
        "gates-implementation" => gate(match (every, first, n) {
            (false, _, 1) | (true, true, 1 | 2) => "fix",
            (true, false, 1) => "human",
            _ => "pass",
        }),
        "gates-testing" => gate(match (every, first, n) {
            (true, true, 3) => "fix",
            (true, false, 2) => "human",
            _ => "pass",
        }),
        "gates-review" => gate(match (every, first, n) {
            (true, true, 4) => "fix",
            (true, false, 2) => "human",
            _ => "pass",
        }),
        "stuck-implementation" => decision("retry", "use the standard library"),
        "stuck-testing.2" | "stuck-review.2" => decision("skip", "good enough"),
        "stuck-merge.2" => decision("retry", "merge main into it"),
        "merge-decision.5" => decision("change", "say hello, not hi"),
        _ if step.starts_with("merge-decision.") => decision("approve", ""),
        "merge" => merged(
            match (every, first, n) {
                (true, true, 6) => Some("head_moved"),
                (true, false, 2) => Some("not_mergeable"),
                _ => None,
            },
            &format!("merge-{milestone}"),
        ),
        "complete" => Answer::Short(json!({})),
        _ => panic!("the workflows made a step that the story does not know: {milestone}.{step}"),
    }
}

/// What is wrong with the body of a step, as the services would see it.
pub(crate) fn complaint(path: &str, body: &Value) -> Option<String> {
    let text = |fields: &[&str]| {
        fields
            .iter()
            .find(|field| body[**field].as_str().is_none_or(str::is_empty))
            .map(|field| format!("`{field}` is missing in {body}"))
    };
    match path {
        "agent-runs" => unreadable::<StartAgentRun>(body),
        "branches/verify" => unreadable::<VerifyBranch>(body),
        "checks/await" => text(&["repository", "sha"]),
        "gates" => unreadable::<BranchEvidence>(&body["branch"])
            .or_else(|| unreadable::<ChecksResult>(&body["checks"]))
            .or_else(|| unreadable::<Option<AgentResult>>(&body["agent"]))
            .or_else(|| text(&["milestone", "stage"]))
            .or_else(|| {
                (body["stage"] != "implementation" && body["qa"].is_null()).then(|| "no answer of QA".to_owned())
            }),
        "decisions" => unreadable::<Option<DecisionArtifact>>(&body["artifact"])
            .or_else(|| unreadable::<Vec<String>>(&body["options"]))
            .or_else(|| text(&["type", "title", "summary", "risk"])),
        "stages" => text(&["stage"]),
        "branches" => text(&["repository", "branch", "from"]),
        "commits" => text(&["repository", "branch", "message"]),
        "pull-requests" => text(&["repository", "head", "base", "title", "body"]),
        "pull-requests/merge" => text(&["repository", "expected_head_sha", "method"]),
        "releases" => text(&["repository", "tag", "target", "name", "body"]),
        "finish" => text(&["outcome"]),
        _ => None,
    }
}

fn unreadable<T: DeserializeOwned>(value: &Value) -> Option<String> {
    serde_json::from_value::<T>(value.clone()).err().map(|error| format!("{error} in {value}"))
}
