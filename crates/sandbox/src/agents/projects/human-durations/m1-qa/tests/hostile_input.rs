//! No text, however long or large, makes the library panic.

use std::time::Duration;

use human_durations::{format, parse, ErrorKind};

#[test]
fn a_number_that_is_too_large_for_its_unit_is_an_error() {
    for text in ["300000000000000000h", "18446744073709551615 weeks", "99999999999999999999999s"] {
        let error = parse(text).expect_err(text);
        assert_eq!((error.kind, error.at), (ErrorKind::TooLong, 0), "{text}");
    }
}

#[test]
fn a_sum_that_is_too_large_is_an_error() {
    let error = parse("18446744073709551615ms 1ms").expect_err("one more than fits");
    assert_eq!((error.kind, error.at), (ErrorKind::TooLong, 23));
}

#[test]
fn the_longest_duration_survives_both_ways() {
    let longest = Duration::from_millis(u64::MAX);
    assert_eq!(parse(&format(longest)), Ok(longest));
}

#[test]
fn text_that_is_not_ascii_is_refused_without_a_panic() {
    for text in ["1ü", "ü", "1 ß 2h", "١h", "1h\u{2003}2m x", "🕐", "1🕐"] {
        assert!(parse(text).is_err(), "{text}");
    }
}
