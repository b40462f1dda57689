//! Probes: whether the process lives, whether it can do its work, and its numbers.
//!
//! Open to whoever reaches the address, so they carry no personal value and no name of a sender. Refuses
//! to repair: what is away is tried again where it is used. What they ask of the store is [`super::look`]'s.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::Here;
use super::look::Ready;
use crate::store::inspect::LeaseRow;

/// `GET /livez`
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// Where a role stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HeldRole {
    /// Whether it goes as it should: done here, or by another instance.
    pub ready: bool,
    /// `active` here, `standby` behind the holder, `free` where nobody holds it; or what is wrong.
    pub state: &'static str,
    /// Which instance has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// The number of that holding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fence: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// What the leases and the role's own trouble mean together.
#[must_use]
pub fn holding(
    instance: &str,
    lease: Option<&'static str>,
    leases: &[LeaseRow],
    trouble: Option<(&'static str, String)>,
) -> HeldRole {
    let held = leases.iter().find(|row| Some(row.name.as_str()) == lease && row.left > 0);
    let state = match held {
        _ if lease.is_none() => "active",
        Some(row) if row.owner == instance => "active",
        Some(_) => "standby",
        None => "free",
    };
    let (holder, fence) = held.map(|row| (row.owner.clone(), row.fence)).unzip();
    let ready = trouble.is_none() && state != "free";
    let (wrong, cause) = trouble.unzip();
    HeldRole { ready, state: wrong.unwrap_or(state), holder, fence, cause }
}

/// `GET /readyz`: the status says whether messages can be taken; the body, role by role, how the rest goes. Kafka is named
/// and not asked for, since intake does not need it.
pub(super) async fn ready(State(doors): Here) -> Response {
    let Ready { database, leases, halts } = doors.looks.ready(&doors.store, &doors.config.topics()).await;
    let roles: BTreeMap<&str, HeldRole> = doors
        .roles
        .iter()
        .map(|role| (role.name, holding(&doors.instance, role.lease, &leases, (role.trouble)())))
        .collect();
    let halted: Vec<Value> = halts
        .into_iter()
        .map(|halt| {
            json!({ "recipient": halt.recipient, "topic": halt.recipient.topic(), "part": halt.part,
                    "code": halt.code, "found": halt.detail, "since": halt.since })
        })
        .collect();
    let all = database && roles.values().all(|role| role.ready);
    let body = json!({ "ready": all, "database": database, "missing": (doors.missing)(),
                       "instance": doors.instance, "roles": roles, "halted": halted });
    answer(database, &body)
}

/// Before the database was reached nothing is ready.
pub(super) fn not_ready() -> Response {
    answer(false, &json!({ "ready": false, "database": false, "missing": "database away" }))
}

fn answer(takes: bool, body: &Value) -> Response {
    let status = if takes { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // Not a problem document: what asks here reads the status.
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    (status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
}

/// `GET /metrics`: how many rows each list held when they were last counted, then the process's own numbers.
pub(super) async fn metrics(State(doors): Here) -> Response {
    let mut text = "# HELP hub_rows Rows in a list of the store.\n# TYPE hub_rows gauge\n".to_owned();
    if let Some((rows, age)) = doors.looks.rows(&doors.store).await {
        for (list, count) in rows {
            text += &format!("hub_rows{{list=\"{list}\"}} {count}\n");
        }
        text += "# HELP hub_rows_age_seconds How long ago the rows were counted.\n# TYPE hub_rows_age_seconds gauge\n";
        text += &format!("hub_rows_age_seconds {}\n", age.as_secs_f64());
    }
    text += "# HELP hub_vault_opened Sealed values opened, by why.\n# TYPE hub_vault_opened counter\n";
    for (why, count) in doors.vault.opened() {
        text += &format!("hub_vault_opened_total{{why=\"{}\"}} {count}\n", why.as_str());
    }
    text += "# HELP hub_vault_wrapped Keys wrapped by the key-encryption key.\n# TYPE hub_vault_wrapped counter\n";
    text += &format!("hub_vault_wrapped_total {}\n", doors.vault.wrapped());
    text += &doors.metrics.text();
    if !text.ends_with("# EOF\n") {
        text += "# EOF\n";
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_active_stands_by_or_says_what_is_wrong() {
        let row = |owner: &str, left| LeaseRow {
            name: "relay".to_owned(),
            owner: owner.to_owned(),
            fence: 7,
            left,
        };
        let check = |lease, leases: &[LeaseRow], trouble: Option<&'static str>, ready: bool, state: &str| {
            let found = holding("one", lease, leases, trouble.map(|state| (state, "why".to_owned())));
            assert_eq!((found.ready, found.state), (ready, state), "{leases:?}");
            let holder = leases.iter().find(|row| row.left > 0).filter(|_| lease == Some("relay"));
            assert_eq!(found.holder, holder.map(|row| row.owner.clone()));
            assert_eq!(found.fence, holder.map(|_| 7));
            assert_eq!(found.cause.is_some(), trouble.is_some());
        };
        let relay = Some("relay");
        check(None, &[row("two", 3)], None, true, "active");
        check(relay, &[row("one", 3)], None, true, "active");
        check(relay, &[row("two", 3)], None, true, "standby");
        check(relay, &[row("two", 0)], None, false, "free");
        check(relay, &[], None, false, "free");
        check(Some("decider"), &[row("one", 3)], None, false, "free");
        check(relay, &[row("one", 3)], Some("halted"), false, "halted");
        check(relay, &[row("two", 3)], Some("failing"), false, "failing");
    }
}
