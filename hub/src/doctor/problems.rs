//! What can be wrong, as data: a stable code, how bad it is, what to do.
//!
//! The checks, the page `docs/doctor.md` and the tests read the same rows. Refuses causes that nobody can do
//! anything about.

use serde::Serialize;

/// How one check came out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// As it should be.
    Ok,
    Warn,
    /// Something does not work, or is about to harm.
    Fail,
}

/// One thing that can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DoctorProblem {
    pub code: &'static str,
    /// How bad it is.
    pub state: CheckState,
    pub todo: &'static str,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $state:ident, $todo:literal;)*) => {
        $($(#[$doc])* pub const $name: DoctorProblem = DoctorProblem { code: $code, state: CheckState::$state, todo: $todo };)*

        /// Every one, in the order of the checks.
        pub const PROBLEMS: &[&DoctorProblem] = &[$(&$name,)*];
    };
}

problems! {
    /// The config folder has mistakes.
    CONFIG_WRONG = "config-wrong", Fail, "run `hub check` and mend what it tells";
    /// Anybody can know a token.
    DEV_TOKENS = "dev-tokens", Fail, "give every sender a token of its own before real people's data come in";
    /// Nobody can be the second who must agree.
    REVIEWERS_FEW = "reviewers-few", Warn, "give a second person the role `review` in people.toml: where a national number is involved two must say the same";
    /// No keys yet, and nothing that needs them.
    KEYS_NEW = "keys-new", Warn, "in a test environment `hub run` makes them; for real people make them by `config/README.md`, and keep a copy in a safe";
    KEYS_MISSING = "keys-missing", Fail, "put the file of keys back from its safe: without it nothing that is stored can be read";
    /// Keys that do not read.
    KEYS_UNREADABLE = "keys-unreadable", Fail, "give the hub's user the right to read the file, and put back its lines";
    /// The key-encryption key has wrapped half of what it may.
    KEYS_WORN = "keys-worn", Warn, "put a new kek= line first in the file of keys on every machine, then run `hub keys --rewrap`";
    /// Others can read the keys.
    KEYS_EXPOSED = "keys-exposed", Fail, "`chmod 600` the file, and ask who may have read it";
    /// The folder cannot be written.
    FOLDER_READ_ONLY = "folder-read-only", Fail, "give the hub's user the right to write there";
    /// The disk is full.
    DISK_FULL = "disk-full", Fail, "make room: a full disk stops intake";
    /// The disk is filling.
    DISK_LOW = "disk-low", Warn, "make room soon";
    /// Few files may be open.
    FILES_FEW = "files-few", Warn, "raise the limit (`LimitNOFILE` in systemd) to 4096 or more";
    DATABASE_AWAY = "database-away", Fail, "start the database, or mend its address in hub.toml";
    TLS_REFUSED = "tls-refused", Fail, "mend what is said of it: the other end's certificate, or the files that are named for it in hub.toml";
    /// A server's certificate ends soon.
    TLS_ENDS = "tls-ends", Warn, "tell whoever runs that server to renew its certificate before that day";
    /// Somebody else holds a lock.
    DATABASE_LOCKED = "database-locked", Fail, "end that session, or wait for it: senders are told to come again, and nothing is lost";
    LOG_LONG = "log-long", Warn, "somebody reads the database for long: find them (`fuser` names who has the file open) and end it; the log is cut back then";
    DATABASE_NEW = "database-new", Warn, "run `hub migrate`, then `hub run`; to see the house first, run `hub demo`";
    SCHEMA_OTHER = "schema-other", Fail, "run `hub migrate` with this program";
    /// A stored row does not read.
    DATABASE_DAMAGED = "database-damaged", Fail, "restore a copy beside it and compare; do not write on";
    /// The clock is behind.
    CLOCK_BEHIND = "clock-behind", Fail, "set the clock right; where the last decision was made by a clock that was ahead, set its time back with `hub clock --set-back` (docs/clock.md)";
    CLOCK_DIFFERS = "clock-differs", Fail, "set this machine's clock and the database's right: nothing is decided until both say the same";
    /// Nothing may leave to a recipient.
    BASIS_NONE = "basis-none", Fail, "nothing is delivered without a legal basis: renew the protocol and add it to the recipient's file";
    /// A basis ends soon.
    BASIS_ENDS = "basis-ends", Warn, "renew the protocol before that day";
    /// Nothing is accepted from a sender.
    SENDER_BASIS = "sender-basis", Warn, "renew the protocol, or take the sender out of its file";
    /// A contract is not what was promised.
    CONTRACT_CHANGED = "contract-changed", Fail, "put the contract back, or give it a schema id of its own and run `hub freeze`: no hub starts with it";
    /// Nobody may send to a source.
    SOURCE_UNUSED = "source-unused", Warn, "add a sender to the source's file";
    /// A source says nothing.
    SOURCE_SILENT = "source-silent", Warn, "ask the sender whether anything is wrong there";
    NOBODY_DECIDES = "nobody-decides", Fail, "start an instance with the role `decide`, and read its log";
    BACKLOG = "backlog", Warn, "wait where it shrinks; else look at the database's load";
    /// Messages were put aside.
    QUARANTINE = "quarantine", Warn, "a fault in the hub: `hub quarantine list`; mend it, then `hub quarantine repeat`";
    /// A first load waits for its approval.
    LOAD_UNAPPROVED = "load-unapproved", Warn, "read what it would open with `hub baseline report`, and have a coordinator approve it (docs/first-load.md)";
    /// A link waits for a human for long.
    REVIEW_WAITS = "review-waits", Warn, "a steward looks at `hub review list` and answers: somebody may be known as two persons meanwhile";
    /// Records wait for long for somebody to be known.
    RECORD_WAITS = "record-waits", Warn, "`hub review waiting` names them: ask their senders by which numbers these people are known";
    /// Kafka does not answer.
    KAFKA_AWAY = "kafka-away", Fail, "start the brokers, or mend `[kafka]`; records wait and are not lost";
    /// The brokers do not let the hub in.
    KAFKA_REFUSED = "kafka-refused", Fail, "mend user, mechanism and password in `[kafka.sasl]`, or have the user made at the brokers; records wait and are not lost";
    /// Others can read the password at the brokers.
    PASSWORD_EXPOSED = "password-exposed", Fail, "`chmod 600` the file, and have the password changed at the brokers where somebody may have read it";
    /// A topic is not there.
    TOPIC_MISSING = "topic-missing", Warn, "the relay makes it where it may, as long as nothing was ever sent to it; else create it with one partition";
    /// A topic is not for us.
    TOPIC_REFUSED = "topic-refused", Fail, "give the hub's user the right to describe, write and read it";
    /// A topic has another order.
    TOPIC_PARTITIONS = "topic-partitions", Fail, "make it anew with one partition: the order of records rests on it";
    /// A topic is another one than the records were sent to.
    TOPIC_REMADE = "topic-remade", Fail, "find out who removed or cut it, and ask its recipient what they had read; put it back from where it was kept, or have it go on with `hub topic restart` (docs/restart.md)";
    /// A topic forgets older records about the same person.
    TOPIC_COMPACTED = "topic-compacted", Fail, "set cleanup.policy to delete, and ask the recipient which records they miss";
    /// A topic takes nothing.
    TOPIC_STUCK = "topic-stuck", Fail, "look at its leader and its replicas: min.insync.replicas must be in sync";
    /// A topic keeps records in a form that stock clients cannot read.
    TOPIC_CODEC = "topic-codec", Fail, "set compression.type to producer: plain JavaScript clients read gzip only";
    /// A topic does not read back as it was sent.
    TOPIC_BROKEN = "topic-broken", Fail, "find out who else writes to it: only the hub's user may have that right; what is not right is never proved (docs/restart.md)";
    /// The broker does not take a record.
    RECORD_REFUSED = "record-refused", Fail, "mend the topic's settings (max.message.bytes where it is too large): it goes on by itself";
    /// A record that is to leave is damaged.
    RECORD_DAMAGED = "record-damaged", Fail, "restore a copy of the database beside it and compare: the row was changed, or its contract was";
    /// The database is older than what was sent.
    DATABASE_REGRESSED = "database-regressed", Fail, "put back the newest copy of the database: numbers that were sent would be given twice; where there is none, docs/restart.md";
    /// The log is older than what was read back.
    KAFKA_REGRESSED = "kafka-regressed", Fail, "find out what Kafka lost, and ask the recipient what they had read; put it back from where it was kept, or have it go on with `hub topic restart` (docs/restart.md)";
    /// A topic forgets too soon.
    TOPIC_RETENTION = "topic-retention", Warn, "set retention.ms to 604800000 (7 days) or more";
    /// Records are not proved to have arrived.
    DELIVERY_LATE = "delivery-late", Warn, "read the relay's log, or ask the recipient whether it reads its feed";
    /// Records left a topic before they were read back.
    DELIVERY_UNPROVED = "delivery-unproved", Warn, "ask the recipient whether they have them, and issue again what they lack (`hub redeliver`); keep records longer than the auditor may be away";
    /// Nobody hears that an agency leaves offers unanswered.
    ALERT_REFUSED = "alert-refused", Fail, "tell the coordinator by hand, and mend the address in `[alert]`: it is told again by itself";
    NOBODY_RELAYS = "nobody-relays", Fail, "start an instance with the role `deliver`, and read its log";
    /// Another bundle is active.
    BUNDLE_PENDING = "bundle-pending", Warn, "the config folder is not what the last decisions rested on: restart to use it, or put the folder back";
}
