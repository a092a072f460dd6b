//! Pages of lists, and the `Link` header that leads from one to the next.

use axum::{
    Json,
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::github::{Github, error::ApiError};

const DEFAULT: usize = 30;
const MOST: usize = 100;

/// Which page is asked for, and the other parameters of the list.
#[derive(Debug, Clone)]
pub(crate) struct Paging {
    pub(crate) page: usize,
    pub(crate) per_page: usize,
    /// Address of the list without its query.
    base: String,
    query: Vec<(String, String)>,
}

impl FromRequestParts<Github> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, github: &Github) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let number =
            |name: &str| query.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.parse::<usize>().ok());
        let page = number("page").unwrap_or(1).max(1);
        let per_page = number("per_page").unwrap_or(DEFAULT).clamp(1, MOST);

        let params = RawPathParams::from_request_parts(parts, github).await.map_err(|_| ApiError::not_found())?;
        let param = |wanted| params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned());
        let mut path = parts.uri.path().to_owned();
        if let (Some(owner), Some(name)) = (param("owner"), param("repo"))
            && let Some(id) = github.store().lock().repo_by_name(&owner, &name).map(|repo| repo.id)
            && let Some(rest) = path.strip_prefix("/repos/").and_then(|path| path.splitn(3, '/').nth(2))
        {
            // Links name the repository by its number, so that they survive a renaming.
            path = format!("/repositories/{id}/{rest}");
        }
        Ok(Self { page, per_page, base: format!("{}{path}", github.ctx().base_url()), query })
    }
}

impl Paging {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn skip(&self) -> usize {
        (self.page - 1) * self.per_page
    }

    /// The part of a whole list that this page shows.
    pub(crate) fn cut<T>(&self, all: Vec<T>) -> (Vec<T>, usize) {
        let total = all.len();
        (all.into_iter().skip(self.skip()).take(self.per_page).collect(), total)
    }

    /// A bare list as the answer; `items` is this page.
    pub(crate) fn answer(&self, items: Vec<Value>, total: usize) -> Response {
        self.with_link(Json(Value::Array(items)).into_response(), total)
    }

    /// A list inside an object that also tells the total.
    pub(crate) fn answer_in(&self, key: &str, items: Vec<Value>, total: usize) -> Response {
        self.with_link(Json(json!({"total_count": total, key: Value::Array(items)})).into_response(), total)
    }

    /// Cut, show, answer: for lists that are short enough to be had whole.
    pub(crate) fn list<T>(&self, all: Vec<T>, show: impl FnMut(T) -> Value) -> Response {
        let (items, total) = self.cut(all);
        self.answer(items.into_iter().map(show).collect(), total)
    }

    pub(crate) fn list_in<T>(&self, key: &str, all: Vec<T>, show: impl FnMut(T) -> Value) -> Response {
        let (items, total) = self.cut(all);
        self.answer_in(key, items.into_iter().map(show).collect(), total)
    }

    fn with_link(&self, mut response: Response, total: usize) -> Response {
        let last = total.div_ceil(self.per_page).max(1);
        let mut links = Vec::new();
        if self.page > 1 {
            links.push(self.link((self.page - 1).min(last), "prev"));
        }
        if self.page < last {
            links.push(self.link(self.page + 1, "next"));
            links.push(self.link(last, "last"));
        }
        if self.page > 1 {
            links.push(self.link(1, "first"));
        }
        if !links.is_empty()
            && let Ok(value) = HeaderValue::from_str(&links.join(", "))
        {
            response.headers_mut().insert(header::LINK, value);
        }
        response
    }

    fn link(&self, page: usize, relation: &str) -> String {
        let others = self.query.iter().filter(|(key, _)| key != "page");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .append_pair("page", &page.to_string())
            .finish();
        format!("<{}?{query}>; rel=\"{relation}\"", self.base)
    }
}
