//! Why something is as it is: an id in, an explanation out.
//!
//! `find` looks up what an id names and asks [`crate::story`] for the person's story, [`message`] tells what became of a
//! message; the answer is printed as JSON or told by [`text`]. Personal values are shown only where they are asked for: by
//! default fields, sources, times and messages are named.

mod find;
pub mod message;
pub mod text;

use decide::person::{Reason, ReviewReason};
use schemas::time::{Day, Instant};
use serde::Serialize;

use crate::story::PersonStory;

pub use find::{ExplainError, Explainer};

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Explanation {
    /// What the id names: `person`, `handover`, `stream`, `record`, `message`, `review` or `task`.
    pub asked: &'static str,
    /// The id as it was asked.
    pub id: String,
    /// The day on which the explanation stands.
    pub day: Day,
    /// Whether personal values are shown.
    pub values: bool,
    /// The message, where one was asked for.
    pub message: Option<MessageStory>,
    /// The person it is about; none where nobody is known.
    pub person: Option<PersonStory>,
}

/// What became of a message.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct MessageStory {
    /// Its id: the receipt.
    pub message: String,
    pub source: String,
    /// The organisation that sent it.
    pub sender: String,
    /// When it came in.
    pub received_at: Instant,
    /// `undecided`, `decided`, `waiting`, `refused`, `quarantined`, `closed`, or `refused_at_the_door`.
    pub outcome: &'static str,
    /// Its place in the order of decisions.
    pub order: Option<u64>,
    /// When it was decided.
    pub known_at: Option<Instant>,
    /// Why it was refused or put aside: stable codes, each with a page under `/problems/`.
    pub codes: Vec<String>,
    /// The kinds of key under which it waits.
    pub waits_under: Vec<String>,
    /// The message that brought it to its person, where it waited.
    pub decided_by: Option<String>,
    /// The person it became part of.
    pub person: Option<String>,
    /// Why it is theirs.
    pub reason: Option<Reason>,
    /// The doubts that it raised.
    pub reviews: Vec<ReviewReason>,
    /// What followed, in words.
    pub followed: Vec<String>,
}
