//! The listening socket: our own, or one that was handed to us, so that a restart loses no connection.

use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;

/// Connections that wait to be taken.
const BACKLOG: u32 = 4096;

/// Takes the socket of systemd's socket activation (`LISTEN_FDS`), which outlives the process; else binds `address`.
pub(super) fn bind(address: SocketAddr, reuse_port: bool) -> anyhow::Result<TcpListener> {
    let handed = listenfd::ListenFd::from_env()
        .take_tcp_listener(0)
        .context("the socket of LISTEN_FDS is not a TCP listener")?;
    let listener = match handed {
        Some(listener) => listener,
        None => own(address, reuse_port).with_context(|| {
            format!("cannot listen on {address}: is another process using the port? (set BIND to another address)")
        })?,
    };
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn own(address: SocketAddr, reuse_port: bool) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(reuse_port)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}
