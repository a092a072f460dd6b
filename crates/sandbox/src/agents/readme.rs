//! Changing a README without touching what its owner wrote.

/// The text with a section of that name holding `body`: replaced where it stands, or added at the end.
pub(super) fn with_section(text: &str, name: &str, body: &str) -> String {
    let heading = format!("## {name}");
    let section = format!("{heading}\n\n{}\n", body.trim_end());
    let lines: Vec<&str> = text.lines().collect();
    let Some(from) = lines.iter().position(|line| line.trim_end() == heading) else {
        return format!("{}\n\n{section}", text.trim_end());
    };
    let until = lines[from + 1..]
        .iter()
        .position(|line| line.starts_with("## ") || line.starts_with("# "))
        .map(|at| from + 1 + at);
    let before = joined(&lines[..from]);
    let after: String = until.map_or_else(String::new, |until| joined(&lines[until..]));
    if after.is_empty() { format!("{before}{section}") } else { format!("{before}{section}\n{after}") }
}

fn joined(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

/// One line of text that means nothing in Markdown or HTML.
pub(super) fn plain(text: &str) -> String {
    let kept: String = text.chars().map(|c| if c.is_control() || "<>`[]|".contains(c) { ' ' } else { c }).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::with_section;

    #[test]
    fn a_section_is_added_once_and_replaced_in_place() {
        let text = "# T\n\nwords\n";
        let once = with_section(text, "Getting started", "one\n");
        assert_eq!(once, "# T\n\nwords\n\n## Getting started\n\none\n");
        assert_eq!(with_section(&once, "Getting started", "one\n"), once);
        let middle = format!("{once}\n## Licence\n\nfree\n");
        let twice = with_section(&middle, "Getting started", "two");
        assert_eq!(twice, "# T\n\nwords\n\n## Getting started\n\ntwo\n\n## Licence\n\nfree\n");
    }
}
