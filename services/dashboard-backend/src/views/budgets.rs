//! What may be spent, as the settings and the project page show it.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::Spend;
use crate::budgets::limits::Used;
use crate::budgets::{Amount, Period};
use crate::store::budgets::BudgetRow;

/// A budget and how far it is used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Budget {
    /// What it is for.
    pub period: Period,
    /// Whether all projects share it; else each has it for itself.
    pub shared: bool,
    /// Whether it is the project's own. The others are the installation's.
    pub own: bool,
    /// US cents; null: no limit in money.
    pub limit_cents: Option<i64>,
    /// Tokens; null: no limit in tokens.
    pub limit_tokens: Option<i64>,
    /// From how much of it on people are warned.
    pub warn_percent: i32,
    /// What was spent in it; null for a default, which every project uses by itself.
    pub spent: Option<Spend>,
    /// What is set aside for runs under way; null for a default.
    pub reserved: Option<Spend>,
    /// Last change.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

impl Budget {
    /// Of a row.
    pub fn of(row: &BudgetRow, used: Option<Used>) -> Self {
        let spend = |amount: Amount| Spend { tokens: amount.tokens, cost_cents: amount.cents };
        Self {
            shared: row.is_shared(),
            own: row.project_id.is_some(),
            period: row.period,
            limit_cents: row.limit_cents,
            limit_tokens: row.limit_tokens,
            warn_percent: row.warn_percent,
            spent: used.map(|used| spend(used.spent)),
            reserved: used.map(|used| spend(used.reserved)),
            updated_at: row.updated_at,
        }
    }
}
