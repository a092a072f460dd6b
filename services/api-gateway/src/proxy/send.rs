//! Sending to a server, and trying again where that is safe.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{Method, Request, Response};
use hyper::body::Incoming;

use super::body::{Fault, RequestBody};
use super::exchange::Exchange;
use super::failure::Failure;
use crate::server::Worker;
use crate::table::Route;
use crate::upstream::breaker::Change;
use crate::upstream::pool::{self, Sender};
use crate::upstream::{Server, Upstream, ms, now_ms};

/// While no server takes a connection.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// One request on its way to an upstream.
pub(super) struct Sending<'a> {
    pub(super) worker: &'a Rc<Worker>,
    pub(super) route: &'a Route,
    pub(super) upstream: &'a Arc<Upstream>,
    pub(super) fault: Rc<Cell<Option<Fault>>>,
}

/// How one try went wrong.
enum Tried {
    /// Nothing was sent: the request is whole, and any method may be tried again.
    Unsent(Box<Request<RequestBody>>),
    /// It may have arrived.
    Failed(Failure),
}

impl Sending<'_> {
    /// Sends and waits for the head of the answer. A request that never left is sent elsewhere, whatever its method; one that left and got
    /// no answer is sent again only if doing it twice is the same as doing it once, its body is empty, and the retry budget has room.
    pub(super) async fn send(&self, request: Request<RequestBody>) -> Result<(Response<Incoming>, Exchange), Failure> {
        let begin = Instant::now();
        self.upstream.breaker.allow(ms(begin)).map_err(Failure::Open)?;
        self.upstream.budget.pay_in();
        let outcome = self.tries(request, begin).await;
        let end = Instant::now();
        if let Ok((response, _)) = &outcome {
            self.upstream.metrics.answered(response.status(), end - begin);
        }
        let answered = match &outcome {
            Ok(_) => true,
            Err(failure) if failure.is_upstreams() => false,
            Err(_) => return outcome,
        };
        match self.upstream.breaker.note(answered, ms(end)) {
            Some(Change::Opened) => {
                self.upstream.metrics.breaker_open.set(1);
                tracing::warn!(upstream = %self.upstream.plan.name, "`{}` does not answer: requests to it are refused for a while", self.upstream.plan.name);
            }
            Some(Change::Closed) => {
                self.upstream.metrics.breaker_open.set(0);
                tracing::info!(upstream = %self.upstream.plan.name, "`{}` answers again", self.upstream.plan.name);
            }
            None => {}
        }
        outcome
    }

    async fn tries(
        &self,
        mut request: Request<RequestBody>,
        begin: Instant,
    ) -> Result<(Response<Incoming>, Exchange), Failure> {
        let place = self.upstream.enter().ok_or(Failure::Full)?;
        let mut place = Some(place);
        let repeatable = request.body().is_empty() && is_idempotent(request.method());
        let mut retries = if repeatable { self.route.retries } else { 0 };
        let mut tried: Vec<SocketAddr> = Vec::new();
        let mut pause = FIRST_PAUSE;
        let mut now = ms(begin);
        loop {
            let Some(server) = self.upstream.choose(&tried, now) else {
                self.wait(begin, pause).await?;
                now = now_ms();
                pause = (pause * 2).min(LONGEST_PAUSE);
                tried.clear();
                continue;
            };
            let Ok((sender, is_new)) = self.connection(&server, now).await else {
                tried.push(server.address);
                continue;
            };
            let again = (retries > 0).then(|| copy(&request));
            match self.one_try(&server, sender, request, begin).await {
                Ok((response, sender)) => {
                    server.succeeded();
                    let place = place.take().expect("the loop ends with its first answer");
                    return Ok((
                        response,
                        Exchange::new(Rc::clone(self.worker), server.address, sender, server.enter(), place),
                    ));
                }
                Err(Tried::Unsent(whole)) => {
                    // A kept connection may have ended meanwhile; one that was just opened should not have.
                    if is_new {
                        self.blame(&server);
                        tried.push(server.address);
                    }
                    request = *whole;
                }
                Err(Tried::Failed(failure)) => {
                    if !failure.is_upstreams() {
                        return Err(failure);
                    }
                    self.blame(&server);
                    let late = self.route.timeout.is_some_and(|limit| begin.elapsed() >= limit);
                    let Some(next) = again.filter(|_| !late && self.upstream.budget.take(now_ms())) else {
                        return Err(failure);
                    };
                    retries -= 1;
                    self.upstream.outcome("retried").inc();
                    tried.push(server.address);
                    request = next;
                }
            }
        }
    }

    /// Nobody took a connection: waits a little, unless patience or time is over.
    async fn wait(&self, begin: Instant, pause: Duration) -> Result<(), Failure> {
        let patience =
            self.route.timeout.map_or(self.upstream.plan.patience, |limit| limit.min(self.upstream.plan.patience));
        if begin.elapsed() + pause > patience {
            return Err(Failure::Unreachable);
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// A kept connection, or a new one (`true`).
    async fn connection(&self, server: &Arc<Server>, now_ms: u64) -> std::io::Result<(Sender, bool)> {
        if let Some(sender) = self.worker.pool.take(server, now_ms) {
            return Ok((sender, false));
        }
        let opened = pool::connect(server.address, self.upstream.plan.connect_timeout).await;
        if let Err(error) = &opened {
            tracing::debug!(upstream = %self.upstream.plan.name, server = %server.address, %error, "no connection");
            self.upstream.outcome("connect_failed").inc();
            self.blame(server);
        }
        opened.map(|sender| (sender, true))
    }

    fn blame(&self, server: &Server) {
        if server.failed(&self.upstream.plan, now_ms()) {
            self.upstream.outcome("ejected").inc();
            tracing::warn!(upstream = %self.upstream.plan.name, server = %server.address, "`{}` at {} failed too often: left out for a while", self.upstream.plan.name, server.address);
        }
    }

    async fn one_try(
        &self,
        server: &Arc<Server>,
        mut sender: Sender,
        request: Request<RequestBody>,
        begin: Instant,
    ) -> Result<(Response<Incoming>, Sender), Tried> {
        let _under = server.enter();
        let left = self.route.timeout.map(|limit| limit.saturating_sub(begin.elapsed()));
        let limit = match (left, self.route.try_timeout) {
            (Some(left), Some(one)) => Some(left.min(one)),
            (left, one) => left.or(one),
        };
        let answer = sender.try_send_request(request);
        let answer = match limit {
            Some(limit) => tokio::time::timeout(limit, answer).await.map_err(|_| {
                // A client that is slow to send its body is not the service's fault.
                Tried::Failed(Failure::TimedOut(self.route.timeout.unwrap_or(limit)))
            })?,
            None => answer.await,
        };
        match answer {
            Ok(response) => Ok((response, sender)),
            Err(mut error) => match error.take_message() {
                Some(request) => Err(Tried::Unsent(Box::new(request))),
                None => Err(Tried::Failed(match self.fault.get() {
                    Some(fault) => Failure::Client(fault, self.route.body_limit_bytes),
                    None => Failure::NoAnswer(error.into_error()),
                })),
            },
        }
    }
}

/// Twice is the same as once (RFC 9110, 9.2.2).
fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE | Method::TRACE)
}

/// The same request; only for those without a body.
fn copy(request: &Request<RequestBody>) -> Request<RequestBody> {
    let mut copy = Request::new(RequestBody::Empty);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

/// The parts of a request for a server: its target is a path, its version ours.
pub(super) fn outgoing(parts: Parts, body: RequestBody) -> Request<RequestBody> {
    let mut request = Request::new(body);
    *request.method_mut() = parts.method;
    let target = parts.uri.into_parts().path_and_query.unwrap_or_else(|| http::uri::PathAndQuery::from_static("/"));
    *request.uri_mut() = target.into();
    *request.headers_mut() = parts.headers;
    request
}
