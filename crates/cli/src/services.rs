//! Our own services, as this tool calls them.

use common::auth::ServiceTokens;
use common::clients::Peer;
use common::clock::Clock;
use common::config::{Reader, Secret, ServiceUrls};

/// Who this tool is in tokens.
pub const ISSUER: &str = "cli";

/// Every service; each is an audience of the token that n8n gets.
pub const SERVICES: [&str; 5] =
    ["api-gateway", "cursor-integration", "github-integration", "notification", "dashboard-backend"];

/// dashboard-backend, from `DASHBOARD_BACKEND_URL` and `SERVICE_TOKEN_SECRET`.
pub fn dashboard(env: &mut Reader) -> Peer {
    let urls = ServiceUrls::read(env);
    let secret = service_secret(env);
    Peer::new("dashboard-backend", urls.dashboard_backend, ServiceTokens::new(ISSUER, &secret, Clock::system()))
}

/// `SERVICE_TOKEN_SECRET`.
pub fn service_secret(env: &mut Reader) -> Secret {
    env.rotating_secret("SERVICE_TOKEN_SECRET", 32)
}
