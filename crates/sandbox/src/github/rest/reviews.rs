use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{created, ok};
use crate::{
    Change,
    github::{
        Github,
        error::{ApiError, Result},
        http::{Body, Paging, RepoAt},
        model::{Review, ReviewComment, now},
        views::Views,
    },
};

type Numbered = Path<(String, String, u64)>;

#[derive(Debug, Deserialize)]
pub(crate) struct CreateReview {
    commit_id: Option<String>,
    body: Option<String>,
    event: Option<String>,
    #[serde(default)]
    comments: Vec<DraftComment>,
}

#[derive(Debug, Deserialize)]
struct DraftComment {
    path: String,
    body: String,
    line: Option<u64>,
    position: Option<u64>,
    side: Option<String>,
}

pub(crate) async fn list(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    paging: Paging,
) -> Result {
    let repo = at.repo()?;
    repo.pull(number).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let reviews = repo.reviews.iter().filter(|review| review.number == number).collect();
    Ok(paging.list(reviews, |review| views.review(&repo, review)))
}

pub(crate) async fn get(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number, id)): Path<(String, String, u64, u64)>,
) -> Result {
    let repo = at.repo()?;
    let review = repo
        .reviews
        .iter()
        .find(|review| review.number == number && review.id == id)
        .ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).review(&repo, review)))
}

pub(crate) async fn create(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    Body(new): Body<CreateReview>,
) -> Result {
    at.needs("pull_requests", true)?;
    let repo = at.repo()?;
    let (issue, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    let review_state = match new.event.as_deref() {
        None => "PENDING",
        Some("APPROVE") => "APPROVED",
        Some("REQUEST_CHANGES") => "CHANGES_REQUESTED",
        Some("COMMENT") => "COMMENTED",
        Some(_) => {
            return Err(ApiError::unprocessable(
                "Variable $event of type PullRequestReviewEvent was provided invalid value",
            ));
        }
    };
    let sender = at.caller.user.login.clone();
    let body = new.body.unwrap_or_default();
    // These rules are told as plain sentences, not as field errors.
    if issue.user == sender && matches!(review_state, "APPROVED" | "CHANGES_REQUESTED") {
        let what = if review_state == "APPROVED" { "approve" } else { "request changes on" };
        return Err(ApiError::unprocessable(format!("Unprocessable Entity: Can not {what} your own pull request")));
    }
    if body.is_empty() && new.comments.is_empty() && matches!(review_state, "CHANGES_REQUESTED" | "COMMENTED") {
        return Err(ApiError::unprocessable("Unprocessable Entity: Body cannot be blank"));
    }
    let commit_id = new.commit_id.unwrap_or_else(|| pull.head_sha.clone());
    let review = {
        let mut state = github.store().lock();
        let id = state.next_id();
        let moment = now();
        let review = Review {
            id,
            number,
            user: sender.clone(),
            body,
            state: review_state.to_owned(),
            commit_id: commit_id.clone(),
            submitted_at: (review_state != "PENDING").then(|| moment.clone()),
        };
        let mut comments = Vec::new();
        for draft in new.comments {
            comments.push(ReviewComment {
                id: state.next_id(),
                number,
                review_id: Some(id),
                user: sender.clone(),
                body: draft.body,
                path: draft.path,
                commit_id: commit_id.clone(),
                line: draft.line.or(draft.position),
                side: draft.side.unwrap_or_else(|| "RIGHT".to_owned()),
                in_reply_to: None,
                created_at: moment.clone(),
                updated_at: moment.clone(),
            });
        }
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        repo.reviews.push(review.clone());
        repo.review_comments.extend(comments);
        review
    };
    if review_state != "PENDING" {
        tell(&github, at.id, &review, &sender);
    }
    github.ctx().changed(Change::Repositories);
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).review(&repo, &review)))
}

fn tell(github: &Github, repo_id: u64, review: &Review, sender: &str) {
    let payload = {
        let state = github.store().lock();
        let Some(repo) = state.repos.get(&repo_id) else { return };
        let Some((issue, pull)) = repo.pull(review.number) else { return };
        let views = Views::new(github.ctx().urls(), &state);
        let mut shown = views.review(repo, review);
        // Webhooks write the state in small letters; the API does not.
        shown["state"] = json!(review.state.to_ascii_lowercase());
        if review.body.is_empty() {
            shown["body"] = Value::Null;
        }
        json!({"action": "submitted", "review": shown, "pull_request": views.pull_simple(repo, issue, pull)})
    };
    github.emit(repo_id, "pull_request_review", sender, payload);
}

pub(crate) async fn list_comments(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    paging: Paging,
) -> Result {
    let repo = at.repo()?;
    repo.pull(number).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let comments = repo.review_comments.iter().filter(|comment| comment.number == number).collect();
    Ok(paging.list(comments, |comment| views.review_comment(&repo, comment)))
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreateComment {
    body: Option<String>,
    path: Option<String>,
    commit_id: Option<String>,
    line: Option<u64>,
    position: Option<u64>,
    side: Option<String>,
    in_reply_to: Option<u64>,
}

pub(crate) async fn create_comment(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    Body(new): Body<CreateComment>,
) -> Result {
    at.needs("pull_requests", true)?;
    let repo = at.repo()?;
    let (_, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    let Some(body) = new.body.filter(|body| !body.is_empty()) else {
        return Err(ApiError::invalid("PullRequestReviewComment", "body", "missing_field"));
    };
    let parent = new.in_reply_to.and_then(|id| repo.review_comments.iter().find(|comment| comment.id == id));
    let Some(path) = new.path.or_else(|| parent.map(|parent| parent.path.clone())) else {
        return Err(ApiError::invalid("PullRequestReviewComment", "path", "missing_field"));
    };
    let comment = {
        let mut state = github.store().lock();
        let moment = now();
        let comment = ReviewComment {
            id: state.next_id(),
            number,
            review_id: None,
            user: at.caller.user.login.clone(),
            body,
            path,
            commit_id: new.commit_id.unwrap_or_else(|| pull.head_sha.clone()),
            line: new.line.or(new.position),
            side: new.side.unwrap_or_else(|| "RIGHT".to_owned()),
            in_reply_to: parent.map(|parent| parent.id),
            created_at: moment.clone(),
            updated_at: moment,
        };
        state.repo_mut(at.id).ok_or_else(ApiError::not_found)?.review_comments.push(comment.clone());
        comment
    };
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(created(Views::new(github.ctx().urls(), &state).review_comment(&repo, &comment)))
}

#[derive(Debug, Deserialize)]
pub(crate) struct RequestReviewers {
    #[serde(default)]
    reviewers: Vec<String>,
}

pub(crate) async fn request_reviewers(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    Body(wanted): Body<RequestReviewers>,
) -> Result {
    at.needs("pull_requests", true)?;
    {
        let mut state = github.store().lock();
        if let Some(stranger) = wanted.reviewers.iter().find(|login| state.user(login).is_none()) {
            return Err(ApiError::unprocessable(format!(
                "Reviews may only be requested from collaborators. {stranger} is not a collaborator."
            )));
        }
        let issue =
            state.repo_mut(at.id).and_then(|repo| repo.issues.get_mut(&number)).ok_or_else(ApiError::not_found)?;
        let pull = issue.pull.as_mut().ok_or_else(ApiError::not_found)?;
        for login in wanted.reviewers {
            if !pull.requested_reviewers.contains(&login) {
                pull.requested_reviewers.push(login);
            }
        }
    }
    let repo = at.repo()?;
    let (issue, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    Ok(created(Views::new(github.ctx().urls(), &state).pull_simple(&repo, issue, pull)))
}
