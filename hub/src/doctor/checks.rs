//! The checks: collected facts in, one line each out.
//!
//! Pure: time is among the facts. Where a fact could not be had because another one is wrong, the check says
//! nothing, so that one cause is told once. Refuses to look at anything itself.

use chrono::{Days, TimeDelta};
use decide::bundle::LegalBasis;
use schemas::insz::Environment;
use schemas::time::{Day, Instant, day_of};

use super::problems::{self as wrong, DoctorProblem};
use super::{Check, Database, Facts, Folder, KeyFile, SignsIn, Told, Unreached};
use crate::clock::WrongClock;
use crate::deliver::record::TopicState;
use crate::store::inspect::{LeaseRow, TableHealth};
use crate::store::rows::{AlertRow, HaltRow};
use crate::tls::{Peer, Trouble};
use crate::vault::keys::LIMIT;

/// How long before its end a legal basis is told.
const BASIS_DAYS: u64 = 60;
/// How long a source may say nothing.
const SILENT: TimeDelta = TimeDelta::days(14);
/// How long a message may be without a decision, and a record without a proof where Kafka is.
const LATE: TimeDelta = TimeDelta::minutes(10);
/// How long a record may be without a proof where its recipient reads the feed.
const UNREAD_DAYS: u64 = 7;
/// How many days a link may wait for a human.
const REVIEW_DAYS: i64 = 7;
const GIB: u64 = 1 << 30;
/// How long before its end a certificate is told.
const TLS_SOON: TimeDelta = TimeDelta::days(30);
/// Four times what SQLite's log has in its usual life.
const LONG_LOG: u64 = 128 << 20;
const FEW_FILES: u64 = 1024;
const MANY_MESSAGES: u64 = 10_000;
/// What a topic may make of records: any stock client reads them then.
const READABLE: [&str; 3] = ["producer", "gzip", "uncompressed"];
const RETENTION_MS: i64 = 604_800_000;

/// Every check, in the order in which one rests on another.
#[must_use]
pub fn examine(facts: &Facts) -> Vec<Check> {
    let today = day_of(facts.now);
    let mut checks = vec![];
    match &facts.config {
        Ok(told) => {
            let bundle = short(&told.bundle);
            checks.push(Check::ok("config", format!("nothing is wrong, bundle {bundle}")));
            checks.push(tokens(told));
            checks.push(reviewers(told));
            checks.extend(recipients(told, today));
            checks.extend(senders(told, today));
        }
        Err(mistakes) => {
            let first = mistakes.first().map_or("", String::as_str);
            let found = format!("{} mistakes; the first: {first}", mistakes.len());
            checks.push(Check::wrong("config", wrong::CONFIG_WRONG, found));
        }
    }
    checks.extend(facts.keys.as_ref().map(|told| keys(told, holds_nothing(facts))));
    checks.extend(facts.folder.as_ref().into_iter().flat_map(folder));
    checks.extend(facts.files.map(files));
    checks.extend(facts.tls.iter().map(|(server, greeted)| tls(server, greeted, facts.now)));
    if let Some(bytes) = facts.log.filter(|bytes| *bytes > LONG_LOG) {
        let found = format!("{} MiB of its log are not copied back", bytes >> 20);
        checks.push(Check::wrong("database", wrong::LOG_LONG, found));
    }
    match &facts.database {
        None => {}
        Some(Database::New) => {
            checks.push(Check::wrong("database", wrong::DATABASE_NEW, "there is none yet"));
        }
        Some(Database::Locked(who)) => checks.push(Check::wrong("database", wrong::DATABASE_LOCKED, who)),
        Some(Database::Away(why)) => checks.push(Check::wrong("database", wrong::DATABASE_AWAY, why)),
        Some(Database::Damaged(why)) => checks.push(Check::wrong("database", wrong::DATABASE_DAMAGED, why)),
        Some(Database::Schema(which)) => checks.push(Check::wrong("database", wrong::SCHEMA_OTHER, which)),
        Some(Database::There {
            health,
            breaches,
            clock: agrees,
            undecided,
            quarantined,
            open,
            wrapped,
            halts,
            expired,
            unapproved,
            reviews,
            waiting,
            untold,
        }) => {
            checks.push(Check::ok("database", health.engine.clone()));
            if *wrapped > LIMIT / 2 {
                let found = format!("a key has wrapped up to {wrapped} of {LIMIT} values");
                checks.push(Check::wrong("keys", wrong::KEYS_WORN, found));
            }
            checks.extend(breaches.iter().map(|breach| {
                let found = format!("{}: {}", breach.recipient, breach.found);
                Check::wrong("contract", wrong::CONTRACT_CHANGED, found)
            }));
            let differs = |wrong: &WrongClock| Check::wrong("clock", wrong::CLOCK_DIFFERS, wrong.to_string());
            checks.push(agrees.as_ref().err().map_or_else(|| clock(health, facts.now), differs));
            checks.push(decisions(health, *undecided, facts.now));
            checks.push(match quarantined {
                0 => Check::ok("quarantine", "nothing was put aside"),
                some => {
                    Check::wrong("quarantine", wrong::QUARANTINE, format!("{some} messages were put aside"))
                }
            });
            checks.push(deliveries(health, *open, facts.kafka.is_some(), facts.now));
            checks.extend(halts.iter().map(halted));
            checks.extend(expired.iter().map(|(recipient, count)| {
                let found = format!("{count} records left {} before they were read back", recipient.topic());
                Check::wrong("deliveries", wrong::DELIVERY_UNPROVED, found)
            }));
            checks.extend(unapproved.oldest.map(|since| first_load(unapproved.count, since)));
            let long = facts.now - TimeDelta::days(REVIEW_DAYS);
            let late = reviews.oldest.filter(|since| *since < long);
            checks.extend(late.map(|since| review(reviews.count, since)));
            checks.extend(waiting.oldest.map(|since| waits(waiting.count, since)));
            checks.extend(untold.iter().map(unheard));
            checks.extend(facts.config.as_ref().ok().map(|told| bundle(health, told)));
        }
    }
    checks.extend(sources(facts));
    checks.extend(facts.signs_in.as_ref().and_then(password));
    match &facts.kafka {
        None => checks.push(Check::ok("kafka", "not configured: recipients read the feed")),
        Some(Err(Unreached::Away(why))) => checks.push(Check::wrong("kafka", wrong::KAFKA_AWAY, why)),
        Some(Err(Unreached::Refused(why))) => checks.push(Check::wrong("kafka", wrong::KAFKA_REFUSED, why)),
        Some(Ok(topics)) => {
            let as_whom =
                facts.signs_in.as_ref().map(|who| format!(" to {}", who.as_whom)).unwrap_or_default();
            checks.push(Check::ok("kafka", format!("the brokers answer{as_whom}")));
            checks.extend(topics.iter().map(topic).filter(|found| !told(&checks, found)).collect::<Vec<_>>());
        }
    }
    checks
}

/// Who may read the password at the brokers, where that is more than its owner.
fn password(who: &SignsIn) -> Option<Check> {
    let mode = who.mode.filter(|mode| mode & 0o077 != 0)?;
    let found = format!("{} has the mode {:o}", who.password_file.display(), mode & 0o777);
    Some(Check::wrong("kafka", wrong::PASSWORD_EXPOSED, found))
}

fn tokens(told: &Told) -> Check {
    match (told.environment, told.dev_tokens) {
        (Environment::Production, 1..) => {
            Check::wrong("tokens", wrong::DEV_TOKENS, format!("{} senders have one", told.dev_tokens))
        }
        (Environment::Production, 0) => Check::ok("tokens", "no development token"),
        (Environment::Test, some) => {
            Check::ok("tokens", format!("{some} development tokens, in a test environment"))
        }
    }
}

fn reviewers(told: &Told) -> Check {
    match told.reviewers {
        0 | 1 => {
            Check::wrong("reviewers", wrong::REVIEWERS_FEW, format!("{} may answer a review", told.reviewers))
        }
        some => Check::ok("reviewers", format!("{some} people may answer a review")),
    }
}

/// Whether a basis holds today and for how long still: what the next one continues counts.
fn until(bases: &[LegalBasis], today: Day) -> Option<Option<Day>> {
    let mut on = today;
    loop {
        let basis = bases.iter().find(|basis| basis.holds(on));
        match (basis, basis.and_then(|basis| basis.to)) {
            (None, _) => return (on > today).then(|| on.pred_opt()),
            (Some(_), None) => return Some(None),
            (Some(_), Some(to)) => on = to.succ_opt()?,
        }
    }
}

fn recipients(told: &Told, today: Day) -> Vec<Check> {
    let soon = today.checked_add_days(Days::new(BASIS_DAYS)).unwrap_or(Day::MAX);
    let one = |(recipient, bases): &(_, Vec<LegalBasis>)| match until(bases, today) {
        None => {
            Some(Check::wrong("contract", wrong::BASIS_NONE, format!("{recipient} has no legal basis today")))
        }
        Some(Some(end)) if end <= soon => {
            Some(Check::wrong("contract", wrong::BASIS_ENDS, format!("that of {recipient} ends on {end}")))
        }
        Some(_) => None,
    };
    let found: Vec<Check> = told.recipients.iter().filter_map(one).collect();
    if !found.is_empty() {
        return found;
    }
    let recipients = told.recipients.len();
    vec![Check::ok(
        "contract",
        format!("{recipients} recipients have a legal basis for {BASIS_DAYS} days and more"),
    )]
}

fn senders(told: &Told, today: Day) -> Vec<Check> {
    let without = told.senders.iter().filter(|(_, _, bases)| until(bases, today).is_none());
    let mut found: Vec<Check> = without
        .map(|(name, source, _)| {
            Check::wrong("sender", wrong::SENDER_BASIS, format!("{name} may not send to {source} today"))
        })
        .collect();
    let unused = |source: &&&str| !told.senders.iter().any(|(_, used, _)| used == **source);
    found.extend(
        told.sources.iter().filter(unused).map(|source| {
            Check::wrong("sender", wrong::SOURCE_UNUSED, format!("nobody may send to {source}"))
        }),
    );
    if found.is_empty() {
        found.push(Check::ok("sender", format!("each of {} sources has a sender", told.sources.len())));
    }
    found
}

/// Whether nothing was sealed yet: then no key is missing.
fn holds_nothing(facts: &Facts) -> bool {
    match &facts.database {
        Some(Database::New) => true,
        Some(Database::There { health, .. }) => health.first_received.is_none(),
        Some(Database::Locked(_) | Database::Away(_) | Database::Schema(_) | Database::Damaged(_)) | None => {
            false
        }
    }
}

fn keys(told: &KeyFile, nothing_sealed: bool) -> Check {
    let file = told.file.display();
    match (told.exists, &told.unreadable, told.mode) {
        (false, _, _) if nothing_sealed => {
            Check::wrong("keys", wrong::KEYS_NEW, format!("{file} is not there yet, and nothing is sealed"))
        }
        (false, _, _) => Check::wrong("keys", wrong::KEYS_MISSING, format!("{file} is not there")),
        (true, Some(why), _) => Check::wrong("keys", wrong::KEYS_UNREADABLE, why),
        (true, None, Some(mode)) if mode & 0o077 != 0 => {
            Check::wrong("keys", wrong::KEYS_EXPOSED, format!("{file} has the mode {:o}", mode & 0o777))
        }
        (true, None, _) => Check::ok("keys", format!("{file} reads, for its owner only")),
    }
}

fn folder(told: &Folder) -> Vec<Check> {
    let path = told.path.display();
    let writable = match (told.exists, told.writable) {
        (true, true) => Check::ok("folder", format!("{path} can be written")),
        (false, true) => Check::ok("folder", format!("{path} is not there yet and can be made")),
        (true, false) => Check::wrong("folder", wrong::FOLDER_READ_ONLY, format!("{path} cannot be written")),
        (false, false) => Check::wrong("folder", wrong::FOLDER_READ_ONLY, format!("{path} cannot be made")),
    };
    let room = told.free.map(|free| {
        let found = format!("{:.1} GiB are free in {path}", free as f64 / GIB as f64);
        match free {
            ..GIB => Check::wrong("disk", wrong::DISK_FULL, found),
            free if free < 5 * GIB => Check::wrong("disk", wrong::DISK_LOW, found),
            _ => Check::ok("disk", found),
        }
    });
    [Some(writable), room].into_iter().flatten().collect()
}

fn files(limit: u64) -> Check {
    let found = format!("{limit} files may be open");
    if limit < FEW_FILES { Check::wrong("files", wrong::FILES_FEW, found) } else { Check::ok("files", found) }
}

fn tls(server: &str, greeted: &Result<Peer, Trouble>, now: Instant) -> Check {
    match greeted {
        Err(trouble) => Check::wrong("tls", wrong::TLS_REFUSED, format!("{server}: {trouble}")),
        Ok(Peer { subject, until }) => {
            let found = format!("{server} is {subject} until {until}");
            let soon = *until - now < TLS_SOON;
            if soon { Check::wrong("tls", wrong::TLS_ENDS, found) } else { Check::ok("tls", found) }
        }
    }
}

fn clock(health: &TableHealth, now: Instant) -> Check {
    match health.last_known_at {
        Some(last) if health.story => {
            let look =
                "`hub tap`, `hub explain`, `hub replay --verify` and `hub review list` show what came of it";
            Check::ok("clock", format!("a story's, which stands at {last}: {look}"))
        }
        Some(last) if last > now => {
            let found = format!("it is {now}, and the last decision was made at {last}");
            Check::wrong("clock", wrong::CLOCK_BEHIND, found)
        }
        Some(last) => Check::ok("clock", format!("after the last decision, {last}")),
        None => Check::ok("clock", "nothing was decided yet"),
    }
}

fn decisions(health: &TableHealth, undecided: u64, now: Instant) -> Check {
    let held = lease(health, "decider");
    match health.oldest_undecided {
        Some(oldest) if now - oldest > LATE => {
            let found = format!("{undecided} messages wait, the oldest since {oldest}; {held}");
            Check::wrong("decisions", wrong::NOBODY_DECIDES, found)
        }
        _ if undecided > MANY_MESSAGES => {
            Check::wrong("decisions", wrong::BACKLOG, format!("{undecided} messages wait; {held}"))
        }
        _ => Check::ok("decisions", format!("{undecided} messages wait; {held}")),
    }
}

fn deliveries(health: &TableHealth, open: u64, kafka: bool, now: Instant) -> Check {
    let held = if kafka { lease(health, "relay") } else { "recipients read the feed".to_owned() };
    let patience = if kafka { LATE } else { TimeDelta::days(UNREAD_DAYS.cast_signed()) };
    let oldest = health.oldest_open.iter().min_by_key(|(_, _, at)| *at);
    match oldest.filter(|(_, _, at)| now - *at > patience) {
        Some((recipient, sequence, at)) => {
            let found =
                format!("{open} records are not proved, the oldest {recipient}:{sequence} of {at}; {held}");
            let relays = health.leases.iter().any(|lease| lease.name == "relay" && lease.left > 0);
            let problem = if kafka && !relays { wrong::NOBODY_RELAYS } else { wrong::DELIVERY_LATE };
            Check::wrong("deliveries", problem, found)
        }
        None => Check::ok("deliveries", format!("{open} records are not proved yet; {held}")),
    }
}

fn lease(health: &TableHealth, name: &str) -> String {
    match health.leases.iter().find(|lease| lease.name == name) {
        None => format!("nobody ever was {name}"),
        Some(LeaseRow { owner, left, .. }) if *left > 0 => format!("{owner} is {name} for {left} s more"),
        Some(LeaseRow { owner, left, .. }) => {
            format!("{owner} was the last {name}, until {} s ago", left.abs())
        }
    }
}

fn bundle(health: &TableHealth, told: &Told) -> Check {
    match &health.bundle {
        Some(active) if *active != told.bundle => {
            let found = format!(
                "the last decision rested on {}, the folder has {}",
                short(active),
                short(&told.bundle)
            );
            Check::wrong("bundle", wrong::BUNDLE_PENDING, found)
        }
        Some(_) => Check::ok("bundle", "the last decision rested on the folder's"),
        None => Check::ok("bundle", "nothing was decided yet"),
    }
}

/// What each source has sent, where that is a matter of this machine's clock.
fn sources(facts: &Facts) -> Vec<Check> {
    let Some(Database::There { health, .. }) = &facts.database else { return vec![] };
    if health.story {
        return vec![Check::ok("source", "a story was played to its end")];
    }
    let Some(first) = health.first_received else {
        return vec![Check::ok("source", "nothing was received yet: `hub push` sends a file")];
    };
    let one = |(source, last): &(String, Option<Instant>)| match last {
        Some(at) if facts.now - *at <= SILENT => {
            let hours = (facts.now - *at).num_hours().max(0);
            Check::ok("source", format!("{source} sent something {hours} hours ago"))
        }
        None if facts.now - first <= SILENT => Check::ok("source", format!("{source} sent nothing yet")),
        last => {
            let days = SILENT.num_days();
            let since = last.map_or_else(|| ", nor ever".to_owned(), |at| format!(", since {at}"));
            Check::wrong(
                "source",
                wrong::SOURCE_SILENT,
                format!("{source} sent nothing for {days} days{since}"),
            )
        }
    };
    facts.received.iter().map(one).collect()
}

/// What stops a topic, as the relay or the auditor found it. Each code of theirs is one of ours.
fn halted(halt: &HaltRow) -> Check {
    let HaltRow { recipient, part, code, detail, since } = halt;
    let problem = wrong::PROBLEMS.iter().find(|problem| problem.code == code.as_str());
    let found = format!("{}: {detail} (by the {part}, since {since})", recipient.topic());
    Check::wrong("topic", **problem.unwrap_or(&&wrong::TOPIC_STUCK), found)
}

/// Nothing is opened for who was loaded first: somebody must say that it may be.
fn first_load(persons: u64, since: Instant) -> Check {
    let found = format!("{persons} persons wait for the approval of a first load, since {since}");
    Check::wrong("first load", wrong::LOAD_UNAPPROVED, found)
}

/// Somebody may be known as two persons for as long as nobody looks.
fn review(open: u64, since: Instant) -> Check {
    let found = format!("{open} links wait for a human, since {since}");
    Check::wrong("reviews", wrong::REVIEW_WAITS, found)
}

/// What is known of somebody nobody is known for does nothing.
fn waits(records: u64, since: Instant) -> Check {
    let found = format!("{records} records wait for their person to be known, since {since}");
    Check::wrong("reviews", wrong::RECORD_WAITS, found)
}

/// An agency leaves offers unanswered, and whoever is to hear of it does not.
fn unheard(alert: &AlertRow) -> Check {
    let AlertRow { recipient, since, attempts, trouble, .. } = alert;
    let trouble = trouble.as_deref().unwrap_or("no answer");
    let found =
        format!("{recipient} leaves offers unanswered since {since}; told {attempts} times: {trouble}");
    Check::wrong("alert", wrong::ALERT_REFUSED, found)
}

/// Whether the same was told of the same topic already.
fn told(checks: &[Check], found: &Check) -> bool {
    let name = |check: &Check| check.found.split([':', ' ']).next().map(str::to_owned);
    checks.iter().any(|check| check.code.is_some() && check.code == found.code && name(check) == name(found))
}

fn topic(topic: &TopicState) -> Check {
    let TopicState { name, partitions, refused, retention_ms, policy, codec, .. } = topic;
    let tell = |problem: DoctorProblem, found: String| Check::wrong("topic", problem, found);
    // The relay's own topic keeps the last position of each key, however old.
    let positions = !name.starts_with("voortraject.");
    let short_lived = |ms: &i64| (0..RETENTION_MS).contains(ms);
    match (partitions, refused) {
        (_, Some(why)) => tell(wrong::TOPIC_REFUSED, format!("{name}: {why}")),
        (None, None) => tell(wrong::TOPIC_MISSING, format!("{name} is not there")),
        (Some(1), None) => match (retention_ms.filter(short_lived), policy, codec) {
            (_, Some(policy), _) if policy.contains("compact") && !positions => {
                tell(wrong::TOPIC_COMPACTED, format!("{name} has the cleanup.policy {policy}"))
            }
            (_, _, Some(codec)) if !READABLE.contains(&codec.as_str()) && !positions => {
                tell(wrong::TOPIC_CODEC, format!("{name} keeps records in {codec}"))
            }
            (Some(ms), _, _) if !positions => {
                tell(wrong::TOPIC_RETENTION, format!("{name} keeps records for {ms} ms"))
            }
            _ => Check::ok("topic", format!("{name} has one partition")),
        },
        (Some(some), None) => tell(wrong::TOPIC_PARTITIONS, format!("{name} has {some} partitions")),
    }
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
