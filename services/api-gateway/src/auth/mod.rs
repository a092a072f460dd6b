//! Who is there: tokens of people, API keys, tokens of our own services.

mod api_keys;
mod credentials;
mod keys;
pub mod refresh;
mod revoked;
mod verified;

use std::rc::Rc;
use std::sync::Arc;

use common::auth::Role;
use common::error::{Error, Result};
use http::{HeaderMap, Method};

use crate::metrics::REFUSED;
use crate::proxy::Ids;
use crate::server::Worker;
use crate::table::{Access, Route};

pub use api_keys::ApiKeys;
use credentials::Credentials;
pub use keys::{Fault, Keys};
pub use revoked::Revoked;
pub use verified::{Person, Verified};

/// What a browser page must send with an unsafe request that is authorised by its cookie: another site cannot.
const APP_HEADER: &str = "x-requested-with";

/// Who sent a request.
#[derive(Clone)]
pub enum Caller {
    /// Nobody we know, or it does not matter.
    Nobody,
    /// A person, or a program with a person's API key.
    Person(Rc<Person>),
    /// One of our services, or n8n.
    Service(Arc<str>),
}

impl Caller {
    /// The person's id.
    pub(crate) fn user(&self) -> Option<common::ids::UserId> {
        match self {
            Self::Person(person) => Some(person.identity.user_id),
            Self::Nobody | Self::Service(_) => None,
        }
    }
}

/// Who is there, or why they may not pass.
pub(crate) async fn identify(
    worker: &Rc<Worker>,
    ids: &Ids,
    route: &Route,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Caller> {
    let credentials = credentials::find(headers);
    match route.access {
        Access::Public { optional_identity: false } => Ok(Caller::Nobody),
        // Such a route works without a token, and with a bad one.
        Access::Public { optional_identity: true } => Ok(match credentials {
            Ok(Some(Credentials::Token { token, .. })) => {
                worker.person_of_token(token).await.map_or(Caller::Nobody, Caller::Person)
            }
            _ => Caller::Nobody,
        }),
        Access::Service => match credentials? {
            Some(Credentials::Token { token, from_cookie: false }) => {
                let name = worker.app.tokens.verify_service(token).inspect_err(|_| count("service_token"))?;
                Ok(Caller::Service(name.into()))
            }
            _ => Err(Error::unauthenticated("missing_token", "Send a service token in `Authorization: Bearer …`")),
        },
        Access::Role(least) => {
            let person = match credentials? {
                None => {
                    return Err(Error::unauthenticated(
                        "not_signed_in",
                        "Sign in first, or send a token in `Authorization: Bearer …`",
                    ));
                }
                Some(Credentials::Token { token, from_cookie }) => {
                    let person = worker.person_of_token(token).await?;
                    if from_cookie && !method.is_safe() && !headers.contains_key(APP_HEADER) {
                        return Err(refused(
                            "cross_site",
                            Error::forbidden(
                                "cross_site_request",
                                "A request authorised by a cookie must carry `X-Requested-With`",
                            ),
                        ));
                    }
                    person
                }
                Some(Credentials::Key(key)) => {
                    let scope = route.scope.as_deref().ok_or_else(|| {
                        refused(
                            "scope",
                            Error::forbidden("api_keys_not_accepted", "API keys are not accepted here: sign in"),
                        )
                    })?;
                    let person = worker.person_of_key(key, ids).await?;
                    may(&person, scope, method)?;
                    person
                }
            };
            if person.identity.role < least {
                return Err(refused("role", role_required(least, person.identity.role)));
            }
            Ok(Caller::Person(person))
        }
    }
}

fn role_required(least: Role, role: Role) -> Error {
    Error::forbidden("role_required", format!("This needs the role `{}`; you are `{}`", least.as_str(), role.as_str()))
}

/// Whether a key's scopes open an area: reading for safe methods, writing for the others; whoever may write may read.
fn may(person: &Person, area: &str, method: &Method) -> Result<()> {
    let level = if method.is_safe() { "read" } else { "write" };
    let opens = |scope: &String| {
        scope == "*" || scope.split_once(':').is_some_and(|(of, may)| of == area && (may == level || may == "write"))
    };
    if person.scopes.iter().any(opens) {
        return Ok(());
    }
    let needed = format!("{area}:{level}");
    Err(refused(
        "scope",
        Error::forbidden("scope_required", format!("This needs an API key with the scope `{needed}`")),
    ))
}

fn count(reason: &str) {
    REFUSED.with_label_values(&[reason]).inc();
}

/// Counts a refusal.
fn refused(reason: &str, error: Error) -> Error {
    count(reason);
    error
}
