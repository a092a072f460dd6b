use std::time::Duration;

use human_durations::{format, parse};

#[test]
fn writes_the_largest_unit_first_and_nothing_that_is_zero() {
    assert_eq!(format(Duration::from_millis(93_600_005)), "1d 2h 5ms");
    assert_eq!(format(Duration::from_secs(60)), "1m");
    assert_eq!(format(Duration::ZERO), "0s");
    assert_eq!(format(Duration::from_micros(999)), "0s");
}

#[test]
fn what_was_written_reads_back_the_same() {
    for milliseconds in (0..2_000_000_000).step_by(7_654_321) {
        let span = Duration::from_millis(milliseconds);
        assert_eq!(parse(&format(span)), Ok(span));
    }
}
