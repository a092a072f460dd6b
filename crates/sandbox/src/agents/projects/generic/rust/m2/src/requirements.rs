//! The register of requirements.

/// One line of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Its id, such as `R1`.
    pub id: String,
    /// Whether it is built.
    pub built: bool,
    /// What was asked for.
    pub text: String,
}

/// Read a register: one requirement per line; id, `open` or `built`, and text, separated by tabs.
///
/// # Errors
///
/// The first line that has another form.
pub fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    text.lines()
        .enumerate()
        .map(|(index, line)| {
            let parts: Vec<&str> = line.split('\t').collect();
            match parts[..] {
                [id, state @ ("open" | "built"), text] => {
                    Ok(Requirement { id: id.to_owned(), built: state == "built", text: text.to_owned() })
                }
                _ => Err(format!("line {}: expected id, open or built, and text", index + 1)),
            }
        })
        .collect()
}
