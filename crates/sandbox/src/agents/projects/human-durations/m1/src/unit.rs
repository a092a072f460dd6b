//! The units, and how they are written.

/// A unit of time: its short name and its length in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) name: &'static str,
    pub(crate) milliseconds: u64,
    words: [&'static str; 3],
}

const fn unit(name: &'static str, milliseconds: u64, words: [&'static str; 3]) -> Unit {
    Unit { name, milliseconds, words }
}

/// All units, the largest first.
pub(crate) const UNITS: [Unit; 6] = [
    unit("w", 604_800_000, ["w", "week", "weeks"]),
    unit("d", 86_400_000, ["d", "day", "days"]),
    unit("h", 3_600_000, ["h", "hour", "hours"]),
    unit("m", 60_000, ["min", "minute", "minutes"]),
    unit("s", 1_000, ["sec", "second", "seconds"]),
    unit("ms", 1, ["msec", "millisecond", "milliseconds"]),
];

/// The unit that is written so, whatever the case.
pub(crate) fn named(text: &str) -> Option<Unit> {
    UNITS.into_iter().find(|unit| {
        unit.name.eq_ignore_ascii_case(text) || unit.words.iter().any(|word| word.eq_ignore_ascii_case(text))
    })
}
