//! Expectation and maximisation: which piece of one word each letter of the other became.
//!
//! Each letter becomes a piece of none to five letters; how likely hangs on the letter that follows. Begins with
//! guesses by the length of a piece and looks six times at all pairs. Refuses to write anything.

use std::collections::HashMap;

use schemas::name::{Script, sound};

/// How often all pairs are looked at.
const ROUNDS: usize = 6;
/// How much seen evidence the guess of a coarser view is worth: for a letter, and for a letter beside another.
pub(super) const LETTER: f64 = 1.0;
pub(super) const BESIDE: f64 = 5.0;
const SOUND: f64 = 2.0;

/// What is expected of one direction before anything was seen.
pub(super) struct Way {
    /// How many letters a piece has at most.
    pub(super) longest: usize,
    /// How likely a piece of each length is, at first.
    lengths: [f64; 6],
    /// Letters of one sound learn from each other.
    sounds: bool,
}

impl Way {
    pub(super) fn to_latin(script: Script) -> Self {
        match script {
            Script::Han => Self { longest: 5, lengths: [0.02, 0.3, 1.0, 1.0, 0.5, 0.2], sounds: true },
            _ => Self { longest: 3, lengths: [0.05, 1.0, 0.2, 0.03, 0.0, 0.0], sounds: false },
        }
    }

    pub(super) fn to_native(script: Script) -> Self {
        match script {
            Script::Han => Self { longest: 1, lengths: [1.0, 0.5, 0.0, 0.0, 0.0, 0.0], sounds: false },
            _ => Self { longest: 2, lengths: [0.3, 1.0, 0.1, 0.0, 0.0, 0.0], sounds: false },
        }
    }
}

/// How often each piece was seen for something.
#[derive(Default)]
pub(super) struct Counted<K> {
    pub(super) pieces: HashMap<(K, u128), f64>,
    pub(super) all: HashMap<K, f64>,
}

impl<K: Copy + Eq + std::hash::Hash> Counted<K> {
    fn add(&mut self, what: K, piece: u128, share: f64) {
        *self.pieces.entry((what, piece)).or_default() += share;
        *self.all.entry(what).or_default() += share;
    }

    /// How likely a piece is, where a coarser guess is worth so much.
    fn likely(&self, what: K, piece: u128, guess: f64, worth: f64) -> f64 {
        let Some(all) = self.all.get(&what) else { return guess };
        let seen = self.pieces.get(&(what, piece)).copied().unwrap_or(0.0);
        (seen + worth * guess) / (all + worth)
    }
}

/// What was learned of one direction.
pub(super) struct Learned {
    pub(super) longest: usize,
    /// How likely a piece that was never seen is, by its length.
    pub(super) unseen: [f64; 6],
    pub(super) letters: Counted<char>,
    pub(super) beside: Counted<(char, char)>,
    pub(super) sounds: Counted<&'static str>,
    by_sound: bool,
    first: bool,
    /// Pairs of letters of the words that come out, with the edge as `^`; letters alone.
    pub(super) pairs: HashMap<(char, char), f64>,
    pub(super) alone: HashMap<char, f64>,
}

/// The edge of a word.
pub(super) const EDGE: char = '^';

/// A piece as a number.
fn code(piece: &[char]) -> u128 {
    piece.iter().fold(1, |code, letter| code << 21 | u128::from(u32::from(*letter)))
}

/// The letters of such a number.
pub(super) fn spelled(mut code: u128) -> String {
    let mut letters = vec![];
    while code > 1 {
        letters.push(u32::try_from(code & 0x1f_ffff).ok().and_then(char::from_u32).unwrap_or(EDGE));
        code >>= 21;
    }
    letters.iter().rev().collect()
}

type Words = (Vec<char>, Vec<char>);

impl Learned {
    pub(super) fn from(words: &[Words], way: &Way) -> Self {
        let mut learned = Self {
            longest: way.longest,
            unseen: way.lengths,
            letters: Counted::default(),
            beside: Counted::default(),
            sounds: Counted::default(),
            by_sound: way.sounds,
            first: true,
            pairs: HashMap::new(),
            alone: HashMap::new(),
        };
        for (_, to) in words {
            let mut before = EDGE;
            for letter in to.iter().chain(&[EDGE]) {
                *learned.pairs.entry((before, *letter)).or_default() += 1.0;
                *learned.alone.entry(*letter).or_default() += 1.0;
                before = *letter;
            }
        }
        for _ in 0..ROUNDS {
            learned.look(words);
        }
        learned
    }

    /// How likely it is that a letter became a piece.
    pub(super) fn likely(&self, letter: char, next: Option<char>, piece: u128, length: usize) -> f64 {
        let mut likely = self.unseen[length];
        if self.first {
            return likely;
        }
        if self.by_sound {
            likely = self.sounds.likely(sound(letter), piece, likely, SOUND);
        }
        likely = self.letters.likely(letter, piece, likely, LETTER);
        next.map_or(likely, |next| self.beside.likely((letter, next), piece, likely, BESIDE))
    }

    /// Looks at all words once, with what is known, and knows what it saw.
    fn look(&mut self, words: &[Words]) {
        let (mut letters, mut beside, mut sounds) =
            (Counted::default(), Counted::default(), Counted::default());
        for (from, to) in words.iter().filter(|(from, to)| to.len() <= from.len() * self.longest) {
            let next = |n: usize| from.get(n + 1).copied().unwrap_or(EDGE);
            let width = to.len() + 1;
            let step = |n: usize, at: usize, length: usize| {
                let piece = code(&to[at..at + length]);
                (piece, self.likely(from[n], Some(next(n)), piece, length))
            };
            let lengths = |at: usize| 0..=self.longest.min(to.len() - at);
            let mut there = vec![vec![0.0; width]; from.len() + 1];
            there[0][0] = 1.0;
            for n in 0..from.len() {
                for at in (0..width).filter(|at| there[n][*at] > 0.0).collect::<Vec<_>>() {
                    for length in lengths(at) {
                        there[n + 1][at + length] += there[n][at] * step(n, at, length).1;
                    }
                }
            }
            let all = there[from.len()][to.len()];
            if all <= 0.0 {
                continue;
            }
            let mut back = vec![vec![0.0; width]; from.len() + 1];
            back[from.len()][to.len()] = 1.0;
            for n in (0..from.len()).rev() {
                for at in 0..width {
                    for length in lengths(at) {
                        let (piece, likely) = step(n, at, length);
                        let after = likely * back[n + 1][at + length];
                        back[n][at] += after;
                        let share = there[n][at] * after / all;
                        if share > 1e-4 {
                            letters.add(from[n], piece, share);
                            beside.add((from[n], next(n)), piece, share);
                            if self.by_sound {
                                sounds.add(sound(from[n]), piece, share);
                            }
                        }
                    }
                }
            }
        }
        if self.first {
            // From now on a piece that was never seen is one of all that there could be of its length.
            let kinds = (self.alone.len() as f64 - 1.0).max(2.0);
            let mut among = 1.0;
            for likely in &mut self.unseen {
                *likely /= among;
                among *= kinds;
            }
        }
        self.first = false;
        (self.letters, self.beside, self.sounds) = (letters, beside, sounds);
    }
}
