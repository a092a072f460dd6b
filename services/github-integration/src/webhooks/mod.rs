//! What arrives from GitHub by itself: checked on the raw bytes, kept, read only as far as it is needed.

pub mod body;
pub mod payload;
pub mod secrets;
pub mod signature;
