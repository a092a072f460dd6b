#[test]
fn the_register_can_be_read() {
    assert!(!app::register().unwrap().is_empty());
}

#[test]
fn a_broken_line_is_named() {
    let error = app::parse("R1\topen\tfine\nR2\tperhaps\tnot fine\n").unwrap_err();
    assert!(error.starts_with("line 2"), "{error}");
}
