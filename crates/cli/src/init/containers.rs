//! Secrets on the volume of the compose file: every container runs as a user of its own, and the owner of a file says who reads it.
//! docker-compose.yml names the same users; `cargo xtask test` compares the two.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The group of our services.
const SERVICES: u32 = 10_000;
/// The group of the operator's tool in its containers (migrate, the import of workflows, backups).
const TOOLS: u32 = 10_100;

const CURSOR_INTEGRATION: u32 = 10_002;
const GITHUB_INTEGRATION: u32 = 10_003;
const NOTIFICATION: u32 = 10_004;
const DASHBOARD_BACKEND: u32 = 10_005;
/// Makes backups: dashboard-backend's user, who reads n8n's API key, in every group that reads secrets.
const BACKUP: u32 = DASHBOARD_BACKEND;
const POSTGRES: u32 = 999;
const REDIS: u32 = 999;
const N8N: u32 = 1_000;
const GRAFANA: u32 = 472;
const POSTGRES_EXPORTER: u32 = 65_533;
const REDIS_EXPORTER: u32 = 59_000;
/// `nobody`: Alertmanager's own user.
const ALERTMANAGER: u32 = 65_534;
const ROOT: u32 = 0;

/// Who reads a secret: a user and a group.
struct Readers {
    name: &'static str,
    user: u32,
    group: u32,
}

const fn readers(name: &'static str, user: u32, group: u32) -> Readers {
    Readers { name, user, group }
}

/// Of every secret that `init` makes.
const MADE: [Readers; 19] = [
    readers("service_token_secret", ROOT, SERVICES),
    readers("n8n_inbound_token", ROOT, SERVICES),
    readers("n8n_encryption_key", N8N, TOOLS),
    readers("n8n_owner_password", ROOT, TOOLS),
    readers("n8n_owner_password_hash", N8N, TOOLS),
    readers("n8n_database_password", N8N, TOOLS),
    readers("postgres_password", POSTGRES, TOOLS),
    readers("redis_password", REDIS, SERVICES),
    readers("redis_exporter_passwords.json", REDIS_EXPORTER, TOOLS),
    readers("cursor_integration_database_password", CURSOR_INTEGRATION, TOOLS),
    readers("github_integration_database_password", GITHUB_INTEGRATION, TOOLS),
    readers("notification_database_password", NOTIFICATION, TOOLS),
    readers("dashboard_backend_database_password", DASHBOARD_BACKEND, TOOLS),
    readers("postgres_exporter_database_password", POSTGRES_EXPORTER, TOOLS),
    readers("github_webhook_secret", GITHUB_INTEGRATION, TOOLS),
    readers("telegram_webhook_secret", NOTIFICATION, TOOLS),
    readers("alertmanager_token", ALERTMANAGER, NOTIFICATION),
    readers("grafana_admin_password", GRAFANA, TOOLS),
    PASSPHRASE,
];

/// Of every credential that people put into the folder of given ones.
const GIVEN: [Readers; 5] = [
    readers("github_token", GITHUB_INTEGRATION, TOOLS),
    readers("github_app_private_key", GITHUB_INTEGRATION, TOOLS),
    readers("cursor_api_key", CURSOR_INTEGRATION, TOOLS),
    readers("telegram_bot_token", NOTIFICATION, TOOLS),
    readers("smtp_url", NOTIFICATION, TOOLS),
];
/// Of another machine, whose backups are to be brought back. It stays when it is no longer given.
const PASSPHRASE: Readers = readers("backup_passphrase", ROOT, TOOLS);

/// What happened to the given credentials.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) taken: Vec<&'static str>,
    pub(super) withdrawn: Vec<&'static str>,
}

/// Gives directories to the one that makes backups, with what was brought there from elsewhere. Who reads metrics may look into them; backups
/// themselves are files that only it can read.
pub(super) fn hand_over_for_backups(dirs: &[PathBuf]) -> anyhow::Result<()> {
    for dir in dirs {
        set(dir, BACKUP, TOOLS, 0o755)?;
        let entries = fs::read_dir(dir).with_context(|| format!("cannot look into `{}`", dir.display()))?;
        for entry in entries {
            let entry = entry?;
            let now = entry.metadata()?;
            // Another name for a secret may have been put there: a link is left alone.
            if now.is_file() && now.nlink() == 1 {
                set(&entry.path(), BACKUP, TOOLS, now.permissions().mode() & 0o7777)?;
            }
        }
    }
    Ok(())
}

/// Gives every secret to its readers, and a folder of its own to the user who will keep n8n's API key there.
pub(super) fn hand_over(dir: &Path) -> anyhow::Result<()> {
    // Others may pass through, to a file whose name they know, but not look around.
    set(dir, ROOT, ROOT, 0o711)?;
    let keys = dir.join("n8n");
    if !keys.is_dir() {
        fs::create_dir(&keys).with_context(|| format!("cannot make `{}`", keys.display()))?;
    }
    set(&keys, DASHBOARD_BACKEND, SERVICES, 0o700)?;
    MADE.iter().try_for_each(|secret| secret.hand_over(dir))
}

/// Brings in the credentials that people gave. One that is no longer given is taken away, so that its integration goes back to the sandbox.
pub(super) fn take_given(given: &Path, dir: &Path) -> anyhow::Result<Taken> {
    let mut taken = Taken::default();
    for secret in GIVEN {
        let target = dir.join(secret.name);
        let Some(text) = read_given(given, secret.name)? else {
            if target.try_exists()? {
                fs::remove_file(&target).with_context(|| format!("cannot remove `{}`", target.display()))?;
                taken.withdrawn.push(secret.name);
            }
            continue;
        };
        if fs::read(&target).ok().as_ref() != Some(&text) {
            super::write_over(dir, secret.name, &text)?;
            taken.taken.push(secret.name);
        }
        secret.hand_over(dir)?;
    }
    Ok(taken)
}

/// Puts the lines of another machine's passphrase that are not there yet in front: what is made from now on is encrypted to them, and nothing that
/// was made before is lost. Whether there were any.
pub(super) fn take_passphrase(given: &Path, dir: &Path) -> anyhow::Result<bool> {
    let Some(text) = read_given(given, PASSPHRASE.name)? else { return Ok(false) };
    let path = dir.join(PASSPHRASE.name);
    let lines = |text: &[u8]| -> anyhow::Result<Vec<String>> {
        let text = std::str::from_utf8(text).with_context(|| format!("`{}` is not text", PASSPHRASE.name))?;
        Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    };
    let there = match fs::read(&path) {
        Ok(there) => lines(&there)?,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    };
    let mut all = lines(&text)?;
    all.retain(|line| !there.contains(line));
    if all.is_empty() {
        return Ok(false);
    }
    all.extend(there);
    super::write_over(dir, PASSPHRASE.name, (all.join("\n") + "\n").as_bytes())?;
    PASSPHRASE.hand_over(dir)?;
    Ok(true)
}

/// What somebody put into the folder under that name. An empty file is none.
fn read_given(given: &Path, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let path = given.join(name);
    match fs::read(&path) {
        Ok(text) if text.trim_ascii().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

impl Readers {
    fn hand_over(&self, dir: &Path) -> anyhow::Result<()> {
        set(&dir.join(self.name), self.user, self.group, 0o440)
    }
}

/// Changes only what differs: this runs at every start, beside services that read.
fn set(path: &Path, user: u32, group: u32, mode: u32) -> anyhow::Result<()> {
    let now = fs::metadata(path).with_context(|| format!("cannot look at `{}`", path.display()))?;
    if (now.uid(), now.gid()) != (user, group) {
        std::os::unix::fs::chown(path, Some(user), Some(group)).with_context(|| {
            format!("cannot give `{}` to the user {user}: --containers needs to run as root", path.display())
        })?;
    }
    if now.permissions().mode() & 0o7777 != mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .with_context(|| format!("cannot set the mode of `{}`", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_has_readers() {
        let mut made: Vec<_> = super::super::names().collect();
        let mut known: Vec<_> = MADE.iter().map(|secret| secret.name).collect();
        made.sort_unstable();
        known.sort_unstable();
        assert_eq!(made, known);
    }

    #[test]
    fn a_passphrase_of_another_machine_comes_first_and_loses_none() {
        let home = tempfile::tempdir().unwrap();
        let (given, dir) = (home.path().join("given"), home.path().join("secrets"));
        fs::create_dir(&given).unwrap();
        fs::create_dir(&dir).unwrap();
        let of_here = || fs::read_to_string(dir.join("backup_passphrase")).unwrap();
        fs::write(dir.join("backup_passphrase"), "made-here-0123456789").unwrap();
        // Without the rights of root there is nobody to hand it to.
        let take = || take_passphrase(&given, &dir).or_else(|error| if is_root() { Err(error) } else { Ok(true) });
        assert!(!take().unwrap(), "nothing is given");
        fs::write(given.join("backup_passphrase"), "of-another-machine-01234\n").unwrap();
        assert!(take().unwrap());
        assert_eq!(of_here(), "of-another-machine-01234\nmade-here-0123456789\n");
        fs::write(dir.join("backup_passphrase"), format!("rotated-0123456789\n{}", of_here())).unwrap();
        assert!(!take().unwrap(), "it is there, and what was rotated stays first");
        assert!(of_here().starts_with("rotated-"));
    }

    fn is_root() -> bool {
        fs::metadata("/proc/self").unwrap().uid() == 0
    }

    #[test]
    fn the_compose_file_names_the_same_users() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docker-compose.yml");
        let compose = fs::read_to_string(file).unwrap();
        // From a service's name to its user.
        let mut users = std::collections::BTreeMap::new();
        let mut service = "";
        for line in compose.lines() {
            if let Some(name) = line.strip_prefix("  ").filter(|rest| !rest.starts_with([' ', '#', '-'])) {
                service = name.trim_end_matches(':');
            } else if let Some(user) = line.strip_prefix("    user: ") {
                users.insert(service, user.trim_matches('"'));
            }
        }
        for (service, user, group) in [
            ("cursor-integration", CURSOR_INTEGRATION, SERVICES),
            ("github-integration", GITHUB_INTEGRATION, SERVICES),
            ("notification", NOTIFICATION, SERVICES),
            ("dashboard-backend", DASHBOARD_BACKEND, SERVICES),
            ("n8n-bootstrap", DASHBOARD_BACKEND, SERVICES),
            ("migrate", TOOLS, TOOLS),
            ("backup", BACKUP, TOOLS),
            ("postgres", POSTGRES, POSTGRES),
            ("redis", REDIS, SERVICES),
            ("n8n", N8N, N8N),
            ("grafana", GRAFANA, ROOT),
            ("alertmanager", ALERTMANAGER, ALERTMANAGER),
            ("postgres-exporter", POSTGRES_EXPORTER, POSTGRES_EXPORTER),
            ("redis-exporter", REDIS_EXPORTER, REDIS_EXPORTER),
            ("init", ROOT, ROOT),
        ] {
            assert_eq!(users.get(service), Some(&format!("{user}:{group}").as_str()), "{service}");
        }
    }
}
