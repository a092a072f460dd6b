use serde_json::{Value, json};

use super::{Views, node_id};
use crate::github::model::{App, Installation};

impl Views<'_> {
    pub(crate) fn app(&self, app: &App) -> Value {
        json!({
            "id": app.id,
            "slug": app.slug,
            "node_id": node_id("App", app.id),
            "client_id": app.client_id,
            "owner": self.user(&app.owner),
            "name": app.name,
            "description": "",
            "external_url": self.web,
            "html_url": format!("{}/apps/{}", self.web, app.slug),
            "created_at": app.created_at,
            "updated_at": app.created_at,
            "permissions": app.permissions,
            "events": app.events,
            "installations_count": self.state.accounts.installations.iter().filter(|one| one.app_id == app.id).count(),
        })
    }

    pub(crate) fn app_by_slug(&self, slug: &str) -> Value {
        let found = self.state.accounts.apps.iter().find(|app| app.slug == slug);
        found.map_or(Value::Null, |app| {
            let mut value = self.app(app);
            if let Value::Object(object) = &mut value {
                // Only the App itself is told.
                object.remove("installations_count");
            }
            value
        })
    }

    pub(crate) fn installation(&self, installation: &Installation, app: &App) -> Value {
        let account = self.user(&installation.account);
        json!({
            "id": installation.id,
            "account": account,
            "repository_selection": "all",
            "access_tokens_url": format!("{}/app/installations/{}/access_tokens", self.base, installation.id),
            "repositories_url": format!("{}/installation/repositories", self.base),
            "html_url": format!("{}/settings/installations/{}", self.web, installation.id),
            "app_id": app.id,
            "client_id": app.client_id,
            "app_slug": app.slug,
            "target_id": account["id"],
            "target_type": account["type"],
            "permissions": app.permissions,
            "events": app.events,
            "created_at": installation.created_at,
            "updated_at": installation.created_at,
            "single_file_name": null,
            "has_multiple_single_files": false,
            "single_file_paths": [],
            "suspended_by": null,
            "suspended_at": null,
        })
    }
}
