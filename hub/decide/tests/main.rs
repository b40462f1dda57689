//! The heart's tests as one program: built once, and what they share is built with it.
//!
//! `cargo test -p decide --test heart walks::` runs one file of them. What a test needs of a country, its agencies and
//! its people is [`support`].

mod alone;
mod answers;
mod authorities;
mod bad_numbers;
mod basis;
mod choice;
mod comparison;
mod corners;
mod disclosure;
mod due;
mod ends;
mod entries;
mod fee;
mod first_load;
mod golden;
mod grounds;
mod growth;
mod handover;
mod household;
mod invariants;
mod learning;
mod linking;
mod lives;
mod merge;
mod merge_handovers;
mod merged_codes;
mod model;
mod moments;
mod namesakes;
mod owner;
mod partial;
mod release;
mod responsible;
mod restriction;
mod reviewed;
mod routing;
mod rows;
mod scope;
mod scope_asked;
mod scripts;
mod silent;
mod snapshots;
mod split;
mod stopped;
mod stored;
mod strangers;
mod support;
mod table;
mod two_humans;
mod vocabulary;
mod walks;
mod world;
