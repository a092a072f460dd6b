//! The API gateway.

use api_gateway::app::App;
use api_gateway::config::Config;
use api_gateway::{auth, routes};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    common::http::client::install_crypto();
    if common::cli::handled("api-gateway", 3000).await? {
        return Ok(());
    }
    let config = Config::from_env()?;
    common::telemetry::init("api-gateway", &config.telemetry)?;
    let app = App::connect(&config)?;
    let stop = common::shutdown::on_signal();
    tokio::try_join!(
        common::http::serve(config.bind, routes::router(&app), stop.clone()),
        auth::keep_current(app, stop),
    )?;
    Ok(())
}
