//! The feed: a recipient's records over HTTP, for who does not read Kafka.
//!
//! The same records under the same numbers, in order, with their bytes and decoded: a page at once, a page once there is
//! something to tell, or event by event. Asking for what follows `after` says that everything up to it was stored: the
//! ledger closes there. Refuses a position that was never issued, which proves nothing, and to skip a number: what lies
//! before a damaged row is given, and nothing behind it.

use std::collections::VecDeque;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Json};
use futures::{Stream, StreamExt, stream};
use schemas::recipient::Recipient;
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::problem::{Problem, ProblemCode};
use super::{Doors, Here, auth};
use crate::deliver::feed::{FeedRecord, record};
use crate::desk::Wait;

/// Records in one answer, unless fewer are asked.
const PAGE: u32 = 500;
/// How long a call waits for a record at most.
const LONGEST: Duration = Duration::from_secs(60);
/// After how long who reads events asks anew.
const ANEW: Duration = Duration::from_millis(500);
const EVENTS: &str = "text/event-stream";

/// Ends when the process does: nobody waits for records longer than that.
#[derive(Clone, Debug, Default)]
pub struct Closing(pub CancellationToken);

#[derive(Debug, Deserialize)]
pub(super) struct From {
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
    /// For how many seconds a record is waited for where there is none.
    wait: Option<u64>,
}

/// `GET /v1/recipients/{recipient}/deliveries?after=N&limit=N&wait=SECONDS`
pub(super) async fn read(
    State(doors): Here,
    Path(name): Path<String>,
    from: Result<Query<From>, QueryRejection>,
    closing: Option<Extension<Closing>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let recipient = auth::recipient(&doors, &headers, &name)?;
    let Query(from) = from.map_err(|_| ProblemCode::BadRequest)?;
    let after = last_event(&headers)?.unwrap_or(from.after);
    if after > doors.store.last_issued(&recipient).await? {
        return Err(ProblemCode::UnknownPosition.into());
    }
    // Where the auditor reads a topic back, it closes the ledger: a feed that runs ahead of the relay must not.
    if after > 0 && !doors.config.topics().contains(&recipient) {
        doors.store.close_ledger(&recipient, after, doors.clock.now()).await?;
    }
    let limit = from.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let Closing(closing) = closing.map(|Extension(closing)| closing).unwrap_or_default();
    let wants_events =
        headers.get(header::ACCEPT).is_some_and(|kind| kind.as_bytes().starts_with(EVENTS.as_bytes()));
    let within = from.wait.map_or(if wants_events { LONGEST } else { Duration::ZERO }, Duration::from_secs);
    let wait = doors.decisions.wait(within.min(LONGEST));
    let mut call = FeedCall { doors, recipient, after, left: limit, wait, closing };
    if wants_events {
        return Ok(Sse::new(call.events()).into_response());
    }
    let records = call.more().await?;
    let asked = [("limit", from.limit.map(u64::from)), ("wait", from.wait)];
    let asked = asked.into_iter().filter_map(|(name, value)| Some(format!("&{name}={}", value?)));
    let next = format!("/v1/recipients/{name}/deliveries?after={}{}", call.after, asked.collect::<String>());
    let link = [(header::LINK, format!("<{next}>; rel=\"next\""))];
    let page = json!({ "recipient": name, "after": after, "records": records, "next": next });
    Ok((link, Json(page)).into_response())
}

/// The number of the last event that somebody has who reads events and asks anew.
fn last_event(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(last) = headers.get("last-event-id") else { return Ok(None) };
    let number = last.to_str().ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| ProblemCode::BadRequest.into())
}

/// One call that reads records, and waits for them.
struct FeedCall {
    doors: Doors,
    recipient: Recipient,
    after: u64,
    /// How many records the answer may still hold.
    left: u32,
    wait: Wait,
    closing: CancellationToken,
}

impl FeedCall {
    /// The next records, once there are any; none where the time is over.
    async fn more(&mut self) -> Result<Vec<FeedRecord>, Problem> {
        loop {
            let records = self.given().await?;
            if let Some(last) = records.last() {
                self.after = last.sequence;
                self.left -= u32::try_from(records.len()).unwrap_or(self.left);
                return Ok(records);
            }
            let goes_on = tokio::select! {
                goes_on = self.wait.for_more() => goes_on,
                () = self.closing.cancelled() => false,
            };
            if !goes_on {
                return Ok(records);
            }
        }
    }

    async fn given(&self) -> Result<Vec<FeedRecord>, Problem> {
        let rows = self.doors.store.feed(&self.recipient, self.after, self.left).await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            match record(&self.doors.vault, &self.doors.schemas, row) {
                Ok(record) => records.push(record),
                Err(error) => {
                    tracing::error!(%error, "a record cannot be given: a human must look");
                    if records.is_empty() {
                        return Err(ProblemCode::Internal.into());
                    }
                    break;
                }
            }
        }
        Ok(records)
    }

    /// Each record as an event under its number, until the time is over or as many were given as asked; who goes on
    /// reading asks anew from the last one, which says that it was stored.
    fn events(self) -> impl Stream<Item = Result<Event, BoxError>> + Send + use<> {
        let first = stream::iter([Ok(Event::default().retry(ANEW))]);
        first.chain(stream::unfold((self, VecDeque::new()), |(mut call, mut records)| async move {
            if records.is_empty() && call.left > 0 {
                records.extend(call.more().await.ok()?);
            }
            let record: FeedRecord = records.pop_front()?;
            let event = Event::default().id(record.sequence.to_string()).event("record").json_data(&record);
            Some((event.map_err(BoxError::from), (call, records)))
        }))
    }
}
