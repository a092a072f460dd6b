//! Before anything is measured: that all do the work they are measured at.

use anyhow::{Context as _, ensure};

use super::proxies::{Proxy, Running, Yard};
use super::requests;
use super::standin::{LARGE, SMALL, large_body, paths};

/// The same bytes from everyone, and no way in without a good token.
pub(super) fn same_work(yard: &Yard, running: &Running) -> anyhow::Result<()> {
    checked(yard, running).with_context(|| format!("{} does not do the work", running.proxy.name()))
}

fn checked(yard: &Yard, running: &Running) -> anyhow::Result<()> {
    let (port, token) = (running.port, yard.token(running.proxy));
    let small = requests::get(port, paths::SMALL, Some(token))?;
    ensure!(small.status == 200 && small.body == SMALL.as_bytes(), "the small answer is another ({})", small.status);
    let large = requests::get(port, paths::BODY, Some(token))?;
    ensure!(large.status == 200 && large.body == large_body().as_bytes(), "the large answer is another");
    let uploaded = requests::send(port, "POST", paths::UPLOAD, Some(token), &vec![b'x'; LARGE])?;
    let received = format!(r#"{{"received":{LARGE}}}"#);
    ensure!(uploaded.status == 200 && uploaded.body == received.as_bytes(), "the upload arrived changed");
    if running.proxy.verifies() {
        let tampered = tampered(token)?;
        for (what, token) in [("no token", None), ("a tampered token", Some(tampered.as_str()))] {
            let status = requests::get(port, paths::SMALL, token)?.status;
            ensure!(status == 401, "{what} was answered {status}");
        }
    }
    if running.proxy == Proxy::Ours {
        for name in ["ratelimit", "x-request-id", "x-content-type-options", "content-security-policy"] {
            ensure!(small.header(name).is_some(), "the header `{name}` is missing");
        }
    }
    Ok(())
}

/// The same token with another claim under the old signature.
fn tampered(token: &str) -> anyhow::Result<String> {
    let (head, rest) = token.split_once('.').context("a token has three parts")?;
    let (claims, signature) = rest.split_once('.').context("a token has three parts")?;
    let changed = if claims.ends_with('0') { '1' } else { '0' };
    let kept = claims.get(..claims.len() - 1).context("claims are ASCII")?;
    Ok(format!("{head}.{kept}{changed}.{signature}"))
}
