//! What a hub process takes of the machine's memory once it has decided many persons, and while it works.
//!
//! Read from the kernel's own book: resident now, and the most it ever was. Persons are loaded through the
//! door, an application each, and everything is delivered where there is a Kafka. Refuses to count the database server and the
//! broker; SQLite's page cache is inside the process and counts.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use tests::people::{visa_lines, visa_status};
use tests::process::Process;
use tokio::task::JoinSet;

use crate::doors::ndjson;
use crate::stage::until;
use crate::{Size, per_second};

/// Lines of one batch while loading, and batches under way at once.
const LINES: usize = 1_000;
const AT_ONCE: usize = 4;
/// A batch so often, of so many lines, is 1,000 messages a second.
const EVERY: Duration = Duration::from_millis(100);
const EACH: usize = 100;

pub(crate) async fn measure(
    size: Size,
    server: Option<&str>,
    brokers: Option<&str>,
) -> anyhow::Result<Value> {
    let mut process = Process::prepare(server, brokers).await?;
    process.go()?;
    let started = Instant::now();
    let first = resident(&process)?;
    let mut under_way = JoinSet::new();
    for from in (0..size.persons).step_by(LINES) {
        if under_way.len() >= AT_ONCE {
            under_way.join_next().await.context("no batch under way")???;
        }
        let items: Vec<_> = (from..from + LINES).map(|n| visa_lines(n).swap_remove(0)).collect();
        under_way.spawn(send(process.base.clone(), ndjson(&items)));
    }
    under_way.join_all().await.into_iter().collect::<anyhow::Result<()>>()?;
    let accepted = started.elapsed();
    settled(&process, size.persons, brokers.is_some()).await?;
    let settled_after = started.elapsed();
    tokio::time::sleep(size.watching.0).await;
    let idle = resident(&process)?;
    let most = work(&process, size).await?;
    let mb = |kilobytes: u64| kilobytes / 1_024;
    Ok(json!({
        "persons": size.persons, "kafka": brokers.is_some(),
        "accepted_per_second": per_second(size.persons, accepted),
        "settled_per_second": per_second(size.persons, settled_after),
        "at_start_mb": mb(first.now), "idle_mb": mb(idle.now), "most_while_loading_mb": mb(idle.most),
        "most_while_working_mb": mb(most),
    }))
}

/// A thousand messages a second, half of them about new persons; the most that is resident meanwhile.
async fn work(process: &Process, size: Size) -> anyhow::Result<u64> {
    let begin = tokio::time::Instant::now();
    let mut next = 0;
    let mut most = 0;
    let mut under_way = JoinSet::new();
    while begin.elapsed() < size.watching.1 {
        let items: Vec<_> = (next..next + EACH / 2)
            .flat_map(|n| {
                [visa_status(n * 7_919 % size.persons, n), visa_lines(size.persons + n).swap_remove(0)]
            })
            .collect();
        next += EACH / 2;
        under_way.spawn(send(process.base.clone(), ndjson(&items)));
        let turns = u32::try_from(next / (EACH / 2))?;
        tokio::time::sleep_until(begin + EVERY * turns).await;
        most = most.max(resident(process)?.now);
    }
    under_way.join_all().await.into_iter().collect::<anyhow::Result<()>>()?;
    Ok(most)
}

async fn send(base: String, body: Vec<u8>) -> anyhow::Result<()> {
    tests::process::push(&base, "visa", "post-cas", "application/x-ndjson", &body).await.map(drop)
}

/// Waits until every message is decided and, where there is a Kafka, every record read back: by the metrics, for nobody else may
/// open the database on SQLite.
async fn settled(process: &Process, persons: usize, kafka: bool) -> anyhow::Result<()> {
    let (url, persons) = (format!("{}/metrics", process.base), f64::from(u32::try_from(persons)?));
    until(|| async {
        let text = reqwest::get(&url).await?.text().await?;
        let sum = |name: &str| -> f64 {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
        };
        Ok(sum("hub_decide_messages_total") >= persons
            && (!kafka || sum("hub_deliver_audited_total") >= persons))
    })
    .await
}

/// Resident memory in kilobytes: now, and the most it was.
struct Resident {
    now: u64,
    most: u64,
}

fn resident(process: &Process) -> anyhow::Result<Resident> {
    let id = process.id().context("it does not run")?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
        anyhow::Ok(line.trim_start_matches(':').split_whitespace().next().context("no value")?.parse()?)
    };
    Ok(Resident { now: value("VmRSS")?, most: value("VmHWM")? })
}
