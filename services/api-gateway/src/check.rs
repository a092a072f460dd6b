//! `api-gateway check FILE`: is a routes file good.

use std::io::Write as _;
use std::path::Path;

use common::config::{Reader, ServiceUrls};

/// Says what the file routes, or what is wrong with it; `false` when it is not good.
pub fn check(file: &Path) -> std::io::Result<bool> {
    let mut env = Reader::from_env();
    let services = ServiceUrls::read(&mut env);
    match crate::reload::read(Some(file), &services) {
        Ok(table) => {
            let mut routes: Vec<_> =
                table.routes().map(|route| format!("{} → {}", route.name, route.upstream)).collect();
            routes.sort();
            writeln!(
                std::io::stdout(),
                "{}: {} routes, {} upstreams",
                file.display(),
                routes.len(),
                table.upstreams.len()
            )?;
            for route in routes {
                writeln!(std::io::stdout(), "  {route}")?;
            }
            Ok(true)
        }
        Err(why) => {
            writeln!(std::io::stderr(), "error: {why}")?;
            Ok(false)
        }
    }
}
