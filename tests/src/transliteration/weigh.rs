//! What the evidence of the two directions is worth: logistic regression on words that the table has not seen.
//!
//! Words are parted by number; a table is learned without one part of the Latin words and one of the others, for every
//! two parts. Each word is heard by the table that knows neither it nor the other: with the right one, with another
//! at random, and with another that looks alike, as relatives and chance have them.

use std::collections::{BTreeMap, BTreeSet};

use decide::transliteration::{Heard, Table, TableError, WEIGHTS};
use schemas::name::Script;

use super::{Pair, number_of, unweighed};

const PARTS: u64 = 4;
/// How many words are looked at for the one that is most alike.
const LOOKED_AT: u64 = 40;

type Example = ([f64; WEIGHTS], bool);

/// The tables that were learned without some words.
pub(super) struct Parted(Vec<Table>);

fn part(word: &str) -> u64 {
    number_of(word) % PARTS
}

impl Parted {
    pub(super) fn of(script: Script, pairs: &[Pair]) -> Result<Self, TableError> {
        let parts = (0..PARTS).flat_map(|latin| (0..PARTS).map(move |native| (latin, native)));
        let without = parts.map(|(latin, native)| {
            let known = |pair: &&Pair| part(&pair.latin) != latin && part(&pair.native) != native;
            let known: Vec<Pair> = pairs.iter().filter(known).cloned().collect();
            unweighed(script, &known, &[0; WEIGHTS])
        });
        without.collect::<Result<_, _>>().map(Self)
    }

    /// What the table says of two words that learned from neither.
    pub(super) fn hear(&self, latin: &str, native: &str) -> Heard {
        let at = part(latin) * PARTS + part(native);
        let table = &self.0[usize::try_from(at).unwrap_or(0)];
        table.hear(&table.latin(latin), &table.native(native))
    }

    /// The weights, in hundredths.
    pub(super) fn weights(&self, pairs: &[Pair]) -> [i32; WEIGHTS] {
        let mut same: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut begin: BTreeMap<Option<char>, Vec<&Pair>> = BTreeMap::new();
        for pair in pairs {
            same.entry(&pair.latin).or_default().insert(&pair.native);
            begin.entry(pair.native.chars().next()).or_default().push(pair);
        }
        let mut examples = vec![];
        for pair in pairs {
            examples.push((values(self.hear(&pair.latin, &pair.native)), true));
            let number = number_of(&pair.latin) >> 8;
            let some = |among: &[&Pair], n: u64| {
                let at = number.wrapping_add(n.wrapping_mul(7_919)) % among.len() as u64;
                among[usize::try_from(at).unwrap_or(0)].native.clone()
            };
            let is_other = |native: &String| !same[&*pair.latin].contains(&**native);
            let everybody: Vec<&Pair> =
                vec![&pairs[usize::try_from(number % pairs.len() as u64).unwrap_or(0)]];
            let chance = Some(some(&everybody, 0)).filter(is_other);
            let near = &begin[&pair.native.chars().next()];
            let looked_at = (0..LOOKED_AT).map(|n| some(near, n)).filter(is_other);
            let alike = looked_at.min_by_key(|native| strsim::levenshtein(native, &pair.native));
            for other in [chance, alike].into_iter().flatten() {
                examples.push((values(self.hear(&pair.latin, &other)), false));
            }
        }
        fit(&examples).map(|weight| (weight * 100.0).round() as i32)
    }
}

fn values(heard: Heard) -> [f64; WEIGHTS] {
    let nats = |score: i32| f64::from(score) / 100.0;
    let by_letter = |score: i32| nats(score) / f64::from(heard.letters);
    [
        1.0,
        nats(heard.to_latin),
        nats(heard.to_native),
        by_letter(heard.to_latin),
        by_letter(heard.to_native),
        by_letter(heard.latin_short),
        by_letter(heard.native_short),
    ]
}

/// Newton's method, held back a little towards no weight.
fn fit(examples: &[Example]) -> [f64; WEIGHTS] {
    let mut weights = [0.0; WEIGHTS];
    for _ in 0..25 {
        let mut slope = weights.map(|weight| -0.5 * weight);
        let mut bend = [[0.0; WEIGHTS]; WEIGHTS];
        for (values, is_one) in examples {
            let sum: f64 = values.iter().zip(&weights).map(|(value, weight)| value * weight).sum();
            let likely = 1.0 / (1.0 + (-sum).exp());
            let miss = f64::from(u8::from(*is_one)) - likely;
            for i in 0..WEIGHTS {
                slope[i] += miss * values[i];
                for j in 0..WEIGHTS {
                    bend[i][j] += (likely * (1.0 - likely)).max(1e-6) * values[i] * values[j];
                }
            }
        }
        for (i, row) in bend.iter_mut().enumerate() {
            row[i] += 0.5;
        }
        let step = solve(bend, slope);
        weights.iter_mut().zip(step).for_each(|(weight, step)| *weight += step);
    }
    weights
}

/// Gauss and Jordan, for a matrix that is positive and small.
fn solve(mut rows: [[f64; WEIGHTS]; WEIGHTS], mut right: [f64; WEIGHTS]) -> [f64; WEIGHTS] {
    for at in 0..WEIGHTS {
        let pivot = rows[at][at];
        rows[at] = rows[at].map(|value| value / pivot);
        right[at] /= pivot;
        for other in (0..WEIGHTS).filter(|other| *other != at) {
            let times = rows[other][at];
            let own = rows[at];
            rows[other].iter_mut().zip(own).for_each(|(value, own)| *value -= times * own);
            right[other] -= times * right[at];
        }
    }
    right
}
