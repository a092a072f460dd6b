//! Whose request it is when proxies stand in front.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;

use super::headers::elements;
use crate::server::Peer;

/// The connection's own address, unless it is a trusted proxy: then the last address in `X-Forwarded-For` that is not one. What stands left
/// of an untrusted address was written by the client and is not believed.
pub(super) fn of_client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if trusted.is_empty() || !is_trusted(&peer) {
        return peer;
    }
    let mut client = peer;
    for part in elements(headers, "x-forwarded-for", ',').rev() {
        let Ok(address) = part.parse() else { break };
        client = address;
        if !is_trusted(&address) {
            break;
        }
    }
    client
}

/// As text, at the end of `out`. Every request needs it, so the common kind is written without the formatter.
pub(crate) fn write(address: IpAddr, out: &mut Vec<u8>) {
    match address {
        IpAddr::V4(address) => {
            for (place, part) in address.octets().into_iter().enumerate() {
                if place > 0 {
                    out.push(b'.');
                }
                out.extend_from_slice(itoa::Buffer::new().format(part).as_bytes());
            }
        }
        IpAddr::V6(address) => out.extend_from_slice(address.to_string().as_bytes()),
    }
}

/// As the value of a header.
pub(super) fn header(address: IpAddr) -> HeaderValue {
    let mut text = Vec::with_capacity(15);
    write(address, &mut text);
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).expect("an address is plain text")
}

/// `https` when the connection is encrypted, or a trusted proxy says that its own was.
pub(super) fn scheme(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> &'static str {
    let believed = trusted.iter().any(|network| network.contains(&peer.address));
    let said = || headers.get("x-forwarded-proto").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https"));
    if peer.encrypted || (believed && said()) { "https" } else { "http" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_everybody_does() {
        for text in ["127.0.0.1", "255.255.255.255", "0.0.0.0", "2001:db8::1"] {
            assert_eq!(header(text.parse().unwrap()), text);
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let client = |peer: &str, forwarded: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            of_client(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(client("203.0.113.9", "1.2.3.4"), "203.0.113.9", "a stranger may not choose its address");
        assert_eq!(client("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
        assert_eq!(client("10.0.0.1", "nonsense"), "10.0.0.1");
    }
}
