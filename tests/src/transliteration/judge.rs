//! How well tables judge pairs of names, each word by a table that learned from neither of its two words.
//!
//! Refuses to judge a file by a table that knows its words: that is what `hub names` with the kept tables would be.

use decide::transliteration::{TableError, paired};
use schemas::name::Script;

use super::weigh::Parted;
use super::{Pair, latin_words, native_words};

/// How well names were told apart.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    /// How many pairs there are.
    pub pairs: usize,
    /// The best harmonic mean of precision and recall at any threshold.
    pub best: f64,
    /// The best recall at a precision of 0.99.
    pub recall: f64,
}

/// Judges names: Latin, native, whether they are one.
///
/// # Errors
/// Where a table cannot be made of the pairs.
pub fn judge(
    script: Script,
    pairs: &[Pair],
    names: &[(String, String, bool)],
) -> Result<Judgement, TableError> {
    let parted = Parted::of(script, pairs)?;
    let weights = parted.weights(pairs);
    let mut scored: Vec<(i32, bool)> = names
        .iter()
        .map(|(latin, native, is_one)| {
            let (ours, theirs) = (latin_words(latin), native_words(native, script));
            let mut odds = |i: usize, j: usize| parted.hear(&ours[i], &theirs[j]).odds(&weights);
            (paired(ours.len(), theirs.len(), &mut odds), *is_one)
        })
        .collect();
    scored.sort_by_key(|(odds, _)| std::cmp::Reverse(*odds));
    Ok(Judgement::of(&scored))
}

impl Judgement {
    fn of(scored: &[(i32, bool)]) -> Self {
        let right = scored.iter().filter(|(_, is_one)| *is_one).count() as f64;
        let (mut found, mut best, mut recall) = (0.0, 0.0_f64, 0.0);
        for (n, (odds, is_one)) in scored.iter().enumerate() {
            found += f64::from(u8::from(*is_one));
            if scored.get(n + 1).is_some_and(|(next, _)| next == odds) {
                continue;
            }
            let (precise, all) = (found / (n + 1) as f64, found / right);
            best = best.max(2.0 * precise * all / (precise + all).max(1e-12));
            if precise >= 0.99 {
                recall = all;
            }
        }
        Self { pairs: scored.len(), best, recall }
    }
}
