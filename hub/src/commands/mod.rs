//! The commands of the one binary: data on stdout, words on stderr, exit codes that say what happened.

pub mod demo;
pub mod migrate;
pub mod push;
pub mod run;
pub mod tap;
