//! `D-7K2Q`: to say aloud, to type and to search.

/// No I, L, O, U, 0 or 1: nothing that is misheard or misread.
const ALPHABET: &[u8] = b"ABCDEFGHJKMNPQRSTVWXYZ23456789";

/// A random one of four characters, or more when those ran out of luck.
pub(super) fn draw(length: usize) -> String {
    let letters = (0..length).map(|_| char::from(ALPHABET[rand::random_range(0..ALPHABET.len())]));
    std::iter::once('D').chain(std::iter::once('-')).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_well() {
        let id = draw(4);
        assert_eq!(id.len(), 6);
        assert!(id.starts_with("D-") && id[2..].bytes().all(|b| ALPHABET.contains(&b)));
    }
}
