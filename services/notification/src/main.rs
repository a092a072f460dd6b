//! The process: settings, then the HTTP server, the jobs and the Telegram updates until told to stop.

use common::clock::Clock;
use common::health;
use notification::app::App;
use notification::config::{Config, PORT};
use notification::{SERVICE, jobs, routes, telegram};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    common::http::client::install_crypto();
    let config = match std::env::args().nth(1).as_deref() {
        None => Config::from_env()?,
        Some("--version") => {
            use std::io::Write as _;
            return Ok(writeln!(std::io::stdout(), "{SERVICE} {}", env!("CARGO_PKG_VERSION"))?);
        }
        Some("--healthcheck") => {
            return health::self_check(Config::from_env().map_or(PORT, |config| config.shared.bind.port())).await;
        }
        Some(other) => anyhow::bail!(
            "unknown argument `{other}`: there are --version and --healthcheck; settings come from the environment"
        ),
    };
    common::telemetry::init(SERVICE, &config.telemetry)?;
    let app = App::connect(config, Clock::system())?;
    let stop = common::shutdown::on_signal();
    tokio::try_join!(
        common::http::serve(app.config.shared.bind, routes::service(&app), stop.clone()),
        jobs::worker(&app).run(stop.clone()),
        telegram::receive(app.clone(), stop.clone()),
    )?;
    Ok(())
}
