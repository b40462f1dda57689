//! HTTP on a socket, so that nobody who only holds connections keeps another one out.
//!
//! A head arrives within a time, the next one too; what nobody takes from us ends; of connections there are so many and no
//! more ([`super::connections`]). Bodies have their limits where they are read, in [`crate::api`]. Refuses to know a route.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connections::{Asking, Connections, Seat};
use crate::api::{Closing, Problem, ProblemCode};
use crate::config::Limits;

/// Bytes that a head may have: more is refused.
const HEAD_BYTES: usize = 64 << 10;
/// How long, and how much, is still taken of who is sent away.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: u64 = 1 << 20;
/// How long until a connection is taken again, where the system gives none.
const SHORT: Duration = Duration::from_millis(50);
/// What is answered on a connection beyond the limit.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Answers HTTP until told to stop; calls under way are finished.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) {
    let connections = Connections::new(limits.connections.get());
    let patience = Duration::from_millis(limits.idle_milliseconds.get());
    let tasks = TaskTracker::new();
    loop {
        let taken = tokio::select! {
            () = stop.cancelled() => break,
            taken = listener.accept() => taken,
        };
        match taken {
            Ok((stream, _)) => {
                let seat = connections.take(Instant::now());
                tasks.spawn(converse(stream, router.clone(), seat, patience, stop.clone()));
            }
            // Who called has left already.
            Err(error) if is_theirs(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                connections.make_room(Instant::now());
                sleep(SHORT).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

fn is_theirs(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One connection, to its end. Why it ended is no news: whoever called knows.
async fn converse(
    stream: TcpStream,
    router: Router,
    seat: Seat,
    patience: Duration,
    stop: CancellationToken,
) {
    // Answers are small and written whole: nothing is gained by holding them back.
    drop(stream.set_nodelay(true));
    let router = TowerToHyperService::new(router);
    let answer = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Closing(stop.clone()));
        Box::pin(answer(&router, &seat, request))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(Unstuck { stream, patience, stuck: None }), answer);
    let mut stopping = false;
    loop {
        tokio::select! {
            _ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break,
            () = seat.end.cancelled() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
    let stream = connection.into_parts().io.into_inner().stream;
    tokio::select! {
        _left = timeout(LINGER, linger(stream)) => {}
        () = seat.end.cancelled() => {}
    }
}

/// Takes what is still coming, and drops it: a connection that is closed over unread bytes takes the answer with it that
/// was written just before.
async fn linger(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut rest = stream.take(LINGER_BYTES);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
}

async fn answer(
    router: &TowerToHyperService<Router>,
    seat: &Seat,
    request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let asking = seat.asks();
    let response = if seat.spare && !PROBES.contains(&request.uri().path()) {
        Problem::new(ProblemCode::Busy).into_response()
    } else {
        let request: Request = request.map(Body::new);
        hyper::service::Service::call(router, request).await?
    };
    Ok(response.map(|body| Body::new(Answered { body, _asking: asking })))
}

/// The body of an answer: something is asked until all of it was written.
struct Answered {
    body: Body,
    _asking: Asking,
}

impl hyper::body::Body for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that ends where the other side takes nothing for a while.
struct Unstuck {
    stream: TcpStream,
    patience: Duration,
    /// The end of its patience, while nothing is taken.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl Unstuck {
    fn unless_stuck<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(done) = write(Pin::new(&mut self.stream), cx) {
            self.stuck = None;
            return Poll::Ready(done);
        }
        let patience = self.patience;
        ready!(self.stuck.get_or_insert_with(|| Box::pin(sleep(patience))).as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Unstuck {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Unstuck {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.unless_stuck(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unless_stuck(cx, TcpStream::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.unless_stuck(cx, |stream, cx| stream.poll_write_vectored(cx, bytes))
    }
}
