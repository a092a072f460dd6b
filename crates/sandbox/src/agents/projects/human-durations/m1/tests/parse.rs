use std::time::Duration;

use human_durations::{parse, ErrorKind};

#[test]
fn reads_short_units_words_and_sums() {
    for (text, seconds) in [
        ("90s", 90),
        ("1h 30m", 5_400),
        ("1H30M", 5_400),
        ("2 days", 172_800),
        ("1 week 1 day", 691_200),
        ("  3 min ", 180),
        ("0s", 0),
    ] {
        assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
    }
    assert_eq!(parse("1s 5ms"), Ok(Duration::from_millis(1_005)));
}

#[test]
fn says_what_is_wrong_and_where() {
    let refused = [
        ("", ErrorKind::Empty, 0),
        ("   ", ErrorKind::Empty, 0),
        ("fast", ErrorKind::NumberExpected, 0),
        ("1h -3m", ErrorKind::NumberExpected, 3),
        ("15", ErrorKind::UnitExpected, 2),
        ("1h 2 parsecs", ErrorKind::UnknownUnit("parsecs".to_owned()), 5),
    ];
    for (text, kind, at) in refused {
        let error = parse(text).unwrap_err();
        assert_eq!((error.kind, error.at), (kind, at), "{text:?}");
    }
}

#[test]
fn errors_read_like_sentences() {
    assert_eq!(parse("3 moons").unwrap_err().to_string(), "`moons` at byte 2 is not a unit of time");
}
