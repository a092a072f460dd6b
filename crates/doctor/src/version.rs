//! Versions, as far as they are compared.

use std::fmt;
use std::str::FromStr;

/// `17.6`, `8.2.1`, `v2.41.1`, `15.4 (Debian 15.4-2)`: what stands before the first thing that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().trim_start_matches('v');
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut numbers = text[..end].split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        match numbers.next() {
            Some(major) if text.starts_with(|c: char| c.is_ascii_digit()) => {
                Ok(Self(major, numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)))
            }
            _ => Err(format!("`{text}` is not a version")),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_servers_write_them() {
        assert_eq!("15.4 (Debian 15.4-2.pgdg120+1)".parse(), Ok(Version(15, 4, 0)));
        assert_eq!("v2.41.1".parse(), Ok(Version(2, 41, 1)));
        assert!("18beta1".parse::<Version>().is_ok_and(|version| version > Version(17, 6, 0)));
        assert!("unknown".parse::<Version>().is_err() && "".parse::<Version>().is_err());
    }
}
