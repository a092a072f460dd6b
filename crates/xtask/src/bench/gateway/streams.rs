//! What a thousand idle event streams cost in memory, and how long a start takes.

use std::io::Read as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use super::proxies::{Proxy, Running, Yard};
use super::requests;
use super::standin::{FIRST_EVENT, SECOND_EVENT, paths};

/// How many streams.
pub(super) const STREAMS: usize = 1000;
/// A proxy that is not ready by then never will be.
const PATIENCE: Duration = Duration::from_secs(20);

/// Resident memory with the streams open, in KiB. Each has given its first event before, and gives its second after.
pub(super) fn resident_kib(yard: &Yard, running: &Running) -> anyhow::Result<u64> {
    let token = yard.token(running.proxy);
    let mut streams = Vec::with_capacity(STREAMS);
    for _ in 0..STREAMS {
        let stream =
            requests::open(running.port, "GET", paths::EVENTS, Some(token), "accept: text/event-stream\r\n", b"")?;
        streams.push((stream, Vec::new()));
    }
    for (stream, seen) in &mut streams {
        read_until(stream, seen, FIRST_EVENT.trim_end())?;
    }
    std::thread::sleep(Duration::from_secs(2)); // buffers that are given back are given back
    let resident = running.process.resident_kib();
    requests::get(yard.standin_port, paths::PUBLISH, None)?;
    for (stream, seen) in &mut streams {
        read_until(stream, seen, SECOND_EVENT.trim_end())?;
    }
    Ok(resident)
}

fn read_until(stream: &mut TcpStream, seen: &mut Vec<u8>, wanted: &str) -> anyhow::Result<()> {
    let mut buffer = [0; 4096];
    while !seen.windows(wanted.len()).any(|window| window == wanted.as_bytes()) {
        let length = stream.read(&mut buffer).context("an event did not come")?;
        ensure!(length > 0, "a stream ended");
        seen.extend_from_slice(&buffer[..length]);
    }
    Ok(())
}

/// From nothing to the first proxied answer; ours must also say that it is ready.
pub(super) fn start(yard: &Yard, proxy: Proxy) -> anyhow::Result<(Running, Duration)> {
    let begin = Instant::now();
    let mut running = yard.start(proxy)?;
    let asked = |path: &str, token: Option<&str>| requests::get(running.port, path, token).map(|answer| answer.status);
    loop {
        let ready = proxy != Proxy::Ours || asked("/health/ready", None).is_ok_and(|status| status == 200);
        if ready && asked(paths::SMALL, Some(yard.token(proxy))).is_ok_and(|status| status == 200) {
            return Ok((running, begin.elapsed()));
        }
        if begin.elapsed() > PATIENCE {
            running.process.check(&yard.folder)?;
            bail!("{} was not ready within {} s; see {}", proxy.name(), PATIENCE.as_secs(), yard.folder.display());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
