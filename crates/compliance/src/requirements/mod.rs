//! What a README asks for, as a list that a plan can be held against.
//!
//! Lists, tables, numbered sections and sentences with "must", "should", "needs" (or «должен», «нужно», «следует») are
//! read. An id comes from the requirement's own words, so it stays the same whatever is edited elsewhere in the file.

use serde::{Deserialize, Serialize};

mod coverage;
mod sections;
mod words;

pub use coverage::{By, Coverage, Covered, Suggestion, Uncovered, UnknownId, coverage};

use crate::{
    markdown::{self, Document, Item},
    text::plain,
};
use sections::Class;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Must,
    Should,
    May,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    List,
    Sentence,
    Section,
    Table,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// `R-` and six letters or digits, made from the text.
    pub id: String,
    pub text: String,
    /// Line in the README, from 1.
    pub line: u32,
    pub priority: Priority,
    pub source: Source,
    /// The headings above it, outermost first.
    pub section: Vec<String>,
    /// The author's own label, such as `FR-3`.
    pub label: Option<String>,
    /// Ticked in the README as done.
    pub done: bool,
}

/// Reads the requirements of a README in the order they stand.
pub fn read(readme: &str) -> Vec<Requirement> {
    let document = markdown::parse("README.md", readme);
    let mut reader = Reader { document: &document, readme, found: Vec::new() };
    let asks = (0..document.headings.len()).any(|index| reader.class(Some(index)) == Class::Asks);
    reader.items(asks);
    reader.tables();
    reader.sentences();
    reader.sections();
    let mut found = reader.found;
    found.sort_by_key(|requirement| requirement.line);
    let mut seen = std::collections::HashMap::new();
    for requirement in &mut found {
        let words = plain(&requirement.text);
        let count = seen.entry(words.clone()).or_insert(0usize);
        *count += 1;
        requirement.id = if *count == 1 { id(&words) } else { id(&format!("{words} #{count}")) };
    }
    found
}

/// The id of a requirement's words.
fn id(words: &str) -> String {
    use sha2::{Digest, Sha256};
    // Without 0, 1, l and o, which people mistake for each other.
    const LETTERS: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
    let hash = Sha256::digest(words.as_bytes());
    let letters: String = hash[..6].iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
    format!("R-{letters}")
}

/// The id that a text would have if it stood once in a README.
pub fn id_of(text: &str) -> String {
    let (_, text) = words::label(text);
    id(&plain(text))
}

struct Reader<'a> {
    document: &'a Document,
    readme: &'a str,
    found: Vec<Requirement>,
}

impl Reader<'_> {
    /// What the nearest heading that says anything makes of its section.
    fn class(&self, section: Option<usize>) -> Class {
        self.document
            .trail(section)
            .iter()
            .rev()
            .map(|heading| sections::class(&heading.text, heading.level))
            .find(|class| *class != Class::Neutral)
            .unwrap_or(Class::Neutral)
    }

    fn push(&mut self, text: &str, line: u32, section: Option<usize>, source: Source) {
        let (label, text) = words::label(text.trim());
        let text = text.trim().trim_end_matches([';', ',']).trim();
        if text.chars().filter(|character| character.is_alphabetic()).count() < 4 {
            return;
        }
        let trail = self.document.trail(section);
        let priority = words::priority(text)
            .or_else(|| trail.iter().rev().find_map(|heading| sections::priority(&heading.text)))
            .unwrap_or(Priority::Must);
        self.found.push(Requirement {
            id: String::new(),
            text: text.to_owned(),
            line,
            priority,
            source,
            section: trail.iter().map(|heading| heading.text.clone()).collect(),
            label: label.map(str::to_owned),
            done: false,
        });
    }

    fn items(&mut self, asks: bool) {
        let document = self.document;
        let items = &document.items;
        for (index, item) in items.iter().enumerate() {
            let has_children = items.get(index + 1).is_some_and(|next| next.depth > item.depth);
            let text = item.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let class = self.class(item.section);
            let wanted = match class {
                Class::Skips => false,
                Class::Asks => true,
                // A README without any section of requirements is a plain wish list.
                Class::Neutral => {
                    words::asks(&text)
                        || self.is_task(item)
                        || (!asks && text.split(' ').count() >= 3 && !self.is_only_link(item))
                }
            };
            if !wanted || (has_children && text.ends_with(':')) {
                continue;
            }
            // «Export:» with children under it says what the children are about.
            let parent = items[..index].iter().rev().find(|other| other.depth < item.depth).filter(|_| item.depth > 0);
            let text = match parent.map(|parent| parent.text.trim()) {
                Some(parent) if parent.ends_with(':') && parent.split_whitespace().count() <= 8 => {
                    format!("{parent} {text}")
                }
                _ => text,
            };
            let done = self.after_mark(item).to_lowercase().starts_with("[x]");
            let before = self.found.len();
            self.push(&text, item.line, item.section, Source::List);
            if self.found.len() > before
                && let Some(last) = self.found.last_mut()
            {
                last.done = done;
            }
        }
    }

    /// An item with a box to tick.
    fn is_task(&self, item: &Item) -> bool {
        let mark = self.after_mark(item).to_lowercase();
        mark.starts_with("[ ]") || mark.starts_with("[x]")
    }

    fn after_mark(&self, item: &Item) -> &str {
        self.source_line(item.line).trim_start().trim_start_matches(['-', '*', '+', ' '])
    }

    fn source_line(&self, line: u32) -> &str {
        &self.readme[self.document.lines.range(self.readme, line)]
    }

    fn is_only_link(&self, item: &Item) -> bool {
        self.document
            .links
            .iter()
            .any(|link| link.offset >= item.offset && link.line == item.line && link.text.trim() == item.text.trim())
    }

    fn tables(&mut self) {
        let document = self.document;
        for table in &document.tables {
            let class = self.class(table.section);
            let speaks = table.header.cells.iter().any(|cell| sections::is_requirement_column(&cell.text));
            if class == Class::Skips {
                continue;
            }
            for row in &table.rows {
                let cells: Vec<&str> =
                    row.cells.iter().map(|cell| cell.text.trim()).filter(|cell| !cell.is_empty()).collect();
                // A first column of numbers or labels names the row and is no part of what is asked.
                let (label, cells) = match cells.split_first() {
                    Some((first, rest)) if !rest.is_empty() && words::is_label(first) => (Some(*first), rest),
                    _ => (None, &cells[..]),
                };
                let text = cells.join(" — ");
                if class == Class::Asks || speaks || words::asks(&text) {
                    let before = self.found.len();
                    self.push(&text, row.line, table.section, Source::Table);
                    if self.found.len() > before
                        && let (Some(label), Some(last)) = (label, self.found.last_mut())
                    {
                        last.label = Some(label.to_owned());
                    }
                }
            }
        }
    }

    fn sentences(&mut self) {
        let document = self.document;
        for paragraph in &document.paragraphs {
            if self.class(paragraph.section) == Class::Skips {
                continue;
            }
            let mut searched = paragraph.offset;
            for sentence in words::sentences(&paragraph.text) {
                if sentence.ends_with(':') || !words::asks(sentence) {
                    continue;
                }
                // The paragraph's text has lost its marks; its first words nearly always still stand together in the source.
                let start: String = sentence.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
                let offset = self.readme[searched..].find(&start).map_or(paragraph.offset, |at| searched + at);
                searched = offset;
                let line = document.lines.line(offset);
                self.push(sentence, line, paragraph.section, Source::Sentence);
            }
        }
    }

    /// Numbered headings that hold no requirement of their own are requirements themselves.
    fn sections(&mut self) {
        let document = self.document;
        for (index, heading) in document.headings.iter().enumerate() {
            let (label, rest) = words::label(&heading.text);
            let numbered = label.is_some() && heading.level >= 2;
            if !numbered || rest.is_empty() || self.class(Some(index)) == Class::Skips {
                continue;
            }
            if sections::class(rest, heading.level) != Class::Neutral {
                continue;
            }
            let end = document.headings[index + 1..]
                .iter()
                .find(|next| next.level <= heading.level)
                .map_or(u32::MAX, |next| next.line);
            let filled = self.found.iter().any(|requirement| requirement.line > heading.line && requirement.line < end);
            let has_children = document
                .headings
                .get(index + 1)
                .is_some_and(|next| next.level > heading.level && words::label(&next.text).0.is_some());
            if !filled && !has_children {
                self.push(&heading.text, heading.line, index.checked_sub(1), Source::Section);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Milestone, Plan, Task};

    fn texts(readme: &str) -> Vec<String> {
        read(readme).into_iter().map(|requirement| requirement.text).collect()
    }

    const README: &str = "# Shop\n\nA small shop. It must accept cards. Nice weather.\n\n## Features\n\n- List the goods\n- Basket:\n  - add a thing\n  - remove a thing\n- [x] Search by name\n\n## API\n\n| Method | Path | What |\n|---|---|---|\n| GET | `/goods` | lists goods |\n\n## Requirements\n\n### 1. Import from CSV\n\nReads a file.\n\n### 2. Export\n\nThe tool should write JSON.\n\n## Installation\n\n- run make\n\n## License\n\nMIT\n";

    #[test]
    fn lists_tables_sections_and_sentences_are_read() {
        assert_eq!(
            texts(README),
            [
                "It must accept cards.",
                "List the goods",
                "Basket: add a thing",
                "Basket: remove a thing",
                "Search by name",
                "GET — /goods — lists goods",
                "Import from CSV",
                "The tool should write JSON.",
            ]
        );
        let found = read(README);
        assert_eq!(found[1].line, 7);
        assert!(found[4].done);
        assert_eq!(found[7].priority, Priority::Should);
    }

    #[test]
    fn russian_is_read_too() {
        let readme = "# Магазин\n\nСервис должен принимать карты. Погода хорошая.\n\n## Требования\n\n1. Вход по почте\n2. Желательно: тёмная тема\n\n## Что не входит\n\n- мобильное приложение\n\n## Установка\n\n- запустить make\n";
        assert_eq!(texts(readme), ["Сервис должен принимать карты.", "Вход по почте", "Желательно: тёмная тема"]);
        assert_eq!(read(readme)[2].priority, Priority::Should);
    }

    #[test]
    fn ids_survive_edits_elsewhere() {
        let before = read(README);
        let after = read(&format!(
            "{}\n- A new wish\n",
            README
                .replace("A small shop.", "A big shop.")
                .replace("## Features", "- Sell more things today\n\n## Features")
        ));
        for requirement in &before {
            assert!(after.iter().any(|other| other.id == requirement.id), "{} is lost", requirement.text);
        }
        let renumbered = read(&README.replace("### 1. Import", "### 7. Import"));
        assert!(renumbered.iter().any(|requirement| requirement.id == id_of("Import from CSV")));
    }

    #[test]
    fn headings_that_ask_and_boxes_to_tick_make_requirements() {
        let readme = "# Rooms\n\n## What it must do\n\n1. Users can book a room\n2. The owner may cancel\n\n## Later\n\n- [ ] Dark mode\n- Somebody said so once\n\nПароли нельзя хранить открыто.\n\n## What you need to install\n\n- Python\n";
        assert_eq!(
            texts(readme),
            ["Users can book a room", "The owner may cancel", "Dark mode", "Пароли нельзя хранить открыто."]
        );
    }

    #[test]
    fn equal_words_get_different_ids() {
        let found = read("# X\n\n## Features\n\n- say hello\n- say hello\n");
        assert_eq!(found.len(), 2);
        assert_ne!(found[0].id, found[1].id);
    }

    #[test]
    fn a_plan_is_held_against_the_list() {
        let requirements = read("# X\n\n## Features\n\n- Import goods from CSV files\n- Send mail\n- Dark theme\n");
        let task = |id: &str, title: &str, ids: &[&str]| Task {
            id: id.into(),
            title: title.into(),
            requirement_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        };
        let plan = Plan {
            milestones: vec![Milestone {
                key: "m1".into(),
                tasks: vec![
                    task("t1", "Mail", &[&requirements[1].id, "R-zzzzzz"]),
                    task("t2", "Importing goods from a CSV file", &[]),
                ],
                ..Milestone::default()
            }],
            ..Plan::default()
        };
        let coverage = coverage(&requirements, &plan);
        assert_eq!(coverage.covered.len(), 1);
        assert_eq!(coverage.covered[0].by[0].task, "t1");
        assert_eq!(coverage.uncovered.len(), 2);
        assert_eq!(coverage.uncovered[0].suggestions[0].task, "t2");
        assert!(coverage.uncovered[1].suggestions.is_empty());
        assert_eq!(coverage.unknown_ids[0].id, "R-zzzzzz");
        assert_eq!(coverage.tasks_without_requirement, ["t2"]);
    }
}
