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

const FEW: usize = 1_000;
const ROUNDS: usize = 3;

/// Both rates, and the second as a share of the first.
pub(crate) async fn measure(size: Size, server: &str) -> anyhow::Result<Value> {
    let mut few = Vec::new();
    for _ in 0..ROUNDS {
        few.push(Place::open(server, FEW).await?.round(0).await?);
    }
    say("  many");
    let place = Place::open(server, size.persons).await?;
    let mut many = Vec::new();
    for round in 0..ROUNDS {
        many.push(place.round(round).await?);
    }
    let (few, many) = (middle(few), middle(many));
    let ratio = (few.as_secs_f64() / many.as_secs_f64() * 100.0).round() / 100.0;
    Ok(json!({
        "messages": MESSAGES, "few": FEW, "many": size.persons,
        "few_per_second": per_second(MESSAGES, few), "many_per_second": per_second(MESSAGES, many), "ratio": ratio,
    }))
}

/// Of a round: four further messages about each of as many persons as the smaller store holds, and as many new applications.
const MESSAGES: usize = 8 * FEW;

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
        fill(&hub, (0..persons).map(|n| visa_lines(n).swap_remove(0)).collect()).await?;
        decide(&hub).await?;
        Ok(Self { hub, persons, _folder: folder })
    }

    async fn round(&self, round: usize) -> anyhow::Result<Duration> {
        // A step that shares no factor with the number of persons visits each once, far from the one before.
        let known = (0..FEW).map(|n| (n + round * FEW) * 7_919 % self.persons);
        let mut further: Vec<_> = known.map(visa_lines).collect();
        let mut items = Vec::with_capacity(MESSAGES);
        let mut new = self.persons + round * 4 * FEW;
        for _ in 1..5 {
            for lines in &mut further {
                items.push(lines.remove(1));
                items.push(visa_lines(new).swap_remove(0));
                new += 1;
            }
        }
        fill(&self.hub, items).await?;
        decide(&self.hub).await
    }
}

fn middle(mut rounds: Vec<Duration>) -> Duration {
    rounds.sort_unstable();
    rounds[rounds.len() / 2]
}
