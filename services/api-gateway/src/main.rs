//! The API gateway.

use std::process::ExitCode;

use api_gateway::config::Config;
use api_gateway::server;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// This thread becomes the control thread; the workers are threads of their own.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    // The allocator asks for huge pages, of which a small process uses a tenth: 14 MiB more than it needs. Where the system has none, well.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    common::http::client::install_crypto();
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("check") {
        let file = arguments.next().ok_or_else(|| anyhow::anyhow!("`api-gateway check FILE` needs the routes file"))?;
        let good = api_gateway::check(file.as_ref())?;
        return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if common::cli::handled("api-gateway", 3000).await? {
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::from_env()?;
    common::telemetry::init("api-gateway", &config.telemetry)?;
    let stop = common::shutdown::on_signal();
    let running = server::start(config).await?;
    stop.cancelled().await;
    running.drain().await;
    common::telemetry::finish().await;
    Ok(ExitCode::SUCCESS)
}
