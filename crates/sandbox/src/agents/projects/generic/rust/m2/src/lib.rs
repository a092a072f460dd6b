//! __TITLE__.

mod requirements;

pub use requirements::{parse, Requirement};

/// What this is called.
pub const NAME: &str = "__TITLE__";

/// What was asked for, and whether it is built.
///
/// # Errors
///
/// The first line of the register that cannot be read.
pub fn register() -> Result<Vec<Requirement>, String> {
    parse(include_str!("../requirements.tsv"))
}

/// Say what this is and how far it got.
///
/// # Errors
///
/// The first line of the register that cannot be read.
pub fn about() -> Result<String, String> {
    let register = register()?;
    let built = register.iter().filter(|entry| entry.built).count();
    Ok(format!(
        "{NAME} {}: a skeleton, {built} of {} requirements are built",
        env!("CARGO_PKG_VERSION"),
        register.len()
    ))
}
