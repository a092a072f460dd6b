use reqwest::Method;
use sandbox::{GithubSettings, Settings};
use serde_json::json;

use super::{BOT, World};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_has_not_changed_is_304_and_free() {
    let world = World::start().await;
    world.create_repo("same").await;
    let path = format!("/repos/{BOT}/same");
    let first = world.get(&path).await;
    let tag = first.headers["etag"].clone();
    let used =
        |headers: &reqwest::header::HeaderMap| headers["x-ratelimit-used"].to_str().unwrap().parse::<u64>().unwrap();
    let again = world.send(world.request(Method::GET, &path).header("if-none-match", &tag)).await;
    assert_eq!(again.status, 304);
    assert_eq!(used(&again.headers), used(&first.headers));
    world.patch(&path, json!({"description": "other"})).await;
    let changed = world.send(world.request(Method::GET, &path).header("if-none-match", &tag)).await;
    assert_eq!(changed.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_told_until_when_to_wait() {
    let github = GithubSettings { rate_limit: 2, ..GithubSettings::default() };
    let world = World::start_with(Settings { github, ..Settings::default() }).await;
    assert_eq!(world.get("/user").await.headers["x-ratelimit-remaining"], "1");
    assert_eq!(world.get("/user").await.status, 200);
    let over = world.get("/user").await;
    assert_eq!(over.status, 403);
    assert_eq!(over.headers["x-ratelimit-remaining"], "0");
    assert!(over.body["message"].as_str().unwrap().starts_with("API rate limit exceeded"));
    let limit = world.get("/rate_limit").await;
    assert_eq!(limit.status, 200, "asking is free");
    assert_eq!(limit.body["resources"]["core"]["remaining"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_linked_by_the_repositorys_number() {
    let world = World::start().await;
    world.create_repo("paged").await;
    let page = world.get(&format!("/repos/{BOT}/paged/labels?per_page=4&page=2")).await;
    assert_eq!(page.body.as_array().unwrap().len(), 4);
    let link = page.headers["link"].to_str().unwrap();
    for relation in ["prev", "next", "first", "last"] {
        assert!(link.contains(&format!("rel=\"{relation}\"")), "{link}");
    }
    let next = link.split('<').find(|part| part.contains("rel=\"next\"")).unwrap().split('>').next().unwrap();
    assert!(next.contains("/repositories/"), "{next}");
    assert_eq!(world.get(next).await.body.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_enterprise_path_is_the_same_api() {
    let world = World::start().await;
    assert_eq!(world.get("/api/v3/user").await.body["login"], BOT);
    assert_eq!(world.get("/user/").await.status, 404, "a slash at the end is another path");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_told_what_is_wrong() {
    let world = World::start().await;
    let with = |body: &'static str| world.send(world.request(Method::POST, "/user/repos").body(body));
    let broken = with("{").await;
    assert_eq!((broken.status.as_u16(), &broken.body["message"]), (400, &json!("Problems parsing JSON")));
    let bare = with("1").await;
    assert_eq!((bare.status.as_u16(), &bare.body["message"]), (400, &json!("Body should be a JSON object")));
    let nameless = with("{}").await;
    assert_eq!(nameless.status, 422);
    assert_eq!(nameless.body["errors"][0]["code"], "missing_field");
    assert_eq!(nameless.body["status"], "422");
    let version = world.send(world.request(Method::GET, "/user").header("x-github-api-version", "2001-01-01")).await;
    assert_eq!(version.status, 400);
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    let unnamed = plain.get(format!("{}/user", world.sandbox.url())).bearer_auth(super::TOKEN).send().await.unwrap();
    assert_eq!(unnamed.status(), 403, "a user agent is needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_is_written_by_one_at_a_time() {
    let world = World::start().await;
    world.pushed("race", &[("README.md", "# Race\n")]).await;
    let world = &world;
    let write = |number| write_one(world, number);
    let statuses = futures::future::join_all((0..6).map(write)).await;
    assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
    let commits = world.get(&format!("/repos/{BOT}/race/commits")).await;
    assert_eq!(commits.body.as_array().unwrap().len(), 7, "none was lost");
}

async fn write_one(world: &World, number: usize) -> reqwest::StatusCode {
    let path = format!("/repos/{BOT}/race/contents/{number}.txt");
    world.put(&path, json!({"message": "m", "content": "eA=="})).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_paths_change_nothing() {
    let world = World::start().await;
    world.pushed("safe", &[("README.md", "# Safe\n")]).await;
    let repo = format!("/repos/{BOT}/safe");
    let made = world.post("/user/repos", json!({"name": "../../etc/passwd"})).await;
    assert_eq!(made.body["name"], "..-..-etc-passwd");
    for path in ["%2e%2e/x", ".git/config", "a//b", "a/../../b"] {
        let put = world.put(&format!("{repo}/contents/{path}"), json!({"message": "m", "content": "eA=="})).await;
        assert!(put.status.is_client_error(), "{path}: {}", put.status);
    }
    for name in ["refs/heads/--upload-pack=x", "refs/heads/a..b", "refs/heads/", "HEAD", "refs/pull/1/head"] {
        let main = world.get(&format!("{repo}/git/ref/heads/main")).await.body["object"]["sha"].clone();
        let made = world.post(&format!("{repo}/git/refs"), json!({"ref": name, "sha": main})).await;
        assert_eq!(made.status, 422, "{name}");
    }
    for reference in ["--help", "main~1", "main^{tree}", "@{u}", "main:README.md"] {
        let encoded: String = url::form_urlencoded::byte_serialize(reference.as_bytes()).collect();
        let read = world.get(&format!("{repo}/commits/{encoded}")).await;
        assert_eq!(read.status, 422, "{reference}");
    }
}
