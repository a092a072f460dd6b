//! Names as they go into paths.

use std::fmt;
use std::str::FromStr;

/// `owner/name` of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FullName {
    owner: String,
    name: String,
}

/// Not `owner/name`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a repository name of the form `owner/name`")]
pub struct NotAFullName(String);

impl FullName {
    pub fn owner(&self) -> &str {
        &self.owner
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of something inside the repository: `/repos/owner/name/…`.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", self.owner, self.name)
    }
}

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl FromStr for FullName {
    type Err = NotAFullName;

    fn from_str(text: &str) -> Result<Self, NotAFullName> {
        let plain = |part: &str| {
            !part.is_empty()
                && part.len() <= 100
                && part != "."
                && part != ".."
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        match text.split_once('/') {
            Some((owner, name)) if plain(owner) && plain(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(NotAFullName(text.chars().take(200).collect())),
        }
    }
}

/// Percent-encode a file path or ref for a URL path, keeping its slashes.
pub(super) fn encoded(path: &str) -> String {
    escape(path, b"-._~/")
}

/// Percent-encode a value for a URL query.
pub(super) fn encoded_value(value: &str) -> String {
    escape(value, b"-._~")
}

fn escape(text: &str, plain: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            use fmt::Write as _;
            write!(out, "%{byte:02X}").expect("writing to a String never fails");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_owner_and_name_are_taken() {
        assert_eq!("ada/todo.rs".parse::<FullName>().unwrap().to_string(), "ada/todo.rs");
        for bad in ["", "ada", "ada/", "/todo", "ada/todo/x", "ada/..", "a b/c", "ada/to?do", "../x"] {
            assert!(bad.parse::<FullName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_keep_their_slashes_and_values_do_not() {
        assert_eq!(encoded("docs/a b#1.md"), "docs/a%20b%231.md");
        assert_eq!(encoded_value("ada:feature/x"), "ada%3Afeature%2Fx");
    }
}
