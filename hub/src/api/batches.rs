//! Many messages in one request: read as they stream in, answered item by item as they are stored.
//!
//! The answer is NDJSON: one line an item, in order, with its index. Each chunk is committed before
//! it is answered, so a broken connection leaves the sender knowing what was taken; sending again is
//! harmless. Where the hub cannot go on, or the batch has more items than one may have, the last line says so and from
//! which item.

use adapters::{Source, Speaker};
use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use serde_json::json;

use super::lines::{self, CHUNK, Cutter};
use super::problem::{Problem, ProblemCode};
use super::{Doors, Here, auth, verdict};

/// One item, or one document, may be this large inside a batch.
const ITEM_LIMIT: usize = 16 << 20;

/// `POST /v1/sources/{source}/batches`
pub(super) async fn push(
    State(doors): Here,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let source = adapters::source(&name).ok_or(ProblemCode::UnknownSource)?;
    let sender = auth::sender(&doors, &headers, &name)?;
    let cutter = Cutter::new(source, lines::said(source, &headers)?);
    let mut batch = PostedBatch {
        doors,
        source,
        sender,
        cutter,
        bytes: body.into_data_stream(),
        next: 0,
        full: false,
        over: false,
    };
    // The first chunk decides the status: where nothing can be taken, that is what is said.
    let first = batch.step().await?;
    let lines = stream::iter([first]).chain(stream::unfold(batch, |mut batch| async move {
        let lines = match (batch.over, batch.step().await) {
            (true, _) | (_, Ok(None)) => return None,
            (false, Ok(lines)) => lines,
            (false, Err(problem)) => {
                batch.over = true;
                Some(format!(
                    "{}\n",
                    json!({ "index": batch.next, "status": "stopped", "code": problem.code().as_str() })
                ))
            }
        };
        Some((lines, batch))
    }));
    let lines = lines.map(|lines| Ok::<_, std::convert::Infallible>(lines.unwrap_or_default()));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}

struct PostedBatch {
    doors: Doors,
    source: &'static dyn Source,
    sender: Speaker,
    cutter: Cutter,
    bytes: BodyDataStream,
    next: usize,
    /// As many items were taken as one batch may have, and more came.
    full: bool,
    over: bool,
}

impl PostedBatch {
    /// Takes the next chunk; its results as lines, none at the end.
    async fn step(&mut self) -> Result<Option<String>, Problem> {
        if self.full {
            return Err(ProblemCode::TooLarge.into());
        }
        let Some(chunk) = self.chunk().await? else { return Ok(None) };
        let mut items = self.cutter.read(&chunk).into_iter().peekable();
        let mut lines = String::new();
        while items.peek().is_some() {
            let left = self.doors.config.hub.limits.batch_items.saturating_sub(self.next);
            if left == 0 {
                self.full = true;
                break;
            }
            let some = items.by_ref().take(CHUNK.min(left)).collect();
            for result in self.doors.accept(self.source, &self.sender, some).await? {
                let mut line = verdict::as_json(&result);
                line["index"] = self.next.into();
                lines.push_str(&line.to_string());
                lines.push('\n');
                self.next += 1;
            }
        }
        Ok(Some(lines))
    }

    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        loop {
            if let Some(chunk) = self.cutter.full() {
                return Ok(Some(chunk));
            }
            if self.cutter.held() > ITEM_LIMIT {
                return Err(ProblemCode::TooLarge.into());
            }
            match self.bytes.next().await {
                Some(Ok(bytes)) => self.cutter.push(&bytes),
                Some(Err(_)) => return Err(ProblemCode::BadRequest.into()),
                None => return Ok(self.cutter.rest()),
            }
        }
    }
}
