//! Secrets on the volume of the compose file: every container runs as a user of its own, and the owner of a file says who reads it.
//! docker-compose.yml names the same users; `cargo xtask test` compares the two.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;

/// The group of our services.
const SERVICES: u32 = 10_000;
/// The group of the operator's tool in its containers (migrate, the import of workflows, backups).
const TOOLS: u32 = 10_100;

const CURSOR_INTEGRATION: u32 = 10_002;
const GITHUB_INTEGRATION: u32 = 10_003;
const NOTIFICATION: u32 = 10_004;
const DASHBOARD_BACKEND: u32 = 10_005;
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
    readers("backup_passphrase", ROOT, TOOLS),
];

/// Of every credential that people put into the folder of given ones.
const GIVEN: [Readers; 5] = [
    readers("github_token", GITHUB_INTEGRATION, TOOLS),
    readers("github_app_private_key", GITHUB_INTEGRATION, TOOLS),
    readers("cursor_api_key", CURSOR_INTEGRATION, TOOLS),
    readers("telegram_bot_token", NOTIFICATION, TOOLS),
    readers("smtp_url", NOTIFICATION, TOOLS),
];

/// What happened to the given credentials.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) taken: Vec<&'static str>,
    pub(super) withdrawn: Vec<&'static str>,
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
        let (source, target) = (given.join(secret.name), dir.join(secret.name));
        let text = match fs::read(&source) {
            Ok(text) if text.trim_ascii().is_empty() => None,
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read `{}`", source.display())),
        };
        let Some(text) = text else {
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
