//! The workflows on a real n8n, against a stand-in of our services. Slow (n8n takes its time to start), and one at a time, so they run only
//! when they are asked for: `cargo test --test workflows -- --ignored`. `cargo xtask test` does, beside all others.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not foresee")]

mod n8n;
mod script;
mod standin;

use std::time::Duration;

use insta::assert_snapshot;
use n8n::N8n;
use script::Story;
use serde_json::{Value, json};
use standin::{INTAKE, PROJECT, StandIn, World};
use tokio::sync::Mutex;

/// Two of these at once make each other too slow.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

async fn start(story: Story) -> Option<(N8n, StandIn)> {
    common::http::client::install_crypto();
    let n8n = N8n::start().await?;
    let standin = StandIn::default();
    standin.with(|world| world.story = story);
    standin.n8n_is_at(&n8n.url);
    let services = standin.serve().await;
    let report = n8n.import(&services);
    assert!(report["workflows"].as_array().unwrap().iter().all(|w| w["change"] == "created"), "{report}");
    Some((n8n, standin))
}

fn project() -> Value {
    json!({ "project_id": PROJECT })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes of a real n8n; see the top of the file"]
async fn a_project_takes_every_turn_and_ends_released() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let Some((n8n, standin)) = start(Story::EveryTurn).await else { return };

    n8n.trigger("qp-project", &project()).await;
    standin.until("the project is finished", 600, |world| world.finished.is_some()).await;

    standin.with(|world| {
        assert_eq!(world.complaints, Vec::<String>::new());
        assert_eq!(world.errors, Vec::<Value>::new());
        assert_eq!(world.finished.as_ref().unwrap()["outcome"], "completed");
        assert_eq!(world.finished.as_ref().unwrap()["release"]["tag"], "v0.1.0");
        assert_snapshot!("every_turn", world.effects.join("\n"));
        // What a round learns from the one before it.
        assert_eq!(world.bodies["plan.agent/2"]["inputs"]["findings"][0]["title"], "a requirement is not covered");
        assert_eq!(world.bodies["plan.agent/3"]["inputs"]["comment"], "answer in JSON");
        assert_eq!(world.bodies["plan.agent/4"]["inputs"]["comment"], "smaller milestones");
        assert_eq!(world.bodies["m1.implement/1"]["task"], "implement");
        assert_eq!(world.bodies["m1.implement/3"]["task"], "fix");
        assert_eq!(world.bodies["m1.implement/3"]["inputs"]["findings"][0]["title"], "fix");
        assert_eq!(world.bodies["m1.implement/3"]["inputs"]["checks"]["conclusion"], "failure");
        assert_eq!(world.bodies["m1.implement/6"]["inputs"]["comment"], "say hello, not hi");
        assert_eq!(world.bodies["m1.gates-implementation/1"]["checks"]["conclusion"], "none");
        assert_eq!(
            world.bodies["m1.gates-implementation/7"]["agent"],
            Value::Null,
            "nobody worked: the head had moved"
        );
        assert_eq!(world.bodies["m1.merge/7"]["expected_head_sha"], "qa-7");
        assert_eq!(world.bodies["m1.merge-decision.5/1"]["risk"], "low");
        assert_eq!(world.bodies["m2.merge-decision.2/1"]["risk"], "high", "stages were skipped");
        assert_eq!(world.bodies["release.publish/1"]["target"], "merge-m2");
    });
    settle(&n8n).await;
    for (id, workflow, status) in n8n.executions().await {
        assert_eq!(status, "success", "execution {id} of {workflow}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes of a real n8n; see the top of the file"]
async fn an_import_repeated_changes_nothing_and_an_intake_passes() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let Some((n8n, standin)) = start(Story::Smooth).await else { return };

    let services = standin.serve().await;
    let first = n8n.import(&services); // elsewhere: every workflow that calls our services changes
    assert!(first["workflows"].as_array().unwrap().iter().any(|w| w["change"] == "updated"), "{first}");
    let key = std::fs::read_to_string(n8n.api_key_file()).unwrap();
    let second = n8n.import(&services);
    for workflow in second["workflows"].as_array().unwrap() {
        assert_eq!(workflow["change"], "unchanged", "{workflow}");
        let stored = n8n.api(&format!("workflows/{}", workflow["id"].as_str().unwrap())).await;
        assert_eq!(stored["active"], true, "{workflow}");
        assert_eq!(stored["versionId"], workflow["version_id"], "{workflow}");
    }
    assert_eq!(second["workflows"].as_array().unwrap().len(), 13);
    assert_eq!(second["webhooks"], json!(["qp-intake", "qp-project"]));
    assert_eq!(std::fs::read_to_string(n8n.api_key_file()).unwrap(), key, "a good key is kept");

    std::fs::write(n8n.api_key_file(), "not-a-key").unwrap();
    n8n.import(&services);
    assert_ne!(std::fs::read_to_string(n8n.api_key_file()).unwrap(), "not-a-key", "a refused key is replaced");

    n8n.trigger("qp-intake", &json!({ "intake_id": INTAKE })).await;
    standin.until("the intake is accepted", 120, |world| !world.accepted.is_empty()).await;
    assert_eq!(standin.with(|world| world.accepted.clone()), [json!({ "project_id": PROJECT })]);
    let refused = n8n::post(&format!("{}/webhook/qp-project", n8n.url), &[("X-QP-Token", "wrong")], &project()).await;
    assert_eq!(refused.unwrap().0, 403, "nobody else may start a workflow");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes of a real n8n; see the top of the file"]
async fn a_killed_n8n_loses_nothing_and_repeats_nothing() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let Some((mut n8n, standin)) = start(Story::Smooth).await else { return };
    let waits = ["plan.agent/1", "plan.decision/1", "m1.checks/2", "m1.merge-decision.2/1"];
    standin.with(|world| {
        world.hold.extend(waits.map(str::to_owned));
        world.slow.insert("foundation.merge/1".to_owned(), Duration::from_secs(3));
    });

    n8n.trigger("qp-project", &project()).await;
    for step in waits {
        standin.until(step, 300, |world| world.waits(step)).await;
        n8n.kill();
        // The answer comes while nobody is there to hear it.
        standin.finish(step);
        n8n.launch().await;
        standin.with(|world| world.carrier_lost = true);
        n8n.trigger("qp-project", &project()).await;
        if step == "plan.decision/1" {
            // In the middle of a short call: the effect is made, the answer lost.
            standin.until("the merge is being made", 300, |world| !world.slow.contains_key("foundation.merge/1")).await;
            n8n.kill();
            n8n.launch().await;
            standin.with(|world| world.carrier_lost = true);
            n8n.trigger("qp-project", &project()).await;
        }
    }
    standin.until("the project is finished", 600, |world| world.finished.is_some()).await;

    standin.with(|world| {
        assert_eq!(world.complaints, Vec::<String>::new());
        let mut once = world.effects.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), world.effects.len(), "an effect was made twice");
        assert_snapshot!("smooth", world.effects.join("\n"));
    });
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes of a real n8n; see the top of the file"]
async fn a_superseded_execution_ends_quietly_and_an_outage_is_outlived() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let Some((n8n, standin)) = start(Story::Smooth).await else { return };
    standin.with(|world| {
        world.hold.insert("m1.implement/1".to_owned());
        world.outage.insert("analysis/1".to_owned(), 2);
    });

    // The service is away for a few seconds: the same execution gets over it.
    let old = n8n.trigger("qp-project", &project()).await;
    standin.until("the developer works", 300, |world| world.waits("m1.implement/1")).await;
    let refused = standin.with(|world| world.calls.iter().filter(|(_, status)| *status == 503).count());
    assert_eq!(refused, 2);
    let old_wait = standin.with(|world| world.resume_path("m1.implement/1")).unwrap();

    // A second execution while the first is alive stops by itself; when the first counts as lost, it takes over.
    n8n.trigger("qp-project", &project()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(standin.with(|world| world.resume_path("m1.implement/1")).as_deref(), Some(old_wait.as_str()));
    standin.with(|world| world.carrier_lost = true);
    let carrier = n8n.trigger("qp-project", &project()).await;
    standin
        .until("the new execution waits", 300, |world| {
            world.resume_path("m1.implement/1").is_some_and(|path| path != old_wait)
        })
        .await;

    // The old one wakes up: its next call is refused, and it ends without noise, its parents too.
    n8n::post(&format!("{}{old_wait}", n8n.url), &[], &json!({})).await;
    standin
        .until("the old execution was refused", 300, |world| {
            world.calls.iter().filter(|(_, status)| *status == 409).count() >= 5
        })
        .await;
    wait_for_status(&n8n, &old, "success").await;

    // Down for longer than a node tries: the execution fails, that is reported, and the next one goes on.
    standin.with(|world| world.outage.insert("m1.gates-implementation/1".to_owned(), 5));
    standin.finish("m1.implement/1");
    // Its callers fail with it, and n8n reports each at once: any may be the first.
    let of_the_node = |world: &World| world.errors.iter().find(|error| error["node"] == "Report the failure").cloned();
    standin.until("the failure is reported", 300, |world| of_the_node(world).is_some()).await;
    let reported = standin.with(|world| of_the_node(world)).unwrap();
    assert!(reported["error"]["message"].as_str().unwrap().contains("503"), "{reported}");
    assert!(!reported.to_string().contains("Bearer"), "a secret left n8n: {reported}");
    // The executions that called it fail with it, up to the one that dashboard-backend knows.
    standin
        .until("the carrier's failure is reported", 300, |world| {
            world.errors.iter().any(|error| {
                error["execution_id"] == carrier.as_str()
                    && error["node"] == "Build the milestone"
                    && error["error"]["message"].as_str().is_some_and(|message| message.starts_with("503 "))
            })
        })
        .await;
    standin.with(|world| world.carrier_lost = true);
    n8n.trigger("qp-project", &project()).await;
    standin.until("the project is finished", 600, |world| world.finished.is_some()).await;
    standin.with(|world| assert_eq!(world.complaints, Vec::<String>::new()));

    // A project that was closed takes no more steps: its executions end quietly.
    let errors = standin.with(|world| {
        world.closed = true;
        world.carrier_lost = true;
        world.errors.len()
    });
    let closed = n8n.trigger("qp-project", &project()).await;
    wait_for_status(&n8n, &closed, "success").await;
    assert_eq!(standin.with(|world| world.errors.len()), errors);
}

async fn wait_for_status(n8n: &N8n, execution: &str, status: &str) {
    for _ in 0..1500 {
        let found = n8n.api(&format!("executions/{execution}")).await["status"].clone();
        if found == status {
            return;
        }
        assert!(
            matches!(found.as_str(), Some("running" | "waiting" | "new")),
            "execution {execution} ended as {found}"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("execution {execution} did not become {status}");
}

/// The last answer is out before n8n has written the execution down.
async fn settle(n8n: &N8n) {
    for _ in 0..600 {
        if n8n.executions().await.iter().all(|(_, _, status)| status != "running" && status != "waiting") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
