//! Forwards to the library.
fn main() {}
