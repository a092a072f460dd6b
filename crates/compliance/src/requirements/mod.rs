//! What a README asks for, as a list that a plan can be held against.
//!
//! Lists, tables, numbered sections and sentences with "must", "should", "needs" (or «должен», «нужно», «следует») are
//! read. An id comes from the requirement's own words, so it stays the same whatever is edited elsewhere in the file.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

mod coverage;
mod sections;
mod words;

pub use coverage::{By, Coverage, Covered, Suggestion, Uncovered, UnknownId, coverage};

use crate::{
    markdown::{self, Document, Item, Paragraph},
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
    let intros = document.paragraphs.iter().map(|paragraph| intro(paragraph, readme)).collect();
    let mut reader = Reader { document: &document, readme, intros, found: Vec::new() };
    let asks = (0..document.headings.len()).any(|index| reader.class(Some(index)) == Class::Asks)
        || document.items.iter().any(|item| reader.list_class(item) == Class::Asks);
    reader.items(asks);
    reader.tables();
    reader.sentences();
    reader.sections();
    let mut found = reader.found;
    found.sort_by_key(|requirement| requirement.line);
    let mut seen = HashMap::new();
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

/// Where something stands: its line, and the heading above it.
#[derive(Clone, Copy)]
struct Place {
    line: u32,
    section: Option<usize>,
}

struct Reader<'a> {
    document: &'a Document,
    readme: &'a str,
    /// The words with which each paragraph introduces a list, if it does.
    intros: Vec<Option<&'a str>>,
    found: Vec<Requirement>,
}

/// The words that introduce a list: they end with a colon, or are a line in bold.
fn intro<'a>(paragraph: &'a Paragraph, readme: &str) -> Option<&'a str> {
    let sentence = words::sentences(&paragraph.text).pop()?;
    let bold = readme[paragraph.offset..].starts_with("**") && sentence.split(' ').count() <= 5;
    (sentence.ends_with(':') || bold).then(|| sentence.trim_end_matches(':').trim())
}

impl<'a> Reader<'a> {
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

    /// What a section, or the words before a list, make of it.
    fn list_class(&self, item: &Item) -> Class {
        let section = self.class(item.section);
        match self.intro(item).map(sections::class_of_intro) {
            Some(class) if section != Class::Skips && class != Class::Neutral => class,
            _ => section,
        }
    }

    /// The last paragraph before an item.
    fn paragraph_before(&self, item: &Item) -> Option<usize> {
        self.document.paragraphs.partition_point(|paragraph| paragraph.offset < item.offset).checked_sub(1)
    }

    fn intro(&self, item: &Item) -> Option<&'a str> {
        let paragraph = self.paragraph_before(item)?;
        self.intros[paragraph].filter(|_| self.document.paragraphs[paragraph].section == item.section)
    }

    /// `known` is the label when it does not stand in the text.
    fn push(&mut self, text: &str, place: Place, source: Source, known: Option<&str>, intro: Option<&str>) {
        let (label, text) = match known {
            Some(_) => (known, text),
            None => words::label(text.trim()),
        };
        let text = text.trim().trim_end_matches([';', ',']).trim();
        if text.chars().filter(|character| character.is_alphabetic()).count() < 2 {
            return;
        }
        let trail = self.document.trail(place.section);
        let priority = words::priority(text)
            .or_else(|| intro.and_then(|intro| sections::priority(intro).or_else(|| words::priority(intro))))
            .or_else(|| trail.iter().rev().find_map(|heading| sections::priority(&heading.text)))
            .unwrap_or(Priority::Must);
        self.found.push(Requirement {
            id: String::new(),
            text: text.to_owned(),
            line: place.line,
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
        let long: HashSet<_> = items
            .iter()
            .filter(|item| item.text.split_whitespace().count() >= 3)
            .map(|item| (item.section, self.paragraph_before(item)))
            .collect();
        for (index, item) in items.iter().enumerate() {
            let has_children = items.get(index + 1).is_some_and(|next| next.depth > item.depth);
            let text = item.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let wanted = match self.list_class(item) {
                Class::Skips => false,
                Class::Asks => true,
                // A README without any section of requirements is a plain wish list; lists of single words are something else.
                Class::Neutral => {
                    let wish = long.contains(&(item.section, self.paragraph_before(item)))
                        && text.contains(' ')
                        && !self.is_only_link(item);
                    words::asks(&text) || self.is_task(item) || (!asks && wish)
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
            let place = Place { line: item.line, section: item.section };
            self.push(&text, place, Source::List, None, self.intro(item));
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
                if cells.iter().any(|cell| sections::refuses(cell)) {
                    continue;
                }
                let text = cells.join(" — ");
                if class == Class::Asks || speaks || words::asks(&text) {
                    let place = Place { line: row.line, section: table.section };
                    self.push(&text, place, Source::Table, label, None);
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
                self.push(sentence, Place { line, section: paragraph.section }, Source::Sentence, None, None);
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
                let place = Place { line: heading.line, section: index.checked_sub(1) };
                self.push(&heading.text, place, Source::Section, None, None);
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
    fn the_words_before_a_list_say_what_it_is() {
        let readme = "# Resizer\n\nWe'd like a small service.\n\n**Requirements**\n\n* Accept JPEG\n* Return WebP\n* Log\n\nIt runs behind nginx. It should also:\n\n- keep EXIF data\n\nNice to have:\n\n- AVIF output\n\nOut of scope:\n\n- Uploading by mail\n\nYou need to install the following:\n\n- Python\n\nBuilt with:\n\n- Rust and axum on Linux\n";
        let found: Vec<_> =
            read(readme).into_iter().map(|requirement| (requirement.text, requirement.priority)).collect();
        let expected = [
            ("We'd like a small service.", Priority::Must),
            ("Accept JPEG", Priority::Must),
            ("Return WebP", Priority::Must),
            ("Log", Priority::Must),
            ("keep EXIF data", Priority::Should),
            ("AVIF output", Priority::May),
        ];
        assert_eq!(found, expected.map(|(text, priority)| (text.to_owned(), priority)));
    }

    #[test]
    fn a_plain_list_is_a_wish_list_of_short_wishes_too() {
        let readme = "# Money\n\nFor my family.\n\n- add an expense\n- monthly total\n\nTools:\n\n- Rust\n- SQLite\n";
        assert_eq!(texts(readme), ["add an expense", "monthly total"]);
    }

    #[test]
    fn numbers_in_tables_are_no_labels() {
        let readme = "# X\n\n## Requirements\n\n| ID | What | Priority |\n|---|---|---|\n| N-1 | 99.9 % uptime | must |\n| N-2 | Voice | Won't |\n| N-3 | Themes | could |\n";
        assert_eq!(texts(readme), ["99.9 % uptime — must", "Themes — could"]);
        let found = read(readme);
        assert_eq!((found[0].label.as_deref(), found[1].priority), (Some("N-1"), Priority::May));
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
