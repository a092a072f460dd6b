#[test]
fn says_what_it_is_and_that_it_is_a_skeleton() {
    let text = app::about();
    assert!(text.starts_with(app::NAME) && text.contains("a skeleton"), "{text}");
}
