//! Whether a rule answers, or people are asked.

use time::Duration;

/// What holds for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// It answers by itself.
    pub auto: bool,
    /// How many different people have to approve.
    pub quorum: i32,
    /// How long an answer may take.
    pub expires_after: Duration,
}

/// What the policy answers by itself. It can only say yes: what cannot be approved is asked.
pub fn answer<'a>(policy: &Policy, options: &'a [String]) -> Option<&'a str> {
    options.iter().find(|option| policy.auto && *option == "approve").map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_only_ever_approves() {
        let ask = Policy { auto: false, quorum: 1, expires_after: Duration::hours(72) };
        let auto = Policy { auto: true, ..ask };
        let usual = ["approve".to_owned(), "reject".to_owned()];
        assert_eq!(answer(&ask, &usual), None);
        assert_eq!(answer(&auto, &usual), Some("approve"));
        assert_eq!(answer(&auto, &["retry".to_owned(), "stop".to_owned()]), None);
    }
}
