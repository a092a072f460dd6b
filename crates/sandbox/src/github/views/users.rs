use serde_json::{Value, json};

use super::{Views, extend, node_id};
use crate::github::model::User;

impl Views<'_> {
    /// The short form, by login. An account that is gone shows as the one GitHub uses for that.
    pub(crate) fn user(&self, login: &str) -> Value {
        match self.state.user(login) {
            Some(user) => self.user_of(user),
            None => json!({"login": "ghost", "id": 10137, "type": "User"}),
        }
    }

    pub(crate) fn user_of(&self, user: &User) -> Value {
        let (base, web, login) = (self.base, self.web, &user.login);
        // Bots have brackets in their names.
        let encoded = super::commits::encode_path(login);
        let url = format!("{base}/users/{encoded}");
        json!({
            "login": login,
            "id": user.id,
            "node_id": node_id("User", user.id),
            "avatar_url": format!("{web}/_sandbox/avatars/{}.svg", user.id),
            "gravatar_id": "",
            "url": url,
            "html_url": format!("{web}/{encoded}"),
            "followers_url": format!("{url}/followers"),
            "following_url": format!("{url}/following{{/other_user}}"),
            "gists_url": format!("{url}/gists{{/gist_id}}"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{url}/subscriptions"),
            "organizations_url": format!("{url}/orgs"),
            "repos_url": format!("{url}/repos"),
            "events_url": format!("{url}/events{{/privacy}}"),
            "received_events_url": format!("{url}/received_events"),
            "type": user.kind,
            "site_admin": false,
        })
    }

    /// The long form; `own` adds what only the account itself sees.
    pub(crate) fn profile(&self, user: &User, own: bool) -> Value {
        let mut value = self.user_of(user);
        let repos = self.state.repos.values().filter(|repo| repo.owner == user.login);
        let (private, public): (Vec<_>, Vec<_>) = repos.partition(|repo| repo.private);
        extend(
            &mut value,
            json!({
                "name": user.login,
                "company": null,
                "blog": "",
                "location": null,
                "email": format!("{}@sandbox.invalid", user.login),
                "hireable": null,
                "bio": "An account of the sandbox",
                "public_repos": public.len(),
                "public_gists": 0,
                "followers": 0,
                "following": 0,
                "created_at": user.created_at,
                "updated_at": user.created_at,
            }),
        );
        if own {
            extend(
                &mut value,
                json!({
                    "private_gists": 0,
                    "total_private_repos": private.len(),
                    "owned_private_repos": private.len(),
                    "disk_usage": private.iter().chain(&public).map(|repo| repo.size).sum::<u64>(),
                    "collaborators": 0,
                    "two_factor_authentication": true,
                    "plan": {"name": "pro", "space": 976_562_499, "collaborators": 0, "private_repos": 9999},
                }),
            );
        }
        value
    }
}
