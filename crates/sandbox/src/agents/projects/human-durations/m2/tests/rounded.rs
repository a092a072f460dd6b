use std::time::Duration;

use human_durations::format_rounded;

#[test]
fn keeps_the_largest_units_and_rounds_the_rest() {
    let seconds = |hours: u64, minutes: u64, seconds: u64| Duration::from_secs(hours * 3_600 + minutes * 60 + seconds);
    assert_eq!(format_rounded(seconds(1, 59, 31), 2), "2h");
    assert_eq!(format_rounded(seconds(1, 59, 29), 2), "1h 59m");
    assert_eq!(format_rounded(seconds(1, 59, 29), 1), "2h");
    assert_eq!(format_rounded(seconds(1, 59, 29), 9), "1h 59m 29s");
    assert_eq!(format_rounded(Duration::from_millis(400), 1), "400ms");
    assert_eq!(format_rounded(Duration::ZERO, 3), "0s");
}
