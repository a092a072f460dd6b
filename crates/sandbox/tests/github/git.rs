use serde_json::json;

use super::{BOT, World, git, try_git};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_is_served_and_what_the_api_writes_is_fetched() {
    let world = World::start().await;
    let clone = world.pushed("both", &[("README.md", "# Both ways\n"), ("src/deep/file.txt", "one\n")]).await;
    let head = clone.git(&["rev-parse", "HEAD"]).await;

    let reference = world.get(&format!("/repos/{BOT}/both/git/ref/heads/main")).await;
    assert_eq!(reference.body["object"]["sha"], head.as_str());
    let readme = world.get(&format!("/repos/{BOT}/both/readme")).await;
    assert_eq!(readme.body["path"], "README.md");

    let content = json!({"message": "From the API", "content": "YXBpCg==", "branch": "main"});
    let written = world.put(&format!("/repos/{BOT}/both/contents/docs/api.txt"), content).await;
    assert_eq!(written.status, 201, "{}", written.body);
    clone.git(&["pull", "--quiet", &clone.remote, "main"]).await;
    assert_eq!(std::fs::read_to_string(clone.path.join("docs/api.txt")).unwrap(), "api\n");
    assert_eq!(clone.git(&["rev-parse", "HEAD"]).await, written.body["commit"]["sha"]);

    // Without `.git` at the end, shallow, and anonymous: the repository is public.
    let address = format!("{}/{BOT}/both", world.sandbox.url());
    git(world.directory.path(), &["clone", "--quiet", "--depth", "1", &address, "again"]).await;
    assert!(world.directory.path().join("again/docs/api.txt").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_push_arrives_whole() {
    let world = World::start().await;
    // Does not compress, so that git sends it in chunks.
    let lines = (0..120_000_u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_string());
    let noise = lines.collect::<Vec<_>>().join("\n");
    let clone = world.pushed("large", &[("noise.txt", &noise)]).await;
    git(world.directory.path(), &["clone", "--quiet", &clone.remote, "copy"]).await;
    assert_eq!(std::fs::read_to_string(world.directory.path().join("copy/noise.txt")).unwrap(), noise);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_may_not_push_nor_see_what_is_private() {
    let world = World::start().await;
    let clone = world.pushed("closed", &[("README.md", "# Closed\n")]).await;
    let open = format!("{}/{BOT}/closed", world.sandbox.url());
    assert!(!try_git(&clone.path, &["push", &open, "main:other"]).await.status.success());
    let wrong = open.replace("http://", "http://x:wrong@");
    assert!(!try_git(&clone.path, &["push", &wrong, "main:other"]).await.status.success());

    world.patch(&format!("/repos/{BOT}/closed"), json!({"private": true})).await;
    assert!(!try_git(&clone.path, &["ls-remote", &open]).await.status.success());
    assert!(!try_git(&clone.path, &["ls-remote", &wrong]).await.status.success());
    assert!(try_git(&clone.path, &["ls-remote", &clone.remote]).await.status.success());
    let anonymous = world.client.get(format!("{}/repos/{BOT}/closed", world.sandbox.url())).send().await.unwrap();
    assert_eq!(anonymous.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_moves_closes_and_merges_pull_requests() {
    let world = World::start().await;
    let clone = world.pushed("moves", &[("a.txt", "a\n")]).await;
    clone.git(&["checkout", "--quiet", "-b", "feature"]).await;
    clone.commit(&[("b.txt", "b\n")], "Add b").await;
    clone.push(&["feature"]).await;
    let pulls = format!("/repos/{BOT}/moves/pulls");
    let pull = world.post(&pulls, json!({"title": "Add b", "head": "feature", "base": "main"})).await;
    assert_eq!(pull.body["number"], 1, "{}", pull.body);

    let second = clone.commit(&[("c.txt", "c\n")], "Add c").await;
    clone.push(&["feature"]).await;
    let pull = world.get(&format!("{pulls}/1")).await;
    assert_eq!(pull.body["head"]["sha"], second.as_str());
    assert_eq!(pull.body["commits"], 2);
    git(&clone.path, &["fetch", "--quiet", &clone.remote, "refs/pull/1/head"]).await;
    assert_eq!(clone.git(&["rev-parse", "FETCH_HEAD"]).await, second);

    clone.git(&["checkout", "--quiet", "main"]).await;
    clone.git(&["merge", "--quiet", "--no-ff", "--no-edit", "feature"]).await;
    clone.push(&["main"]).await;
    let pull = world.get(&format!("{pulls}/1")).await;
    assert_eq!((&pull.body["state"], &pull.body["merged"]), (&json!("closed"), &json!(true)));
    assert_eq!(pull.body["changed_files"], 2, "a merged pull request still shows its changes");

    clone.git(&["checkout", "--quiet", "-b", "given-up"]).await;
    clone.commit(&[("d.txt", "d\n")], "Add d").await;
    clone.push(&["given-up"]).await;
    world.post(&pulls, json!({"title": "Add d", "head": "given-up", "base": "main"})).await;
    clone.push(&["--delete", "given-up"]).await;
    let pull = world.get(&format!("{pulls}/2")).await;
    assert_eq!((&pull.body["state"], &pull.body["merged"]), (&json!("closed"), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_a_repository_with_a_readme_and_a_name_of_its_own() {
    let world = World::start().await;
    let demo = |body| world.post("/_sandbox/api/demo", body);
    let first = demo(json!({"name": "mine", "text": "# Mine\n"})).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(first.body["full_name"], "demo/mine");
    let second = demo(json!({"name": "mine", "text": "# Mine again\n"})).await;
    assert_eq!(second.body["full_name"], "demo/mine-2");
    let readme = world.get("/repos/demo/mine-2/readme").await;
    assert_eq!(readme.status, 200);
    let commits = world.get("/repos/demo/mine/commits").await;
    assert_eq!(commits.body[0]["author"]["login"], "demo");
    assert_eq!(demo(json!({"readme": "no-such"})).await.status, 422);
    assert_eq!(demo(json!({})).await.status, 422);
}
