//! The address at which HTTP is answered: at once with the little that needs no database, then with all of it.
//!
//! Two servers on one socket, one after the other; what comes between them waits in the socket's queue. Refuses to
//! know a route.

use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::api;

/// An address that answers already, until it is served.
pub(super) struct Door {
    listener: TcpListener,
    _early: DropGuard,
}

impl Door {
    /// Takes the address and answers early calls.
    pub(super) async fn open(listen: SocketAddr) -> anyhow::Result<Self> {
        let taken = || format!("cannot listen on {listen}");
        let listener = TcpListener::bind(listen).await.with_context(taken)?.into_std()?;
        let early = TcpListener::from_std(listener.try_clone()?)?;
        let over = CancellationToken::new();
        tokio::spawn(serve(early, api::early(), over.clone()));
        tracing::info!(%listen, "answering");
        Ok(Self { listener: TcpListener::from_std(listener)?, _early: over.drop_guard() })
    }

    /// Answers with these routes until told to stop.
    pub(super) async fn serve(self, router: Router, stop: CancellationToken) {
        let Self { listener, _early: early } = self;
        drop(early);
        serve(listener, router, stop).await;
    }
}

/// Answers HTTP until told to stop; calls under way are finished.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await {
        tracing::error!(%error, "answering ended");
    }
}
