//! Deciding one more learning statement about a person with many, beside one about a person with few.
//!
//! Messages come one at a time through the door and are waited for, in turn for the one and for the other, so that both see the same machine.
//! Says also what of a person grows. Refuses batches: in one, a person is loaded once, however long their history is.

use std::time::{Duration, Instant};

use anyhow::Context;
use hub::app::Hub;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tests::people::{portal_lines, statement, visa_lines};
use tokio_util::sync::CancellationToken;

use crate::stage::{decide, fill, fresh, open};
use crate::{Size, spread};

const SHORT: usize = 10;
const FURTHER: usize = 100;
/// The person with the long history; the others are those after them.
const LONG: usize = 0;

/// Both times, their ratio, and what grew.
pub(crate) async fn measure(size: Size, server: &str) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let database = fresh(server, "hub_bench_history").await?;
    let hub = open(tests::config(), Some(database.clone()), folder.path()).await?;
    let others = LONG + 1..=LONG + FURTHER;
    let people: Vec<_> = std::iter::once((LONG, size.history)).chain(others.map(|n| (n, SHORT))).collect();
    let applications = people.iter().map(|(n, _)| visa_lines(*n).swap_remove(0));
    fill(&hub, "visa", applications.collect()).await?;
    fill(&hub, "portal", people.iter().flat_map(|(n, _)| portal_lines(*n)).collect()).await?;
    let statements = people.iter().flat_map(|(n, length)| (0..*length).map(|i| statement(*n, i)));
    fill(&hub, "xapi", statements.collect()).await?;
    decide(&hub).await?;

    let stop = CancellationToken::new();
    let decider = tokio::spawn(hub.clone().decide(stop.clone()));
    let (mut long, mut short) = (vec![], vec![]);
    for i in 0..FURTHER {
        long.push(one(&hub, statement(LONG, size.history + i)).await?);
        short.push(one(&hub, statement(LONG + 1 + i, SHORT)).await?);
    }
    stop.cancel();
    decider.await??;
    let (long, short) = (spread(long), spread(short));
    let ratio = match (long["p50"].as_f64(), short["p50"].as_f64()) {
        (Some(long), Some(short)) => json!((long / short * 100.0).round() / 100.0),
        _ => Value::Null,
    };
    let mut connection = PgConnection::connect(&database).await?;
    let mut grown = json!({});
    for (name, sql) in GROWN {
        let counts: Vec<(i64,)> = sqlx::query_as(sql).fetch_all(&mut connection).await?;
        let count = |of: Option<&(i64,)>| of.map(|(count,)| *count);
        grown[name] = json!({ "long": count(counts.first()), "short": count(counts.get(1)) });
    }
    Ok(json!({
        "long": size.history, "short": SHORT, "long_ms": long, "short_ms": short, "ratio": ratio, "grown": grown,
    }))
}

/// What of each person there is, the longest first; the others are alike.
const GROWN: [(&str, &str); 4] = [
    ("state_bytes", "select cast(length(state) as bigint) n from person order by n desc"),
    ("matching_bytes", "select cast(length(matching) as bigint) n from person order by n desc"),
    ("journal_rows", "select count(*) n from journal group by person order by n desc"),
    ("records_under_one_key", "select count(*) n from match_key group by hash order by n desc"),
];

/// From the door's answer until the message is decided.
async fn one(hub: &Hub, item: Value) -> anyhow::Result<Duration> {
    let source = adapters::source("xapi").context("no xapi source")?;
    let mut decided = hub.decided.subscribe();
    decided.mark_unchanged();
    hub.intake.accept(source, &adapters::Speaker::for_all("bench"), vec![Ok(item)]).await?;
    let started = Instant::now();
    decided.changed().await?;
    Ok(started.elapsed())
}
