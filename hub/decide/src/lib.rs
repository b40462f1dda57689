//! The heart: one message against the world as loaded, and what follows from it.
//!
//! Pure: no async, no SQL, no clock, no randomness. The engine loads what [`decide`] asks for in
//! [`Needs`], runs it message by message, applies each [`Change`] with [`World::apply`] and stores
//! the lot in one transaction. Read [`decide`] first: its four steps are the four folders below it.
//! Refuses to fetch, to wait and to write.

pub mod bundle;
pub mod change;
pub mod person;
pub mod world;

pub mod identity;
pub mod journey;
pub mod routing;
mod draft;
pub mod handover;
pub mod disclosure;

mod merge;
mod decide;
pub mod invariant;

pub mod round;
pub mod memory;

pub use bundle::Bundle;
pub use change::{Change, Needs, Stop};
pub use decide::decide;
pub use person::Person;
pub use world::World;
