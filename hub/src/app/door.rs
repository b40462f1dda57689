//! The address at which HTTP is answered: at once with the little that needs no database, then with all of it.
//!
//! Two servers on one socket, one after the other; what comes between them waits in the socket's queue. Refuses to
//! know a route.

use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::server::serve;
use crate::api;
use crate::config::Limits;

/// An address that answers already, until it is served.
pub(super) struct Door {
    listener: TcpListener,
    limits: Limits,
    _early: DropGuard,
}

impl Door {
    /// Takes the address and answers early calls.
    pub(super) async fn open(listen: SocketAddr, limits: Limits) -> anyhow::Result<Self> {
        let taken = || format!("cannot listen on {listen}");
        let listener = TcpListener::bind(listen).await.with_context(taken)?.into_std()?;
        let early = TcpListener::from_std(listener.try_clone()?)?;
        let over = CancellationToken::new();
        tokio::spawn(serve(early, api::early(), limits, over.clone()));
        tracing::info!(%listen, "answering");
        Ok(Self { listener: TcpListener::from_std(listener)?, limits, _early: over.drop_guard() })
    }

    /// Answers with these routes until told to stop.
    pub(super) async fn serve(self, router: Router, stop: CancellationToken) {
        let Self { listener, limits, _early: early } = self;
        drop(early);
        serve(listener, router, limits, stop).await;
    }
}
