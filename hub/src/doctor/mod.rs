//! Whether everything around the hub is as it must be: facts are collected once, then judged by pure checks.
//!
//! `collect` looks at the machine, the database and the brokers; [`examine`] judges. What can be wrong is data,
//! in [`problems`]. Refuses to mend anything, to write anything, and to show a personal value.

mod checks;
mod collect;
mod lock;
pub mod problems;

use std::path::PathBuf;

use decide::bundle::LegalBasis;
use schemas::insz::Environment;
use schemas::recipient::Recipient;
use schemas::time::Instant;
use serde::Serialize;

use crate::clock::WrongClock;
use crate::contract::versions::Breach;
use crate::deliver::record::TopicState;
use crate::store::figures::Queue;
use crate::store::inspect::TableHealth;
use crate::store::rows::{AlertRow, HaltRow};
use crate::tls::{Peer, Trouble};
use problems::{CheckState, DoctorProblem};

pub use checks::examine;
pub use collect::collect;

/// How one check came out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub check: &'static str,
    pub state: CheckState,
    /// The stable code of what is wrong.
    pub code: Option<&'static str>,
    pub found: String,
    pub todo: Option<&'static str>,
}

impl Check {
    /// It is as it should be.
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, state: CheckState::Ok, code: None, found: found.into(), todo: None }
    }

    fn wrong(check: &'static str, problem: DoctorProblem, found: impl Into<String>) -> Self {
        let DoctorProblem { code, state, todo } = problem;
        Self { check, state, code: Some(code), found: found.into(), todo: Some(todo) }
    }
}

/// Everything that is judged.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Now, by this machine's clock.
    pub now: Instant,
    /// What the config says, or the mistakes in it.
    pub config: Result<Told, Vec<String>>,
    /// The file of keys; none where the config does not say which.
    pub keys: Option<KeyFile>,
    /// Where the data or at least the keys lie.
    pub folder: Option<Folder>,
    /// How many files this process may open.
    pub files: Option<u64>,
    /// The database; none where the config does not name it.
    pub database: Option<Database>,
    /// For each source that somebody may send to, its last message; nothing where it never sent any.
    pub received: Vec<(String, Option<Instant>)>,
    /// For each server that is reached over TLS: what it is here, and who answered or what is wrong.
    pub tls: Vec<(String, Result<Peer, Trouble>)>,
    /// How many bytes the log of an embedded database has that were not copied back.
    pub log: Option<u64>,
    /// The topics; none where recipients read the feed.
    pub kafka: Option<Result<Vec<TopicState>, Unreached>>,
    /// With which name and password the hub signs in to the brokers; none where it does not.
    pub signs_in: Option<SignsIn>,
}

/// Why the topics could not be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unreached {
    Away(String),
    /// The brokers do not let the hub in.
    Refused(String),
}

/// How the hub signs in to the brokers.
#[derive(Clone, Debug)]
pub struct SignsIn {
    /// As whom, and how.
    pub as_whom: String,
    pub password_file: PathBuf,
    /// The mode of that file.
    pub mode: Option<u32>,
}

/// What the config says, as far as it is judged.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where this hub runs.
    pub environment: Environment,
    pub bundle: String,
    /// How many people may answer a review.
    pub reviewers: usize,
    /// How many senders have a token that anybody can know.
    pub dev_tokens: usize,
    /// Each recipient's legal bases.
    pub recipients: Vec<(Recipient, Vec<LegalBasis>)>,
    /// Each sender, its source and its legal bases.
    pub senders: Vec<(String, String, Vec<LegalBasis>)>,
    /// Every source there is.
    pub sources: Vec<&'static str>,
}

/// The file of keys.
#[derive(Clone, Debug)]
pub struct KeyFile {
    pub file: PathBuf,
    /// Whether it is there.
    pub exists: bool,
    pub mode: Option<u32>,
    /// Why it does not read.
    pub unreadable: Option<String>,
}

/// A folder on a disk.
#[derive(Clone, Debug)]
pub struct Folder {
    pub path: PathBuf,
    /// Whether it is there; where not, the rest is told of the folder that it can be made in.
    pub exists: bool,
    /// Whether this user may write there.
    pub writable: bool,
    /// How many bytes are free.
    pub free: Option<u64>,
}

#[derive(Clone, Debug)]
pub enum Database {
    /// It does not answer: why.
    Away(String),
    /// Somebody else holds what the hub waits for: who.
    Locked(String),
    /// There is none yet: it was never migrated.
    New,
    /// Its schema is another one: which.
    Schema(String),
    /// Something in it does not read: what.
    Damaged(String),
    There {
        /// How the tables are.
        health: Box<TableHealth>,
        /// Contracts that are not what was frozen or sent under their ids.
        breaches: Vec<Breach>,
        /// Whether its clock, where that is another machine's, and this machine's say the same.
        clock: Result<(), WrongClock>,
        /// Messages without a decision.
        undecided: u64,
        /// Messages that were put aside.
        quarantined: u64,
        /// Records whose arrival is not proved.
        open: u64,
        /// The most that a key-encryption key may have wrapped.
        wrapped: u64,
        /// What stops the delivery to a recipient.
        halts: Vec<HaltRow>,
        /// How many records of each recipient left their topic lately before they were read back.
        expired: Vec<(Recipient, u64)>,
        /// Persons of whom a first load waits for its approval.
        unapproved: Queue,
        /// Links that a human must decide.
        reviews: Queue,
        /// Records that have waited for long for their person to be known.
        waiting: Queue,
        /// Agencies that leave offers unanswered, of which nobody could be told.
        untold: Vec<AlertRow>,
    },
}
