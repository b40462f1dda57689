//! The heart: one message against the world as known, and what follows from it.
//!
//! Pure: no async, no SQL, no clock, no randomness. The engine loads what a [`round::Round`] asks for, lets it decide
//! message by message, and stores each [`Change`] of a batch in one transaction. Read [`decide`] first: its four
//! steps are folders of their own. Modules stand in an order in which each names only those before it.

pub mod transliteration;
pub mod package;
pub mod fee;

pub mod model;
pub mod bundle;
pub mod work;
pub mod routing;

pub mod person;
pub mod world;
pub mod identity;
pub mod link;
pub mod journey;

pub mod change;
mod draft;
pub mod handover;
pub mod disclosure;

mod household;
mod nobody;
mod merge;
mod split;
mod review;
mod decide;
pub mod invariant;
pub mod round;

pub use bundle::Bundle;
pub use change::Change;
pub use decide::decide;
pub use identity::prepare;
pub use person::Person;
pub use world::{Needs, Refusal, Stop, World};
