use serde_json::{Value, json};

use crate::{quantapilot, run};

/// Checks a copy of our workflows in which one was changed.
fn check_changed(file: &str, change: impl FnOnce(&mut Value)) -> (i32, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../n8n-workflows")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    let path = dir.path().join(file);
    let mut workflow: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut workflow);
    std::fs::write(&path, workflow.to_string()).unwrap();
    let (code, stdout, stderr) =
        run(&mut quantapilot(&["--json", "workflows", "check", "--dir", dir.path().to_str().unwrap()]));
    assert!(stderr.is_empty(), "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    (code, serde_json::from_value(report["problems"].clone()).unwrap())
}

fn node<'a>(workflow: &'a mut Value, name: &str) -> &'a mut Value {
    workflow["nodes"].as_array_mut().unwrap().iter_mut().find(|node| node["name"] == name).unwrap()
}

#[test]
fn our_workflows_have_no_problems() {
    let (code, stdout, _) = run(&mut quantapilot(&["workflows", "check"]));
    assert_eq!(code, 0, "{stdout}");
}

#[test]
fn what_would_break_at_run_time_is_found() {
    let found = |file, change: fn(&mut Value)| {
        let (code, problems) = check_changed(file, change);
        assert_eq!(code, 1);
        problems.join("\n")
    };
    let renamed = found("review.json", |w| node(w, "Gate: review")["name"] = json!("Gate"));
    assert!(renamed.contains("a connection names `Gate: review`, which is no node"), "{renamed}");
    let referred = found("review.json", |w| node(w, "When called")["name"] = json!("Called"));
    assert!(referred.contains("refers to `When called`, which is no node"), "{referred}");
    let code = found("review.json", |w| node(w, "Verdict")["type"] = json!("n8n-nodes-base.code"));
    assert!(code.contains("`Verdict` is of type `n8n-nodes-base.code`, which is not one of the tested ones"), "{code}");
    let version = found("test.json", |w| node(w, "Verdict")["typeVersion"] = json!(3));
    assert!(version.contains("is of version 3 of `set`; tested is 3.5"), "{version}");
    let credential = found("checks.json", |w| node(w, "Ask for the checks")["credentials"] = json!({}));
    assert!(credential.contains("uses the credential `none`, not `qpCredOutbound01`"), "{credential}");
    let timeout = found("checks.json", |w| node(w, "Ask for the checks")["parameters"]["options"] = json!({}));
    assert!(timeout.contains("has no time-out"), "{timeout}");
    let silent = found("checks.json", |w| {
        w["connections"]["Ask for the checks"]["main"].as_array_mut().unwrap().truncate(1);
    });
    assert!(silent.contains("a failure would pass as success"), "{silent}");
    let missing =
        found("milestone.json", |w| node(w, "Review")["parameters"]["workflowId"]["value"] = json!("qpElsewhere00001"));
    assert!(missing.contains("it needs the workflow `qpElsewhere00001`, which is not there"), "{missing}");
    let twice = found("release.json", |w| w["id"] = json!("qpReview00000001"));
    assert!(twice.contains("the workflow id `qpReview00000001` is used 2 times"), "{twice}");
}

#[test]
fn a_circle_of_workflows_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let workflow = json!({ "id": "qpSelf0000000001", "name": "Self", "nodes": [], "connections": {}, "settings": { "errorWorkflow": "qpSelf0000000001" } });
    std::fs::write(dir.path().join("self.json"), workflow.to_string()).unwrap();
    let (code, _, stderr) = run(&mut quantapilot(&["workflows", "check", "--dir", dir.path().to_str().unwrap()]));
    assert_eq!(code, 1);
    assert!(stderr.contains("call each other in a circle"), "{stderr}");
}
