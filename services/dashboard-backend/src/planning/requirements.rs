//! What a README asks for, and which words of a plan mean the same.

use std::collections::HashSet;

use common::clients::agents::Requirement;
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

/// More are no longer requirements but a book.
const MOST: usize = 60;
/// Sections that describe rather than ask.
const DESCRIBING: [&str; 12] = [
    "license",
    "licence",
    "install",
    "installation",
    "contributing",
    "contact",
    "author",
    "authors",
    "acknowledgements",
    "changelog",
    "links",
    "references",
];

/// List items of the README, outside sections that only describe; without any, its paragraphs. Numbered `R1`, `R2`, … in their order.
pub fn read(readme: &str) -> Vec<Requirement> {
    let (items, paragraphs) = collect(readme);
    let texts = if items.is_empty() { paragraphs } else { items };
    let mut seen = HashSet::new();
    texts
        .into_iter()
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|text| text.split(' ').count() >= 2 && seen.insert(text.to_lowercase()))
        .take(MOST)
        .zip(1..)
        .map(|(text, number)| Requirement { id: format!("R{number}"), text: text.chars().take(500).collect() })
        .collect()
}

fn collect(readme: &str) -> (Vec<String>, Vec<String>) {
    let (mut items, mut paragraphs) = (Vec::new(), Vec::new());
    let (mut heading, mut open): (Option<String>, Vec<String>) = (None, Vec::new());
    let (mut paragraph, mut skip, mut code) = (String::new(), false, false);
    for event in Parser::new(readme) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(level)) => {
                let title = heading.take().unwrap_or_default().to_lowercase();
                skip = level != HeadingLevel::H1 && DESCRIBING.contains(&title.trim());
            }
            Event::Start(Tag::CodeBlock(_)) => code = true,
            Event::End(TagEnd::CodeBlock) => code = false,
            Event::Start(Tag::Item) => {
                // The parent's own words end where its sub-list begins.
                if let Some(parent) = open.last_mut() {
                    let text = std::mem::take(parent);
                    if !skip && !text.trim().is_empty() {
                        items.push(text);
                    }
                }
                open.push(String::new());
            }
            Event::End(TagEnd::Item) => {
                let text = open.pop().unwrap_or_default();
                if !skip && !text.trim().is_empty() {
                    items.push(text);
                }
            }
            Event::Start(Tag::Paragraph) => paragraph.clear(),
            Event::End(TagEnd::Paragraph) if open.is_empty() && !skip => {
                paragraphs.push(std::mem::take(&mut paragraph))
            }
            Event::Text(text) | Event::Code(text) if !code => push(&mut heading, &mut open, &mut paragraph, &text),
            Event::SoftBreak | Event::HardBreak => push(&mut heading, &mut open, &mut paragraph, " "),
            _ => {}
        }
    }
    (items, paragraphs)
}

fn push(heading: &mut Option<String>, open: &mut [String], paragraph: &mut String, text: &str) {
    match (heading, open.last_mut()) {
        (Some(heading), _) => heading.push_str(text),
        (None, Some(item)) => item.push_str(text),
        (None, None) => paragraph.push_str(text),
    }
}

/// The requirement of the plan that means the same as `wanted`: most of its words are there.
pub fn find_same<'a>(wanted: &str, planned: &'a [Requirement]) -> Option<&'a Requirement> {
    let words = words(wanted);
    planned
        .iter()
        .map(|candidate| (overlap(&words, &self::words(&candidate.text)), candidate))
        .filter(|(overlap, _)| *overlap >= 60)
        .max_by_key(|(overlap, _)| *overlap)
        .map(|(_, candidate)| candidate)
}

fn words(text: &str) -> HashSet<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2).map(str::to_lowercase).collect()
}

/// Shared words, in percent of the shorter text.
fn overlap(a: &HashSet<String>, b: &HashSet<String>) -> usize {
    let shorter = a.len().min(b.len());
    if shorter == 0 { 0 } else { a.intersection(b).count() * 100 / shorter }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_items_are_requirements_and_the_licence_is_not() {
        let readme = "# Ledger\n\nA tool.\n\n## Features\n- adds `entries` with\n  an amount\n- lists entries\n  - newest first\n- lists entries\n```\n- not this\n```\n## License\n- MIT and Apache\n";
        let found = read(readme);
        let texts: Vec<_> = found.iter().map(|r| r.text.as_str()).collect();
        assert_eq!(texts, ["adds entries with an amount", "lists entries", "newest first"]);
        assert_eq!(found[2].id, "R3");
    }

    #[test]
    fn a_readme_without_lists_gives_its_paragraphs() {
        let found = read("# X\n\nIt converts seconds to words.\n\nIt never panics.\n");
        assert_eq!(found.len(), 2);
        assert_eq!(read("").len(), 0);
    }

    #[test]
    fn the_same_is_found_by_its_words() {
        let planned = [
            Requirement { id: "A".into(), text: "Add entries with an amount and a date".into() },
            Requirement { id: "B".into(), text: "Export to CSV".into() },
        ];
        assert_eq!(find_same("adds entries with an amount", &planned).unwrap().id, "A");
        assert!(find_same("remove users", &planned).is_none());
    }
}
