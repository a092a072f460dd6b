use serde::Serialize;
use serde_json::{Value, to_value};

use super::Each;
use crate::report::Report;

/// The report as its JSON Schema has it, keys in the order of the alphabet.
pub(super) fn report(report: &Report) -> impl Serialize {
    Sorted {
        findings: Each(|| values(&report.findings)),
        summary: to_value(&report.summary).unwrap_or_default(),
        waived: Each(|| values(&report.waived)),
    }
}

#[derive(Serialize)]
struct Sorted<F, W> {
    findings: F,
    summary: Value,
    waived: W,
}

fn values<T: Serialize>(list: &[T]) -> impl Iterator<Item = Value> {
    list.iter().map(|element| to_value(element).unwrap_or_default())
}
