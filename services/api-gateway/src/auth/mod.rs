//! Who is signed in: access tokens verified against dashboard-backend's keys, remembered while they are good, forgotten when revoked.

mod keys;
mod refresh;
mod token;

pub use keys::Keys;
pub use refresh::keep_current;
pub use token::find_token;
