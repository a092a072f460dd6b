//! The description of the API as a page to browse and try, from files that are part of the binary.

use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use common::error::Error;
use http::{HeaderValue, header};
use utoipa_swagger_ui::Config;

static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/openapi.json").persist_authorization(false)));

/// To the page itself: its files are named relative to it.
pub(super) async fn index() -> Redirect {
    Redirect::permanent("/docs/")
}

/// The page itself.
pub(super) async fn page() -> Response {
    serve("index.html")
}

/// One file of the page.
pub(super) async fn file(Path(file): Path<String>) -> Response {
    serve(&file)
}

fn serve(file: &str) -> Response {
    match utoipa_swagger_ui::serve(file, Arc::clone(&CONFIG)) {
        Ok(Some(file)) => {
            let mut response = file.bytes.into_owned().into_response();
            if let Ok(value) = HeaderValue::try_from(file.content_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, value);
            }
            response
        }
        Ok(None) => Error::not_found("no_such_file", format!("There is no `{file}` here")).into_response(),
        Err(error) => Error::from(anyhow::anyhow!("{error}")).into_response(),
    }
}
