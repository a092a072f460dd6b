use std::io::{self, Write};

use crate::{report::Report, report::Severity, rules};

/// One finding in a few lines: where, what, why, what to do.
pub(super) fn write(report: &Report, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    let paint =
        |code: &str, text: &str| if colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() };
    let mut explained = std::collections::HashSet::new();
    for finding in &report.findings {
        let place = if finding.path.is_empty() {
            "(repository)".to_owned()
        } else {
            format!("{}:{}:{}", finding.path, finding.line, finding.column)
        };
        let colour = match finding.severity {
            Severity::Error => "31;1",
            Severity::Warning => "33;1",
            Severity::Info => "36;1",
        };
        let severity = paint(colour, finding.severity.name());
        // A terminal obeys control characters in file names and messages; people must see them instead.
        let message = printable(&finding.message);
        writeln!(out, "{}: {severity} {}: {message}", paint("1", &printable(&place)), paint("2", &finding.rule))?;
        // Why a rule exists is said once; a hundred findings of it need it no more than one.
        if explained.insert(&finding.rule)
            && let Some(rule) = rules::find(&finding.rule)
        {
            writeln!(out, "    why: {}", rule.why)?;
        }
        writeln!(out, "    do:  {}", finding.remedy)?;
    }
    let summary = &report.summary;
    if !report.findings.is_empty() {
        writeln!(out)?;
    }
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    write!(
        out,
        "{}, {}, {} in {} ({})",
        plural(summary.errors, "error"),
        plural(summary.warnings, "warning"),
        plural(summary.infos, "note"),
        plural(summary.documents, "document"),
        plural(summary.files, "file"),
    )?;
    if summary.waived > 0 {
        write!(out, "; {} waived", summary.waived)?;
    }
    if summary.baselined > 0 {
        write!(out, "; {} in the baseline", summary.baselined)?;
    }
    let fixable = report.findings.iter().filter(|finding| !finding.fix.is_empty()).count();
    if fixable > 0 {
        write!(out, "; {fixable} can be fixed with --fix")?;
    }
    writeln!(out)
}

fn printable(text: &str) -> String {
    text.chars()
        .flat_map(
            |character| {
                if character.is_control() { character.escape_default().collect::<Vec<_>>() } else { vec![character] }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        Config, Files, check,
        output::{Format, render},
    };

    #[test]
    fn people_get_place_rule_reason_and_remedy() {
        let tree = Files::new().with("README.md", "# X\n\nText of it. See [g](gone.md) and [h](off.md).\n");
        let shown = render(&check(&tree, &Config::only("link-file-missing")), Format::Human, false);
        assert_eq!(
            shown,
            "README.md:3:17: error link-file-missing: `gone.md` is not in the tree\n    why: A reader who follows the link gets an error page, and an agent that follows it works without what the author meant it to know.\n    do:  Correct the path, restore the file, or remove the link\nREADME.md:3:34: error link-file-missing: `off.md` is not in the tree\n    do:  Correct the path, restore the file, or remove the link\n\n2 errors, 0 warnings, 0 notes in 1 document (1 file)\n"
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let tree = Files::new().with("a.md", "# X\n\n[g](<\u{1b}[2Jgone.md>)\n");
        let shown = render(&check(&tree, &Config::only("link-file-missing")), Format::Human, false);
        assert!(!shown.contains('\u{1b}') && shown.contains("\\u{1b}"));
    }
}
