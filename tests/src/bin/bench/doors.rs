//! The doors over loopback: single posts on 64 connections, then batches of 500 lines.
//!
//! Closed loop: each connection posts again when it has its answer, so these are rates at saturation; how long
//! a post takes at an ordinary rate is `latency`'s. Refuses any answer but 201.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use hub::app::{self, Hub};
use serde_json::{Value, json};
use tests::people::visa_lines;
use tokio_util::sync::CancellationToken;

use crate::{Size, per_second, spread};

const CONNECTIONS: usize = 64;

/// Both. As many people as are known already come in the batches.
pub(crate) async fn measure(hub: &Hub, Size { people, pressing, .. }: Size) -> anyhow::Result<Value> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let base = format!("http://{}/v1/sources/visa", listener.local_addr()?);
    let stop = CancellationToken::new();
    let server = tokio::spawn(app::serve(listener, hub.router(), hub.config.hub.limits, stop.clone()));
    let client = reqwest::Client::builder().pool_max_idle_per_host(CONNECTIONS).build()?;
    let next = Arc::new(AtomicUsize::new(people));
    let started = Instant::now();
    let times = single(&client, &base, &next, pressing).await?;
    let posts = per_second(times.len(), started.elapsed());
    let from = next.load(Ordering::Relaxed);
    let items: Vec<Value> = (from..from + people).flat_map(visa_lines).collect();
    let took = batches(&client, &base, &items).await?;
    stop.cancel();
    server.await?;
    Ok(json!({
        "single_posts_per_second": posts, "post_ms": spread(times),
        "batch_items_per_second": per_second(items.len(), took),
    }))
}

async fn single(
    client: &reqwest::Client,
    base: &str,
    next: &Arc<AtomicUsize>,
    pressing: Duration,
) -> anyhow::Result<Vec<Duration>> {
    let started = Instant::now();
    let posters: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, next, url) = (client.clone(), Arc::clone(next), format!("{base}/messages"));
            tokio::spawn(async move {
                let mut took = vec![];
                while started.elapsed() < pressing {
                    let line = visa_lines(next.fetch_add(1, Ordering::Relaxed)).swap_remove(0);
                    let begun = Instant::now();
                    let answer = client.post(&url).bearer_auth("bench").json(&line).send().await?;
                    ensure!(answer.status() == 201, "a post was answered {}", answer.status());
                    took.push(begun.elapsed());
                }
                Ok(took)
            })
        })
        .collect();
    let mut times = vec![];
    for poster in posters {
        times.extend(poster.await??);
    }
    Ok(times)
}

async fn batches(client: &reqwest::Client, base: &str, items: &[Value]) -> anyhow::Result<Duration> {
    let bodies: Vec<_> = items.chunks(500).map(ndjson).collect();
    let started = Instant::now();
    let mut under_way = tokio::task::JoinSet::new();
    for body in bodies {
        if under_way.len() >= 4 {
            under_way.join_next().await.context("no batch under way")???;
        }
        let post = client.post(format!("{base}/batches")).bearer_auth("bench");
        under_way.spawn(async move {
            let answer = post.header("Content-Type", "application/x-ndjson").body(body).send().await?;
            ensure!(answer.status().is_success(), "a batch was answered {}", answer.status());
            answer.bytes().await?;
            Ok(())
        });
    }
    while let Some(done) = under_way.join_next().await {
        done??;
    }
    Ok(started.elapsed())
}

/// Items as the lines of one batch.
pub(crate) fn ndjson(items: &[Value]) -> Vec<u8> {
    items.iter().flat_map(|item| format!("{item}\n").into_bytes()).collect()
}
