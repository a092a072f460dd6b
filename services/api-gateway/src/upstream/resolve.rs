//! From names to addresses, again and again: replicas come and go behind one name.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::{Server, Upstream};

/// Between two looks at a name; sooner while it has no address at all.
const EVERY: Duration = Duration::from_secs(5);
const SOON: Duration = Duration::from_millis(250);

/// Takes the addresses that need no resolver, so that the first request finds them.
pub(super) fn now(upstream: &Upstream) {
    let literal: Vec<SocketAddr> = upstream
        .plan
        .hosts
        .iter()
        .filter_map(|(host, port)| host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, *port)))
        .collect();
    take(upstream, literal);
}

/// Resolves until cancelled. An answer of the resolver replaces what was known; a failure keeps it.
pub(super) async fn keep(upstream: Arc<Upstream>) {
    if upstream.plan.hosts.iter().all(|(host, _)| host.parse::<IpAddr>().is_ok()) {
        return;
    }
    loop {
        let mut addresses = Vec::new();
        for (host, port) in &upstream.plan.hosts {
            match tokio::net::lookup_host((host.as_str(), *port)).await {
                Ok(found) => addresses.extend(found),
                Err(error) => {
                    tracing::debug!(upstream = %upstream.plan.name, host, %error, "cannot resolve");
                    let kept = upstream.servers.load();
                    addresses
                        .extend(kept.iter().map(|server| server.address).filter(|address| address.port() == *port));
                }
            }
        }
        take(&upstream, addresses);
        let pause = if upstream.servers.load().is_empty() { SOON } else { EVERY };
        tokio::time::sleep(pause).await;
    }
}

/// Keeps what is known of addresses that stay.
fn take(upstream: &Upstream, addresses: Vec<SocketAddr>) {
    let before = upstream.servers.load();
    let mut seen = HashSet::new();
    let servers: Vec<Arc<Server>> = addresses
        .into_iter()
        .filter(|address| seen.insert(*address))
        .map(|address| {
            let known = before.iter().find(|server| server.address == address);
            known.map_or_else(|| Arc::new(Server::new(&upstream.plan.name, address)), Arc::clone)
        })
        .collect();
    for gone in before.iter().filter(|server| !seen.contains(&server.address)) {
        gone.forget();
    }
    upstream.servers.store(Arc::new(servers));
}
