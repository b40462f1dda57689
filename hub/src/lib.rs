//! The engine: four loops around durable tables, with the heart (`decide`) in the middle.
//!
//! Modules stand in the order of the flow. The whole of it can be read in three files:
//! [`intake`], `decide::decide` and [`deliver`]. Refuses to decide anything about a person: that is
//! the heart's. Start with ARCHITECTURE.md.

pub mod clock;
pub mod observe;
pub mod store;
pub mod vault;
pub mod tls;
pub mod config;
pub mod history;
pub mod contract;
pub mod story;

pub mod intake;
pub mod desk;
pub mod quarantine;
pub mod decider;
pub mod deliver;
pub mod answers;
pub mod request;
pub mod alert;
pub mod restart;
pub mod explain;
pub mod alone;
pub mod blast;
pub mod relink;
pub mod what_if;
pub mod first_load;
pub mod link;
pub mod scenario;
pub mod doctor;

pub mod console;
pub mod api;
pub mod app;
pub mod commands;
