//! What is left of a reservation once its run has told something.

use time::{Duration, OffsetDateTime};

use crate::store::reservations::{ReservationRow, State};

/// A provider may price a run long after its end. What was not priced by then counts as nothing.
const PRICED_WITHIN: Duration = Duration::hours(2);

/// What is told of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// It has ended.
    pub ended: bool,
    /// Nothing more will be told.
    pub last: bool,
    /// Tokens, when known.
    pub tokens: Option<i64>,
    /// US cents, when known.
    pub cents: Option<f64>,
}

/// The reservation after a report. Reports may come twice and in any order: numbers only grow, and what is closed stays closed.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "token counts are far below 2^53")]
pub fn settled(row: ReservationRow, report: &Report, now: OffsetDateTime) -> ReservationRow {
    let used_tokens = row.used_tokens.max(report.tokens);
    let used_cents = match (row.used_cents, report.cents) {
        (Some(before), Some(now)) => Some(before.max(now)),
        (before, now) => before.or(now),
    };
    let ended_at = row.ended_at.or(report.ended.then_some(now));
    let left = |estimate: f64, open: f64, used: Option<f64>| match used {
        _ if report.last => 0.0,
        None => open,
        Some(_) if ended_at.is_some() => 0.0,
        Some(used) => open.min((estimate - used).max(0.0)),
    };
    let open_cents = left(row.estimate_cents, row.open_cents, used_cents);
    let open_tokens =
        left(row.estimate_tokens as f64, row.open_tokens as f64, used_tokens.map(|tokens| tokens as f64)) as i64;
    let took_something = used_tokens.is_some() || used_cents.is_some();
    let told_all = ended_at.is_some() && used_tokens.is_some() && used_cents.is_some();
    let state = match row.state {
        State::Held | State::Open | State::Lost if report.last || told_all => {
            if took_something {
                State::Settled
            } else {
                State::Released
            }
        }
        // A run that never got its money ended before it began.
        State::Held if ended_at.is_some() => State::Released,
        state => state,
    };
    let closed = !matches!(state, State::Held | State::Open);
    ReservationRow {
        state,
        open_cents: if closed { 0.0 } else { open_cents },
        open_tokens: if closed { 0 } else { open_tokens },
        used_cents,
        used_tokens,
        ended_at,
        closed_at: row.closed_at.or(closed.then_some(now)),
        expires_at: if report.ended { now + PRICED_WITHIN } else { row.expires_at },
        ..row
    }
}

#[cfg(test)]
mod tests {
    use common::ids::{AgentRunId, ProjectId};
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-17 12:00 UTC);

    fn open() -> ReservationRow {
        ReservationRow {
            run_id: AgentRunId::new(),
            project_id: ProjectId::new(),
            stage_id: None,
            role: "developer".to_owned(),
            task: "implement".to_owned(),
            state: State::Open,
            estimate_cents: 100.0,
            estimate_tokens: 1_000,
            estimated_from: 0,
            open_cents: 100.0,
            open_tokens: 1_000,
            used_cents: None,
            used_tokens: None,
            deadline_seconds: 3600,
            asked_at: NOW,
            ended_at: None,
            closed_at: None,
            expires_at: NOW,
        }
    }

    fn told(ended: bool, last: bool, tokens: Option<i64>, cents: Option<f64>) -> Report {
        Report { ended, last, tokens, cents }
    }

    fn left(row: &ReservationRow) -> (State, f64, i64) {
        (row.state, row.open_cents, row.open_tokens)
    }

    #[test]
    fn the_cost_is_waited_for_and_the_tokens_are_not() {
        let ended = settled(open(), &told(true, false, Some(700), None), NOW);
        assert_eq!(left(&ended), (State::Open, 100.0, 0));
        let priced = settled(ended, &told(false, true, Some(700), Some(130.0)), NOW);
        assert_eq!((left(&priced), priced.used_cents), ((State::Settled, 0.0, 0), Some(130.0)));
        let again = settled(priced.clone(), &told(true, false, Some(700), None), NOW);
        assert_eq!(left(&again), left(&priced), "a report that comes late opens nothing");
    }

    #[test]
    fn what_an_earlier_agent_took_is_not_counted_twice() {
        let row = settled(open(), &told(false, false, Some(300), Some(40.0)), NOW);
        assert_eq!(left(&row), (State::Open, 60.0, 700));
    }

    #[test]
    fn a_run_that_took_nothing_is_released() {
        assert_eq!(left(&settled(open(), &told(true, true, None, None), NOW)), (State::Released, 0.0, 0));
        let held = ReservationRow { state: State::Held, open_cents: 0.0, open_tokens: 0, ..open() };
        assert_eq!(settled(held, &told(true, false, None, None), NOW).state, State::Released);
    }

    #[test]
    fn one_that_was_given_up_is_settled_when_it_tells_after_all() {
        let lost = ReservationRow { state: State::Lost, open_cents: 0.0, open_tokens: 0, ..open() };
        assert_eq!(left(&settled(lost, &told(true, true, Some(5), Some(1.0)), NOW)), (State::Settled, 0.0, 0));
    }
}
