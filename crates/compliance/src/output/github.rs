use std::io::{self, Write};

use crate::report::{Report, Severity};

/// Workflow commands, which GitHub shows beside the changed lines.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let level = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        write!(out, "::{level} ")?;
        if !finding.path.is_empty() {
            write!(out, "file={},line={},col={},", property(&finding.path), finding.line, finding.column)?;
        }
        writeln!(
            out,
            "title={}::{}",
            property(&finding.rule),
            data(&format!("{}. {}", finding.message, finding.remedy))
        )?;
    }
    Ok(())
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use crate::{
        Config, Files, check,
        output::{Format, render},
    };

    #[test]
    fn commands_are_escaped() {
        let tree = Files::new().with("a,b.md", "# X\n\n[x](100%25\u{2c}gone.md)\n");
        let shown = render(&check(&tree, &Config::only("link-file-missing")), Format::Github, false);
        assert_eq!(
            shown,
            "::error file=a%2Cb.md,line=3,col=1,title=link-file-missing::`100%25,gone.md` is not in the tree. Correct the path, restore the file, or remove the link\n"
        );
    }
}
