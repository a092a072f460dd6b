//! Money is a lock: what a run of an agent may take is set aside before it starts, and what does not fit has the project wait and ask.
//!
//! A reservation is asked for (`held`), set aside (`open`) once every budget of its project has room, and settled by what the run told. All of
//! this happens with the project locked, and with one lock over all reservations taken after it, so that two never get the last money.

pub mod answer;
mod ask;
pub mod hold;
pub mod limits;
pub mod settle;
pub mod wording;

use common::clients::dashboard::{BudgetReservation, Funding, ReserveBudget};
use common::ids::{ProjectId, StageId};
use common::{Error, Result};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime, Time, UtcOffset};
use utoipa::ToSchema;

use crate::app::App;
use crate::config::BudgetConfig;
use crate::store::reservations::{self, NewReservation, ReservationRow, State};
use crate::store::stages;

/// Settled runs of a role before they are believed more than the setting.
const ENOUGH: i64 = 3;
/// A run that waits for money says so every few seconds. One that was silent for so long is not there any more.
const SILENCE: Duration = Duration::days(7);
/// The same is not written down at every look.
const TOUCH: Duration = Duration::days(1);

/// What a budget is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Period {
    /// One run of an agent.
    Run,
    /// One attempt at a stage.
    Stage,
    /// A project's whole life.
    Project,
    /// A day in UTC.
    Day,
    /// A month in UTC.
    Month,
}

impl Period {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Run, Self::Stage, Self::Project, Self::Day, Self::Month];

    /// As in the database and the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Stage => "stage",
            Self::Project => "project",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The period of that name, or 404 with the right names.
    pub fn read(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|period| period.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(|period| format!("`{}`", period.name())).join(", ");
            Error::not_found("no_such_period", format!("There is no such period: it is one of {names}"))
        })
    }
}

/// When the present day or month began; none for periods that no clock ends.
pub fn starts(period: Period, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let day = now.to_offset(UtcOffset::UTC).replace_time(Time::MIDNIGHT);
    match period {
        Period::Day => Some(day),
        Period::Month => Some(day.replace_day(1).unwrap_or(day)),
        Period::Run | Period::Stage | Period::Project => None,
    }
}

/// Money and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount {
    /// US cents.
    pub cents: f64,
    /// Tokens of all kinds.
    pub tokens: i64,
}

/// What a sum is narrowed to; nothing: everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Within {
    /// Of one project.
    pub project: Option<ProjectId>,
    /// Of one attempt at a stage.
    pub stage: Option<StageId>,
    /// From then on.
    pub since: Option<OffsetDateTime>,
}

/// What a budget allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// US cents.
    pub cents: Option<i64>,
    /// Tokens.
    pub tokens: Option<i64>,
    /// From how much of it on people are warned.
    pub warn_percent: i32,
}

/// Asks for money for a run. The same run again gets the same answer, unless there is room by now.
pub async fn reserve(app: &App, id: ProjectId, run: &ReserveBudget, now: OffsetDateTime) -> Result<BudgetReservation> {
    let mut tx = app.db.begin().await?;
    let mut project = crate::projects::lock(&mut tx, id).await?;
    if project.life().is_over() || project.failed {
        return Err(Error::conflict("project_closed", format!("The project is {}", project.status.name())));
    }
    let mut row = ask_for(&mut tx, app.config.budgets, id, run, now).await?;
    if row.state == State::Held {
        hold::review(&mut tx, &mut project, now).await?;
        row = reservations::find(&mut tx, run.run_id).await?.unwrap_or(row);
    }
    tx.commit().await?;
    Ok(BudgetReservation { status: if row.state == State::Held { Funding::Held } else { Funding::Reserved } })
}

/// The reservation of a run, made when there is none.
async fn ask_for(
    conn: &mut PgConnection,
    config: BudgetConfig,
    project: ProjectId,
    run: &ReserveBudget,
    now: OffsetDateTime,
) -> Result<ReservationRow> {
    let found = reservations::find(conn, run.run_id).await?;
    match found {
        Some(row) if row.project_id != project => {
            return Err(Error::conflict("run_of_another_project", "The run belongs to another project"));
        }
        Some(row) if row.state != State::Lost => return touch(conn, row, now).await,
        _ => {}
    }
    let (estimate, estimated_from) = estimate(conn, config, run).await?;
    let new = NewReservation {
        run_id: run.run_id,
        project_id: project,
        stage_id: stages::find_open(conn, project).await?.map(|stage| stage.id),
        role: run.role,
        task: run.task,
        estimate,
        estimated_from,
        deadline_seconds: run.deadline_seconds,
        expires_at: now + SILENCE,
    };
    Ok(reservations::insert(conn, &new, now).await?)
}

/// It is still asked for.
async fn touch(conn: &mut PgConnection, row: ReservationRow, now: OffsetDateTime) -> Result<ReservationRow> {
    let until = match row.state {
        State::Held => now + SILENCE,
        State::Open => hold::lasts(&row, now),
        State::Settled | State::Released | State::Lost => return Ok(row),
    };
    let row = ReservationRow { expires_at: until.max(row.expires_at), ..row };
    if row.state == State::Open || row.expires_at - now < SILENCE - TOUCH {
        reservations::update(conn, &row).await?;
    }
    Ok(row)
}

/// What a run is thought to take, and from how many runs that is known: what nine in ten of the newest twenty settled runs of its role did not
/// exceed, or the setting while there are fewer than three.
async fn estimate(conn: &mut PgConnection, config: BudgetConfig, run: &ReserveBudget) -> Result<(Amount, i32)> {
    let known = reservations::experience(conn, run.role).await?;
    let cents = known.cents.filter(|_| known.priced >= ENOUGH);
    let tokens = known.tokens.filter(|_| known.counted >= ENOUGH);
    let from = if cents.is_some() || tokens.is_some() { known.priced.max(known.counted) } else { 0 };
    let amount = Amount {
        cents: cents.unwrap_or_else(|| f64::from(config.run_cents)),
        tokens: tokens.unwrap_or_else(|| i64::from(config.run_tokens)),
    };
    Ok((amount, i32::try_from(from).unwrap_or(i32::MAX)))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn days_and_months_are_those_of_utc() {
        let late = datetime!(2026-03-31 23:30 -03:00);
        assert_eq!(starts(Period::Day, late), Some(datetime!(2026-04-01 00:00 UTC)));
        assert_eq!(starts(Period::Month, late), Some(datetime!(2026-04-01 00:00 UTC)));
        assert_eq!(starts(Period::Project, late), None);
    }

    #[test]
    fn an_unknown_period_names_the_right_ones() {
        assert_eq!(Period::read("month").unwrap(), Period::Month);
        let refused = Period::read("week").unwrap_err();
        assert!(refused.detail().contains("`run`, `stage`, `project`, `day`, `month`"), "{}", refused.detail());
    }
}
