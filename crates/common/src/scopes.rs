//! What an API key may do: a closed set of scopes, and the role that each of them needs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Role;

/// What an API key may do. `…:write` includes `…:read` of the same area; `*` is whatever its owner may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    /// Look at projects, their timeline, stages, artifacts and spend.
    #[serde(rename = "projects:read")]
    ProjectsRead,
    /// Pause, resume, cancel and retry projects, and set their policies.
    #[serde(rename = "projects:write")]
    ProjectsWrite,
    /// Look at decisions.
    #[serde(rename = "decisions:read")]
    DecisionsRead,
    /// Answer decisions.
    #[serde(rename = "decisions:write")]
    DecisionsWrite,
    /// Look at agent runs, their messages, prompts and usage.
    #[serde(rename = "agents:read")]
    AgentsRead,
    /// Cancel agent runs and change prompts.
    #[serde(rename = "agents:write")]
    AgentsWrite,
    /// Look at repositories, pull requests, intakes and webhook deliveries.
    #[serde(rename = "repositories:read")]
    RepositoriesRead,
    /// Start a repository by hand and replay deliveries.
    #[serde(rename = "repositories:write")]
    RepositoriesWrite,
    /// Look at messages and at one's own links to Telegram.
    #[serde(rename = "notifications:read")]
    NotificationsRead,
    /// Change one's own links to Telegram.
    #[serde(rename = "notifications:write")]
    NotificationsWrite,
    /// Look at accounts.
    #[serde(rename = "admin:read")]
    AdminRead,
    /// Make and change accounts.
    #[serde(rename = "admin:write")]
    AdminWrite,
    /// Whatever the owner may do.
    #[serde(rename = "*")]
    Everything,
}

impl Scope {
    /// Every scope, in the order in which people see them.
    pub const ALL: [Self; 13] = [
        Self::ProjectsRead,
        Self::ProjectsWrite,
        Self::DecisionsRead,
        Self::DecisionsWrite,
        Self::AgentsRead,
        Self::AgentsWrite,
        Self::RepositoriesRead,
        Self::RepositoriesWrite,
        Self::NotificationsRead,
        Self::NotificationsWrite,
        Self::AdminRead,
        Self::AdminWrite,
        Self::Everything,
    ];

    /// The name as it stands in requests and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProjectsRead => "projects:read",
            Self::ProjectsWrite => "projects:write",
            Self::DecisionsRead => "decisions:read",
            Self::DecisionsWrite => "decisions:write",
            Self::AgentsRead => "agents:read",
            Self::AgentsWrite => "agents:write",
            Self::RepositoriesRead => "repositories:read",
            Self::RepositoriesWrite => "repositories:write",
            Self::NotificationsRead => "notifications:read",
            Self::NotificationsWrite => "notifications:write",
            Self::AdminRead => "admin:read",
            Self::AdminWrite => "admin:write",
            Self::Everything => "*",
        }
    }

    /// Whether a key with this scope may do what `asked` stands for.
    pub fn covers(self, asked: Self) -> bool {
        let area = |scope: Self, access| scope.as_str().strip_suffix(access);
        self == Self::Everything
            || self == asked
            || area(self, ":write").is_some_and(|mine| area(asked, ":read") == Some(mine))
    }

    /// The least role whose holder may hand this scope to a key.
    pub fn least_role(self) -> Role {
        match self {
            Self::ProjectsWrite | Self::AgentsWrite | Self::RepositoriesWrite => Role::Operator,
            Self::DecisionsWrite => Role::Approver,
            Self::AdminRead | Self::AdminWrite => Role::Admin,
            Self::ProjectsRead
            | Self::DecisionsRead
            | Self::AgentsRead
            | Self::RepositoriesRead
            | Self::NotificationsRead
            | Self::NotificationsWrite
            | Self::Everything => Role::Viewer,
        }
    }

    /// The highest role that anything within this scope can need.
    pub fn reach(self) -> Role {
        if self == Self::Everything { Role::Admin } else { self.least_role() }
    }
}

/// The role of a key: that of its owner, capped by how far its scopes reach.
pub fn capped(owner: Role, scopes: &[Scope]) -> Role {
    scopes.iter().map(|scope| scope.reach()).max().unwrap_or(Role::Viewer).min(owner)
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a scope: use some of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_everywhere() {
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert!("projects".parse::<Scope>().unwrap_err().contains("projects:read, projects:write"));
    }

    #[test]
    fn writing_includes_reading_of_the_same_area_alone() {
        for held in Scope::ALL {
            for asked in Scope::ALL {
                let (area, access) = held.as_str().split_once(':').unwrap_or(("*", ""));
                let expected = held == Scope::Everything
                    || held == asked
                    || access == "write" && asked.as_str() == format!("{area}:read");
                assert_eq!(held.covers(asked), expected, "{held} {asked}");
            }
        }
    }

    #[test]
    fn a_key_never_reaches_beyond_its_owner_nor_its_scopes() {
        assert_eq!(capped(Role::Admin, &[Scope::ProjectsRead]), Role::Viewer);
        assert_eq!(capped(Role::Admin, &[Scope::DecisionsWrite, Scope::ProjectsRead]), Role::Approver);
        assert_eq!(capped(Role::Viewer, &[Scope::ProjectsWrite]), Role::Viewer, "the owner was demoted since");
        assert_eq!(capped(Role::Operator, &[Scope::Everything]), Role::Operator);
        assert_eq!(capped(Role::Admin, &[]), Role::Viewer);
    }
}
