//! The gateway as the network sees it: the real binary, raw sockets on both sides, every byte that reaches a service looked at.
#![expect(clippy::unwrap_used, clippy::format_collect, reason = "a test stops where it fails and need not be fast")]

mod answers;
mod door;
mod framing;
mod heads;
mod http2;
mod many;
mod slow;
mod upgrades;
mod upstream;
