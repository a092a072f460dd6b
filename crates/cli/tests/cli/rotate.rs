use std::path::Path;
use std::time::Duration;

use common::rotation::SEEN_AFTER;

use crate::{quantapilot, run};

/// What is left of the time until a rotation has surely been seen, when a command or two ran since.
const WAITED: Duration = SEEN_AFTER.saturating_sub(Duration::from_secs(3));

fn secrets() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(&mut quantapilot(&["init", "--dir", home.path().to_str().unwrap()]));
    assert_eq!(code, 0, "{stderr}");
    home
}

fn tool(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    run(quantapilot(&["init", "--dir", dir.to_str().unwrap()]).args(arguments))
}

fn lines(dir: &Path, name: &str) -> Vec<String> {
    std::fs::read_to_string(dir.join(name)).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_rotated_secret_keeps_the_one_before_until_it_is_retired() {
    let home = secrets();
    let dir = home.path();
    let first = lines(dir, "service_token_secret");

    let (code, stdout, stderr) = tool(dir, &["--rotate", "service_token_secret"]);
    assert_eq!(code, 0, "{stderr}");
    let second = lines(dir, "service_token_secret");
    assert_eq!((second.len(), &second[1]), (2, &first[0]));
    assert!(!stdout.contains(&second[0]) && !stderr.contains(&second[0]), "nothing is shown");
    assert!(
        stdout.contains("quantapilot workflows import"),
        "n8n was not named, so it is said what is left to do: {stdout}"
    );

    // Rotated again before it was retired: two lines, not three. The line that goes is one that every service has stopped to use.
    let begin = std::time::Instant::now();
    assert_eq!(tool(dir, &["--rotate", "service_token_secret", "--rotate", "github_webhook_secret"]).0, 0);
    let third = lines(dir, "service_token_secret");
    assert_eq!((third.len(), &third[1]), (2, &second[0]));
    assert_eq!(lines(dir, "github_webhook_secret").len(), 2);
    assert!(begin.elapsed() >= WAITED, "no service may still sign with the line that was pushed out");

    let (code, _, stderr) = tool(dir, &["--retire", "service_token_secret"]);
    assert_eq!(code, 1, "tokens of the old one may be under way");
    assert!(stderr.contains("less than 6 minutes ago") && stderr.contains("hint: wait"), "{stderr}");
    let begin = std::time::Instant::now();
    assert_eq!(tool(dir, &["--retire", "all", "--now"]).0, 0);
    assert!(begin.elapsed() >= WAITED, "the rotation of a moment ago has not been seen by every service");
    assert_eq!(lines(dir, "service_token_secret"), third[..1]);
    assert_eq!(lines(dir, "github_webhook_secret").len(), 1);
    let (code, stdout, _) = tool(dir, &["--retire", "service_token_secret"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("has no older line"), "{stdout}");
}

#[test]
fn modes_are_kept_and_passphrases_pile_up() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = secrets();
    let dir = home.path();
    std::fs::set_permissions(dir.join("backup_passphrase"), std::fs::Permissions::from_mode(0o640)).unwrap();
    for _ in 0..2 {
        assert_eq!(tool(dir, &["--rotate", "backup_passphrase"]).0, 0);
    }
    assert_eq!(lines(dir, "backup_passphrase").len(), 3, "older backups need their own");
    assert_eq!(std::fs::metadata(dir.join("backup_passphrase")).unwrap().permissions().mode() & 0o777, 0o640);

    assert_eq!(tool(dir, &["--rotate", "n8n_owner_password"]).0, 0);
    let (password, hash) =
        (lines(dir, "n8n_owner_password").remove(0), lines(dir, "n8n_owner_password_hash").remove(0));
    assert!(bcrypt::verify(password, &hash).unwrap());
    let left: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 19, "nothing unfinished is left: {left:?}");
}

#[test]
fn what_cannot_be_rotated_says_why() {
    let home = secrets();
    for (name, why, code) in [
        ("n8n_encryption_key", "no longer read its own credentials", 1),
        ("postgres_password", "the server that asks for it holds it too", 1),
        ("no_such_secret", "there is no secret `no_such_secret`", 2),
    ] {
        let (was, _, stderr) = tool(home.path(), &["--rotate", name]);
        assert_eq!(was, code, "{name}");
        assert!(stderr.contains(why) && stderr.contains("hint: "), "{stderr}");
    }
    let (code, _, stderr) = tool(home.path(), &["--retire", "jwt_signing_key"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("is not kept beside a newer one"), "{stderr}");
    let (code, _, stderr) = tool(Path::new("/nowhere"), &["--rotate", "service_token_secret"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("cannot read `/nowhere/service_token_secret`"), "{stderr}");
}
