//! The checked-in description is what the code says.

use dashboard_backend::routes;

#[test]
fn the_checked_in_description_is_current() {
    let (_, spec) = routes::public().split_for_parts();
    let fresh = format!("{}\n", spec.to_pretty_json().unwrap());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if common::config::Reader::from_env().or("UPDATE_OPENAPI", 0) == 1 {
        std::fs::write(path, &fresh).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == fresh, "openapi.json is out of date: run the test again with UPDATE_OPENAPI=1");
}
