use super::*;

/// Texts that must change, and what of them must be gone. The values are made up.
const HIDDEN: &[(&str, &str)] = &[
    ("token ghp_abcdefghijklmnopqrstuvwxyz0123456789 is bad", "ghp_abc"),
    ("github_pat_11ABCDEFG0abcdefghijklmnop", "11ABCDEFG"),
    ("using crsr_0123456789abcdef for Cursor", "crsr_0123"),
    ("POST https://api.telegram.org/bot123456789:AAEabcdefghijklmnopqrstuvwxyz01234/sendMessage", "AAEabc"),
    ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
    ("authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l", "YWxhZGRpbjpvcGVuc2VzYW1l"),
    (r#"headers: {"authorization": "Bearer zyxwvut987"}"#, "zyxwvut987"),
    ("Cookie: qp_refresh=abc.def; qp_access=ghi", "abc.def"),
    (r#""set-cookie": "qp_refresh=abcdef; HttpOnly""#, "abcdef"),
    ("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl", "eyJzdWIi"),
    ("connect to postgres://quantapilot:h%40rd-p@ss@db:5432/quantapilot failed", "h%40rd"),
    ("https://x-access-token:abc@github.example.org/a.git", "abc@"),
    ("GET /setup?token=Zm9vYmFyYmF6&x=1", "Zm9vYmFyYmF6"),
    ("password=hunter2 given", "hunter2"),
    (r#"{"password":"hunter2","name":"x"}"#, "hunter2"),
    (r#"{\"client_secret\":\"hunter2\"}"#, "hunter2"),
    (r#"Login { password: "hunter2" }"#, "hunter2"),
    (r#"Object {"secret": String("hunter2")}"#, "hunter2"),
    ("/webhook-waiting/25?signature=abcdef0123", "abcdef0123"),
    ("x-qp-token: sesame-sesame", "sesame-sesame"),
    ("x-hub-signature-256: sha256=00ff00ff", "00ff00ff"),
    ("https://qp.example.org/a/0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "0123456789abcdef"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----", "MIIEp"),
    (r"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY----- tail", "MIIEv"),
    ("-----BEGIN EC PRIVATE KEY-----\ncut off", "cut off"),
    ("mail to ada.lovelace+qp@mail.example.org refused", "lovelace"),
    ("?email=ada%40example.org", "ada%40"),
    ("müller@exämple.org", "müller"),
    ("asked @ada_lovelace and (@grace_hopper)", "ada_lovelace"),
    ("asked @ada_lovelace and (@grace_hopper)", "grace_hopper"),
    ("see https://t.me/ada_lovelace", "ada_lovelace"),
    (r#"{"chat":{"id":123456789,"type":"private"}}"#, "123456789"),
    ("chat_id=-1001234567890", "1001234567890"),
    ("telegram_user_id: Some(99887766)", "99887766"),
    ("call +49 30 1234567 or (555) 123-4567", "1234567"),
    ("call +49 30 1234567 or (555) 123-4567", "123-4567"),
    ("555-123-4567", "555-123"),
];

/// What people on call need, and what only looks like a secret.
const KEPT: &[&str] = &[
    "listening",
    "answered GET /api/v1/projects/0198c0de-1234-7abc-8def-0123456789ab in 12 ms",
    "the branch moved from 4bf92f3577b34da6a3ce929d0e0e47360af7651c to 00f067aa0ba902b74bf92f3577b34da6a3ce929d",
    "trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "2026-11-25T20:46:17.123456Z and 2026-11-25T20:46:17+00:00",
    "sent 1234567 tokens, 12 tokens left, token limit reached",
    "invalid token: it has expired",
    "a bearer token is needed; basic authentication is not offered",
    "password must have 12 characters or more",
    "react@18.2.0 and @types/node and git@github.com:acme/tool.git",
    "git fetch https://github.com/acme/tool.git",
    "http://127.0.0.1:3900/_sandbox/ and 0.0.0.0:3000 and [::1]:3000",
    "n8n answered 409: The execution 25 is running already",
    "postgres 15.4, redis 7.0.15",
    "sequence 20261122010300, offset 987654321, 200 of 4096 bytes (5.0 %)",
    "fixes #123-4, budget 1-2-3",
];

#[test]
fn secrets_and_people_are_masked() {
    for (text, gone) in HIDDEN {
        let scrubbed = scrub(text);
        assert!(!scrubbed.contains(gone), "`{gone}` is still in `{scrubbed}`");
        assert!(scrubbed.contains('['), "something says that something was there: `{scrubbed}`");
        assert_eq!(scrub(&scrubbed), scrubbed, "scrubbing again changes nothing");
    }
}

#[test]
fn what_people_on_call_need_stays() {
    for text in KEPT {
        assert!(matches!(scrub(text), Cow::Borrowed(same) if same == *text), "`{text}` became `{}`", scrub(text));
    }
}

#[test]
fn only_the_secret_goes() {
    assert_eq!(
        scrub("connect to postgres://qp:hunter22@db:5432/qp failed: password=x and retry=3"),
        "connect to postgres://[secret]@db:5432/qp failed: password=[secret] and retry=3"
    );
    assert_eq!(scrub(r#"{"token":"abc","a":1}"#), r#"{"token":"[secret]","a":1}"#);
    assert_eq!(scrub("mail ada@example.org, then go on"), "mail [email], then go on");
    assert_eq!(scrub("Authorization: Bearer abcdefgh1234"), "Authorization: [secret]");
}

#[test]
fn a_person_may_read_her_own_address_but_no_secret() {
    assert_eq!(secrets("`ada@example.org` with password=abc"), "`ada@example.org` with password=[secret]");
}

#[test]
fn a_registered_value_is_found_in_every_dress() {
    let value = "s3same \"open\" näh+";
    register(value);
    let base64 = {
        use base64::Engine as _;
        base64::prelude::BASE64_STANDARD.encode(value)
    };
    let url: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    for text in [value.to_owned(), serde_json::json!({"x": value}).to_string(), url, base64, format!("{value:?}")] {
        let text = format!("before {text} after");
        let scrubbed = scrub(&text);
        assert!(scrubbed.contains(SECRET) && !scrubbed.contains("same"), "{scrubbed}");
        assert!(scrubbed.starts_with("before ") && scrubbed.ends_with(" after"), "{scrubbed}");
    }
}

#[test]
fn of_a_registered_url_the_password_is_hidden_by_itself() {
    register("postgres://qp-user:correct%20horse%20battery@db/qp");
    for text in ["correct horse battery", "correct%20horse%20battery"] {
        assert_eq!(scrub(&format!("FATAL: {text} is wrong")), "FATAL: [secret] is wrong");
    }
    register("postgres://postgres:postgres@db/postgres");
    assert_eq!(
        scrub("postgres does not answer"),
        "postgres does not answer",
        "a password that is the user's name is no secret"
    );
}

#[test]
fn too_short_a_value_would_be_found_everywhere() {
    register("open");
    assert_eq!(scrub("opening"), "opening");
}

#[test]
fn names_of_secrets_hide_their_value() {
    for name in
        ["password", "smtp.password", "Authorization", "set-cookie", "github_token", "X-Api-Key", "client_secret"]
    {
        assert_eq!(mask_of(name), Some(SECRET), "{name}");
    }
    for name in ["email", "user.email", "chat_id", "telegram_user_id"] {
        assert_eq!(mask_of(name), Some("[person]"), "{name}");
    }
    for name in ["tokens", "token_limit", "address", "message", "user.id", "http.route", "passwords_checked"] {
        assert_eq!(mask_of(name), None, "{name}");
    }
}

#[test]
fn public_addresses_are_masked_when_asked_for() {
    let text = "from 203.0.113.7 and 2001:db8::7 via 10.0.0.1 and ::1, version 1.2.3.4000, at 20:46:17";
    assert_eq!(patterns::replace(text, true, false), None);
    assert_eq!(
        patterns::replace(text, true, true).as_deref(),
        Some("from [ip] and [ip] via 10.0.0.1 and ::1, version 1.2.3.4000, at 20:46:17")
    );
}

proptest::proptest! {
    #[test]
    fn any_text_is_taken_and_a_registered_value_never_survives(before in ".{0,60}", after in ".{0,60}") {
        register("a-value-for-the-property-test");
        let text = format!("{before}a-value-for-the-property-test{after}");
        let scrubbed = scrub(&text);
        proptest::prop_assert!(!scrubbed.contains("a-value-for-the-property-test"));
    }
}
