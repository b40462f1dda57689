//! The lives of a year: what sources say about each human, with the days on which it is so and on which it is heard.
//!
//! A life is drawn from the seed and its own number alone; a line is small, and becomes a body when its day comes. It draws all
//! that the vocabulary can say. Refuses to answer for agencies.

use schemas::fact::{Decision, LearningStep, PermitRole, Purpose, Region, RegisterStanding, Statement};
use schemas::insz::Insz;
use schemas::key::Key;
use schemas::message::{Body, TaskFailed};
use schemas::partial::PartialDate;
use schemas::reference::PermitNumber;
use schemas::time::Day;

use super::filing;
use super::say::{self, Home};
use super::{DAYS, Dice, Who, begins, day};
use crate::people::{family_name, test_number};

/// Everybody says at least so much, or has it said.
const LEAST: usize = 20;
/// The last day on which a life begins to be heard of.
const LAST: u64 = 180;
const HOMES: [&str; 10] =
    ["44021", "11002", "24062", "21004", "21015", "46021", "11007", "62063", "63023", "99999"];
/// Of a hundred who arrive, by home.
const SHARES: [u64; 10] = [20, 28, 14, 10, 8, 10, 3, 5, 1, 1];
const TO: [Option<&str>; 8] = [
    Some("Gent"),
    Some("Antwerpen"),
    Some("Leuven"),
    Some("Brussel"),
    Some("Schaarbeek"),
    Some("Luik"),
    Some("Nergenshuizen"),
    None,
];
const CHOICES: [&str; 6] =
    ["bon", "bapa-via:fr", "bapa-bxl:nl", "bapa-convivial:fr", "bapa-via", "bapa-bxl:fr"];
const MODULES: [&str; 4] = ["B1", "L1", "F1", "D1"];
const STEPS: [LearningStep; 6] = [
    LearningStep::Begun,
    LearningStep::Passed,
    LearningStep::Passed,
    LearningStep::Failed,
    LearningStep::Waived,
    LearningStep::Begun,
];

/// One thing that a source says.
#[derive(Clone, Copy, Debug)]
enum Says {
    Applied {
        purpose: Purpose,
        to: usize,
        asked: bool,
        needs_visa: bool,
    },
    Status(Decision),
    Withdrawn,
    Permit {
        decision: Decision,
        region: Region,
        family: bool,
    },
    Number,
    /// A home since so many days before, and another one announced.
    Home {
        home: usize,
        since: i16,
        hidden: bool,
        next: Option<(usize, i16)>,
    },
    Gone {
        deceased: bool,
        since: i16,
    },
    Known,
    Cancelled,
    Replaced,
    Hint(usize),
    Noticed,
    Account,
    Path,
    Linked,
    Chosen(usize),
    Objected,
    Learned {
        statement: usize,
        module: usize,
        step: usize,
    },
    Voided(usize),
    Failed,
    Corrected(&'static str),
}

/// A line of a life: said of a day, heard on a day, by the number of days since the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) heard: u16,
    pub(super) life: u32,
    /// Its place in the life.
    pub(super) n: u16,
    on: i16,
    /// About the second application.
    again: bool,
    says: Says,
}

struct Telling {
    dice: Dice,
    life: u32,
    lines: Vec<Line>,
}

impl Telling {
    /// Says it of a day, and has it heard up to so many days later; nothing is heard after the year.
    fn say(&mut self, on: u64, late: u64, says: Says) {
        self.say_about(false, on, late, says);
    }

    fn say_about(&mut self, again: bool, on: u64, late: u64, says: Says) {
        let heard = u16::try_from(on + self.dice.roll(late + 1)).unwrap();
        if heard < DAYS {
            let n = u16::try_from(self.lines.len()).unwrap();
            let on = i16::try_from(on).unwrap();
            self.lines.push(Line { heard, life: self.life, n, on, again, says });
        }
    }

    fn home(&mut self) -> usize {
        let mut at = self.dice.roll(100);
        let found = SHARES.iter().position(|share| {
            let here = at < *share;
            at = at.saturating_sub(*share);
            here
        });
        found.unwrap_or(0)
    }
}

/// Everything that is said about one human in the year, in the order of the telling.
pub(super) fn life(seed: u64, life: u32) -> Vec<Line> {
    let mut telling = Telling { dice: Dice::of(seed, life, 1), life, lines: vec![] };
    let start = 10 + telling.dice.roll(LAST);
    let granted = before_arrival(&mut telling, start);
    learning(&mut telling, start);
    if let Some(granted) = granted {
        arrival(&mut telling, granted);
    }
    while telling.lines.len() < LEAST {
        let on = start + 5 + telling.dice.roll(u64::from(DAYS) - start - 6);
        let step = usize::try_from(telling.dice.roll(STEPS.len() as u64)).unwrap();
        let statement = telling.lines.len();
        telling.say(on, 0, Says::Learned { statement, module: statement % MODULES.len(), step });
    }
    telling.lines
}

/// The application and what became of it; the day of the grant, where there is one.
fn before_arrival(telling: &mut Telling, start: u64) -> Option<u64> {
    use Purpose::{FamilyOfWorker, FamilyReunification, Other, Study, Work};
    let region = telling.dice.pick(&[
        Region::Flanders,
        Region::Flanders,
        Region::Flanders,
        Region::Brussels,
        Region::Wallonia,
    ]);
    let purpose = match telling.dice.roll(100) {
        0..60 => FamilyReunification,
        60..86 => Work,
        86..92 => FamilyOfWorker,
        92..97 => Study,
        _ => Other,
    };
    let permitted = matches!(purpose, Work | FamilyOfWorker);
    let permit = |decision| Says::Permit { decision, region, family: purpose == FamilyOfWorker };
    if permitted {
        telling.say(start - 10, 4, permit(Decision::Pending));
    }
    let to = usize::try_from(telling.dice.roll(TO.len() as u64)).unwrap();
    let (asked, needs_visa) = (telling.dice.percent(3), !telling.dice.percent(8));
    telling.say(start, 3, Says::Applied { purpose, to, asked, needs_visa });
    if telling.dice.percent(4) {
        // The destination is corrected by the same post.
        let to = usize::try_from(telling.dice.roll(TO.len() as u64)).unwrap();
        telling.say(start + 9, 3, Says::Applied { purpose, to, asked, needs_visa });
    }
    for _ in 0..1 + telling.dice.roll(3) {
        let on = start + 8 + telling.dice.roll(20);
        telling.say(on, 5, Says::Status(Decision::Pending));
    }
    let numbered = telling.dice.percent(92);
    if numbered {
        let on = start + 15 + telling.dice.roll(40);
        telling.say(on, 10, Says::Number);
    }
    if telling.dice.percent(4) {
        let on = start + 30 + telling.dice.roll(20);
        let again = Says::Applied { purpose: FamilyReunification, to, asked: false, needs_visa: true };
        telling.say_about(true, on, 3, again);
        telling.say_about(true, on + 20, 5, Says::Status(Decision::Granted));
        telling.say_about(true, on + 25, 5, Says::Number);
    }
    let decided = start + 25 + telling.dice.roll(50);
    if permitted {
        let decision =
            telling.dice.pick(&[Decision::Granted, Decision::Granted, Decision::Granted, Decision::Refused]);
        telling.say(decided - 10, 5, permit(decision));
    }
    let outcome = telling.dice.roll(100);
    match outcome {
        0..84 => telling.say(decided, 6, Says::Status(Decision::Granted)),
        84..93 => telling.say(decided, 6, Says::Status(Decision::Refused)),
        93..96 => telling.say(decided, 6, Says::Withdrawn),
        _ => {}
    }
    if outcome < 2 {
        let on = decided + 20 + telling.dice.roll(120);
        telling.say(on, 6, Says::Status(Decision::Revoked));
    }
    (outcome < 84 && numbered).then_some(decided)
}

fn learning(telling: &mut Telling, start: u64) {
    if !telling.dice.percent(85) {
        return;
    }
    telling.say(start + 3, 2, Says::Account);
    telling.say(start + 4, 2, Says::Path);
    telling.say(start + 5, 2, Says::Linked);
    let mut on = start + 8;
    for statement in 0..usize::try_from(6 + telling.dice.roll(9)).unwrap() {
        on += 3 + telling.dice.roll(8);
        let step = usize::try_from(telling.dice.roll(STEPS.len() as u64)).unwrap();
        telling.say(on, 2, Says::Learned { statement, module: statement / 2 % MODULES.len(), step });
        if telling.dice.percent(3) {
            telling.say(on + 2, 3, Says::Voided(statement));
        }
    }
    if telling.dice.percent(2) {
        let at = start + 20 + telling.dice.roll(150);
        telling.say(at, 1, Says::Objected);
    }
}

/// The register from the grant on: homes, choices, moves, departures, and what goes wrong there.
fn arrival(telling: &mut Telling, granted: u64) {
    telling.say(granted + 3, 5, Says::Known);
    if !telling.dice.percent(94) {
        return;
    }
    let at = granted + 15 + telling.dice.roll(75);
    let (home, hidden) = (telling.home(), telling.dice.percent(3));
    let lives = |home, since, next| Says::Home { home, since, hidden, next };
    if telling.dice.percent(10) {
        telling.say(at, 2, Says::Hint(home));
    }
    if telling.dice.percent(50) {
        telling.say(at + 1, 3, Says::Noticed);
    }
    let since = i16::try_from(telling.dice.roll(9)).unwrap();
    telling.say(at + 2, 9, lives(home, since, None));
    if telling.dice.percent(25) {
        // The same again, or with a corrected begin.
        let since = since + i16::try_from(telling.dice.roll(3)).unwrap();
        telling.say(at + 12, 4, lives(home, since + 10, None));
    }
    if (3..=4).contains(&home) || telling.dice.percent(5) {
        chosen(telling, at);
    }
    if telling.dice.percent(12) {
        let (on, next) = (at + 20 + telling.dice.roll(120), telling.home());
        if telling.dice.percent(30) {
            telling.say(on, 5, lives(home, 20, Some((next, 15))));
        }
        telling.say(on + 16, 9, lives(next, 1, None));
        if (3..=4).contains(&next) {
            chosen(telling, on + 16);
        }
        if telling.dice.percent(20) {
            let back = on + 30 + telling.dice.roll(40);
            telling.say(back, 9, lives(home, 2, None));
        }
    }
    let later = at + 15 + telling.dice.roll(150);
    match telling.dice.roll(200) {
        0..6 => telling.say(later, 10, Says::Gone { deceased: false, since: 3 }),
        6 => telling.say(later, 10, Says::Gone { deceased: true, since: 1 }),
        7 => telling.say(later, 10, Says::Gone { deceased: false, since: -20 }),
        8 => telling.say(later, 3, Says::Replaced),
        9 => telling.say(later, 3, Says::Cancelled),
        10 => telling.say(later, 3, Says::Failed),
        11 => telling.say(later, 3, Says::Corrected("FRA")),
        12 => telling.say(later, 3, Says::Corrected("XXA")),
        _ => {}
    }
}

/// They choose an office, some before they come and some never, some a second time.
fn chosen(telling: &mut Telling, at: u64) {
    if telling.dice.percent(80) {
        let (on, which) = ((at + telling.dice.roll(60)).saturating_sub(20), telling.dice.roll(6));
        telling.say(on, 2, Says::Chosen(usize::try_from(which).unwrap()));
        if telling.dice.percent(15) {
            let which = telling.dice.roll(6);
            telling.say(on + 12, 2, Says::Chosen(usize::try_from(which).unwrap()));
        }
    }
}

/// Who a life is about: an adult of a third country, mostly.
fn who(life: u32, again: bool) -> Who {
    let n = usize::try_from(life).unwrap();
    let letters: String = n.to_string().bytes().rev().map(|digit| char::from(digit - b'0' + b'a')).collect();
    let birth = match n % 97 {
        0 => "2007-02-10".to_owned(),
        1 => "2007-00-00".to_owned(),
        2 => "2012-05-04".to_owned(),
        3 => "1985-00-00".to_owned(),
        // As many dates as people of that age have: of 60,000 lives four or five share one.
        _ => format!("19{:02}-{:02}-{:02}", 60 + n % 40, 1 + n / 40 % 12, 1 + (n + n / 480) % 28),
    };
    let who = Who {
        family: family_name(n),
        given: format!("{letters}amina"),
        birth,
        nationality: if n % 83 == 0 { "FRA" } else { ["MAR", "TUR", "IND", "BRA", "PHL", "USA"][n % 6] },
        passport: format!("P{:07}", n + 1),
        application: (n + 1).to_string(),
        permit: format!("GV-2024-{:06}", n + 1),
        dvz: (8_000_000 + n).to_string(),
        insz: number(n),
    };
    if !again {
        return who;
    }
    let (application, passport) = ((n + 400_000).to_string(), format!("Q{:07}", n + 1));
    Who { given: format!("{} Fatima", who.given), application, passport, ..who }
}

fn number(n: usize) -> Insz {
    Insz::parse(&test_number(n)).unwrap()
}

impl Line {
    pub(super) fn source(&self) -> &'static str {
        match self.says {
            Says::Applied { .. } | Says::Status(_) | Says::Withdrawn | Says::Number => "visa",
            Says::Permit { .. } => "permit",
            Says::Account | Says::Path | Says::Linked | Says::Chosen(_) | Says::Objected => "portal",
            Says::Learned { .. } | Says::Voided(_) => "xapi",
            Says::Failed => "task",
            Says::Home { .. }
            | Says::Gone { .. }
            | Says::Known
            | Says::Cancelled
            | Says::Replaced
            | Says::Hint(_)
            | Says::Noticed
            | Says::Corrected(_) => "register",
        }
    }

    /// What is said, as the doors would have made it ready.
    pub(super) fn body(&self) -> Body {
        let who = &who(self.life, self.again);
        let of = |days: i16| -> Day { begins() + chrono::TimeDelta::days(days.into()) };
        let n = usize::try_from(self.life).unwrap();
        let text = of(self.on).to_string();
        let on = text.as_str();
        let sequence = 2 + u64::from(self.n);
        match self.says {
            Says::Applied { purpose, to, asked, needs_visa } => {
                let body = say::bound(say::application(who, purpose, on), TO[to].and_then(say::to));
                filing::patched_application(body, |applied| {
                    applied.needs_visa = needs_visa;
                    if asked {
                        applied.ground = Some("40bis".to_owned());
                    }
                })
            }
            Says::Status(decision) => say::status(who, decision, sequence, on),
            Says::Withdrawn => say::withdrawn(who, sequence, on),
            Says::Permit { decision, region, family } => {
                filing::patched_permit(say::permit(who, decision, on), |permit| {
                    permit.region = region;
                    if family {
                        let worker = format!("GV-2024-{:06}", 500_000 + n);
                        permit.role = PermitRole::Family(PermitNumber::parse(&worker).unwrap());
                    }
                })
            }
            Says::Number => say::number_given(who, on),
            Says::Home { home, since, hidden, next } => {
                let since = of(self.on - since).to_string();
                let answer = say::register(who, Home::In(HOMES[home], &since), on);
                let answer = say::at_street(answer, "Teststraat", hidden);
                match next {
                    Some((next, after)) => say::also(answer, HOMES[next], &of(self.on + after).to_string()),
                    None => answer,
                }
            }
            Says::Gone { deceased, since } => {
                let gone = if deceased { Home::Deceased } else { Home::Left };
                say::since(say::register(who, gone, on), &of(self.on - since).to_string())
            }
            Says::Known => say::register(who, Home::Nowhere, on),
            Says::Cancelled => say::patched(say::register(who, Home::Nowhere, on), |record| {
                for fact in &mut record.facts {
                    if matches!(fact.statement, Statement::Standing(_)) {
                        fact.statement = Statement::Standing(RegisterStanding::Cancelled);
                    }
                }
            }),
            Says::Replaced => say::register(who, Home::Replaced(number(500_000 + n)), on),
            Says::Hint(home) => say::hint(who, HOMES[home], on),
            Says::Noticed => say::announced(who.insz, on),
            Says::Account => say::account(who, on),
            Says::Path => say::path(who, &MODULES[..3], on),
            Says::Linked => say::platform_linked(who, on),
            Says::Chosen(which) => say::choice(who, CHOICES[which], on),
            Says::Objected => say::objection(who, on),
            Says::Learned { statement, module, step } => {
                say::learned(who, n * 100 + statement, MODULES[module], STEPS[step], on)
            }
            Says::Voided(statement) => say::voided(n * 100 + statement, on),
            Says::Failed => {
                let failed = TaskFailed { insz: who.insz, code: "30001".to_owned() };
                Body::TaskFailed { failed, key: say::mac(&Key::Insz(who.insz)) }
            }
            Says::Corrected(nationality) => {
                let other = Who { nationality, ..who.clone() };
                say::patched(say::register(&other, Home::Nowhere, on), |record| {
                    for fact in &mut record.facts {
                        if let (Statement::Birth(born), true) = (&mut fact.statement, n % 5 == 0) {
                            *born = PartialDate::parse(&day("1990-02-03").to_string()).unwrap();
                        }
                    }
                })
            }
        }
    }
}
