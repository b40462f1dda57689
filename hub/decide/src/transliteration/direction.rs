//! One way of a table: what each letter of one script becomes in the other, beside the letter that follows it.
//!
//! Rows are merged once, when the table is read, so that a look is one search. Letters are numbers here. Refuses to
//! know which script is which.

/// A letter, by its place in its script's list; 0 is none.
pub(super) type Letter = u16;

/// The longest word that is looked at.
pub(super) const LONGEST: usize = 40;

/// The longest piece that one letter becomes, and so how many scores a row has for pieces it does not know.
pub(super) const PIECE: usize = 5;

/// Bits of a letter in the code of a piece.
const BITS: u32 = 12;

/// So unlikely that no word is it.
const NEVER: i32 = i32::MIN / 4;

/// A way that is so much less likely than another as far is not gone on with.
const BEHIND: i32 = 2_000;

/// What a letter becomes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Becomes {
    /// Pieces by their code, sorted, each with its score.
    pieces: Vec<(u64, i32)>,
    /// The score of any other piece, by its length.
    pub(super) unseen: [i32; PIECE + 1],
    /// A bit for each piece: most that are not among them are known by it at once.
    bits: u128,
    /// The score of the likeliest piece.
    likeliest: i32,
}

/// What every letter of a script becomes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Direction {
    /// How many letters one letter becomes at most.
    pub(super) longest: usize,
    /// By letter, then by the letter that follows, sorted; under 0 by itself.
    pub(super) rows: Vec<Vec<(Letter, Becomes)>>,
    /// For a letter that is in no row.
    pub(super) unknown: Becomes,
}

/// The code of a piece.
pub(super) fn code(piece: &[Letter]) -> u64 {
    piece.iter().fold(1, |code, letter| code << BITS | u64::from(*letter))
}

/// The place of a piece among the bits of a row.
fn bit(code: u64) -> u128 {
    1 << (code.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57)
}

impl Becomes {
    /// With more pieces, which hold where it has them already.
    pub(super) fn with(mut self, more: Vec<(u64, i32)>, beside: i32) -> Self {
        self.unseen
            .iter_mut()
            .chain(self.pieces.iter_mut().map(|(_, score)| score))
            .for_each(|own| *own += beside);
        self.pieces.retain(|(code, _)| !more.iter().any(|(own, _)| own == code));
        self.pieces.extend(more);
        self.pieces.sort_unstable();
        self.bits = self.pieces.iter().fold(0, |bits, (code, _)| bits | bit(*code));
        self.likeliest = self.pieces.iter().map(|(_, score)| *score).max().unwrap_or(self.unseen[1]);
        self
    }

    pub(super) fn likeliest(&self) -> i32 {
        self.likeliest
    }

    fn score(&self, code: u64, bit: u128, length: usize) -> i32 {
        let at = if self.bits & bit == 0 {
            None
        } else {
            self.pieces.binary_search_by_key(&code, |(piece, _)| *piece).ok()
        };
        at.map_or(self.unseen[length], |at| self.pieces[at].1)
    }
}

impl Direction {
    pub(super) fn row(&self, letter: Letter, next: Letter) -> Option<&Becomes> {
        let rows = self.rows.get(usize::from(letter))?;
        let beside = rows.binary_search_by_key(&next, |(own, _)| *own).ok();
        beside.and_then(|at| rows.get(at)).or_else(|| rows.first()).map(|(_, row)| row)
    }

    /// The score of the likeliest way in which the letters of `from`, by their rows, become `to`.
    pub(super) fn becomes(&self, from: &[&Becomes], to: &[Letter]) -> i32 {
        let (from, to) = (&from[..from.len().min(LONGEST)], &to[..to.len().min(LONGEST)]);
        if to.len() > from.len() * self.longest {
            return NEVER;
        }
        let mut codes = [[(0, 0); PIECE + 1]; LONGEST + 1];
        for (at, codes) in codes.iter_mut().enumerate().take(to.len() + 1) {
            for (length, own) in codes.iter_mut().enumerate().take(self.longest.min(to.len() - at) + 1) {
                let code = code(&to[at..at + length]);
                *own = (code, bit(code));
            }
        }
        let mut reached = [NEVER; LONGEST + 1];
        reached[0] = 0;
        for (n, row) in from.iter().enumerate() {
            // What the letters before can have become, and what those after still can.
            let most = to.len().min(n * self.longest);
            let least = to.len().saturating_sub((from.len() - n) * self.longest);
            let behind =
                reached[least..=most].iter().max().map_or(NEVER, |best| (best - BEHIND).max(NEVER + 1));
            let mut next = [NEVER; LONGEST + 1];
            for at in least..=most {
                if reached[at] < behind {
                    continue;
                }
                for length in 0..=self.longest.min(to.len() - at) {
                    let (code, bit) = codes[at][length];
                    let score = reached[at] + row.score(code, bit, length);
                    next[at + length] = next[at + length].max(score);
                }
            }
            reached = next;
        }
        reached[to.len()]
    }
}
