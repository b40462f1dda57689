//! How two names fit: the best pairing of their parts, and what remains on either side.
//!
//! Order does not matter, and no part is paired twice. What remains on both sides contradicts, what remains on one
//! is left out there. Next: [`super::compare`].

use rapidfuzz::distance::{jaro_winkler, osa};
use schemas::view::{NamePart, NameView};

use crate::model::{MatchModel, Weight};

/// How many parts of a name are paired: more are not read.
const PAIRED: usize = 8;

/// How two names fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct NameFit {
    pub(crate) weight: Weight,
    /// How many parts were paired.
    pub(crate) paired: usize,
    /// How many parts of the first, and of the second, have no pair.
    pub(crate) remain: (usize, usize),
    /// A given name remains on both sides, as far as is known which parts are given names.
    pub(crate) given_remain: bool,
    /// All pairs are of the same letters.
    pub(crate) letters: bool,
    /// In their own script the names are one, where their Latin letters do not say so.
    pub(crate) heard: bool,
}

impl NameFit {
    /// Whether something remains on both sides.
    pub(crate) fn unexplained(&self) -> bool {
        self.remain.0 > 0 && self.remain.1 > 0 || self.paired == 0
    }

    /// The pattern of twins and of sisters: they share a part of the name, and each has a given name of their own.
    pub(crate) fn twins(&self) -> bool {
        self.unexplained() && self.paired > 0 && self.given_remain
    }

    /// The same parts, letter by letter.
    pub(crate) fn whole(&self) -> bool {
        self.remain == (0, 0) && self.letters
    }
}

/// How alike two parts are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Likeness {
    Faint,
    Near,
    Close,
    Exact,
}

/// How two names fit.
pub(crate) fn fit(a: &NameView, b: &NameView, model: &MatchModel) -> NameFit {
    let (ours, theirs) = (first(a), first(b));
    if ours.is_empty() || theirs.is_empty() {
        return NameFit::default();
    }
    let mut pairs: Vec<(Weight, Likeness, usize, usize)> = Vec::with_capacity(8);
    for (i, one) in ours.iter().enumerate() {
        for (j, other) in theirs.iter().enumerate() {
            if let Some(likeness) = likeness(one, other) {
                pairs.push((weight(one, other, likeness, model), likeness, i, j));
            }
        }
    }
    pairs.sort_unstable_by(|x, y| y.cmp(x));
    let (mut left, mut right) = ((1_u16 << ours.len()) - 1, (1_u16 << theirs.len()) - 1);
    let mut fit = NameFit { letters: true, ..NameFit::default() };
    for (weight, likeness, i, j) in pairs {
        if left & (1 << i) != 0 && right & (1 << j) != 0 {
            (left, right) = (left & !(1 << i), right & !(1 << j));
            fit.weight += weight;
            fit.paired += 1;
            fit.letters &= likeness == Likeness::Exact;
        }
    }
    let weights = &model.name_parts;
    if left != 0 && right != 0 && together(ours, left, theirs, right) {
        fit.weight += weights.together;
        fit.paired += 1;
        (left, right) = (0, 0);
    }
    let given = |parts: &[NamePart], open: u16| of(parts, open).any(|part| part.given != Some(false));
    fit.given_remain = given(ours, left) && given(theirs, right);
    let (one, other) = (left.count_ones() as usize, right.count_ones() as usize);
    fit.remain = (one, other);
    let contradict = one.min(other);
    fit.weight += weights.unexplained * Weight::try_from(contradict).unwrap_or(0);
    fit.weight += weights.left_out * Weight::try_from(one.abs_diff(other).min(2)).unwrap_or(0);
    if fit.twins() {
        fit.weight += weights.twins;
    }
    if fit.paired == 1 && ours.len().min(theirs.len()) == 1 {
        fit.weight += weights.single;
    }
    fit
}

fn first(name: &NameView) -> &[NamePart] {
    &name.parts[..name.parts.len().min(PAIRED)]
}

/// The parts that are still open.
fn of(parts: &[NamePart], open: u16) -> impl Iterator<Item = &NamePart> {
    parts.iter().enumerate().filter(move |(n, _)| open & (1 << n) != 0).map(|(_, part)| part)
}

/// Whether what remains is the same once it is written together: "Abd Rahman" and "Abdrahman".
fn together(ours: &[NamePart], left: u16, theirs: &[NamePart], right: u16) -> bool {
    if left.count_ones() == 1 && right.count_ones() == 1 {
        return false;
    }
    let write = |parts: &[NamePart], open| of(parts, open).map(|part| &*part.text).collect::<String>();
    let (one, other) = (write(ours, left), write(theirs, right));
    // The parts are sorted: what was written apart may stand in another order.
    let mut letters = (one.clone().into_bytes(), other.clone().into_bytes());
    letters.0.sort_unstable();
    letters.1.sort_unstable();
    one.len() > 3 && letters.0 == letters.1 || one.len() > 6 && distance(&one, &other, 1).is_some()
}

/// How many letters changed, were added, left out or exchanged; none where more than `most`.
pub(crate) fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    osa::distance_with_args(a.bytes(), b.bytes(), &osa::Args::default().score_cutoff(most))
}

/// How alike two parts are; none where they are not.
pub(crate) fn likeness(a: &NamePart, b: &NamePart) -> Option<Likeness> {
    let (x, y) = (&*a.text, &*b.text);
    if x == y {
        return Some(Likeness::Exact);
    }
    let (shorter, longer) = (x.len().min(y.len()), x.len().max(y.len()));
    let (heard, said) = (&*a.skeleton, &*b.skeleton);
    if heard == said && heard.len() >= 2 && shorter >= 3 {
        return Some(Likeness::Close);
    }
    // Words that share few letters are not looked at closer.
    let apart = (letters(x) ^ letters(y)).count_ones();
    let edits = if apart <= 4 { distance(x, y, 2) } else { None };
    if edits.is_some_and(|edits| edits <= 1) && shorter >= 4 {
        return Some(Likeness::Close);
    }
    let begins = shorter >= 3 && (x.starts_with(y) || y.starts_with(x));
    if begins || edits.is_some() && shorter >= 6 {
        return Some(Likeness::Near);
    }
    let similar = |least| {
        apart <= 8 && longer <= 2 * shorter && {
            let args = jaro_winkler::Args::default().score_cutoff(least);
            jaro_winkler::similarity_with_args(x.bytes(), y.bytes(), &args).is_some()
        }
    };
    if similar(0.9) {
        return Some(Likeness::Near);
    }
    let heard_alike = heard.len() >= 3 && distance(heard, said, 1).is_some();
    (heard_alike && similar(0.7)).then_some(Likeness::Faint)
}

/// Which letters occur, a bit for each.
fn letters(text: &str) -> u32 {
    text.bytes().fold(0, |seen, letter| seen | 1 << (letter & 31))
}

fn weight(a: &NamePart, b: &NamePart, likeness: Likeness, model: &MatchModel) -> Weight {
    let weights = &model.name_parts;
    let rarity = model.rarity(&a.text).min(model.rarity(&b.text));
    match likeness {
        Likeness::Exact => weights.exact,
        Likeness::Close => weights.close,
        Likeness::Near => weights.near,
        Likeness::Faint => weights.faint,
    }
    .of(rarity)
}
