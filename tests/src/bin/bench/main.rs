//! The benchmark: how fast the hub is, how long a record takes, and what grows with the persons it holds.
//!
//! `cargo run --release -p tests --bin bench -- [--postgres URL] [--kafka BROKERS] [--only KIND,…] [--quick]`: JSON on
//! stdout, words on stderr. Figures are for comparing inside one run; it refuses to judge them, and no test
//! rests on them. What they were is in `docs/benchmark.md`. Next: [`rates`], then a file for each kind.

mod doors;
mod history;
mod latency;
mod memory;
mod rates;
mod scale;
mod stage;

use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

#[derive(Debug, Parser)]
struct Args {
    /// A PostgreSQL where databases may be made.
    #[arg(long)]
    postgres: Option<String>,
    /// The brokers of an Apache Kafka.
    #[arg(long)]
    kafka: Option<String>,
    /// What is measured; everything unless told.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Kind>,
    /// How many people the rates are taken over: five messages each.
    #[arg(long, default_value_t = 6_000)]
    people: usize,
    /// How many persons the store holds where memory and scale are measured.
    #[arg(long, default_value_t = 100_000)]
    persons: usize,
    /// Small counts: proves in less than a minute that everything still runs. The figures mean nothing.
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    /// What each part does in a second.
    Rates,
    /// From the answer to a post until a reader of Kafka has the record.
    Latency,
    /// What the process takes of the machine's memory.
    Memory,
    /// Deciding beside few persons and beside many.
    Scale,
    /// Deciding about a person with few messages and with many.
    History,
}

/// How much of everything is done.
#[derive(Clone, Copy, Debug)]
struct Size {
    people: usize,
    persons: usize,
    /// How many persons the smaller store holds where scale is measured.
    few: usize,
    /// How many messages the person with a long history has.
    history: usize,
    /// How long the doors are pressed.
    pressing: Duration,
    /// How long single posts are sent, before they count and while they count.
    posting: (Duration, Duration),
    /// How long the process is left alone before its memory is read, and worked while it is watched.
    watching: (Duration, Duration),
}

fn say(words: &str) {
    // Where stderr is gone the figures still come.
    drop(writeln!(std::io::stderr(), "{words}"));
}

#[expect(clippy::cast_precision_loss, reason = "a figure for reading")]
fn per_second(count: usize, took: Duration) -> f64 {
    (count as f64 / took.as_secs_f64()).round()
}

/// Durations in milliseconds: the middle, the tail, the worst.
fn spread(mut times: Vec<Duration>) -> Value {
    times.sort_unstable();
    let ms = |time: &Duration| (time.as_secs_f64() * 10_000.0).round() / 10.0;
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1))).map(ms);
    json!({ "count": times.len(), "p50": at(50), "p90": at(90), "p99": at(99), "max": times.last().map(ms) })
}

/// As in the program that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let seconds = Duration::from_secs;
    let size = if args.quick {
        Size {
            people: 100,
            persons: 1_000,
            few: 100,
            history: 100,
            pressing: seconds(1),
            posting: (seconds(1), seconds(3)),
            watching: (seconds(1), seconds(2)),
        }
    } else {
        Size {
            people: args.people,
            persons: args.persons,
            few: 1_000,
            history: 2_000,
            pressing: seconds(4),
            posting: (seconds(10), seconds(60)),
            watching: (seconds(10), seconds(20)),
        }
    };
    let wanted = |kind| args.only.is_empty() || args.only.contains(&kind);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut report =
        json!({ "cores": std::thread::available_parallelism()?.get(), "load_before": load.trim() });
    if wanted(Kind::Rates) {
        report["rates"] = rates::all(size, args.postgres.as_deref(), args.kafka.as_deref()).await?;
    }
    if let Some(server) = &args.postgres {
        let kafka = args.kafka.as_deref();
        if let (true, Some(brokers)) = (wanted(Kind::Latency), kafka) {
            say("latency");
            report["latency"] = latency::measure(size, server, brokers).await.context("latency")?;
        }
        if wanted(Kind::Memory) {
            say("memory, PostgreSQL");
            report["memory"] = memory::measure(size, Some(server), kafka).await.context("memory")?;
        }
        if wanted(Kind::Scale) {
            say("scale");
            report["scale"] = scale::measure(size, server).await.context("scale")?;
        }
        if wanted(Kind::History) {
            say("history");
            report["history"] = history::measure(size, server).await.context("history")?;
        }
    }
    if wanted(Kind::Memory) {
        say("memory, SQLite");
        report["memory_sqlite"] = memory::measure(size, None, None).await.context("memory on SQLite")?;
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{report:#}")?;
    Ok(())
}
