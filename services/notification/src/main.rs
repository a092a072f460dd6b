//! The process: settings, then the HTTP server, the jobs and the Telegram updates until told to stop.

use common::clock::Clock;
use notification::app::App;
use notification::config::{Config, PORT};
use notification::{SERVICE, jobs, metrics, routes, telegram};

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
        jobs::worker(&app).run(stop.clone()),
        telegram::receive(app.clone(), stop.clone()),
        common::metrics::refresh(stop.clone(), async || metrics::refresh(&app).await),
    )?;
    common::telemetry::finish().await;
    Ok(())
}
