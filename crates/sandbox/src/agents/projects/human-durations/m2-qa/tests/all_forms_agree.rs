//! Every way of writing a duration reads back, and none of them panics on anything.

use std::time::Duration;

use human_durations::{format, format_iso, format_rounded, parse, parse_iso};

#[test]
fn both_forms_read_back_to_the_same_duration() {
    for milliseconds in (0..40_000_000_000_u64).step_by(61_728_395) {
        let span = Duration::from_millis(milliseconds);
        assert_eq!(parse(&format(span)), Ok(span));
        assert_eq!(parse_iso(&format_iso(span)), Ok(span), "{}", format_iso(span));
    }
}

#[test]
fn rounding_is_never_off_by_more_than_half_of_its_smallest_unit() {
    for milliseconds in (1..3_000_000_000_u64).step_by(23_456_789) {
        let span = Duration::from_millis(milliseconds);
        let rounded = parse(&format_rounded(span, 1)).unwrap();
        assert!(rounded.abs_diff(span) <= rounded.max(span) / 2, "{span:?} became {rounded:?}");
    }
}

#[test]
fn the_longest_durations_and_odd_texts_do_not_panic() {
    for span in [Duration::MAX, Duration::from_millis(u64::MAX)] {
        assert!(!format(span).is_empty() && !format_rounded(span, 1).is_empty() && !format_iso(span).is_empty());
    }
    for text in ["P99999999999999999999D", "PT18446744073709551615S", "PüD", "PT1ü", "P١D"] {
        assert!(parse_iso(text).is_err(), "{text}");
    }
}
