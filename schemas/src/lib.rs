//! The vocabulary: every type that crosses a border of the hub.
//!
//! Owns ids, times, working days, names, partial dates, national numbers, municipalities, countries, references,
//! facts, keys, handover words and the canonical fields. Refuses input and output, a clock and randomness: those
//! belong to the engine. Start at [`fact`] for what a source may say and at [`canonical`] for what may leave.

#![deny(missing_docs)]

pub mod ids;
pub mod time;
pub mod calendar;

pub mod partial;
pub mod insz;
pub mod name;
pub mod country;
pub mod municipality;
pub mod place;
pub mod reference;

pub mod actor;
pub mod agreement;
pub mod key;
pub mod learning;
pub mod fact;
pub mod view;
pub mod message;
pub mod finding;

pub mod recipient;
pub mod handover;
pub mod canonical;
pub mod envelope;
