//! A Redis of this stack's own.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Command;
use std::time::Duration;

use super::ports::Ports;
use super::process::Fleet;
use crate::layout::Layout;
use crate::shell::wait_until;

pub(super) fn url(layout: &Layout, ports: &Ports) -> String {
    let password = std::fs::read_to_string(layout.secrets().join("redis_password")).unwrap_or_default();
    format!("redis://:{}@127.0.0.1:{}", password.trim(), ports.of("redis"))
}

/// Writes its settings, the password among them.
pub(super) fn write_config(layout: &Layout, ports: &Ports) -> anyhow::Result<std::path::PathBuf> {
    let dir = layout.state.join("redis");
    std::fs::create_dir_all(&dir)?;
    let config = dir.join("redis.conf");
    let password = std::fs::read_to_string(layout.secrets().join("redis_password"))?;
    // In a file, not on the command line, where every user of the machine could read the password.
    std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&config)?.write_all(
        format!(
            "bind 127.0.0.1\nport {}\ndir {}\nsave \"\"\nappendonly no\nrequirepass {}\n",
            ports.of("redis"),
            dir.display(),
            password.trim()
        )
        .as_bytes(),
    )?;
    Ok(config)
}

pub(super) fn start(layout: &Layout, ports: &Ports, fleet: &mut Fleet) -> anyhow::Result<()> {
    let config = write_config(layout, ports)?;
    let port = ports.of("redis");
    let ready = move || TcpStream::connect(("127.0.0.1", port)).is_ok();
    fleet.add(
        "redis",
        "TERM",
        move || {
            let mut command = Command::new("redis-server");
            command.arg(&config);
            Ok(command)
        },
        ready,
    )?;
    wait_until("Redis", Duration::from_secs(20), ready)
}
