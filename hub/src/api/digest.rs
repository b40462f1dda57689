//! What am I missing: a recipient says by hashes what it holds, and is told where that is not what was promised.
//!
//! A range of numbers has one hash over the payload hashes in it. Ranges that differ are asked again in smaller ones, down
//! to single numbers, each of which the feed gives anew. Nothing personal goes either way, nothing is opened, and nothing
//! is taken as stored. Bounded by how many ranges one call holds and how long each may be.

use axum::Json;
use axum::extract::{Path, Request, State};
use ring::digest::{SHA256, digest};
use schemas::envelope::{Hash, hash_text};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Problem, ProblemCode};
use super::{Here, auth, messages};

/// Ranges in one call, and numbers in a range.
const RANGES: usize = 200;
const NUMBERS: u64 = 1000;
/// The payload hash of what is not there.
const NOTHING: Hash = [0; 32];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldDigest {
    ranges: Vec<HeldRange>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldRange {
    from: u64,
    until: u64,
    #[serde(with = "hash_text")]
    hash: Hash,
}

impl HeldRange {
    fn is_possible(&self) -> bool {
        self.from > 0 && self.until.checked_sub(self.from).is_some_and(|more| more < NUMBERS)
    }

    /// What is to be said of it, where this was promised under its numbers; nothing where both agree.
    fn against(&self, promised: &[(u64, Hash)], last: u64) -> Option<&'static str> {
        if self.from > last {
            return Some("unknown");
        }
        let mut promised = promised.iter().peekable();
        let hash_of =
            |number| promised.next_if(|(promised, _)| *promised == number).map_or(NOTHING, |row| row.1);
        let hashes: Vec<Hash> = (self.from..=self.until).map(hash_of).collect();
        if self.hash == over(&hashes) {
            return None;
        }
        let nothing = self.hash == over(&vec![NOTHING; hashes.len()]);
        Some(if nothing { "missing" } else { "differs" })
    }
}

/// The hash of a range: SHA-256 over the payload hashes in the order of their numbers, 32 zero bytes for each that is not there.
fn over(hashes: &[Hash]) -> Hash {
    let mut hash = NOTHING;
    hash.copy_from_slice(digest(&SHA256, hashes.as_flattened()).as_ref());
    hash
}

/// What is said of a range that is not as it was promised, and where its records are given anew.
fn told(name: &str, range: &HeldRange, is: &str, last: u64) -> Value {
    let HeldRange { from, until, .. } = *range;
    let (after, limit) = (from - 1, until.min(last).saturating_sub(from) + 1);
    let again =
        (from <= last).then(|| format!("/v1/recipients/{name}/deliveries?after={after}&limit={limit}"));
    json!({ "from": from, "until": until, "is": is, "again": again })
}

/// `POST /v1/recipients/{recipient}/digest`
pub(super) async fn compare(
    State(doors): Here,
    Path(name): Path<String>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let recipient = auth::recipient(&doors, request.headers(), &name)?;
    let body = messages::whole(request).await?;
    let held: HeldDigest = serde_json::from_slice(&body).map_err(|_| ProblemCode::BadRequest)?;
    if held.ranges.len() > RANGES || !held.ranges.iter().all(HeldRange::is_possible) {
        return Err(ProblemCode::BadRequest.into());
    }
    let last = doors.store.last_issued(&recipient).await?;
    let mut ranges = vec![];
    // Neighbours are read at once: whoever compares everything sends nothing but neighbours.
    for together in held.ranges.chunk_by(|one, next| one.until.checked_add(1) == Some(next.from)) {
        let ([HeldRange { from, .. }, ..], [.., HeldRange { until, .. }]) = (together, together) else {
            continue;
        };
        let promised = doors.store.promised(&recipient, *from, *until).await?;
        for range in together {
            let within = promised.partition_point(|row| row.0 < range.from)
                ..promised.partition_point(|row| row.0 <= range.until);
            if let Some(is) = range.against(&promised[within], last) {
                ranges.push(told(&name, range, is, last));
            }
        }
    }
    Ok(Json(json!({ "recipient": name, "last": last, "ranges": ranges })))
}
