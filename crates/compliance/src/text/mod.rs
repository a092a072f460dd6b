//! Small pure functions over text: positions, slugs, paths, words, differences.

pub mod diff;
pub mod nearest;
pub mod paths;
pub mod tokens;

/// Byte offsets to lines and columns, both counted from 1.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    starts: Vec<usize>,
    /// Characters before every 1024th byte; empty when every character is one byte. A line of megabytes with a
    /// hundred thousand links must not be counted from its start for each of them.
    characters: Vec<usize>,
}

const STEP: usize = 1024;

impl Lines {
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = Vec::with_capacity(text.len() / 32 + 1);
        starts.push(0);
        starts.extend(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1));
        let mut characters = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            for chunk in bytes.chunks(STEP) {
                characters.push(count);
                count += starting(chunk);
            }
            characters.push(count);
        }
        Self { starts, characters }
    }

    /// Characters that begin before a byte offset.
    fn characters_before(&self, bytes: &[u8], offset: usize) -> usize {
        match self.characters.get(offset / STEP) {
            None => offset,
            Some(count) => count + starting(&bytes[offset / STEP * STEP..offset]),
        }
    }

    pub fn line(&self, offset: usize) -> u32 {
        let line = self.starts.partition_point(|start| *start <= offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// Line and column of a byte offset; the column counts characters.
    pub fn position(&self, text: &str, offset: usize) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.starts[line as usize - 1];
        let end = offset.min(text.len());
        let bytes = text.as_bytes();
        let column =
            self.characters_before(bytes, end).saturating_sub(self.characters_before(bytes, start.min(end))) + 1;
        (line, u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// The bytes of a line without its end.
    pub fn range(&self, text: &str, line: u32) -> std::ops::Range<usize> {
        let index = line as usize - 1;
        let start = self.starts.get(index).copied().unwrap_or(text.len());
        let end = self.starts.get(index + 1).map_or(text.len(), |next| next - 1);
        let end = if end > start && text.as_bytes()[end - 1] == b'\r' { end - 1 } else { end };
        start..end.max(start)
    }

    pub fn count(&self) -> usize {
        self.starts.len()
    }
}

/// Characters that begin in these bytes of UTF-8.
fn starting(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// The fragment that GitHub and most site builders give a heading.
pub fn slug(heading: &str) -> String {
    let mut slug = String::with_capacity(heading.len());
    for character in heading.trim().chars() {
        match character {
            ' ' => slug.push('-'),
            '-' | '_' => slug.push(character),
            _ if character.is_alphanumeric() => slug.extend(character.to_lowercase()),
            // Combining marks belong to their letter (Indic and Thai headings would lose vowels otherwise).
            _ if !character.is_ascii() && is_mark(character) => slug.push(character),
            _ => {}
        }
    }
    slug
}

fn is_mark(character: char) -> bool {
    matches!(u32::from(character), 0x0300..=0x036F | 0x0900..=0x0DFF | 0x0E31..=0x0E4E | 0x200D | 0xFE0F)
}

/// Heading words for comparison: lower case, letters and digits only, single spaces.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for word in text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.extend(word.chars().flat_map(char::to_lowercase));
    }
    plain
}

/// Shortens for a message, at a character boundary.
pub fn clip(text: &str, characters: usize) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(characters) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

/// Undoes `%20` and the like; what is not valid stays as it was.
pub fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = "ab\nжз x\r\n";
        let lines = Lines::new(text);
        assert_eq!(lines.position(text, 0), (1, 1));
        assert_eq!(lines.position(text, 8), (2, 4));
        assert_eq!(&text[lines.range(text, 2)], "жз x");
        assert_eq!(lines.range(text, 3), text.len()..text.len());
    }

    #[test]
    fn slugs_are_those_of_github() {
        for (heading, expected) in [
            ("Getting started", "getting-started"),
            ("`foo_bar()` & more", "foo_bar--more"),
            ("Что делает", "что-делает"),
            ("1.2.0 - 2024-01-01", "120---2024-01-01"),
            ("C++ / Rust", "c--rust"),
        ] {
            assert_eq!(slug(heading), expected);
        }
    }

    #[test]
    fn percent_signs_are_undone_or_kept() {
        assert_eq!(percent_decode("a%20b%D0%B6%zz%"), "a bж%zz%");
    }
}
