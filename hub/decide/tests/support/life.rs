//! A life drawn at random: what six doors say about one human, each message under a name of its own.
//!
//! Whatever is drawn is one human: who applies twice, with another passport and perhaps one name more, has one
//! DVZ number all the same, so that in any order they end as one person.

use proptest::prelude::*;
use schemas::fact::{Decision, FeePayment, LanguageLevel, LearningStep, Purpose};
use schemas::message::Body;

use super::{
    Home, Who, account, application, bound, choice, exempt, fee, hint, learned, number_given, objection,
    patched_application, path, permit, platform_linked, register, shown, status, talked, to, voided,
};

/// One life: which messages there are about somebody.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    work: bool,
    /// Where they mean to live, as the post has it, and whether they need a visa at all.
    bound: usize,
    needs_visa: bool,
    /// A municipality says that they came there.
    hinted: Option<usize>,
    granted: Option<bool>,
    documents: bool,
    numbered: bool,
    homes: Vec<usize>,
    ends: Option<bool>,
    /// Applies twice: with one name more, or exactly the same.
    twice: Option<bool>,
    portal: Option<Portal>,
}

/// What somebody does at the portal and on the learning platform.
#[derive(Clone, Debug)]
struct Portal {
    path: bool,
    choices: Vec<usize>,
    objects: bool,
    linked: bool,
    /// Which help a talk found, each talk on a later day.
    talks: Vec<usize>,
    /// Whether the fee was paid, and given back.
    paid: Option<bool>,
    /// Whether they showed an exemption that holds.
    exempt: Option<bool>,
    /// Of which test a proof was shown, and whether it holds.
    shown: Vec<(usize, bool)>,
    /// Module, step and whether the statement is voided.
    learned: Vec<(usize, usize, bool)>,
}

const HOMES: [&str; 7] = ["44021", "11002", "24062", "62063", "21004", "11201", "46014"];
/// In Flanders, in Brussels, in the French language area, nowhere that is known, and not said.
const BOUND: [Option<&str>; 5] = [Some("Gent"), Some("Brussel"), Some("Luik"), Some("Nergenshuizen"), None];
const CHOICES: [&str; 4] = ["bon", "bapa-via:fr", "bapa-bxl:nl", "bapa-via"];
const NEEDS: [&[&str]; 3] = [&[], &["device"], &["connection", "skills"]];
const LEVELS: [Option<LanguageLevel>; 2] = [None, Some(LanguageLevel::A2)];
const MODULES: [&str; 2] = ["B1", "L1"];
const STEPS: [LearningStep; 5] = [
    LearningStep::Begun,
    LearningStep::Completed,
    LearningStep::Failed,
    LearningStep::Passed,
    LearningStep::Waived,
];

/// One to three lives.
pub(crate) fn lives() -> impl Strategy<Value = Vec<Life>> {
    proptest::collection::vec(life(), 1..4)
}

fn life() -> impl Strategy<Value = Life> {
    let homes = proptest::collection::vec(0..HOMES.len(), 0..4);
    let ends = proptest::option::weighted(0.2, any::<bool>());
    let twice = proptest::option::weighted(0.4, any::<bool>());
    let at_portal = proptest::option::weighted(0.7, portal());
    let visa = (any::<bool>(), any::<Option<bool>>(), any::<bool>(), any::<bool>());
    let meant =
        (0..BOUND.len(), proptest::bool::weighted(0.8), proptest::option::weighted(0.2, 0..HOMES.len()));
    (visa, meant, homes, ends, twice, at_portal).prop_map(
        |((work, granted, documents, numbered), (bound, needs_visa, hinted), homes, ends, twice, portal)| {
            Life { work, bound, needs_visa, hinted, granted, documents, numbered, homes, ends, twice, portal }
        },
    )
}

fn portal() -> impl Strategy<Value = Portal> {
    let choices = proptest::collection::vec(0..CHOICES.len(), 0..3);
    let objects = proptest::bool::weighted(0.15);
    let learned = proptest::collection::vec((0..MODULES.len(), 0..STEPS.len(), any::<bool>()), 0..5);
    let talks = proptest::collection::vec(0..NEEDS.len(), 0..3);
    let shown = proptest::collection::vec((0..LEVELS.len(), any::<bool>()), 0..3);
    let owes = (proptest::option::of(any::<bool>()), proptest::option::of(any::<bool>()));
    (any::<bool>(), choices, objects, any::<bool>(), learned, talks, shown, owes).prop_map(
        |(path, choices, objects, linked, learned, talks, shown, (paid, exempt))| Portal {
            paid,
            exempt,
            path,
            choices,
            objects,
            linked,
            talks,
            shown,
            learned,
        },
    )
}

/// The messages of the `n`th life.
pub(crate) fn messages(n: usize, life: &Life) -> Vec<(String, Body)> {
    let who = Who::number(n);
    let purpose = if life.work { Purpose::Work } else { Purpose::FamilyReunification };
    let applied = bound(application(&who, purpose, "2025-01-02"), BOUND[life.bound].and_then(to));
    let applied = patched_application(applied, |applied| applied.needs_visa = life.needs_visa);
    let mut said = vec![("application".to_owned(), applied)];
    let mut say = |name: &str, body: Body| said.push((name.to_owned(), body));
    if life.work {
        say("asked", permit(&who, Decision::Pending, "2025-01-01"));
    }
    if life.documents {
        say("pending", status(&who, Decision::Pending, 2, "2025-01-20"));
    }
    if let Some(granted) = life.granted {
        let decision = if granted { Decision::Granted } else { Decision::Refused };
        say("decided", status(&who, decision, 3, "2025-02-01"));
    }
    if life.numbered || !life.homes.is_empty() || life.twice.is_some() {
        say("number", number_given(&who, "2025-03-01"));
    }
    if let Some(exactly) = life.twice {
        let again = who.elsewhere();
        let again = if exactly { Who { given: who.given.clone(), ..again } } else { again };
        say("again", application(&again, Purpose::FamilyReunification, "2025-02-02"));
        say("again granted", status(&again, Decision::Granted, 2, "2025-02-20"));
        say("again number", number_given(&again, "2025-03-02"));
    }
    for (month, home) in life.homes.iter().enumerate() {
        let (since, on) = (format!("2025-0{}-04", month + 4), format!("2025-0{}-06", month + 4));
        say(&format!("home{month}"), register(&who, Home::In(HOMES[*home], &since), &on));
    }
    if let Some(home) = life.hinted {
        say("hint", hint(&who, HOMES[home], "2025-04-02"));
    }
    if let Some(deceased) = life.ends {
        let home = if deceased { Home::Deceased } else { Home::Left };
        say("gone", register(&who, home, "2025-09-01"));
    }
    if let Some(portal) = &life.portal {
        at_portal(n, &who, portal, say);
    }
    said.into_iter().map(|(name, body)| (format!("{n}/{name}"), body)).collect()
}

fn at_portal(n: usize, who: &Who, portal: &Portal, mut say: impl FnMut(&str, Body)) {
    say("account", account(who, "2025-01-10"));
    if portal.path {
        say("path", path(who, &["B1", "F1"], "2025-01-11"));
    }
    for (day, chosen) in portal.choices.iter().enumerate() {
        let on = format!("2025-02-1{day}");
        say(&format!("choice{day}"), choice(who, CHOICES[*chosen], &on));
    }
    if portal.objects {
        say("objection", objection(who, "2025-06-01"));
    }
    if portal.linked {
        say("linked", platform_linked(who, "2025-01-12"));
    }
    for (day, needs) in portal.talks.iter().enumerate() {
        say(&format!("talk{day}"), talked(who, NEEDS[*needs], Some("fr"), &format!("2025-02-0{}", day + 1)));
    }
    if let Some(refunded) = portal.paid {
        say("paid", fee(who, FeePayment::Paid, "2025-02-20"));
        if refunded {
            say("refunded", fee(who, FeePayment::Refunded, "2025-02-25"));
        }
    }
    if let Some(holds) = portal.exempt {
        say("exempt", exempt(who, "cat-1", true, "2025-02-21"));
        if !holds {
            say("not exempt", exempt(who, "cat-1", false, "2025-02-22"));
        }
    }
    for (day, (level, holds)) in portal.shown.iter().enumerate() {
        let on = format!("2025-03-0{}", day + 1);
        say(&format!("shown{day}"), shown(who, LEVELS[*level], "cnavt", *holds, &on));
    }
    for (place, (module, step, void)) in portal.learned.iter().enumerate() {
        let (id, on) = (n * 100 + place, format!("2025-03-1{place}"));
        say(&format!("learned{place}"), learned(who, id, MODULES[*module], STEPS[*step], &on));
        if *void {
            say(&format!("voided{place}"), voided(id, "2025-04-01"));
        }
    }
}
