//! The checked-in description is what the code says.

use cursor_integration::routes;

#[test]
fn openapi_json_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let current = routes::api().1.to_pretty_json().unwrap() + "\n";
    #[expect(clippy::disallowed_methods, reason = "a switch of the test, not a setting of the service")]
    if std::env::var("UPDATE_OPENAPI").is_ok() {
        std::fs::write(path, &current).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == current, "openapi.json is out of date: run this test with UPDATE_OPENAPI=1 and commit the file");
}
