//! The process: settings, then the HTTP server, the jobs and the poller until told to stop.

use common::clock::Clock;
use github_integration::app::App;
use github_integration::config::{Config, PORT};
use github_integration::{SERVICE, poller, routes, worker};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    common::http::client::install_crypto();
    if common::cli::handled(SERVICE, PORT).await? {
        return Ok(());
    }
    let config = Config::from_env()?;
    common::telemetry::init(SERVICE, &config.telemetry)?;
    let app = App::connect(config, Clock::system())?;
    let stop = common::shutdown::on_signal();
    tokio::try_join!(
        common::http::serve(app.config.shared.bind, routes::service(&app), stop.clone()),
        app.config.credentials.watch(stop.clone()),
        worker(&app).run(stop.clone()),
        poller::run(app.clone(), stop.clone()),
    )?;
    common::telemetry::finish().await;
    Ok(())
}
