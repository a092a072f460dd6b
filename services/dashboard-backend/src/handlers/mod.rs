//! One file a noun; `internal` is what services and workflows call.

pub mod api_keys;
pub mod auth;
pub mod budgets;
pub mod decisions;
pub mod demo;
pub mod events;
pub mod home;
pub mod internal;
pub mod policies;
pub mod projects;
pub mod setup;
pub mod system;
pub mod ui;
pub mod users;

use common::{Error, Result};

/// Items of one page.
const PAGE: i64 = 50;

/// A cursor is what the last item of the page before is known by.
fn read_cursor<T: std::str::FromStr>(cursor: Option<&str>) -> Result<Option<T>> {
    cursor
        .map(|text| {
            text.parse().map_err(|_| {
                Error::bad_request(
                    "invalid_cursor",
                    "Give `cursor` exactly as the page before said it in `next_cursor`",
                )
            })
        })
        .transpose()
}

/// The page size as a length.
fn page_length() -> usize {
    usize::try_from(PAGE).expect("a page is small")
}
