//! Records of a file linked in memory: from rows to persons, with the heart's own linking.
//!
//! Owns the columns of such a file and what is printed; who is who is [`decide::link`]'s to say. Rare names are told
//! from frequent ones by the file itself, counted before the first row is linked.

mod answers;
mod columns;
mod row;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;

use decide::Bundle;
use decide::link::Linker;
use decide::model::MatchModel;
use decide::person::ReviewReason;
use ring::digest::{SHA256, digest};
use schemas::ids::{MessageId, PersonId, Seed};
use schemas::key::{Key, Mac};

pub use answers::PairAnswers;
pub use columns::{Columns, LinkColumn};
pub use table::LinkTable;

/// What is printed of whom the records are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Printed {
    /// `rec_id,person_key`: one row for each record.
    Persons,
    /// `rec_a,rec_b,decision`: one row for each two records that are of one person, or may be.
    Pairs,
}

/// What was noticed, to be told in words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LinkReport {
    model: String,
    records: usize,
    persons: usize,
    /// What a reviewer is asked, by why.
    questions: BTreeMap<ReviewReason, usize>,
    left_out: u64,
    /// Values that could not be read, by their column.
    unread: BTreeMap<&'static str, u64>,
}

impl LinkReport {
    /// How many values could not be read.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.unread.values().sum()
    }

    /// As words for whoever ran the command.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Self { model, records, persons, .. } = self;
        let questions: usize = self.questions.values().sum();
        let mut lines = vec![
            format!("model {model}"),
            format!("{records} records, {persons} persons, {questions} questions for a reviewer"),
        ];
        lines.extend(self.questions.iter().map(|(why, times)| format!("  {}: {times}", why.as_str())));
        if self.left_out > 0 {
            lines.push(format!("{} times a key led to more records than are looked at", self.left_out));
        }
        let unread = self.unread.iter();
        lines.extend(
            unread.map(|(column, rows)| {
                format!("{column}: {rows} values could not be read, and were left out")
            }),
        );
        lines
    }
}

/// Links every row of a table and prints what came of it.
///
/// # Errors
/// Where nothing can be written.
pub fn run(
    table: &LinkTable,
    bundle: &Bundle,
    mut model: MatchModel,
    answers: &PairAnswers,
    printed: Printed,
    out: &mut impl Write,
) -> anyhow::Result<LinkReport> {
    let mut told = LinkReport {
        model: format!("{} {} ({})", model.name, model.version, model.hash),
        ..LinkReport::default()
    };
    let records: Vec<_> = table.rows().map(|row| row::prepare(row, bundle, &mac, &mut told.unread)).collect();
    count(&mut model, &records);
    let mut linker = Linker::new(model);
    let ids: Vec<MessageId> = (0..records.len()).map(id).collect();
    let place: BTreeMap<&str, usize> = table.ids().enumerate().map(|(n, id)| (id, n)).collect();
    for (n, prepared) in records.iter().enumerate() {
        let said = answers.about(table.id(n));
        let answer = |linker: &Linker, candidate| {
            let of = |other: &str| linker.person_of(ids[*place.get(other)?]);
            said.iter()
                .find(|(other, _)| of(other) == Some(candidate))
                .map(|(_, answer)| answer.of(candidate))
        };
        linker.add(ids[n], prepared, answer);
    }
    let mut members: BTreeMap<PersonId, Vec<usize>> = BTreeMap::new();
    let mut alone = 0;
    for (n, id) in ids.iter().enumerate() {
        match linker.person_of(*id) {
            Some(person) => members.entry(person).or_default().push(n),
            None => alone += 1,
        }
    }
    (told.records, told.persons) = (records.len(), members.len() + alone);
    told.left_out = linker.left_out();
    for question in linker.open() {
        *told.questions.entry(question.why).or_default() += 1;
    }
    let mut csv = csv::Writer::from_writer(out);
    match printed {
        Printed::Persons => {
            csv.write_record(["rec_id", "person_key"])?;
            for (n, id) in ids.iter().enumerate() {
                // The first record of each person names them.
                let first = linker.person_of(*id).and_then(|person| members[&person].first().copied());
                csv.write_record([table.id(n), table.id(first.unwrap_or(n))])?;
            }
        }
        Printed::Pairs => {
            csv.write_record(["rec_a", "rec_b", "decision"])?;
            for of in members.values() {
                for (n, one) in of.iter().enumerate() {
                    for other in &of[n + 1..] {
                        csv.write_record([table.id(*one), table.id(*other), "auto"])?;
                    }
                }
            }
            for (one, other) in asked(&linker, &members) {
                csv.write_record([table.id(one), table.id(other), "review"])?;
            }
        }
    }
    csv.flush()?;
    Ok(told)
}

/// The pairs of records about which somebody is asked: each of the one person with each of the other.
fn asked(linker: &Linker, members: &BTreeMap<PersonId, Vec<usize>>) -> BTreeSet<(usize, usize)> {
    let mut persons = BTreeSet::new();
    for question in linker.open() {
        let Some(mine) = linker.person_of(question.record) else { continue };
        let others = question.candidates.iter().map(|candidate| linker.now(*candidate));
        persons.extend(others.filter(|other| *other != mine).map(|other| (mine.min(other), mine.max(other))));
    }
    let of = |person: &PersonId| members.get(person).map_or(&[][..], Vec::as_slice);
    let pairs = persons.iter().flat_map(|(one, other)| {
        of(one).iter().flat_map(move |a| of(other).iter().map(move |b| (*a.min(b), *a.max(b))))
    });
    pairs.collect()
}

/// How rare the names of a file are: counted over its records. A person has about two of them.
fn count(model: &mut MatchModel, records: &[Arc<schemas::message::Prepared>]) {
    let mut parts: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    for record in records {
        let said: BTreeSet<&Arc<str>> =
            record.view.names.iter().flat_map(|name| &name.parts).map(|part| &part.text).collect();
        for part in said {
            *parts.entry(Arc::clone(part)).or_default() += 1;
        }
    }
    let records = records.len() as u64;
    model.count(records, parts.iter().map(|(part, times)| (part, *times)));
    model.persons = u32::try_from(records.div_ceil(2)).unwrap_or(u32::MAX).max(10);
}

/// What the index of a file in memory holds in place of a key: nobody else reads it.
fn mac(key: &Key) -> Mac {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, key.text().as_bytes()).as_ref());
    Mac(bytes)
}

fn id(n: usize) -> MessageId {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&n.to_be_bytes());
    MessageId::derive(&Seed(seed), 0)
}
