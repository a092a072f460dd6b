//! `docs/performance.md`: each benchmark has a part of its own, which it writes anew.

use std::path::Path;

/// Puts a part, which begins with its heading, into the document in place of the one that was there.
pub(super) fn write(file: &Path, part: &str) -> std::io::Result<()> {
    let old = std::fs::read_to_string(file).unwrap_or_else(|_| {
        "# Performance\n\nMeasured, never promised: each part says with which command.\n".to_owned()
    });
    std::fs::write(file, replaced(&old, part))
}

fn replaced(old: &str, part: &str) -> String {
    let heading = part.lines().next().unwrap_or_default();
    let (before, after) = match old.split_once(heading) {
        Some((before, rest)) => (before, rest.find("\n## ").map_or("", |at| &rest[at + 1..])),
        None => (old, ""),
    };
    let after = if after.is_empty() { String::new() } else { format!("\n{after}") };
    format!("{}\n\n{}\n{after}", before.trim_end(), part.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_part_of_the_document_changes() {
        let part = "## The gateway\n\nnew\n";
        assert_eq!(replaced("# P\n\nx\n", part), "# P\n\nx\n\n## The gateway\n\nnew\n");
        let old = "# P\n\n## A\n\na\n\n## The gateway\n\nold\n\n| x |\n\n## B\n\nb\n";
        assert_eq!(replaced(old, part), "# P\n\n## A\n\na\n\n## The gateway\n\nnew\n\n## B\n\nb\n");
        assert_eq!(replaced(&replaced(old, part), part), replaced(old, part), "twice is once");
    }
}
