//! What was wrong on the day a repository adopted the check: known, counted, and not allowed to grow.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::report::{Finding, Report};

pub const FILE: &str = "compliance-baseline.json";

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    pub version: u32,
    pub findings: Vec<Known>,
}

/// Lines are left out, so that edits elsewhere in the file change nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Known {
    pub path: String,
    pub rule: String,
    pub message: String,
    pub count: usize,
}

impl Baseline {
    pub fn of(report: &Report) -> Self {
        let mut counts: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
        for finding in &report.findings {
            *counts.entry(key(finding)).or_default() += 1;
        }
        let findings = counts
            .into_iter()
            .map(|((path, rule, message), count)| Known {
                path: path.to_owned(),
                rule: rule.to_owned(),
                message: message.to_owned(),
                count,
            })
            .collect();
        Self { version: 1, findings }
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let baseline: Self =
            serde_json::from_str(text).map_err(|error| format!("the baseline cannot be read: {error}"))?;
        if baseline.version == 1 {
            Ok(baseline)
        } else {
            Err(format!("baseline version {} is not known; write it anew", baseline.version))
        }
    }

    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Takes known findings out of the report, and says how many.
    pub fn subtract(&self, findings: &mut Vec<Finding>) -> usize {
        let key = |path: &str, rule: &str, message: &str| [path, rule, message].join("\0");
        let mut left: HashMap<String, usize> =
            self.findings.iter().map(|known| (key(&known.path, &known.rule, &known.message), known.count)).collect();
        let before = findings.len();
        findings.retain(|finding| match left.get_mut(&key(&finding.path, &finding.rule, &finding.message)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        before - findings.len()
    }
}

fn key(finding: &Finding) -> (&str, &str, &str) {
    (&finding.path, &finding.rule, &finding.message)
}
