//! Load over HTTP on the loopback: single posts on kept connections, and batches of lines.
//!
//! The client of the single posts is a socket and a buffer, because a whole client library costs as
//! much as the hub does and both share the machine. Refuses an answer that is not the one expected.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hub::app::{Hub, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::engine::{TOKEN, per_second};

/// Connections of single posts.
pub(crate) const CONNECTIONS: usize = 64;
/// Lines in a batch.
pub(crate) const LINES: usize = 500;
/// Batches under way at once: enough that the door never waits for the client.
const BATCHES: usize = 4;

/// Answers until it is dropped.
pub(crate) struct Door {
    address: SocketAddr,
    _stop: DropGuard,
}

/// What single posts cost.
pub(crate) struct Posts {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Door {
    /// Serves the hub's own router on a free port.
    pub(crate) async fn open(hub: &Hub) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, stop) = (listener.local_addr()?, CancellationToken::new());
        tokio::spawn(serve(listener, hub.router(), stop.clone()));
        Ok(Self { address, _stop: stop.drop_guard() })
    }

    /// Posts bodies one by one on every connection until the time is over or none is left.
    pub(crate) async fn posts(&self, bodies: Vec<String>, lasting: Duration) -> anyhow::Result<Posts> {
        let (bodies, next) = (Arc::new(bodies), Arc::new(AtomicUsize::new(0)));
        let started = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (bodies, next, address) = (Arc::clone(&bodies), Arc::clone(&next), self.address);
            clients.spawn(async move {
                let mut line = Line::open(address).await?;
                let mut took = Vec::new();
                while started.elapsed() < lasting {
                    let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    let sent = Instant::now();
                    let status = line.post("/v1/sources/visa/messages", "application/json", body).await?;
                    ensure!(status == 201, "a single post was answered {status}");
                    took.push(sent.elapsed());
                }
                Ok(took)
            });
        }
        let mut took = Vec::new();
        while let Some(client) = clients.join_next().await {
            took.extend(client??);
        }
        let per_second = per_second(took.len(), started);
        took.sort_unstable();
        let at = |part: usize| took.get(took.len() * part / 100).map_or(0.0, |t| t.as_secs_f64() * 1000.0);
        Ok(Posts { per_second, p50_ms: at(50), p99_ms: at(99) })
    }

    /// Posts all bodies in batches of lines; items a second.
    pub(crate) async fn batches(&self, bodies: &[String]) -> anyhow::Result<f64> {
        let batches: Arc<Vec<String>> =
            Arc::new(bodies.chunks(LINES).map(|lines| lines.join("\n")).collect());
        let next = Arc::new(AtomicUsize::new(0));
        let http = reqwest::Client::builder().build()?;
        let started = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..BATCHES {
            let (batches, next, http) = (Arc::clone(&batches), Arc::clone(&next), http.clone());
            let url = format!("http://{}/v1/sources/visa/batches", self.address);
            clients.spawn(async move {
                let mut taken = 0;
                while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let post =
                        http.post(&url).bearer_auth(TOKEN).header("content-type", "application/x-ndjson");
                    let answer = post.body(batch.clone()).send().await?.error_for_status()?.text().await?;
                    taken += answer.matches("\"accepted\"").count();
                }
                anyhow::Ok(taken)
            });
        }
        let mut taken = 0;
        while let Some(client) = clients.join_next().await {
            taken += client??;
        }
        ensure!(taken == bodies.len(), "{taken} of {} items were taken", bodies.len());
        Ok(per_second(taken, started))
    }
}

/// One kept connection.
struct Line {
    socket: TcpStream,
    address: SocketAddr,
    buffer: Vec<u8>,
}

impl Line {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, address, buffer: Vec::with_capacity(4096) })
    }

    /// Posts one body and reads the whole answer; tells its status.
    async fn post(&mut self, path: &str, kind: &str, body: &str) -> anyhow::Result<u16> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: {kind}\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.socket.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            ensure!(self.socket.read_buf(&mut self.buffer).await? > 0, "the connection was closed");
            let text = std::str::from_utf8(&self.buffer)?;
            let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if rest.len() >= length.context("an answer without a length")?.parse()? {
                return Ok(head.get(9..12).context("no status")?.parse()?);
            }
        }
    }
}
