//! `quantapilot user`: accounts of the dashboard, through dashboard-backend, so that its rules and its audit apply.

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use common::auth::Role;
use common::clients::Peer;
use common::clients::dashboard::UserBrief;
use common::config::Reader;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::output::{Failure, Output};
use crate::services;

/// Users of the dashboard.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Create an account.
    Create(Create),
    /// Change what an account may do.
    SetRole {
        /// The account's e-mail address.
        email: String,
        /// `admin`, `operator`, `approver` or `viewer`.
        role: Role,
    },
    /// Set an account's password and end its sessions.
    SetPassword {
        /// The account's e-mail address.
        email: String,
        /// Read the password from standard input; otherwise one is made and printed.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts.
    List,
}

/// Create an account.
#[derive(Debug, Args)]
pub struct Create {
    /// The e-mail address to sign in with.
    email: String,
    /// The name that others see (default: the part before the @).
    #[arg(long)]
    name: Option<String>,
    /// `admin`, `operator`, `approver` or `viewer`.
    #[arg(long, default_value = "viewer")]
    role: Role,
    /// Read the password from standard input; otherwise one is made and printed.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Deserialize, Serialize)]
struct Users {
    users: Vec<UserBrief>,
}

impl User {
    /// Runs it.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let mut env = Reader::from_env();
        let dashboard = services::dashboard(&mut env);
        env.finish()?;
        match self {
            Self::Create(create) => create.run(&dashboard, output).await?,
            Self::SetRole { email, role } => {
                let user = find(&dashboard, &email).await?;
                let path = format!("/internal/v1/users/{}/role", user.id);
                let user: UserBrief = dashboard.post(&path, &json!({ "role": role })).await?;
                output.result(&user, format_args!("{} is now {}.", user.email, user.role.as_str()))?;
            }
            Self::SetPassword { email, password_stdin } => {
                let user = find(&dashboard, &email).await?;
                let password = Password::get(password_stdin)?;
                let path = format!("/internal/v1/users/{}/password", user.id);
                let user: UserBrief = dashboard.post(&path, &json!({ "password": password.text })).await?;
                password.report(&user, "has a new password", output)?;
            }
            Self::List => {
                let list: Users = dashboard.get("/internal/v1/users").await?;
                output.result(&list.users, table(&list.users))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Create {
    async fn run(self, dashboard: &Peer, output: Output) -> Result<(), Failure> {
        let name = self.name.unwrap_or_else(|| self.email.split('@').next().unwrap_or_default().to_owned());
        let password = Password::get(self.password_stdin)?;
        let body = json!({ "email": self.email, "display_name": name, "role": self.role, "password": password.text });
        let user: UserBrief = dashboard.post("/internal/v1/users", &body).await.map_err(|error| {
            let taken = error.code() == "email_taken";
            let failure = Failure::from(error);
            if taken {
                failure.hint("`quantapilot user set-password` and `set-role` change an account")
            } else {
                failure
            }
        })?;
        password.report(&user, &format!("was created as {}", user.role.as_str()), output)
    }
}

/// A password, and whether its owner still has to be told.
struct Password {
    text: String,
    made: bool,
}

impl Password {
    fn get(stdin: bool) -> Result<Self, Failure> {
        if !stdin {
            return Ok(Self { text: make_password(), made: true });
        }
        if std::io::stdin().is_terminal() {
            return Err(Failure::usage("--password-stdin wants the password from a pipe or a file")
                .hint("for example `quantapilot user create … --password-stdin < password.txt`"));
        }
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        if text.is_empty() {
            return Err(Failure::usage("standard input held no password"));
        }
        Ok(Self { text, made: false })
    }

    fn report(&self, user: &UserBrief, done: &str, output: Output) -> Result<(), Failure> {
        let shown = self.made.then_some(&self.text);
        let text = match shown {
            Some(password) => format!("{} {done}. Password: {password}", user.email),
            None => format!("{} {done}.", user.email),
        };
        output.result(&json!({ "user": user, "password": shown }), text)
    }
}

async fn find(dashboard: &Peer, email: &str) -> Result<UserBrief, Failure> {
    let list: Users = dashboard.get("/internal/v1/users").await?;
    list.users.into_iter().find(|user| user.email.eq_ignore_ascii_case(email)).ok_or_else(|| {
        Failure::new(format!("there is no account `{email}`")).hint("`quantapilot user list` shows the accounts")
    })
}

fn table(users: &[UserBrief]) -> String {
    if users.is_empty() {
        return "No accounts yet: `quantapilot user create you@example.org --role admin` makes the first.".to_owned();
    }
    let width = users.iter().map(|user| user.email.len()).max().unwrap_or(0);
    let line = |user: &UserBrief| {
        let off = if user.disabled { " (disabled)" } else { "" };
        format!("{:width$}  {:8}  {}{off}", user.email, user.role.as_str(), user.display_name)
    };
    users.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// 20 letters and digits that are not mistaken for one another: 115 bits.
fn make_password() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    let mut rng = rand::rng();
    (0..20).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
}
