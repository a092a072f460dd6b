//! Who is calling: accounts, tokens and Apps.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use base64::Engine as _;
use http::{HeaderMap, header};
use serde::Deserialize;
use time::OffsetDateTime;

use super::{
    Github,
    error::{ApiError, Result},
    model::{App, Installation, User, moment, now},
};
use crate::settings::GithubSettings;

/// Slug of the App that runs workflows.
pub(crate) const ACTIONS: &str = "github-actions";

/// Longest life of an App's JWT, and the clock difference that is forgiven.
const JWT_MAX_SECONDS: i64 = 600;
const JWT_LEEWAY_SECONDS: i64 = 60;

/// Tokens and whose they are. Those of installations live an hour, in memory.
#[derive(Debug)]
pub(crate) struct Tokens {
    personal: HashMap<String, String>,
    installations: Mutex<HashMap<String, InstallationToken>>,
}

#[derive(Debug, Clone)]
pub(crate) struct InstallationToken {
    pub(crate) installation_id: u64,
    pub(crate) expires_at: OffsetDateTime,
    pub(crate) permissions: BTreeMap<String, String>,
    /// None: all of the account's.
    pub(crate) repositories: Option<Vec<u64>>,
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user: User,
    pub(crate) kind: CallerKind,
}

#[derive(Debug, Clone)]
pub(crate) enum CallerKind {
    /// Nobody in particular: public things may be read.
    Anonymous,
    /// A personal token.
    Person,
    /// An App, by its JWT.
    App { app: Box<App> },
    /// An App on an account, by an installation token.
    Installation { app: Box<App>, installation: Installation, token: InstallationToken },
}

impl Tokens {
    pub(crate) fn new(settings: &GithubSettings) -> Self {
        let personal = HashMap::from([
            (settings.token.clone(), settings.bot_login.clone()),
            (settings.demo_token.clone(), settings.demo_login.clone()),
        ]);
        Self { personal, installations: Mutex::default() }
    }

    pub(crate) fn add_installation(&self, secret: String, token: InstallationToken) {
        self.installations.lock().unwrap_or_else(PoisonError::into_inner).insert(secret, token);
    }

    fn installation(&self, secret: &str) -> Option<InstallationToken> {
        let mut tokens = self.installations.lock().unwrap_or_else(PoisonError::into_inner);
        let now = moment();
        tokens.retain(|_, token| token.expires_at > now);
        tokens.get(secret).cloned()
    }
}

impl Caller {
    pub(crate) fn is_anonymous(&self) -> bool {
        matches!(self.kind, CallerKind::Anonymous)
    }

    /// A person: anonymous callers are told to sign in.
    pub(crate) fn signed_in(&self) -> Result<&User> {
        match self.kind {
            CallerKind::Anonymous => Err(ApiError::unauthorized("Requires authentication")),
            CallerKind::App { .. } => {
                Err(ApiError::forbidden("This API method must not be called with a JSON web token (JWT)"))
            }
            _ => Ok(&self.user),
        }
    }

    /// The App behind the call, for what only Apps may do.
    pub(crate) fn app(&self) -> Option<&App> {
        match &self.kind {
            CallerKind::App { app } | CallerKind::Installation { app, .. } => Some(app),
            _ => None,
        }
    }

    /// Whether an installation token covers `permission`; people may do everything here.
    pub(crate) fn has_permission(&self, permission: &str, write: bool) -> bool {
        match &self.kind {
            CallerKind::Installation { token, .. } => match token.permissions.get(permission).map(String::as_str) {
                Some("write" | "admin") => true,
                Some("read") => !write,
                _ => permission == "metadata" && !write,
            },
            _ => true,
        }
    }
}

impl Github {
    pub(crate) fn make_accounts(&self) {
        let settings = &self.ctx().settings().github;
        let mut state = self.store().lock();
        state.ensure_user(&settings.bot_login, "User");
        state.ensure_user(&settings.demo_login, "User");
        state.ensure_user("github", "Organization");
        state.ensure_user("github-actions[bot]", "Bot");
        if state.accounts.apps.iter().all(|app| app.slug != ACTIONS) {
            let id = state.next_id();
            let app = App {
                id,
                slug: ACTIONS.to_owned(),
                name: "GitHub Actions".to_owned(),
                owner: "github".to_owned(),
                client_id: "Iv1.sandboxactions".to_owned(),
                public_key: None,
                permissions: BTreeMap::from([("checks".to_owned(), "write".to_owned())]),
                events: Vec::new(),
                hook: None,
                setup_url: None,
                created_at: now(),
            };
            state.accounts_mut().apps.push(app);
        }
    }

    /// Who sent a request with these headers. Git sends Basic, everything else Bearer or `token`.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller> {
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            return Ok(anonymous());
        };
        let bad = || ApiError::unauthorized("Bad credentials");
        let value = value.to_str().map_err(|_| bad())?;
        let (scheme, secret) = value.split_once(' ').ok_or_else(bad)?;
        let secret = match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "token" => secret.trim().to_owned(),
            "basic" => basic_secret(secret).ok_or_else(bad)?,
            _ => return Err(bad()),
        };
        if secret.matches('.').count() == 2 && secret.starts_with("ey") {
            return self.app_caller(&secret);
        }
        if let Some(login) = self.0.tokens.personal.get(&secret) {
            let user = self.store().lock().ensure_user(login, "User");
            return Ok(Caller { user, kind: CallerKind::Person });
        }
        let token = self.0.tokens.installation(&secret).ok_or_else(bad)?;
        let mut state = self.store().lock();
        let installation =
            state.accounts.installations.iter().find(|one| one.id == token.installation_id).cloned().ok_or_else(bad)?;
        let app = state.accounts.apps.iter().find(|app| app.id == installation.app_id).cloned().ok_or_else(bad)?;
        let user = state.ensure_user(&format!("{}[bot]", app.slug), "Bot");
        Ok(Caller { user, kind: CallerKind::Installation { app: Box::new(app), installation, token } })
    }

    /// An App's own JWT: RS256, at most ten minutes, `iss` = App id or client id.
    fn app_caller(&self, jwt: &str) -> Result<Caller> {
        let undecodable = || ApiError::unauthorized("A JSON web token could not be decoded");
        let payload = jwt.split('.').nth(1).ok_or_else(undecodable)?;
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).map_err(|_| undecodable())?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| undecodable())?;
        let issuer = match &claims.iss {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let app = {
            let state = self.store().lock();
            let found = state.accounts.apps.iter().find(|app| app.id.to_string() == issuer || app.client_id == issuer);
            found.cloned().ok_or_else(|| {
                ApiError::unauthorized(
                    "'Issuer' claim ('iss') must be an Integer that is the App's id, or its client id",
                )
            })?
        };
        let key = app.public_key.as_deref().ok_or_else(undecodable)?;
        let key = jsonwebtoken::DecodingKey::from_rsa_pem(key.as_bytes())?;
        let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        // The dates are checked below, with the messages GitHub gives.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode::<serde_json::Value>(jwt, &key, &validation).map_err(|_| undecodable())?;

        let now = moment().unix_timestamp();
        let expires = claims.exp.as_i64().ok_or_else(|| {
            ApiError::unauthorized("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
        })?;
        if expires <= now {
            return Err(ApiError::unauthorized(
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
            ));
        }
        if expires > now + JWT_MAX_SECONDS + JWT_LEEWAY_SECONDS {
            return Err(ApiError::unauthorized("'Expiration time' claim ('exp') is too far in the future"));
        }
        if claims.iat.as_i64().is_none_or(|issued| issued > now + JWT_LEEWAY_SECONDS) {
            return Err(ApiError::unauthorized(
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            ));
        }
        let user = self.store().lock().ensure_user(&format!("{}[bot]", app.slug), "Bot");
        Ok(Caller { user, kind: CallerKind::App { app: Box::new(app) } })
    }
}

#[derive(Debug, Deserialize)]
struct Claims {
    #[serde(default)]
    iss: serde_json::Value,
    #[serde(default)]
    iat: serde_json::Value,
    #[serde(default)]
    exp: serde_json::Value,
}

/// The token in Basic credentials: the password, or the name when there is no password.
fn basic_secret(encoded: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (name, password) = text.split_once(':')?;
    let secret = if password.is_empty() || password == "x-oauth-basic" { name } else { password };
    Some(secret.to_owned())
}

fn anonymous() -> Caller {
    let user = User { id: 0, login: String::new(), kind: "User".to_owned(), created_at: now() };
    Caller { user, kind: CallerKind::Anonymous }
}
