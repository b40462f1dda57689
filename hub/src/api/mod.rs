//! The HTTP door: what senders, agencies and operators call.
//!
//! Every answer that is no success is a problem (RFC 9457) with a stable code and a page. Personal
//! values are in bodies only, never in addresses. Refuses to know a source, a store's table or a
//! decision: a handler authenticates, hands on and says what came of it.

mod answers;
mod auth;
mod batches;
mod digest;
pub mod dry_run;
mod early;
mod feed;
mod guard;
pub(crate) mod lines;
mod look;
mod me;
mod messages;
mod own;
mod pages;
mod probes;
mod problem;
mod receipts;
mod sources;
mod statements;
mod verdict;

pub use early::early;
pub use feed::Closing;
pub use look::Looks;
pub use probes::{HeldRole, holding};
pub use problem::{Problem, ProblemCode};

use std::sync::Arc;
use std::time::Duration;

use adapters::{Refused, Source, Speaker};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{get, post};
use serde_json::Value;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use crate::clock::Clock;
use crate::config::Config;
use crate::contract::Schemas;
use crate::desk::Decisions;
use crate::intake::{Intake, ItemVerdict};
use crate::observe::Metrics;
use crate::store::Store;
use crate::vault::Vault;

/// A call that is not a batch is answered within this time; of any body, the next piece arrives within it.
const PATIENCE: Duration = Duration::from_secs(30);
/// A call that waits for records is answered within this time.
const WAITING_PATIENCE: Duration = Duration::from_secs(90);
/// A batch is read within this time.
const BATCH_PATIENCE: Duration = Duration::from_secs(3600);

/// What the handlers stand on. Cheap to clone.
#[derive(Clone)]
pub struct Doors {
    pub intake: Intake,
    /// Where receipts and feeds are read.
    pub store: Store,
    /// Which day it is.
    pub clock: Clock,
    /// Opens what a feed shows.
    pub vault: Vault,
    /// Who may send what, and how much at once.
    pub config: Arc<Config>,
    pub schemas: Arc<Schemas>,
    /// Where the decision of an answer is waited for.
    pub decisions: Decisions,
    /// What is not ready, in words; none where all is.
    pub missing: Arc<dyn Fn() -> Option<String> + Send + Sync>,
    pub metrics: Arc<Metrics>,
    /// What anybody may ask of the store, looked at once for all.
    pub looks: Arc<Looks>,
    /// This process, as leases name it.
    pub instance: String,
    /// What this process does beside answering.
    pub roles: Vec<OwnRole>,
}

/// Something that a process does, as `/readyz` tells it.
#[derive(Clone)]
pub struct OwnRole {
    /// Its name on the command line.
    pub name: &'static str,
    /// Of which lease one process at a time has it.
    pub lease: Option<&'static str>,
    /// How it goes here: a state in place of the lease's, and why; none where nothing is wrong.
    pub trouble: Arc<dyn Fn() -> Option<(&'static str, String)> + Send + Sync>,
}

impl Doors {
    /// Takes items of one sender, and counts what came of each.
    async fn accept(
        &self,
        source: &'static dyn Source,
        sender: &Speaker,
        items: Vec<Result<Value, Refused>>,
    ) -> Result<Vec<ItemVerdict>, Problem> {
        let verdicts = self.intake.accept(source, sender, items).await?;
        for verdict in &verdicts {
            self.metrics.intake.count(source.name(), verdict.word());
        }
        Ok(verdicts)
    }
}

impl std::fmt::Debug for Doors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Doors(..)")
    }
}

/// All routes. `others` are what stock Avro deserialisers ask and the console, at the root.
pub fn router(doors: Doors, others: Router) -> Router {
    let limits = doors.config.hub.limits;
    let refused = guard::RefusedCredential::new(Arc::clone(&doors.metrics));
    let others = others
        .layer(DefaultBodyLimit::max(limits.message_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(RequestBodyTimeoutLayer::new(PATIENCE));
    let quick = Router::new()
        .route("/v1/sources/{source}/messages", post(messages::push))
        .route("/v1/sources", get(sources::list))
        .route("/v1/sources/{source}", get(sources::show))
        .route("/v1/dry-run", post(dry_run::push))
        .route("/v1/me", get(me::show))
        .route("/xapi/about", get(statements::about))
        .route("/xapi/statements", get(statements::read).post(statements::post).put(statements::put))
        .route("/v1/receipts/{id}", get(receipts::show))
        .route("/v1/recipients/{recipient}", get(own::show))
        .route("/v1/recipients/{recipient}/digest", post(digest::compare))
        .route("/v1/recipients/{recipient}/answers", post(answers::push))
        .route("/v1/recipients/{recipient}/answers/{id}", get(answers::show))
        .route("/problems", get(pages::index))
        .route("/problems/{code}", get(pages::show))
        .route("/guides/{name}", get(pages::guide))
        .route("/livez", get(probes::live))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(probes::metrics))
        .layer(DefaultBodyLimit::max(limits.message_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE));
    let waiting = Router::new()
        .route("/v1/recipients/{recipient}/deliveries", get(feed::read))
        .layer(DefaultBodyLimit::max(limits.message_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, WAITING_PATIENCE));
    let long = Router::new()
        .route("/v1/sources/{source}/batches", post(batches::push))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(limits.batch_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, BATCH_PATIENCE));
    quick
        .merge(waiting)
        .merge(long)
        .with_state(doors)
        .fallback(problem::not_found)
        // Inside of it limits count what comes out; what is never read is never inflated.
        .layer(RequestDecompressionLayer::new())
        .layer(RequestBodyTimeoutLayer::new(PATIENCE))
        .layer(map_response(problem::worded))
        .merge(others)
        .layer(from_fn_with_state(refused, guard::watch))
        .layer(CatchPanicLayer::custom(problem::panicked))
}

/// The handlers' state, shortened.
type Here = State<Doors>;
