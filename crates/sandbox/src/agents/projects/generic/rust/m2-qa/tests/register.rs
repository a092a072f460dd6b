//! The register names each requirement once and says something about it.

use std::collections::BTreeSet;

#[test]
fn ids_are_unique_and_texts_are_not_empty() {
    let register = app::register().unwrap();
    let ids: BTreeSet<&str> = register.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids.len(), register.len());
    assert!(register.iter().all(|entry| !entry.text.trim().is_empty()));
}
