//! Line differences: which lines stay, a unified diff for people, and a three-way merge.

use std::fmt::Write as _;

/// Pairs of equal lines `(left, right)`, rising on both sides.
fn matches(left: &[&str], right: &[&str]) -> Vec<(usize, usize)> {
    let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let tail = left[head..].iter().rev().zip(right[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (l, r) = (&left[head..left.len() - tail], &right[head..right.len() - tail]);
    let mut pairs: Vec<_> = (0..head).map(|at| (at, at)).collect();
    // Documents are small; past this many cells the middle is taken as replaced, which is still a right answer.
    if l.len() * r.len() <= 16_000_000 {
        let width = r.len() + 1;
        let mut longest = vec![0u32; (l.len() + 1) * width];
        for i in (0..l.len()).rev() {
            for j in (0..r.len()).rev() {
                longest[i * width + j] = if l[i] == r[j] {
                    longest[(i + 1) * width + j + 1] + 1
                } else {
                    longest[(i + 1) * width + j].max(longest[i * width + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < l.len() && j < r.len() {
            if l[i] == r[j] {
                pairs.push((head + i, head + j));
                i += 1;
                j += 1;
            } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }
    pairs.extend((0..tail).map(|at| (left.len() - tail + at, right.len() - tail + at)));
    pairs
}

/// A unified diff with three lines of context; empty when nothing differs.
pub fn unified(path: &str, left: &str, right: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (left.lines().collect(), right.lines().collect());
    let mut steps: Vec<(char, &str)> = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (x, y) in matches(&a, &b).into_iter().chain([(a.len(), b.len())]) {
        steps.extend(a[i..x].iter().map(|line| ('-', *line)));
        steps.extend(b[j..y].iter().map(|line| ('+', *line)));
        if x < a.len() {
            steps.push((' ', a[x]));
        }
        (i, j) = (x + 1, y + 1);
    }
    let near = |at: usize| steps[at.saturating_sub(3)..(at + 4).min(steps.len())].iter().any(|step| step.0 != ' ');
    let mut out = String::new();
    let (mut line_a, mut line_b, mut at) = (1, 1, 0);
    while at < steps.len() {
        let end = (at..steps.len()).find(|step| !near(*step)).unwrap_or(steps.len());
        let hunk = &steps[at..end];
        let count = |other: char| hunk.iter().filter(|(sign, _)| *sign != other).count();
        if !hunk.is_empty() {
            if out.is_empty() {
                let _ = writeln!(out, "--- a/{path}\n+++ b/{path}");
            }
            let _ = writeln!(out, "@@ -{line_a},{} +{line_b},{} @@", count('+'), count('-'));
            for (sign, line) in hunk {
                let _ = writeln!(out, "{sign}{line}");
            }
        }
        // What follows a hunk is a line that both sides have.
        let next = (end + 1).min(steps.len());
        line_a += count('+') + next - end;
        line_b += count('-') + next - end;
        at = next;
    }
    out
}

/// Takes the changes of both sides onto their common base. `None` when they touch the same lines differently.
pub fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let origin: Vec<&str> = base.lines().collect();
    let (kept, fresh): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), theirs.lines().collect());
    let (left, right) = (matches(&origin, &kept), matches(&origin, &fresh));
    let mut stable: Vec<(usize, usize, usize)> = Vec::new();
    let mut others = right.iter().peekable();
    for (base_line, our_line) in left {
        while others.next_if(|pair| pair.0 < base_line).is_some() {}
        if let Some(pair) = others.next_if(|pair| pair.0 == base_line) {
            stable.push((base_line, our_line, pair.1));
        }
    }
    stable.push((origin.len(), kept.len(), fresh.len()));
    let mut merged: Vec<&str> = Vec::new();
    let (mut i, mut j, mut k) = (0, 0, 0);
    for (x, y, z) in stable {
        let (was, mine, new) = (&origin[i..x], &kept[j..y], &fresh[k..z]);
        if mine == new || was == new {
            merged.extend(mine);
        } else if was == mine {
            merged.extend(new);
        } else {
            return None;
        }
        if x < origin.len() {
            merged.push(origin[x]);
        }
        (i, j, k) = (x + 1, y + 1, z + 1);
    }
    let mut text = merged.join("\n");
    if !text.is_empty() && (ours.ends_with('\n') || theirs.ends_with('\n')) {
        text.push('\n');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_the_change_with_context() {
        let shown = unified("x.md", "a\nb\nc\n", "a\nB\nc\n");
        assert_eq!(shown, "--- a/x.md\n+++ b/x.md\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
        let (old, new) = ("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n");
        let hunks = "@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -6,4 +7,3 @@\n 6\n 7\n 8\n-9\n";
        assert_eq!(unified("x.md", old, new), format!("--- a/x.md\n+++ b/x.md\n{hunks}"));
        assert_eq!(unified("x.md", "a\n", "a\n"), "");
    }

    #[test]
    fn both_sides_are_kept_when_they_do_not_touch() {
        let base = "1\n2\n3\n4\n5\n";
        assert_eq!(merge(base, "0\n1\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n").as_deref(), Some("0\n1\n2\n3\n4\nfive\n"));
        assert_eq!(merge(base, "1\nx\n3\n4\n5\n", "1\ny\n3\n4\n5\n"), None);
        assert_eq!(merge(base, base, "1\n").as_deref(), Some("1\n"));
    }
}
