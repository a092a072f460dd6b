//! The part of the expression language that small workflows use: names, comparisons, `&&`, `||`, `!`, and the status
//! functions. Names nobody knows are empty, as on GitHub.

use std::collections::BTreeMap;

/// What expressions can look at.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// `github.sha`, `matrix.version`, `env.NAME`, `steps.id.outputs.name`, …
    pub(crate) names: BTreeMap<String, String>,
    /// Whether something before has failed.
    pub(crate) failed: bool,
}

impl Scope {
    /// Replace every `${{ … }}`.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let Some((expression, after)) = after.split_once("}}") else { break };
            filled.push_str(before);
            filled.push_str(&self.value(expression.trim()));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// Whether an `if:` lets its step or job run. Without a status function it needs that nothing failed.
    pub(crate) fn allows(&self, condition: Option<&str>) -> bool {
        let Some(condition) = condition else { return !self.failed };
        let condition = condition.trim();
        let condition =
            condition.strip_prefix("${{").and_then(|inner| inner.strip_suffix("}}")).unwrap_or(condition).trim();
        let asks =
            ["always()", "failure()", "success()", "cancelled()"].iter().any(|function| condition.contains(function));
        (asks || !self.failed) && self.truth(condition)
    }

    fn truth(&self, expression: &str) -> bool {
        if let Some((left, right)) = expression.split_once("||") {
            return self.truth(left) || self.truth(right);
        }
        if let Some((left, right)) = expression.split_once("&&") {
            return self.truth(left) && self.truth(right);
        }
        let expression = expression.trim();
        if let Some((left, right)) = expression.split_once("==") {
            return self.value(left.trim()).eq_ignore_ascii_case(&self.value(right.trim()));
        }
        if let Some((left, right)) = expression.split_once("!=") {
            return !self.value(left.trim()).eq_ignore_ascii_case(&self.value(right.trim()));
        }
        if let Some(negated) = expression.strip_prefix('!') {
            return !self.truth(negated);
        }
        match expression {
            "always()" => true,
            "success()" => !self.failed,
            "failure()" => self.failed,
            "cancelled()" => false,
            other => !matches!(self.value(other).as_str(), "" | "false" | "0"),
        }
    }

    fn value(&self, expression: &str) -> String {
        if let Some((left, right)) = expression.split_once("||") {
            let left = self.value(left.trim());
            return if left.is_empty() { self.value(right.trim()) } else { left };
        }
        if let Some(text) = expression.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
            return text.replace("''", "'");
        }
        let literal = expression.parse::<f64>().is_ok() || matches!(expression, "true" | "false");
        if literal { expression.to_owned() } else { self.names.get(expression).cloned().unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(failed: bool) -> Scope {
        let names = [("github.ref", "refs/heads/main"), ("matrix.v", "3.11")];
        Scope { names: names.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), failed }
    }

    #[test]
    fn names_are_filled_in_and_unknown_ones_are_empty() {
        assert_eq!(scope(false).fill("v ${{ matrix.v }}-${{ secrets.KEY }}."), "v 3.11-.");
    }

    #[test]
    fn conditions_need_success_unless_they_ask() {
        let condition = Some("${{ github.ref == 'refs/heads/main' && matrix.v != '2' }}");
        assert!(scope(false).allows(condition));
        assert!(!scope(true).allows(condition));
        assert!(scope(true).allows(Some("always()")));
        assert!(scope(true).allows(Some("failure()")));
        assert!(!scope(false).allows(Some("failure()")));
        assert!(!scope(true).allows(None));
    }
}
