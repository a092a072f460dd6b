//! The checked-in description is the one the code makes.

use std::path::Path;

use notification::routes;
use sqlx::PgPool;

use super::support::Installation;

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_checked_in_description_is_current(db: PgPool) {
    let installation = Installation::start(db).await;
    let (_, description) = routes::router(installation.app.clone());
    let fresh = format!("{}\n", description.to_pretty_json().unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::vars().any(|(name, value)| name == "UPDATE_OPENAPI" && value == "1") {
        std::fs::write(&path, &fresh).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == fresh, "openapi.json is out of date: run the tests with UPDATE_OPENAPI=1");
}
