//! Deciding beside few persons and beside many: the same kind of messages, on PostgreSQL.
//!
//! Half of the messages are about persons picked at random among those stored, half about new ones. Each round
//! is decided from a filled inbox; the middle of the rounds counts. Refuses to compare runs on different days: only
//! the ratio says something.

use std::time::Duration;

use hub::app::Hub;
use serde_json::{Value, json};
use tests::people::visa_lines;

use crate::stage::{decide, fill, fresh, open};
use crate::{Size, per_second, say};

const ROUNDS: usize = 3;
/// A prime: from one person to the next.
const STEP: usize = 7_919;

/// Both rates, and the second as a share of the first.
pub(crate) async fn measure(Size { few, persons, .. }: Size, server: &str) -> anyhow::Result<Value> {
    let mut beside_few = Vec::new();
    for _ in 0..ROUNDS {
        beside_few.push(Place::open(server, few).await?.round(few, 0).await?);
    }
    say("  many");
    let place = Place::open(server, persons).await?;
    let mut beside_many = Vec::new();
    for round in 0..ROUNDS {
        beside_many.push(place.round(few, round).await?);
    }
    let (messages, beside_few, beside_many) = (8 * few, middle(beside_few), middle(beside_many));
    let ratio = (beside_few.as_secs_f64() / beside_many.as_secs_f64() * 100.0).round() / 100.0;
    Ok(json!({
        "messages": messages, "few": few, "many": persons, "ratio": ratio,
        "few_per_second": per_second(messages, beside_few),
        "many_per_second": per_second(messages, beside_many),
    }))
}

/// A hub with persons of whom nothing but their application is known.
struct Place {
    hub: Hub,
    persons: usize,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn open(server: &str, persons: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = fresh(server, "hub_bench_scale").await?;
        let hub = open(tests::config(), Some(database), folder.path()).await?;
        fill(&hub, "visa", (0..persons).map(|n| visa_lines(n).swap_remove(0)).collect()).await?;
        decide(&hub).await?;
        Ok(Self { hub, persons, _folder: folder })
    }

    /// Four further messages about each of as many persons as the smaller store holds, between as many new applications.
    async fn round(&self, few: usize, round: usize) -> anyhow::Result<Duration> {
        // A step that shares no factor with the number of persons visits each once, far from the one before.
        let known = (0..few).map(|n| (n + round * few) * STEP % self.persons);
        let mut further: Vec<_> = known.map(visa_lines).collect();
        let mut new = (self.persons + round * 4 * few..).map(|n| visa_lines(n).swap_remove(0));
        let mut items = Vec::new();
        for _ in 1..5 {
            for lines in &mut further {
                items.push(lines.remove(1));
                items.extend(new.next());
            }
        }
        fill(&self.hub, "visa", items).await?;
        decide(&self.hub).await
    }
}

fn middle(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}
