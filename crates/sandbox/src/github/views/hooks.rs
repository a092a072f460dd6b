use serde_json::{Value, json};

use super::extend;
use crate::github::model::{Delivery, Hook};

/// `url` is the hook's own address; where it belongs is told by `kind`.
pub(crate) fn hook(hook: &Hook, url: &str, kind: &str) -> Value {
    let mut value = json!({
        "type": kind,
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": hook.events,
        "config": hook_config(hook),
        "updated_at": hook.updated_at,
        "created_at": hook.created_at,
        "url": url,
        "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"),
    });
    if kind == "Repository" {
        let last = hook.last_response.as_ref();
        extend(
            &mut value,
            json!({
                "test_url": format!("{url}/test"),
                "last_response": {
                    "code": last.and_then(|last| last.code),
                    "status": last.map_or("unused", |last| last.status.as_str()),
                    "message": last.and_then(|last| last.message.as_deref()),
                },
            }),
        );
    }
    value
}

pub(crate) fn hook_config(hook: &Hook) -> Value {
    let mut config = json!({
        "content_type": hook.content_type,
        "insecure_ssl": hook.insecure_ssl,
        "url": hook.url,
    });
    if hook.secret.is_some() {
        config["secret"] = json!("********");
    }
    config
}

pub(crate) fn delivery_item(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": delivery.delivered_at,
        "redelivery": delivery.redelivery,
        "duration": delivery.duration,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation_id,
        "repository_id": delivery.repository_id,
        "throttled_at": null,
    })
}

pub(crate) fn delivery(delivery: &Delivery) -> Value {
    let mut value = delivery_item(delivery);
    extend(
        &mut value,
        json!({
            "url": delivery.url,
            "request": {"headers": delivery.request_headers, "payload": delivery.payload},
            "response": {"headers": delivery.response_headers, "payload": delivery.response_body},
        }),
    );
    value
}
