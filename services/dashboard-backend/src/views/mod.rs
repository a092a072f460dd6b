//! What the public API answers. The dashboard's types are generated from these.

pub mod api_keys;
pub mod budgets;
pub mod home;
pub mod people;
pub mod projects;
pub mod work;

use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, newest first unless the endpoint says otherwise.
    pub items: Vec<T>,
    /// Give it as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page out of one row more than was asked for: the extra row only says that there is a next page.
    pub fn from_rows(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Self { items, next_cursor }
    }
}

/// Tokens and money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Spend {
    /// Tokens of all kinds.
    pub tokens: i64,
    /// US cents; what agents did not price counts as nothing.
    pub cost_cents: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extra_row_makes_the_cursor() {
        let full = Page::from_rows(vec![3, 2, 1], 2, ToString::to_string);
        assert_eq!((full.items, full.next_cursor.as_deref()), (vec![3, 2], Some("2")));
        let last = Page::from_rows(vec![3, 2], 2, ToString::to_string);
        assert_eq!((last.items.len(), last.next_cursor), (2, None));
    }
}
