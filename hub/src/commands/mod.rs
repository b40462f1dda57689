//! The commands of the one binary: a file each, with its `Args` and its `run`. `demo` stands with the binary, in
//! `hub/cli`, because the service knows nothing of what is invented.
//!
//! Data goes to stdout, words to stderr. Exit codes of all of them: 0 done, 1 something is wrong
//! and was told, 2 the command line was not understood; where a command has more, its file says so. Whoever reads
//! stdout may leave, having seen enough: that is 0 (`out`).
//! Refuses logic: a command wires parts.

pub mod audit;
pub mod baseline;
pub mod check;
pub mod clock;
pub mod credential;
pub mod doctor;
pub mod dry_run;
pub mod explain;
pub mod freeze;
pub mod keys;
pub mod link;
pub mod migrate;
pub mod names;
pub mod order;
pub mod out;
pub mod push;
pub mod quarantine;
pub mod redeliver;
pub mod replay;
pub mod review;
pub mod route;
pub mod run;
pub mod scenario;
mod said;
pub mod split;
pub mod table;
pub mod tap;
pub mod topic;
pub mod what_if;
