use std::time::Duration;

use human_durations::{format_iso, parse_iso, ErrorKind};

#[test]
fn reads_and_writes_the_iso_form() {
    for (text, milliseconds) in [
        ("PT1H30M", 5_400_000),
        ("P1DT2H", 93_600_000),
        ("PT0.25S", 250),
        ("PT0S", 0),
        ("P2D", 172_800_000),
        ("PT59.001S", 59_001),
        ("PT10S", 10_000),
    ] {
        let span = Duration::from_millis(milliseconds);
        assert_eq!(parse_iso(text), Ok(span), "{text}");
        assert_eq!(format_iso(span), text);
    }
    assert_eq!(parse_iso("P1W"), Ok(Duration::from_secs(604_800)));
}

#[test]
fn refuses_what_has_no_fixed_length_or_no_order() {
    for text in ["P1Y", "P1M", "PT1D", "PT1M1H", "PT1H1H"] {
        assert!(matches!(parse_iso(text).unwrap_err().kind, ErrorKind::UnknownUnit(_)), "{text}");
    }
    for text in ["", "P", "PT", "P1DT", "1H", "PT1.5H", "PT1.S", "PT.5S", "PT1.2345S", "PT5"] {
        assert!(parse_iso(text).is_err(), "{text}");
    }
}
