//! A walk through a life, drawn from a number: every kind of message there is, in true or in wild weather, answers and
//! orders at any time, and time that passes.
//!
//! In true weather nothing is heard before it is said, and each thing comes up to 45 days late; in wild weather the
//! order is chance, and things are said of the future. The same number is the same walk.

use std::collections::BTreeSet;

use decide::bundle::{OpenFiles, TerritoryChange};
use decide::handover::table::orders;
use schemas::fact::{
    Decision, Fact, FeePayment, LanguageLevel, LearningStep, PermitRole, Purpose, Region, RegisterStanding,
    Sex, Statement,
};
use schemas::handover::{AnswerKind, OrderName, RejectCode};
use schemas::ids::MessageId;
use schemas::message::{Body, BundleHash, ReviewAnswer, TaskFailed};
use schemas::municipality::NisCode;
use schemas::partial::PartialDate;
use schemas::reference::PermitNumber;
use schemas::time::Day;

use super::engine::Dice;
use super::house::HASH;
use super::pair::{two, whole_bridge};
use super::{
    Home, House, Who, account, also, announced, application, at_street, choice, country, day, exempt, fee,
    learned, mac, number_given, objection, ordered, parted, patched, path, permit, platform_linked,
    redeliver, register, reviewed_by, shown, since, status, talked, test_insz, voided, withdrawn,
};

const HOMES: [&str; 10] =
    ["44021", "11002", "62063", "21004", "24062", "21015", "11007", "46014", "63023", "99999"];
const CHOICES: [&str; 5] = ["bon", "bapa-via:fr", "bapa-bxl:nl", "bapa-via", "bapa-bxl:fr"];
/// Mostly where somebody is competent; as well in the French language area, nowhere that is known, and not said.
const BOUND: [Option<&str>; 7] = [
    Some("Gent"),
    Some("Gent"),
    Some("Antwerpen"),
    Some("Brussel"),
    Some("Luik"),
    Some("Nergenshuizen"),
    None,
];
const PURPOSES: [Purpose; 5] =
    [Purpose::FamilyReunification, Purpose::Work, Purpose::FamilyOfWorker, Purpose::Study, Purpose::Other];
const DECISIONS: [Decision; 4] = [Decision::Pending, Decision::Granted, Decision::Refused, Decision::Revoked];

const STEPS: [LearningStep; 5] = [
    LearningStep::Begun,
    LearningStep::Completed,
    LearningStep::Failed,
    LearningStep::Passed,
    LearningStep::Waived,
];

/// What is said, when it is said and when it is heard.
pub(super) struct Drawn {
    pub(super) heard: Day,
    pub(super) body: Body,
    pub(super) words: String,
}

/// One step of a walk, in words, so that a break can be read.
pub(crate) type Log = Vec<String>;

/// Walks a life; `look` is called after every message with the house and what happened so far.
pub(crate) fn walk(number: u64, wild: bool, look: impl FnMut(&mut House, &Log)) {
    walk_in(House::forgetful(), number, wild, look);
}

/// The same in this house.
pub(crate) fn walk_in(mut house: House, number: u64, wild: bool, look: impl FnMut(&mut House, &Log)) {
    let mut dice = dice(number);
    rules(&mut house, &mut dice);
    let who = drawn(&mut dice);
    let said = script(&[&who], &mut dice, day("2024-11-01"), wild);
    live(house, dice, said, vec![format!("walk {number}")], look);
}

/// Walks the life of one human whom the hub knows as two persons, each with a number of their own, until a record names
/// every number of both.
pub(crate) fn walk_of_two(number: u64, wild: bool, look: impl FnMut(&mut House, &Log)) {
    walk_of_two_in(House::forgetful(), number, wild, look);
}

/// The same, and at any time the desk takes somebody apart, rightly or wrongly.
pub(crate) fn walk_of_splits(number: u64, wild: bool, look: impl FnMut(&mut House, &Log)) {
    let mut house = House::forgetful();
    house.splits = true;
    walk_of_two_in(house, number, wild, look);
}

fn walk_of_two_in(mut house: House, number: u64, wild: bool, look: impl FnMut(&mut House, &Log)) {
    let mut dice = dice(number);
    rules(&mut house, &mut dice);
    let ((a, _), (b, _)) = two(&mut house);
    house.tell(number_given(&a, "2025-03-01"));
    house.tell(number_given(&b, "2025-03-01"));
    let mut said = script(&[&a, &b], &mut dice, day("2025-03-01"), wild);
    let at = dice.roll(said.len());
    let bridge = Drawn { heard: said[at].heard, body: whole_bridge(&a, &b), words: "bridge".to_owned() };
    said.insert(at, bridge);
    live(house, dice, said, vec![format!("walk of two {number}")], look);
}

pub(super) fn dice(number: u64) -> Dice {
    Dice(number.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(3_037_000_493))
}

/// Says what was drawn, on its day; after each somebody may answer or order something.
fn live(
    mut house: House,
    mut dice: Dice,
    said: Vec<Drawn>,
    mut log: Log,
    mut look: impl FnMut(&mut House, &Log),
) {
    for said in said {
        house.until(&said.heard.to_string());
        look(&mut house, &log);
        log.push(format!("{}: {}", said.heard, said.words));
        house.say(&said.words, said.body);
        look(&mut house, &log);
        for _ in 0..dice.roll(3) {
            if let Some(words) = reaction(&mut house, &mut dice) {
                log.push(words);
                look(&mut house, &log);
            }
        }
    }
    let end = schemas::time::day_of(house.at) + chrono::Days::new(dice.roll(400) as u64);
    house.until(&end.to_string());
    look(&mut house, &log);
}

/// Some bases end or begin on the way, some territories change, and some lives are loaded first.
pub(super) fn rules(house: &mut House, dice: &mut Dice) {
    for contract in &mut house.bundle.contracts {
        match dice.roll(12) {
            0 => contract.bases[0].to = Some(day("2025-06-30")),
            1 => contract.bases[0].from = day("2025-05-01"),
            2 => {
                let mut renewed = contract.bases[0].clone();
                contract.bases[0].to = Some(day("2025-04-30"));
                renewed.from = day("2025-07-01");
                contract.bases.push(renewed);
            }
            _ => {}
        }
    }
    let open_files = [OpenFiles::Keep, OpenFiles::MoveNotAccepted, OpenFiles::MoveAll][dice.roll(3)];
    let nis = NisCode::parse("11007").unwrap();
    house.bundle.changes = vec![TerritoryChange { nis, on: day("2025-01-01"), open_files }];
    house.baseline = [Some(day("2025-02-01")), Some(day("2027-01-01"))].get(dice.roll(12)).copied().flatten();
}

/// What is said of these from a day on, in the order in which it is heard.
pub(super) fn script(of: &[&Who], dice: &mut Dice, first: Day, wild: bool) -> Vec<Drawn> {
    let mut stated = first;
    let mut said = vec![];
    for n in 0..6 + dice.roll(14) {
        stated = stated + chrono::Days::new(dice.roll(45) as u64);
        let (words, body) = statement(of[dice.roll(of.len())], dice, n, stated, wild);
        let heard = if wild {
            first + chrono::Days::new(dice.roll(420) as u64)
        } else {
            stated + chrono::Days::new(dice.roll(45) as u64)
        };
        said.push(Drawn { heard, body, words });
    }
    said.sort_by_key(|said| said.heard);
    said
}

/// Mostly an adult of a third country, sometimes somebody at an edge of the target group.
fn drawn(dice: &mut Dice) -> Who {
    let who = Who::number(dice.roll(50));
    match dice.roll(14) {
        0 => Who { birth: "2007-05-10".to_owned(), ..who },
        1 => Who { birth: "2007-00-00".to_owned(), ..who },
        2 => Who { birth: "2007-04-00".to_owned(), ..who },
        3 => Who { nationality: "FRA", ..who },
        _ => who,
    }
}

/// Something that a source says on a day.
fn statement(who: &Who, dice: &mut Dice, n: usize, on: Day, wild: bool) -> (String, Body) {
    let text = on.to_string();
    let on = text.as_str();
    let again = who.elsewhere();
    let sequence = 2 + n as u64;
    let mut words = String::new();
    let mut told = |what: String| words = what;
    let whom = if dice.roll(5) == 0 { &again } else { who };
    let body = match if n == 0 { 0 } else { dice.roll(32) } {
        0 | 1 => {
            let purpose =
                if dice.roll(2) == 0 { Purpose::FamilyReunification } else { PURPOSES[dice.roll(5)] };
            let ground = (dice.roll(8) == 0).then(|| "40bis".to_owned());
            let (bound, needs_visa) = (BOUND[dice.roll(BOUND.len())], dice.roll(6) > 0);
            told(format!("application {purpose:?} {ground:?} to {bound:?}, visa {needs_visa}, at {on}"));
            let body = super::bound(application(whom, purpose, on), bound.and_then(super::to));
            super::patched_application(body, |applied| {
                applied.needs_visa = needs_visa;
                applied.entry_on = (bound.is_none()).then_some(applied.filed_on);
                applied.ground = ground.clone().or(applied.ground.take());
            })
        }
        2..=4 => {
            let decision = DECISIONS[[1, 1, 1, 0, 2, 3][dice.roll(6)]];
            told(format!("{decision:?} at {on}"));
            status(whom, decision, sequence, on)
        }
        5 => {
            told(format!("withdrawn at {on}"));
            withdrawn(whom, sequence, on)
        }
        6 => {
            let decision = DECISIONS[dice.roll(4)];
            let region =
                [Region::Flanders, Region::Flanders, Region::Brussels, Region::Wallonia][dice.roll(4)];
            let family = dice.roll(3) == 0;
            told(format!("permit {decision:?} {region:?} family {family} at {on}"));
            let worker = PermitNumber::parse("GV-2025-099999").unwrap();
            patched(permit(whom, decision, on), |record| {
                for fact in &mut record.facts {
                    if let Statement::Permit(permit) = &mut fact.statement {
                        permit.region = region;
                        if family {
                            permit.role = PermitRole::Family(worker.clone());
                        }
                    }
                }
            })
        }
        7 | 8 => {
            told(format!("number at {on}"));
            number_given(whom, on)
        }
        9..=14 => {
            let nis = HOMES[[0, 0, 1, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9][dice.roll(13)]];
            let ahead =
                if wild || dice.roll(5) == 0 { dice.roll(120) as i64 - 60 } else { -(dice.roll(20) as i64) };
            let begins = |days: i64| (day(on) + chrono::TimeDelta::days(days)).to_string();
            let answer = register(who, Home::In(nis, &begins(ahead)), on);
            let hidden = dice.roll(8) == 0;
            told(format!("home {nis} since {} hidden {hidden} at {on}", begins(ahead)));
            let answer = at_street(answer, "Teststraat", hidden);
            match dice.roll(6) {
                0 => also(answer, HOMES[dice.roll(9)], &begins(ahead + 30)),
                1 => hint(answer),
                _ => answer,
            }
        }
        15 => {
            let gone = if dice.roll(4) == 0 { Home::Deceased } else { Home::Left };
            told(format!("{gone:?} at {on}"));
            let ahead = day(on) + chrono::TimeDelta::days(dice.roll(60) as i64 - 30);
            let answer = register(who, gone, on);
            if dice.roll(2) == 0 { since(answer, &ahead.to_string()) } else { answer }
        }
        16 => {
            told(format!("known at {on}"));
            let answer = register(who, Home::Nowhere, on);
            if dice.roll(3) > 0 {
                return (words, answer);
            }
            patched(answer, |record| {
                for fact in &mut record.facts {
                    if matches!(fact.statement, Statement::Standing(_)) {
                        fact.statement = Statement::Standing(RegisterStanding::Cancelled);
                    }
                }
            })
        }
        17 => {
            told(format!("replaced at {on}"));
            register(who, Home::Replaced(test_insz(500)), on)
        }
        18 => {
            told(format!("account at {on}"));
            account(who, on)
        }
        19 | 20 => {
            let chosen = CHOICES[dice.roll(5)];
            told(format!("choice {chosen} at {on}"));
            choice(who, chosen, on)
        }
        21 => {
            if dice.roll(3) > 0 {
                told(format!("path at {on}"));
                return (words, path(who, &["B1", "L1"], on));
            }
            told(format!("objection at {on}"));
            objection(who, on)
        }
        22 if dice.roll(3) == 0 => {
            let nis = HOMES[dice.roll(9)];
            told(format!("hint {nis} by the door at {on}"));
            super::hint(who, nis, on)
        }
        22 => {
            told(format!("notice at {on}"));
            announced(who.insz, on)
        }
        23 => {
            told(format!("learned at {on}"));
            match dice.roll(3) {
                0 => platform_linked(who, on),
                1 => voided(dice.roll(3), on),
                _ => learned(who, dice.roll(3), "B1", STEPS[dice.roll(STEPS.len())], on),
            }
        }
        26 => {
            let needs = [&[][..], &["device"], &["connection", "skills"]][dice.roll(3)];
            let language = [None, Some("nl"), Some("en")][dice.roll(3)];
            told(format!("talked: {needs:?} in {language:?} at {on}"));
            talked(who, needs, language, on)
        }
        27 => {
            let payment = [FeePayment::Paid, FeePayment::Refunded][dice.roll(2)];
            told(format!("fee {payment:?} at {on}"));
            fee(who, payment, on)
        }
        28 => {
            let holds = dice.roll(3) > 0;
            told(format!("exempt {holds} at {on}"));
            exempt(who, ["cat-1", "cat-99"][dice.roll(2)], holds, on)
        }
        29 => {
            let level = [None, Some(LanguageLevel::A2), Some(LanguageLevel::B1)][dice.roll(3)];
            let holds = dice.roll(3) > 0;
            told(format!("test elsewhere {level:?} {holds} at {on}"));
            shown(who, level, ["cnavt", "a-school"][dice.roll(2)], holds, on)
        }
        30 => {
            let destination = BOUND[dice.roll(BOUND.len())];
            let (lives_here, through_post) = (dice.roll(4) == 0, dice.roll(4) == 0);
            told(format!("permit of a worker to {destination:?}, lives here {lives_here}, at {on}"));
            let row = super::patched_permit(permit(whom, DECISIONS[dice.roll(4)], on), |permit| {
                (permit.lives_here, permit.through_post) = (lives_here, through_post);
            });
            super::bound(row, destination.and_then(super::to))
        }
        31 => {
            told(format!("sex, contact and language at {on}"));
            patched(application(whom, Purpose::FamilyReunification, on), |record| {
                let email = Statement::Email("someone@mail.example".to_owned());
                let phone = Statement::Phone("+32900000000".to_owned());
                let language = ["ar", "tr"][dice.roll(2)].to_owned();
                let more = [Statement::Sex(Sex::Other), email, phone, Statement::Language(language)];
                let first = record.facts[0].clone();
                record.facts.extend(more.map(|statement| Fact { statement, ..first.clone() }));
            })
        }
        24 => {
            told("a task failed".to_owned());
            let failed = TaskFailed { insz: who.insz, code: "30001".to_owned() };
            Body::TaskFailed { failed, key: mac(&schemas::key::Key::Insz(who.insz)) }
        }
        _ => {
            let (nationality, birth) = (["FRA", "MAR", "STATELESS"][dice.roll(2)], "1990-02-03");
            told(format!("register says {nationality} at {on}"));
            let other = Who { nationality, ..who.clone() };
            if dice.roll(4) == 0 {
                return (words, Body::Bundle(BundleHash(String::new())));
            }
            patched(register(&other, Home::Nowhere, on), |record| {
                for fact in &mut record.facts {
                    if let (Statement::Birth(born), 0) = (&mut fact.statement, n % 5) {
                        *born = PartialDate::parse(birth).unwrap();
                    }
                }
                let _ = country(nationality);
            })
        }
    };
    (words, body)
}

/// The same, said by a municipality and not by the register.
fn hint(answer: Body) -> Body {
    patched(answer, |record| {
        for fact in &mut record.facts {
            fact.version.channel = format!("hint/{}", fact.version.channel);
        }
    })
}

/// An agency answers, the desk orders or reviews, somebody asks for a record again.
pub(super) fn reaction(house: &mut House, dice: &mut Dice) -> Option<String> {
    if house.splits && dice.roll(12) == 0 {
        let people = house.people();
        let person = people.get(dice.roll(people.len().max(1)))?.id;
        let all = house.all_records_of(person);
        let records: BTreeSet<MessageId> = all.into_iter().filter(|_| dice.roll(2) == 0).collect();
        for by in ["lucas", "nora"] {
            house.tell(parted(person, &records, by));
        }
        return Some(format!("split of {} records", records.len()));
    }
    match dice.roll(9) {
        0 => {
            let handovers: Vec<_> =
                house.people().iter().flat_map(|person| &person.state.handovers).collect();
            let handover = handovers.get(dice.roll(handovers.len().max(1)))?;
            // Mostly one that may be possible.
            let possible = orders(handover.stage());
            let among =
                if possible.is_empty() || dice.roll(4) == 0 { &OrderName::ALL } else { possible.as_slice() };
            let (handover, order) = (handover.id, among[dice.roll(among.len())]);
            house.tell(ordered(handover, order));
            Some(format!("order {order:?}"))
        }
        1 => {
            let open = house.people().into_iter().find_map(|person| {
                let (id, may_be) = person.state.open_reviews.iter().next()?;
                Some((*id, may_be.candidates.iter().next().copied()))
            });
            let (review, other) = open?;
            let answer = match other.filter(|_| dice.roll(2) == 0) {
                Some(other) => ReviewAnswer::Same(other),
                None => ReviewAnswer::Different,
            };
            for by in ["lucas", "nora"] {
                house.tell(reviewed_by(review, answer, by));
            }
            Some(format!("review {answer:?}"))
        }
        2 => {
            let streams: Vec<_> =
                house.people().iter().flat_map(|person| person.open_streams()).map(|s| s.id).collect();
            house.tell(redeliver(*streams.get(dice.roll(streams.len().max(1)))?));
            Some("redeliver".to_owned())
        }
        3 => {
            let people = house.people();
            let person = people.get(dice.roll(people.len().max(1)))?;
            let (person, version) = (person.id, person.version - dice.roll(6).min(1) as u64);
            let (reason, by) = ("agreed".to_owned(), super::by());
            let lifts = dice.roll(3) == 0;
            house.tell(if lifts {
                Body::Lifted { person, reason, by }
            } else {
                Body::Approved { person, version, reason, by }
            });
            Some(if lifts { "lifted" } else { "approved" }.to_owned())
        }
        _ => {
            let offers = house.on_the_table();
            let offer = offers.get(dice.roll(offers.len().max(1)))?.clone();
            house.pick_up(&offer);
            let (by, sequence) = (offer.recipient.as_str(), offer.sequence);
            let answer = match dice.roll(12) {
                0..=3 => AnswerKind::Received { sequence, payload_hash: HASH },
                4..=6 => AnswerKind::Accepted,
                7 => AnswerKind::Rejected { code: RejectCode::ALL[dice.roll(9)] },
                8 => AnswerKind::TrajectoryStarted,
                9 => AnswerKind::PurgeConfirmed,
                10 => AnswerKind::Received { sequence, payload_hash: [0xcd; 32] },
                _ => {
                    house.received(by);
                    AnswerKind::Accepted
                }
            };
            let words = format!("{by} {answer:?}");
            house.answer(by, answer);
            Some(words)
        }
    }
}
