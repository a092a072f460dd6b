//! git over HTTP: what `git clone`, `fetch` and `push` speak. The packs are made and read by git itself.

use std::process::Stdio;

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, Query, Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::{StreamExt as _, TryStreamExt as _};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::io::{ReaderStream, StreamReader};

use super::{
    Github,
    accounts::{Caller, CallerKind},
    git::Git,
    refs_changed::RefChange,
};

pub(crate) fn routes() -> Router<Github> {
    Router::new()
        .route("/{owner}/{repo}/info/refs", get(info_refs))
        .route("/{owner}/{repo}/git-upload-pack", post(upload_pack))
        .route("/{owner}/{repo}/git-receive-pack", post(receive_pack))
        .layer(DefaultBodyLimit::disable())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    UploadPack,
    ReceivePack,
}

impl Service {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "git-upload-pack" => Some(Self::UploadPack),
            "git-receive-pack" => Some(Self::ReceivePack),
            _ => None,
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::UploadPack => "upload-pack",
            Self::ReceivePack => "receive-pack",
        }
    }
}

/// Why git is turned away, in the plain text it shows to people.
enum Refusal {
    /// Git asks for credentials and tries again.
    SignIn,
    NotFound,
    Forbidden,
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn => {
                let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"GitHub\"")];
                (StatusCode::UNAUTHORIZED, challenge, "Invalid username or token.").into_response()
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "Repository not found.").into_response(),
            Self::Forbidden => (StatusCode::FORBIDDEN, "Write access to repository not granted.").into_response(),
            Self::Broken(error) => {
                tracing::error!(error = format!("{error:#}"), "a git request failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "git failed; see the sandbox's log").into_response()
            }
        }
    }
}

#[derive(Debug, Deserialize)]
struct ServiceQuery {
    service: Option<String>,
}

/// The repository, when the caller may use it like this.
fn admit(
    github: &Github,
    owner: &str,
    name: &str,
    headers: &HeaderMap,
    service: Service,
) -> Result<(u64, Caller), Refusal> {
    let caller = github.caller(headers).map_err(|_| Refusal::SignIn)?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    let state = github.store().lock();
    let found = state.repo_by_name(owner, name).or_else(|| state.repo_by_former_name(owner, name));
    let found = found.map(|repo| (repo.id, repo.private, repo.owner.clone(), repo.archived));
    drop(state);
    let Some((id, private, owner, archived)) = found else {
        // Who has not signed in is not told whether there is something to see.
        return Err(if caller.is_anonymous() { Refusal::SignIn } else { Refusal::NotFound });
    };
    let writes = service == Service::ReceivePack;
    match &caller.kind {
        CallerKind::Anonymous if writes || private => Err(Refusal::SignIn),
        CallerKind::App { .. } => Err(Refusal::SignIn),
        CallerKind::Installation { installation, token, .. } => {
            let covered =
                installation.account == owner && token.repositories.as_ref().is_none_or(|ids| ids.contains(&id));
            match (covered, writes) {
                (false, false) if !private => Ok((id, caller)),
                (false, _) => Err(Refusal::NotFound),
                (true, _) if !caller.has_permission("contents", writes) => Err(Refusal::Forbidden),
                _ => Ok((id, caller)),
            }
        }
        _ if writes && archived => Err(Refusal::Forbidden),
        _ => Ok((id, caller)),
    }
}

fn protocol(headers: &HeaderMap) -> Option<&str> {
    headers.get("git-protocol").and_then(|value| value.to_str().ok()).filter(|value| value.starts_with("version="))
}

async fn info_refs(
    State(github): State<Github>,
    Path((owner, name)): Path<(String, String)>,
    Query(query): Query<ServiceQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Some(service) = query.service.as_deref().and_then(Service::parse) else {
        // The old protocol without a server program; nobody uses it any more.
        return Err(Refusal::Forbidden);
    };
    let (id, _) = admit(&github, &owner, &name, &headers, service)?;
    let git = github.git(id);
    let mut command = git.command();
    command.args([service.command(), "--stateless-rpc", "--advertise-refs"]).arg(git.path());
    if let Some(version) = protocol(&headers) {
        command.env("GIT_PROTOCOL", version);
    }
    let advertised = super::git::run(command, None).await?.successful(service.command())?;
    let first = format!("# service=git-{}\n", service.command());
    let mut body = format!("{:04x}{first}0000", first.len() + 4).into_bytes();
    body.extend_from_slice(&advertised);
    let kind = format!("application/x-git-{}-advertisement", service.command());
    Ok((no_cache(&kind)?, body).into_response())
}

fn no_cache(content_type: &str) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, max-age=0, must-revalidate"));
    Ok(headers)
}

async fn upload_pack(
    State(github): State<Github>,
    Path((owner, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let (id, _) = admit(&github, &owner, &name, request.headers(), Service::UploadPack)?;
    let mut child = start(&github.git(id), Service::UploadPack, request.headers())?;
    let mut stdin = child.stdin.take().ok_or_else(|| anyhow::anyhow!("git has no input"))?;
    let stdout = child.stdout.take().ok_or_else(|| anyhow::anyhow!("git has no output"))?;
    let mut input = decoded(request).await?;
    github.ctx().spawn(async move {
        // A client that goes away in the middle is none of our business.
        let _ = tokio::io::copy(&mut input, &mut stdin).await;
        drop(stdin);
        let _ = child.wait().await;
    });
    let body = Body::from_stream(ReaderStream::new(stdout).map_err(std::io::Error::other));
    Ok((no_cache("application/x-git-upload-pack-result")?, body).into_response())
}

/// A push. Answered when everything it caused has been set going, so that who pushed finds it there.
async fn receive_pack(
    State(github): State<Github>,
    Path((owner, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let (id, caller) = admit(&github, &owner, &name, request.headers(), Service::ReceivePack)?;
    let git = github.git(id);
    let headers = request.headers().clone();
    let mut input = decoded(request).await?;
    // On a task of its own: a client that hangs up half-way must not keep us from following up on what it pushed.
    let pushed = tokio::spawn(async move {
        let _writer = github.writer(id).await;
        let before = git.snapshot().await?;
        let mut child = start(&git, Service::ReceivePack, &headers)?;
        let mut stdin = child.stdin.take().ok_or_else(|| anyhow::anyhow!("git has no input"))?;
        let mut stdout = child.stdout.take().ok_or_else(|| anyhow::anyhow!("git has no output"))?;
        let mut answer = Vec::new();
        let feed = async move {
            let _ = tokio::io::copy(&mut input, &mut stdin).await;
            let _ = stdin.shutdown().await;
        };
        let ((), read) = tokio::join!(feed, stdout.read_to_end(&mut answer));
        read?;
        child.wait().await?;
        let after = git.snapshot().await?;
        let mut changes = Vec::new();
        for (name, new) in &after {
            let old = before.get(name);
            if old != Some(new) {
                changes.push(RefChange::new(name.clone(), old.map(String::as_str), Some(new)));
            }
        }
        for (name, old) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
            changes.push(RefChange::new(name.clone(), Some(old), None));
        }
        github.refs_changed(id, changes, &caller.user.login).await;
        anyhow::Ok(answer)
    });
    let answer = pushed.await??;
    Ok((no_cache("application/x-git-receive-pack-result")?, answer).into_response())
}

fn start(git: &Git, service: Service, headers: &HeaderMap) -> anyhow::Result<tokio::process::Child> {
    let mut command = git.command();
    command.args([service.command(), "--stateless-rpc"]).arg(git.path());
    if let Some(version) = protocol(headers) {
        command.env("GIT_PROTOCOL", version);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    Ok(command.spawn()?)
}

type Input = std::pin::Pin<Box<dyn tokio::io::AsyncRead + Send>>;

/// The body as git wants it. Clients compress small requests; git then reads the plain text.
async fn decoded(request: Request) -> anyhow::Result<Input> {
    let compressed =
        request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "gzip" || coding == "x-gzip");
    let stream = request.into_body().into_data_stream().map(|chunk| chunk.map_err(std::io::Error::other));
    let mut reader = StreamReader::new(stream);
    if !compressed {
        return Ok(Box::pin(reader));
    }
    let mut packed = Vec::new();
    reader.read_to_end(&mut packed).await?;
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut plain)?;
    Ok(Box::pin(std::io::Cursor::new(plain)))
}
