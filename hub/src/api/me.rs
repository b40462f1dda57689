//! Who calls, as the hub knows them: what they may send, on which legal basis, and how much at once.
//!
//! A credential whose basis has ended still learns that here: whoever is refused finds out why without asking anybody.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use schemas::time::day_of;
use serde_json::{Value, json};

use super::problem::{Problem, ProblemCode};
use super::{Here, auth};
use crate::config::Sender;

/// `GET /v1/me`
pub(super) async fn show(State(doors): Here, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let known = doors.config.senders.of(&auth::token(&headers)?);
    let first = known.first().ok_or(ProblemCode::Unauthorised)?;
    let today = day_of(doors.clock.now());
    let limits = doors.config.hub.limits;
    let right = |sender: &&Sender| {
        let bases = sender.bases.iter().map(|basis| {
            json!({ "reference": basis.reference, "from": basis.from, "to": basis.to, "holds": basis.holds(today) })
        });
        let holds = sender.bases.iter().any(|basis| basis.holds(today));
        let mut right = json!({
            "source": sender.source,
            "about": format!("/v1/sources/{}", sender.source),
            "today": holds,
            "bases": bases.collect::<Vec<_>>(),
        });
        // Where a source has one voice, nobody is asked for whom they speak.
        if !sender.speaks_for.is_empty() {
            right["speaks_for"] = json!(sender.speaks_for);
        }
        right
    };
    Ok(Json(json!({
        "sender": first.name,
        "today": today,
        "rights": known.iter().map(right).collect::<Vec<_>>(),
        "limits": {
            "message_bytes": limits.message_bytes,
            "batch_bytes": limits.batch_bytes,
            "batch_items": limits.batch_items,
        },
    })))
}
