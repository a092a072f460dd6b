//! The decision page: the evidence, and what each answer brings about.

use common::Result;
use sqlx::PgConnection;

use super::answer::evidence_is_current;
use crate::planning::render;
use crate::store::decisions::{self, DecisionRow};
use crate::store::users;
use crate::views::work::{Approver, Consequence, DecisionDetail};

/// Everything that the page shows of a decision.
pub async fn detail(conn: &mut PgConnection, row: DecisionRow) -> Result<DecisionDetail> {
    let approvers = users::list_approvers(conn)
        .await?
        .into_iter()
        .map(|user| Approver { id: user.id, name: user.display_name })
        .collect();
    let answers = decisions::list_answers(conn, row.id).await?;
    let evidence_current = evidence_is_current(conn, &row).await?;
    let consequences = row
        .options
        .iter()
        .map(|choice| Consequence { choice: choice.clone(), text: consequence(&row.decision_type, choice).to_owned() })
        .collect();
    Ok(DecisionDetail {
        consequences,
        approvers,
        answers,
        quorum: row.quorum,
        evidence_current,
        summary_html: render::markdown(&row.summary),
        auto: row.auto,
        applied_at: row.applied_at,
        decision: row.into(),
    })
}

fn consequence(decision_type: &str, choice: &str) -> &'static str {
    match (decision_type, choice) {
        ("plan", "approve") => "The documents and rules of the plan are merged, then the first milestone is built.",
        ("plan", "reject") => "The project ends here. The repository stays as it is.",
        ("plan", "change") => "The architect makes a new plan that heeds your comment, and you are asked again.",
        ("merge", "approve") => "The pull request is merged exactly as shown; a branch that moved since is not.",
        ("merge", "reject") => "The pull request stays open and the project ends.",
        ("merge", "change") => "The developer gets your comment, and you are asked again after the tests.",
        ("release", "approve") => "The release is tagged and published.",
        ("release", "reject") => "The project ends without a release; everything is merged.",
        ("budget", "approve") => "The limit is raised as the question says, and the work goes on.",
        ("budget", "change") => "The limit becomes what you write; the work goes on as soon as it fits.",
        (_, "retry") => "It is tried again from where it stopped.",
        (_, "skip") => "It goes on without this part.",
        (_, "stop") => "The project ends here. What was made stays.",
        (_, "approve") => "It goes on.",
        (_, "reject") => "It does not go on.",
        (_, "change") => "It is done again with your comment.",
        _ => "The workflow goes on with this answer.",
    }
}
