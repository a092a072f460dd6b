//! `dashboard-backend`: projects, decisions, people and the dashboard.

use dashboard_backend::app::App;
use dashboard_backend::config::{Config, PORT};
use dashboard_backend::{carriers, jobs, live, routes};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    if common::cli::handled("dashboard-backend", PORT).await? {
        return Ok(());
    }
    let config = Config::from_env()?;
    common::telemetry::init("dashboard-backend", &config.telemetry)?;
    let stop = common::shutdown::on_signal();
    let app = App::connect(config, stop.clone())?;
    tokio::try_join!(
        common::http::serve(app.config.shared.bind, routes::router(app.clone()).0, stop.clone()),
        jobs::run(app.clone(), stop.clone()),
        carriers::run_upkeep(app.clone(), stop.clone()),
        live::run(app, stop),
    )?;
    common::telemetry::finish().await;
    Ok(())
}
