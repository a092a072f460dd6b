use super::*;

fn variables(name: &str) -> Option<String> {
    name.ends_with("_URL").then(|| "http://127.0.0.1:1".to_owned())
}

fn name(table: &Table, path: &str) -> Option<String> {
    match table.find(path, &Method::GET) {
        Found::Route(route) => Some(route.name.clone()),
        _ => None,
    }
}

#[test]
fn the_longest_prefix_wins_and_inner_doors_stay_shut() {
    let table = Table::built_in(&variables).unwrap();
    for (path, route) in [
        ("/api/v1/auth/login", "auth"),
        ("/api/v1/auth/me", "auth-me"),
        ("/api/v1/auth/mellow", "auth"),
        ("/api/v1/projects/1", "projects"),
        ("/api/v1/settings", "api"),
        ("/api/v1/agent-runs/7/messages", "agent-runs"),
        ("/api/v1/agent-runs/", "agent-runs"),
        ("/api/v1/agent-runs-of-old", "api"),
        ("/webhooks/github", "webhook-github"),
        ("/webhooks/cursor", "webhook-cursor"),
        ("/projects/7", "app"),
        ("/", "app"),
        ("/.well-known/x", "app"),
        ("/a/b.c", "approval-links"),
    ] {
        assert_eq!(name(&table, path).as_deref(), Some(route), "{path}");
    }
    for path in [
        "/internal/v1/projects",
        "/internal",
        "/metrics",
        "/health/ready",
        "/api/v1/../../internal/v1/x",
        "/api/v1/./x",
        "/api/v1/%2e%2e/x",
        "/api/v1/%2E%2E%2finternal",
        "/api/v1/a%00b",
        "/api/v1/a\\b",
        "//internal/v1",
        "internal",
        "*",
        "",
    ] {
        assert_eq!(name(&table, path), None, "{path}");
    }
}

const BASE: &str = "[limits]\na = { per_minute = 1, burst = 1 }\n[upstreams.x]\nservers = ['http://127.0.0.1:1']\n";

fn problem(text: &str) -> Problem {
    Table::parse(text, &|_| None).unwrap_err()
}

#[test]
fn a_bad_file_says_line_and_reason() {
    let route =
        |rest: &str| format!("{BASE}[[route]]\nname='r'\nprefix='/r'\nupstream='x'\nauth='public'\nlimit='a'\n{rest}");
    assert!(Table::parse(&route(""), &|_| None).is_ok());
    for (text, line, why) in [
        (route("typo=1"), 11, "typo"),
        (route("retries=-1"), 11, "-1"),
        (route("scope='projects'"), 11, "scope"),
        (route("auth='king'"), 11, "duplicate key"),
        (route("try_timeout_seconds=60"), 11, "all tries together"),
        (route("methods=['get']"), 11, "not a method"),
        (route("cache={ second=1 }"), 11, "second"),
        (route("").replace("'/r'", "'/internal/x'"), 7, "/internal"),
        (route("").replace("'/r'", "'r'"), 7, "start with `/`"),
        (route("").replace("upstream='x'", "upstream='y'"), 8, "no upstream `y`"),
        (route("").replace("'public'", "'king'"), 9, "king"),
        (route("").replace("limit='a'", "limit='b'"), 10, "limit `b`"),
        (route("").replace("limit='a'", "limit={ per_minute=0, burst=1 }"), 10, "per_minute"),
        (route("").replace("http://127.0.0.1:1", "https://x"), 4, "http://"),
        (route("").replace("http://127.0.0.1:1", "$NOBODY"), 4, "NOBODY"),
        (route("").replace("http://127.0.0.1:1", ""), 4, "no servers"),
        (route("[[route]]\nname='r'\nprefix='/s'\nupstream='x'\nauth='public'\nlimit='a'"), 12, "two routes named"),
        (route("[[route]]\nname='s'\nprefix='/r/'\nupstream='x'\nauth='public'\nlimit='a'"), 13, "same prefix"),
        (BASE.to_owned(), 0, "no [[route]]"),
        ("[[route".to_owned(), 1, ""),
    ] {
        let found = problem(&text);
        assert!(found.line == line && found.reason.contains(why), "{found:?} is not {line} {why} of:\n{text}");
    }
    let near = problem(&route("").replace("upstream='x'", "upstream='xx'"));
    assert!(near.reason.contains("did you mean `x`?"), "{near}");
}

#[test]
fn methods_may_tell_routes_of_one_prefix_apart() {
    let one = |name: &str, methods: &str| {
        format!("[[route]]\nname='{name}'\nprefix='/r'\nupstream='x'\nauth='public'\nlimit='a'\nmethods={methods}\n")
    };
    let table = Table::parse(&format!("{BASE}{}{}", one("read", "['GET']"), one("write", "['POST','PUT']")), &|_| None)
        .unwrap();
    let found = |method: Method| match table.find("/r/1", &method) {
        Found::Route(route) => route.name.clone(),
        Found::OtherMethods(methods) => format!("{} others", methods.len()),
        Found::Nothing => "nothing".to_owned(),
    };
    assert_eq!(found(Method::GET), "read");
    assert_eq!(found(Method::HEAD), "read");
    assert_eq!(found(Method::PUT), "write");
    assert_eq!(found(Method::DELETE), "3 others");
}

#[test]
fn an_address_may_come_from_a_variable_with_several() {
    let text = format!("{BASE}[[route]]\nname='r'\nprefix='/r'\nupstream='x'\nauth='public'\nlimit='a'\n")
        .replace("http://127.0.0.1:1", "$MANY");
    let table =
        Table::parse(&text, &|name| (name == "MANY").then(|| "http://one:1, http://[::1]:2,http://three".to_owned()))
            .unwrap();
    let hosts: Vec<_> = table.upstreams[0].hosts.iter().map(|(host, port)| format!("{host} {port}")).collect();
    assert_eq!(hosts, ["one 1", "::1 2", "three 80"]);
}

proptest::proptest! {
    #[test]
    fn any_file_is_read_or_refused_without_a_panic(text in "\\PC{0,400}") {
        let _ = Table::parse(&text, &|_| None);
    }

    #[test]
    fn any_damage_to_a_good_file_is_read_or_refused_without_a_panic(at in 0..2000_usize, with in "\\PC{0,12}") {
        let mut text = include_str!("../../routes.toml").to_owned();
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        text.insert_str(at, &with);
        if let Err(problem) = Table::parse(&text, &variables) {
            proptest::prop_assert!(!problem.reason.is_empty());
        }
    }

    #[test]
    fn no_path_reaches_an_inner_door(path in "(/|\\.|%2e|%2f|internal|health|api|v1|metrics|\\PC){0,12}") {
        let table = Table::built_in(&variables).unwrap();
        if let Found::Route(_) = table.find(&path, &Method::GET) {
            let plain = path.replace("%2e", ".").replace("%2f", "/").to_lowercase();
            proptest::prop_assert!(!plain.starts_with("/internal/") && plain != "/internal" && !plain.contains("/../"), "{path}");
        }
    }
}
