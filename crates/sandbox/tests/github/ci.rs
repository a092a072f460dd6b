use sandbox::{GithubSettings, Settings};
use serde_json::{Value, json};

use super::{BOT, World};

const WORKFLOW: &str = ".github/workflows/ci.yml";

fn finished(list: &Value) -> Option<Vec<Value>> {
    let runs = list["check_runs"].as_array().filter(|runs| !runs.is_empty())?;
    runs.iter().all(|run| run["status"] == "completed").then(|| runs.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_of_a_workflow_really_run() {
    let world = World::start().await;
    let workflow = "
name: Tests
on: [push]
env: {GREETING: hello}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Remember
        id: one
        run: |
          echo LATER=$GREETING-later >> $GITHUB_ENV
          echo word=out >> $GITHUB_OUTPUT
      - name: Use
        run: test \"$LATER-${{ steps.one.outputs.word }}\" = hello-later-out && test -f answer.txt
      - name: See no secrets
        run: test -z \"$SANDBOX_GITHUB_TOKEN$CARGO\" && test \"$HOME\" != \"$GITHUB_WORKSPACE\" && test -z \"$(ls -A $HOME)\"
  after:
    needs: test
    runs-on: ubuntu-latest
    steps: [{run: exit 3}, {run: echo not reached}, {if: always(), run: echo cleaned up}]
  last:
    needs: after
    runs-on: ubuntu-latest
    steps: [{run: echo never}]
";
    let clone = world.pushed("tested", &[(WORKFLOW, workflow), ("answer.txt", "42\n")]).await;
    let sha = clone.git(&["rev-parse", "HEAD"]).await;
    let runs = world.until(&format!("/repos/{BOT}/tested/commits/{sha}/check-runs"), finished).await;
    let conclusion = |name: &str| runs.iter().find(|run| run["name"] == name).unwrap()["conclusion"].clone();
    assert_eq!(conclusion("test"), "success", "{runs:#?}");
    assert_eq!(conclusion("after"), "failure");
    assert_eq!(conclusion("last"), "skipped");
    let after = runs.iter().find(|run| run["name"] == "after").unwrap();
    assert_eq!(after["app"]["slug"], "github-actions");
    assert!(after["output"]["summary"].as_str().unwrap().contains("$ exit 3"), "{after}");

    let path = format!("/repos/{BOT}/tested/actions/runs?head_sha={sha}");
    let run = world
        .until(&path, |list| Some(list["workflow_runs"][0].clone()).filter(|run| run["status"] == "completed"))
        .await;
    assert_eq!(run["conclusion"], "failure");
    let jobs = world.get(run["jobs_url"].as_str().unwrap()).await;
    let steps: Vec<&str> = jobs.body["jobs"][1]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["conclusion"].as_str())
        .collect();
    assert_eq!(steps, ["failure", "skipped", "success"]);
    let log = world.get(&format!("{}/logs", jobs.body["jobs"][1]["url"].as_str().unwrap())).await;
    assert_eq!(log.status, 302);
    let log = world.get(log.headers["location"].to_str().unwrap()).await;
    assert!(log.body.as_str().unwrap().contains("cleaned up"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_does_not_end_is_stopped() {
    let github = GithubSettings { job_timeout_seconds: 1, ..GithubSettings::default() };
    let world = World::start_with(Settings { github, ..Settings::default() }).await;
    let workflow = "on: push\njobs: {hang: {runs-on: x, steps: [{run: 'sleep 600 & sleep 600'}]}}\n";
    world.pushed("hangs", &[(WORKFLOW, workflow)]).await;
    let runs = world.until(&format!("/repos/{BOT}/hangs/commits/main/check-runs"), finished).await;
    assert_eq!(runs[0]["conclusion"], "timed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_file_that_cannot_be_read_fails_where_people_look() {
    let world = World::start().await;
    world.pushed("broken", &[(WORKFLOW, "on: push\njobs: [\n")]).await;
    let runs = world.until(&format!("/repos/{BOT}/broken/commits/main/check-runs"), finished).await;
    assert_eq!(runs[0]["conclusion"], "failure");
    assert!(runs[0]["output"]["summary"].as_str().unwrap().contains("not valid YAML"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_runs_what_asks_for_pull_requests() {
    let world = World::start().await;
    let workflow = "on: {pull_request: {branches: [main]}}\njobs: {t: {runs-on: x, steps: [{run: test -f b.txt}]}}\n";
    let clone = world.pushed("asks", &[(WORKFLOW, workflow)]).await;
    clone.git(&["checkout", "--quiet", "-b", "feature"]).await;
    clone.commit(&[("b.txt", "b\n")], "Add b").await;
    clone.push(&["feature"]).await;
    let none = world.get(&format!("/repos/{BOT}/asks/commits/feature/check-runs")).await;
    assert_eq!(none.body["total_count"], 0, "a push alone starts nothing here");
    let pull = json!({"title": "Add b", "head": "feature", "base": "main"});
    world.post(&format!("/repos/{BOT}/asks/pulls"), pull).await;
    let runs = world.until(&format!("/repos/{BOT}/asks/commits/feature/check-runs"), finished).await;
    assert_eq!(runs[0]["conclusion"], "success");
    assert_eq!(runs[0]["pull_requests"][0]["number"], 1);
}
