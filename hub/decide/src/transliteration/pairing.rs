//! The best pairing of the words of two names, one to one, and what it says of the names.
//!
//! Two persons often share a word of their names, so the worst pair decides and the others say a little. Knows
//! nothing of how two words are compared.

/// Log odds, in hundredths of a natural logarithm.
pub type Odds = i32;

/// The words of a name that are paired: more are not looked at.
const PAIRED: usize = 6;

/// What a word costs that only the longer name has.
const LEFT_OUT: Odds = 100;

/// The odds of two names without a word.
const NOTHING: Odds = -2_000;

/// The odds of two names of so many words, by the odds of each pair.
#[must_use]
pub fn paired(ours: usize, theirs: usize, odds: &mut dyn FnMut(usize, usize) -> Odds) -> Odds {
    let (ours, theirs) = (ours.min(PAIRED), theirs.min(PAIRED));
    let (short, long) = (ours.min(theirs), ours.max(theirs));
    if short == 0 {
        return NOTHING;
    }
    let mut each = [[0; PAIRED]; PAIRED];
    for (i, row) in each.iter_mut().enumerate().take(short) {
        for (j, cell) in row.iter_mut().enumerate().take(long) {
            *cell = if ours <= theirs { odds(i, j) } else { odds(j, i) };
        }
    }
    let mut best = None;
    search(&each[..short], long, 0, 0, (Odds::MAX, 0), &mut best);
    let left_out = Odds::try_from(long - short).unwrap_or(0) * LEFT_OUT;
    best.unwrap_or(NOTHING) - left_out
}

/// Tries every pairing of the rows with columns: at most 6! of them.
fn search(
    rows: &[[Odds; PAIRED]],
    long: usize,
    at: usize,
    used: u8,
    so_far: (Odds, Odds),
    best: &mut Option<Odds>,
) {
    let Some(row) = rows.get(at) else {
        let (worst, sum) = so_far;
        let all = (3 * worst + sum / Odds::try_from(rows.len()).unwrap_or(1)) / 4;
        *best = Some(best.map_or(all, |best| best.max(all)));
        return;
    };
    for (column, odds) in row.iter().enumerate().take(long) {
        if used & (1 << column) == 0 {
            let next = (so_far.0.min(*odds), so_far.1 + odds);
            search(rows, long, at + 1, used | 1 << column, next, best);
        }
    }
}
