//! The words of a file as hashes: enough to answer "is this name anywhere?", small enough to keep for a whole tree.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

/// The keys are hashes already.
#[derive(Default)]
pub struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(bytes);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

pub type Tokens = HashSet<u64, BuildHasherDefault<Identity>>;

/// One word's hash. `-` and `_` are the same, and so are upper and lower case: `--max-size`, `max_size` and `MAX_SIZE` meet.
pub fn hash(word: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in word {
        let byte = if *byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// Adds every identifier of `text`, words with inner `-` both whole and in parts.
pub fn collect(text: &[u8], tokens: &mut Tokens) {
    let mut at = 0;
    while at < text.len() {
        if !CLASS[text[at] as usize] {
            at += 1;
            continue;
        }
        let start = at;
        let mut part = start;
        let mut kebab = false;
        while at < text.len() {
            if CLASS[text[at] as usize] {
                at += 1;
            } else if text[at] == b'-' && text.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
                tokens.insert(hash(&text[part..at]));
                kebab = true;
                at += 1;
                part = at;
            } else {
                break;
            }
        }
        tokens.insert(hash(&text[part..at]));
        if kebab {
            tokens.insert(hash(&text[start..at]));
        }
    }
}

pub fn contains(tokens: &Tokens, word: &str) -> bool {
    tokens.contains(&hash(word.as_bytes()))
}

const CLASS: [bool; 256] = {
    let mut class = [false; 256];
    let mut byte = 0u8;
    loop {
        class[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        if byte == u8::MAX {
            break class;
        }
        byte += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_meet_whatever_their_case_or_dash() {
        let mut tokens = Tokens::default();
        collect(b"fn max_size(a: u8) { --dry-run x-y }", &mut tokens);
        for word in ["max-size", "MAX_SIZE", "dry_run", "dry", "run", "x-y"] {
            assert!(contains(&tokens, word), "{word}");
        }
        assert!(!contains(&tokens, "size"));
    }
}
