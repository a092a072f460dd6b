//! This machine: room on its disks, ports that are open to others, and how old the newest backup is.

use std::path::Path;

use ::doctor::Finding;
use time::OffsetDateTime;

use crate::backup;

/// Ports of ours that nobody outside has business with.
const PRIVATE: [(u16, &str); 13] = [
    (3001, "cursor-integration"),
    (3002, "github-integration"),
    (3003, "notification"),
    (3004, "dashboard-backend"),
    (3005, "Grafana"),
    (3900, "the sandbox"),
    (3925, "the sandbox's mail"),
    (5432, "Postgres"),
    (6379, "Redis"),
    (9090, "Prometheus"),
    (9093, "Alertmanager"),
    (9100, "node-exporter"),
    (5679, "n8n's task broker"),
];

/// Every check of this machine.
pub(super) fn look(backup_dir: &Path, now: OffsetDateTime) -> Vec<Finding> {
    vec![disk(), ports(), backups(backup_dir, now)]
}

fn disk() -> Finding {
    const ID: &str = "disk.space";
    match rustix::fs::statvfs(".") {
        Ok(disk) if disk.f_blocks > 0 => {
            let free = disk.f_bavail * 100 / disk.f_blocks;
            let gib = disk.f_bavail * disk.f_frsize / (1 << 30);
            let detail = format!("{free} % free here ({gib} GiB)");
            let fix = "make room: `docker system prune`, fewer backups (--keep), shorter retention of logs and metrics";
            match free {
                0..5 => Finding::critical(ID, detail, fix),
                5..15 => Finding::warning(ID, detail, fix),
                _ => Finding::ok(ID, detail),
            }
        }
        Ok(_) => Finding::skipped(ID, "this file system does not say how much is free"),
        Err(error) => Finding::skipped(ID, format!("cannot ask: {error}")),
    }
}

fn ports() -> Finding {
    const ID: &str = "ports.exposed";
    let tables: Vec<String> =
        ["/proc/net/tcp", "/proc/net/tcp6"].iter().filter_map(|table| std::fs::read_to_string(table).ok()).collect();
    if tables.is_empty() {
        return Finding::skipped(ID, "this system does not say who listens");
    }
    let open = listening(&tables.join("\n"));
    let found: Vec<String> =
        PRIVATE.iter().filter(|(port, _)| open.contains(port)).map(|(port, who)| format!("{port} ({who})")).collect();
    if found.is_empty() {
        return Finding::ok(ID, "none of the private ports listens beyond this machine");
    }
    let fix =
        "listen on 127.0.0.1 (BIND, or the address in `ports:` of the compose file), or close them with a firewall";
    Finding::warning(ID, format!("these listen on every network: {}", found.join(", ")), fix)
}

/// Ports that listen on an address other than loopback, from the tables of `/proc/net` (proc(5)).
fn listening(tables: &str) -> Vec<u16> {
    const LISTEN: &str = "0A";
    tables
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let (local, _, state) = (fields.next()?, fields.next()?, fields.next()?);
            let (address, port) = local.split_once(':')?;
            // Little-endian words: 127.0.0.1 is 0100007F, ::1 ends in 01000000, ::ffff:127.0.0.1 in 0100007F.
            let loopback = address.ends_with("7F") || address == "00000000000000000000000001000000";
            (state == LISTEN && !loopback).then(|| u16::from_str_radix(port, 16).ok())?
        })
        .collect()
}

fn backups(dir: &Path, now: OffsetDateTime) -> Finding {
    const ID: &str = "backup.age";
    let fix = "schedule `quantapilot backup create` (the compose service `backup`, or the systemd timer)";
    match backup::newest(dir) {
        Err(failure) => Finding::warning(ID, failure.message(), fix),
        Ok(None) => Finding::warning(ID, format!("there is no backup in `{}`", dir.display()), fix),
        Ok(Some(at)) => {
            let hours = (now - at).whole_hours();
            let detail = format!("the newest is {hours} h old");
            match hours {
                ..26 => Finding::ok(ID, detail),
                26..=72 => Finding::warning(ID, detail, fix),
                _ => Finding::critical(ID, detail, fix),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_listens_beyond_this_machine_is_open() {
        let table = "  sl  local_address rem_address   st\n   0: 0100007F:1538 00000000:0000 0A\n   1: 00000000:18EB 00000000:0000 0A\n   2: 00000000:0BB9 0100007F:9999 01\n   3: 00000000000000000000000001000000:2382 0:0 0A\n   4: 00000000000000000000000000000000:2385 0:0 0A\n";
        assert_eq!(listening(table), [6379, 9093]);
    }
}
