//! The question that a hold puts to people.

use std::fmt::Write as _;

use common::Result;
use common::ids::DecisionId;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::limits::Shortfall;
use super::wording;
use crate::decisions::{self, Question};
use crate::store::projects::ProjectRow;
use crate::store::reservations::ReservationRow;

/// Why the project waits, in one sentence.
pub(super) fn reason(run: &ReservationRow, shortfalls: &[Shortfall]) -> String {
    let limit = shortfalls.first().map_or("the budget", |short| wording::name(short.shared, short.period));
    format!("The next run of the {} does not fit {limit}", run.role)
}

/// Asks for more, less or stop.
pub(super) async fn ask(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    run: &ReservationRow,
    shortfalls: &[Shortfall],
    now: OffsetDateTime,
) -> Result<()> {
    let title: String = format!("{} waits for money: {}", project.name, lower_first(&reason(run, shortfalls)))
        .chars()
        .take(300)
        .collect();
    let context = json!({
        "run_id": run.run_id, "role": run.role, "task": run.task, "milestone": project.current_milestone,
        "estimate": {"cents": run.estimate_cents, "tokens": run.estimate_tokens, "runs": run.estimated_from},
        "limits": shortfalls,
    });
    let question = Question {
        id: DecisionId::new(),
        decision_type: "budget",
        step: None,
        title: &title,
        summary: &summary(run, shortfalls),
        context: &context,
        artifact: None,
        options: &["approve", "change", "stop"].map(str::to_owned),
        risk: "low",
    };
    decisions::ask(conn, project, question, now).await?;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "limits and token counts are far below 2^53")]
fn summary(run: &ReservationRow, shortfalls: &[Shortfall]) -> String {
    let source = match run.estimated_from {
        0 => "the setting, because there is too little history".to_owned(),
        runs => format!("what nine in ten of the last {runs} runs of the {} took", run.role),
    };
    let mut text = format!(
        "The next run of the {} ({}) is estimated at {} and {}, from {source}. It does not fit:\n\n",
        run.role,
        run.task,
        wording::dollars(run.estimate_cents),
        wording::tokens(run.estimate_tokens as f64)
    );
    for short in shortfalls {
        let _ = writeln!(text, "- {}", wording::shortfall(short));
    }
    let raised: Vec<String> = shortfalls
        .iter()
        .map(|short| {
            let to = wording::amount(short.unit, short.raised_to as f64);
            format!("{} becomes {to}", wording::name(short.shared, short.period))
        })
        .collect();
    let _ = write!(text, "\nApprove: {}, from now on, and the run starts. ", raised.join(", "));
    if let Some(first) = shortfalls.first() {
        let _ = write!(
            text,
            "Change: write another limit for {}, as `25` for $25 or `2000000 tokens`; a lower one is kept as well, and you are asked again. ",
            wording::name(first.shared, first.period)
        );
    }
    text.push_str("Stop: the project ends here, and what was made stays.");
    text
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
