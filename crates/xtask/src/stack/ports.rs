//! Which process listens where. Chosen once for a stack and kept.

use std::collections::BTreeMap;
use std::net::TcpListener;

use anyhow::Context as _;

use crate::layout::Layout;

/// Every port, with the well-known one that is taken when it is free.
const WANTED: [(&str, u16); 17] = [
    ("api-gateway", 3000),
    ("gateway-metrics", 3100),
    ("cursor-integration", 3001),
    ("github-integration", 3002),
    ("notification", 3003),
    ("dashboard-backend", 3004),
    ("sandbox", 3900),
    ("smtp", 3925),
    ("n8n", 5678),
    ("n8n-broker", 5679),
    ("postgres", 15432),
    ("redis", 16379),
    ("prometheus", 9090),
    ("alertmanager", 9093),
    ("postgres-exporter", 9187),
    ("redis-exporter", 9121),
    ("node-exporter", 9100),
];

/// Ports by name.
#[derive(Clone, Debug)]
pub(crate) struct Ports(BTreeMap<String, u16>);

/// A free port below those that the system gives to outgoing connections (from 32768 on): a process that is started again, or takes its
/// time to listen, finds it free still.
pub(crate) fn hold_free() -> anyhow::Result<TcpListener> {
    const FIRST: u32 = 10_000;
    const LAST: u32 = 32_000;
    let from = std::process::id().wrapping_mul(61);
    (0..LAST - FIRST)
        .map(|step| FIRST + from.wrapping_add(step) % (LAST - FIRST))
        .find_map(|port| TcpListener::bind(("127.0.0.1", u16::try_from(port).ok()?)).ok())
        .context("no port between 10000 and 32000 is free")
}

impl Ports {
    /// Those of the last start that are still free, else the well-known ones, else any.
    pub(super) fn choose(layout: &Layout, fresh: bool) -> anyhow::Result<Self> {
        let file = layout.state.join("ports.json");
        let before: BTreeMap<String, u16> =
            std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let mut chosen = BTreeMap::new();
        let mut held = Vec::new(); // kept open until all are chosen, so that no port is handed out twice
        for (name, well_known) in WANTED {
            let first = before.get(name).copied().or((!fresh).then_some(well_known));
            let listener = match first.map(|port| TcpListener::bind(("127.0.0.1", port))) {
                Some(Ok(listener)) => listener,
                _ => hold_free()?,
            };
            chosen.insert(name.to_owned(), listener.local_addr()?.port());
            held.push(listener);
        }
        std::fs::write(file, serde_json::to_vec_pretty(&chosen)?)?;
        Ok(Self(chosen))
    }

    /// The port of a process.
    pub(crate) fn of(&self, name: &str) -> u16 {
        self.0[name]
    }

    /// `http://127.0.0.1:<port>`.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}", self.of(name))
    }
}
