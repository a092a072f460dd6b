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
    let mut sum = Sum::default();
    for byte in word {
        sum.add(if *byte == b'-' { b'_' } else { byte.to_ascii_lowercase() });
    }
    sum.finish()
}

/// Eight bytes at a time: short words, which most are, cost one multiplication.
#[derive(Default)]
struct Sum {
    hash: u64,
    bytes: u64,
    length: u64,
}

impl Sum {
    fn add(&mut self, byte: u8) {
        self.bytes = (self.bytes << 8) | u64::from(byte);
        self.length += 1;
        if self.length.is_multiple_of(8) {
            self.hash = mix(self.hash ^ self.bytes);
            self.bytes = 0;
        }
    }

    fn finish(&self) -> u64 {
        mix(self.hash ^ self.bytes ^ (self.length << 56))
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value ^ (value >> 29)
}

const RECENT: usize = 512;

/// Adds every identifier of `text`, words with inner `-` both whole and in parts.
pub fn collect(text: &[u8], tokens: &mut Tokens) {
    // Most words of a text have just been seen: a look into this small table is cheaper than one into the set.
    let mut recent = [0u64; RECENT];
    let mut add = |hash: u64| {
        let slot = &mut recent[usize::try_from(hash >> 32).unwrap_or(0) % RECENT];
        if *slot != hash {
            *slot = hash;
            tokens.insert(hash);
        }
    };
    let mut at = 0;
    while at < text.len() {
        if FOLDED[text[at] as usize] == 0 {
            at += 1;
            continue;
        }
        let start = at;
        let (mut part, mut kebab) = (Sum::default(), false);
        while at < text.len() {
            let folded = FOLDED[text[at] as usize];
            if folded != 0 {
                part.add(folded);
            } else if text[at] == b'-' && text.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
                add(part.finish());
                kebab = true;
                part = Sum::default();
            } else {
                break;
            }
            at += 1;
        }
        add(part.finish());
        if kebab {
            add(hash(&text[start..at]));
        }
    }
}

/// Adds the words of another set; the smaller one is poured into the larger.
pub fn join(tokens: &mut Tokens, mut other: Tokens) {
    if other.len() > tokens.len() {
        std::mem::swap(tokens, &mut other);
    }
    tokens.extend(other);
}

pub fn contains(tokens: &Tokens, word: &str) -> bool {
    tokens.contains(&hash(word.as_bytes()))
}

/// Bytes of words in lower case; zero for all others.
const FOLDED: [u8; 256] = {
    let mut folded = [0; 256];
    let mut byte = 0u8;
    loop {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 {
            folded[byte as usize] = byte.to_ascii_lowercase();
        }
        if byte == u8::MAX {
            break folded;
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
