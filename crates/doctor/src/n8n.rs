//! n8n: up, and of the version the workflows are made for.

use std::time::Duration;

use common::http::client::Client;
use http::Method;
use url::Url;

use crate::{Finding, Version};

/// What the workflows are made for and tested with.
pub const TESTED: Version = Version(2, 41, 1);

/// Whether it is ready, and which version it says it is.
pub async fn look(url: &Url) -> Vec<Finding> {
    let client = Client::with_timeout("n8n", Duration::from_secs(6));
    let get = |path: &str| client.request(Method::GET, url.join(path).expect("paths of n8n are valid"));
    match client.send(get("/healthz/readiness")).await {
        Ok(response) if response.status().is_success() => {}
        Ok(response) => return away(&format!("{url} answers {}", response.status())),
        Err(error) => return away(&format!("{url}: {error}")),
    }
    let metrics = match client.accept(get("/metrics")).await {
        Ok(response) => response.text().await.unwrap_or_default(),
        Err(_) => String::new(),
    };
    vec![Finding::ok("n8n.ready", format!("ready at {url}")), version(&metrics)]
}

fn away(why: &str) -> Vec<Finding> {
    let fix = "is it running, and is N8N_URL right? Its first start takes up to a minute; projects wait for it and go on by themselves";
    vec![Finding::critical("n8n.ready", why, fix), Finding::skipped("versions.n8n", "n8n is not ready")]
}

/// From its metrics: `n8n_version_info{version="v2.41.1",…} 1`.
fn version(metrics: &str) -> Finding {
    const ID: &str = "versions.n8n";
    let line = metrics.lines().find(|line| line.starts_with("n8n_version_info{"));
    let text = line.and_then(|line| line.split_once("version=\"")?.1.split('"').next());
    match text.and_then(|text| text.parse::<Version>().ok()) {
        None => Finding::skipped(ID, "it does not say (N8N_METRICS=true lets it)"),
        Some(version) if version == TESTED => Finding::ok(ID, format!("n8n {version}")),
        Some(version) if version.0 == TESTED.0 => Finding::info(
            ID,
            format!("n8n {version}; the workflows were tested with {TESTED}"),
            "nothing, if all else is well",
        ),
        Some(version) => {
            let fix = format!("use n8n {TESTED}, or `quantapilot workflows check` and try a project first");
            Finding::warning(ID, format!("n8n {version} is another major version than the tested {TESTED}"), fix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    #[test]
    fn the_version_is_read_from_the_metrics() {
        let severity =
            |text: &str| version(&format!("# HELP x\nn8n_version_info{{version=\"{text}\",major=\"2\"}} 1\n")).severity;
        assert_eq!(severity("v2.41.1"), Severity::Ok);
        assert_eq!(severity("v2.50.0"), Severity::Info);
        assert_eq!(severity("v1.99.0"), Severity::Warning);
        assert_eq!(version("").severity, Severity::Skipped);
    }
}
