//! The name is one line of text.

#[test]
fn the_name_is_one_line_and_not_empty() {
    assert!(!app::NAME.trim().is_empty());
    assert_eq!(app::NAME.lines().count(), 1);
}
