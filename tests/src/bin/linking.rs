//! The figures of docs/linking.md: how well and how fast records of people who are known are linked.
//!
//! `cargo run --release -p tests --bin linking -- DIR`: a folder with `newcomers_records.csv`, `newcomers_truth.csv`,
//! `newcomers_traps.csv`, `febrl3.csv`, `historical.csv` and `historical_truth.csv`. Prints one table; asserts nothing.

#![allow(clippy::print_stdout, clippy::allow_attributes, reason = "it prints figures")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use hub::config::{Config, models};
use hub::link::{Columns, LinkTable, PairAnswers, Printed, run};

/// Truth: whose each record is.
type Truth = BTreeMap<String, String>;

/// Rows of a file, as cells by their header.
struct Rows {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

struct Bench {
    config: Config,
    root: PathBuf,
}

/// What came of one run.
struct Outcome {
    persons: Truth,
    review: BTreeSet<(String, String)>,
    seconds: f64,
    questions: String,
}

fn main() -> anyhow::Result<()> {
    let dir = PathBuf::from(std::env::args().nth(1).context("give the folder of the files")?);
    let root = tests::root().join("config");
    let bench = Bench { config: Config::load(&root)?, root };
    println!("| file | precision | recall | | records/s |\n| --- | --- | --- | --- | --- |");
    bench.newcomers(&dir)?;
    bench.febrl(&dir)?;
    bench.historical(&dir)
}

impl Bench {
    fn newcomers(&self, dir: &Path) -> anyhow::Result<()> {
        let rows = Rows::read(&dir.join("newcomers_records.csv"))?;
        let truth = pairs_of(&dir.join("newcomers_truth.csv"))?;
        let traps = Rows::read(&dir.join("newcomers_traps.csv"))?;
        let columns = Columns::default();
        let first = self.link(&rows, &columns, None, "")?;
        report("newcomers, automatic", &first, &truth, &joined(&first, &truth, &traps));
        let mut answers = String::from("rec_a,rec_b,answer\n");
        let mut known = BTreeSet::new();
        let mut answered = first;
        // An answer may raise further questions.
        for _ in 0..4 {
            let new: Vec<_> = answered.review.difference(&known).cloned().collect();
            for (a, b) in &new {
                let said = if truth[a] == truth[b] { "same" } else { "different" };
                answers.push_str(&format!("{a},{b},{said}\n"));
            }
            known.extend(new);
            answered = self.link(&rows, &columns, None, &answers)?;
        }
        report("newcomers, review answered", &answered, &truth, &joined(&answered, &truth, &traps));
        for seed in 1..=5 {
            let shuffled = self.link(&rows.shuffled(seed), &columns, None, "")?;
            let name = format!("newcomers, shuffled {seed}");
            report(&name, &shuffled, &truth, &joined(&shuffled, &truth, &traps));
        }
        self.groups(&rows, &truth)
    }

    /// Recall and false pairs by nationality: so that a bias is seen.
    fn groups(&self, rows: &Rows, truth: &Truth) -> anyhow::Result<()> {
        let found = self.link(rows, &Columns::default(), None, "")?;
        let (id, nationality) = (rows.column("rec_id")?, rows.column("nationality")?);
        let mut of: BTreeMap<&str, &str> = BTreeMap::new();
        for row in rows.rows.iter().filter(|row| !row[nationality].is_empty()) {
            of.insert(&truth[&row[id]], &row[nationality]);
        }
        let mut groups: BTreeMap<&str, Truth> = BTreeMap::new();
        for (record, person) in truth {
            let group = of.get(person.as_str()).copied().unwrap_or("none told");
            groups.entry(group).or_default().insert(record.clone(), person.clone());
        }
        let mut lines: Vec<(usize, String)> = vec![];
        for (group, truth) in &groups {
            let (precision, recall) = quality(&found.persons, truth);
            lines.push((truth.len(), format!("{group} {recall:.2}/{precision:.3}")));
        }
        lines.sort_by_key(|(size, _)| usize::MAX - size);
        let told: Vec<_> = lines.into_iter().take(16).map(|(_, line)| line).collect();
        println!("| newcomers by nationality, recall/precision | | | {} | |", told.join(", "));
        Ok(())
    }

    fn historical(&self, dir: &Path) -> anyhow::Result<()> {
        let rows = Rows::read(&dir.join("historical.csv"))?;
        let truth = pairs_of(&dir.join("historical_truth.csv"))?;
        let columns =
            "given_names=first_name,family_name=surname,sex=gender,suburb=birth_place,postcode=postcode_fake";
        let columns = Columns::parse(columns).map_err(anyhow::Error::msg)?;
        report("historical persons", &self.link(&rows, &columns, None, "")?, &truth, "");
        Ok(())
    }

    fn febrl(&self, dir: &Path) -> anyhow::Result<()> {
        let rows = Rows::read(&dir.join("febrl3.csv"))?;
        let id = rows.column("rec_id")?;
        let person = |record: &str| record.split('-').take(2).collect::<Vec<_>>().join("-");
        let truth: Truth = rows.rows.iter().map(|row| (row[id].clone(), person(&row[id]))).collect();
        let core = "given_names=given_name,family_name=surname,dob=date_of_birth,category=state";
        let home = format!("{core},street=address_1");
        let all = format!("{home},document_no=soc_sec_id");
        let address = ["street_number", "address_1", "address_2", "suburb", "postcode"];
        let without = |left_out: &[&str]| rows.without(&[left_out, &["soc_sec_id"]].concat());
        for (name, rows, columns) in [
            ("FEBRL3, name, birth date and state", &without(&address), core),
            ("FEBRL3, without the social security number", &without(&[]), &home),
            ("FEBRL3, all fields", &rows, &all),
        ] {
            let columns = Columns::parse(columns).map_err(anyhow::Error::msg)?;
            report(name, &self.link(rows, &columns, None, "")?, &truth, "");
        }
        Ok(())
    }

    fn link(
        &self,
        rows: &Rows,
        columns: &Columns,
        model: Option<&str>,
        answers: &str,
    ) -> anyhow::Result<Outcome> {
        let table = LinkTable::read(rows.written()?.as_slice(), columns)?;
        let answers = match answers {
            "" => PairAnswers::default(),
            text => PairAnswers::read(text.as_bytes())?,
        };
        let load = || models::load(&self.root, model.unwrap_or(table.model()));
        let mut printed = vec![];
        let begun = Instant::now();
        run(&table, &self.config.bundle, load()?, &answers, Printed::Persons, &mut printed)?;
        let seconds = begun.elapsed().as_secs_f64();
        let mut pairs = vec![];
        let told = run(&table, &self.config.bundle, load()?, &answers, Printed::Pairs, &mut pairs)?;
        let persons = csv::Reader::from_reader(printed.as_slice()).into_records();
        let persons = persons.map(|row| row.map(|row| (row[0].to_owned(), row[1].to_owned())));
        let review = csv::Reader::from_reader(pairs.as_slice()).into_records();
        let review = review.filter(|row| row.as_ref().is_ok_and(|row| &row[2] == "review"));
        let review = review.map(|row| row.map(|row| (row[0].to_owned(), row[1].to_owned())));
        let questions = told.lines().get(1).cloned().unwrap_or_default();
        Ok(Outcome {
            persons: persons.collect::<Result<_, _>>()?,
            review: review.collect::<Result<_, _>>()?,
            seconds,
            questions,
        })
    }
}

impl Rows {
    fn read(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let own = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let head = own(reader.headers()?);
        let rows = reader.records().map(|row| row.map(|row| own(&row))).collect::<Result<_, _>>()?;
        Ok(Self { head, rows })
    }

    fn column(&self, name: &str) -> anyhow::Result<usize> {
        self.head.iter().position(|head| head == name).with_context(|| format!("no column {name}"))
    }

    /// The same rows without these columns.
    fn without(&self, left_out: &[&str]) -> Self {
        let stays = |n: &usize| !left_out.contains(&self.head[*n].as_str());
        let of = |cells: &[String]| (0..cells.len()).filter(stays).map(|n| cells[n].clone()).collect();
        Self { head: of(&self.head), rows: self.rows.iter().map(|row| of(row)).collect() }
    }

    fn written(&self) -> anyhow::Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(vec![]);
        writer.write_record(&self.head)?;
        self.rows.iter().try_for_each(|row| writer.write_record(row))?;
        Ok(writer.into_inner()?)
    }

    /// The same rows in another order, the same for the same seed.
    fn shuffled(&self, seed: u8) -> Self {
        let keyed = self.rows.iter().map(|row| {
            let mut place = DefaultHasher::new();
            (seed, row).hash(&mut place);
            (place.finish(), row)
        });
        let mut keyed: Vec<(u64, &Vec<String>)> = keyed.collect();
        keyed.sort();
        Self { head: self.head.clone(), rows: keyed.into_iter().map(|(_, row)| row.clone()).collect() }
    }
}

fn pairs_of(file: &Path) -> anyhow::Result<Truth> {
    let rows = Rows::read(file)?;
    let (record, person) = (rows.column("rec_id")?, rows.column("person_id")?);
    Ok(rows.rows.into_iter().map(|row| (row[record].clone(), row[person].clone())).collect())
}

/// Precision and recall over pairs of records.
fn quality(found: &Truth, truth: &Truth) -> (f64, f64) {
    let pairs = |count: u64| count * (count - 1) / 2;
    let count = |key: &dyn Fn(&str) -> String| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        truth.keys().for_each(|record| *counts.entry(key(record)).or_default() += 1);
        counts.into_values().map(pairs).sum::<u64>()
    };
    let both = count(&|record| format!("{}|{}", found[record], truth[record]));
    let (linked, real) = (count(&|record| found[record].clone()), count(&|record| truth[record].clone()));
    let share = |part: u64, all: u64| if all == 0 { 1.0 } else { part as f64 / all as f64 };
    (share(both, linked), share(both, real))
}

/// How many of each kind of trap were joined.
fn joined(found: &Outcome, truth: &Truth, traps: &Rows) -> String {
    let mut of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (record, person) in truth {
        of.entry(person).or_default().insert(&found.persons[record]);
    }
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for trap in &traps.rows {
        let kind = kinds.entry(&trap[0]).or_default();
        kind.1 += 1;
        kind.0 += usize::from(!of[trap[1].as_str()].is_disjoint(&of[trap[2].as_str()]));
    }
    let told: Vec<_> = kinds.iter().map(|(kind, (joined, all))| format!("{kind} {joined}/{all}")).collect();
    told.join(", ")
}

fn report(name: &str, found: &Outcome, truth: &Truth, more: &str) {
    let (precision, recall) = quality(&found.persons, truth);
    let rate = truth.len() as f64 / found.seconds;
    println!("| {name} | {precision:.5} | {recall:.4} | {}; {more} | {rate:.0} |", found.questions);
}
