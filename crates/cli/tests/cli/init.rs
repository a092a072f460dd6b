use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::{quantapilot, run};

fn contents(dir: &Path) -> BTreeMap<String, (u32, String)> {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            (entry.file_name().into_string().unwrap(), (mode, std::fs::read_to_string(entry.path()).unwrap()))
        })
        .collect()
}

#[test]
fn secrets_are_made_once_closed_and_never_shown() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("secrets");
    let arguments = ["init", "--dir", dir.to_str().unwrap()];

    let (code, stdout, stderr) = run(&mut quantapilot(&arguments));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    let made = contents(&dir);
    assert_eq!(made.len(), 19);
    for (name, (mode, text)) in &made {
        assert_eq!(*mode, 0o600, "{name}");
        assert!(text.len() >= 32 && !stdout.contains(text.as_str()) && !stderr.contains(text.as_str()), "{name}");
    }
    let password = &made["n8n_owner_password"].1;
    assert!(password.chars().any(char::is_uppercase) && password.chars().any(|c| c.is_ascii_digit()), "n8n's rule");
    assert!(bcrypt::verify(password, &made["n8n_owner_password_hash"].1).unwrap());

    // A second run keeps what is there, makes what is missing, and closes what was opened.
    std::fs::remove_file(dir.join("redis_password")).unwrap();
    std::fs::set_permissions(dir.join("n8n_inbound_token"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, stdout, _) = run(&mut quantapilot(&["--json", "init", "--dir", dir.to_str().unwrap()]));
    assert_eq!(code, 0);
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["created"], serde_json::json!(["redis_password"]));
    let mut again = contents(&dir);
    assert_ne!(again.remove("redis_password"), made.get("redis_password").cloned());
    assert!(again.iter().all(|(name, entry)| made[name] == *entry), "a secret was changed");
}

#[test]
fn a_folder_that_cannot_be_made_is_a_clear_error() {
    let (code, stdout, stderr) = run(&mut quantapilot(&["init", "--dir", "/dev/null/secrets"]));
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("cannot make the directory"), "{stderr}");
}

#[test]
fn in_containers_each_secret_goes_to_its_reader() {
    use std::os::unix::fs::MetadataExt as _;
    let home = tempfile::tempdir().unwrap();
    let (dir, given) = (home.path().join("secrets"), home.path().join("given"));
    std::fs::create_dir(&given).unwrap();
    std::fs::write(given.join("github_token"), "made-up-token-of-a-test\n").unwrap();
    std::fs::write(given.join("smtp_url"), "\n").unwrap();
    let backups = home.path().join("backups");
    std::fs::create_dir(&backups).unwrap();
    std::fs::write(backups.join("quantapilot-20250101T000000Z.backup.age"), "from elsewhere").unwrap();
    std::os::unix::fs::symlink(&given, backups.join("link")).unwrap();
    let [at, from, to] = [&dir, &given, &backups].map(|path| path.to_str().unwrap());
    let arguments = ["--json", "init", "--dir", at, "--containers", "--given", from, "--for-backups", to];
    let (code, stdout, stderr) = run(&mut quantapilot(&arguments));
    // Every file of a test is its user's.
    if std::fs::metadata(&given).unwrap().uid() != 0 {
        assert_eq!(code, 1);
        assert!(stderr.contains("needs to run as root"), "{stderr}");
        return;
    }
    assert_eq!(code, 0, "{stderr}");
    assert!(!stdout.contains("made-up-token") && !stderr.contains("made-up-token"));
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["taken"], serde_json::json!(["github_token"]), "an empty file gives nothing");
    let facts = |name: &str| {
        let file = std::fs::metadata(dir.join(name)).unwrap();
        (file.uid(), file.gid(), file.permissions().mode() & 0o777)
    };
    assert_eq!(facts(""), (0, 0, 0o711), "others pass through, and see no names");
    assert_eq!(facts("n8n"), (10_005, 10_000, 0o700));
    assert_eq!(facts("service_token_secret"), (0, 10_000, 0o440));
    assert_eq!(facts("postgres_password"), (999, 10_100, 0o440));
    assert_eq!(facts("github_token"), (10_003, 10_100, 0o440));
    assert_eq!(facts("../backups"), (10_005, 10_100, 0o755));
    assert_eq!(facts("../backups/quantapilot-20250101T000000Z.backup.age"), (10_005, 10_100, 0o644));
    assert_eq!(facts("../given").0, 0, "what a link leads to is nobody's business");

    // Nothing changes the second time; what is no longer given is taken away.
    let before = std::fs::read_to_string(dir.join("postgres_password")).unwrap();
    std::fs::remove_file(given.join("github_token")).unwrap();
    let (_, stdout, _) = run(&mut quantapilot(&arguments));
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&report["created"], &report["taken"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert_eq!(report["withdrawn"], serde_json::json!(["github_token"]));
    assert!(!dir.join("github_token").exists());
    assert_eq!(std::fs::read_to_string(dir.join("postgres_password")).unwrap(), before);
    assert_eq!(facts("postgres_password"), (999, 10_100, 0o440));
}
