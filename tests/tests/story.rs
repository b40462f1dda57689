//! The story through the whole house, held against its truth: the project's own, or the one in the folder that
//! `HUB_TEST_STORY` names.
//!
//! Each function below is one sentence of the truth. What is not as the truth says must have a reason that somebody
//! sees: a review, a hold, a deadline, a message that waits. Next: `orders.rs` for the same story in any order.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::{BTreeMap, BTreeSet};

use decide::Person;
use decide::journey::Journey;
use decide::package::ModuleTable;
use decide::person::ViewKind;
use hub::decider::replay::verify;
use hub::store::rows::{OutboxRow, Outcome};
use schemas::envelope::Envelope;
use schemas::handover::{HoldReason, State};
use schemas::ids::PersonId;
use schemas::time::day_of;
use serde_json::Value;
use tests::story::{Played, Told, folder, play, records, text, texts};

/// How many in a hundred of those registered in scope must end exactly as the truth says.
const AS_THE_TRUTH: usize = 95;

/// A true person with what became of them.
struct Life<'a> {
    id: &'a str,
    truth: &'a Value,
    pieces: Vec<&'a Person>,
    /// The agencies that got their file, in order.
    accepted: Vec<String>,
}

/// The agencies that the truth names, in order.
fn agencies(truth: &Value) -> Vec<String> {
    let all = truth["agency"].as_array().into_iter().flatten().map(|one| text(&one["agency"]));
    let named = all.filter(|name| !matches!(*name, "NONE" | "HELD" | "AWAITING_CHOICE"));
    let mut names: Vec<String> = named.map(|name| name.to_lowercase().replace('_', "-")).collect();
    names.dedup();
    names
}

/// Why somebody is not where the truth has them, where somebody can see it.
fn reason(life: &Life<'_>, played: &Played) -> Option<String> {
    let in_question: BTreeSet<PersonId> = played
        .persons
        .values()
        .flat_map(|p| p.state.open_reviews.values().flat_map(|asked| asked.candidates.clone()))
        .collect();
    let reviewed = |p: &&Person| !p.state.open_reviews.is_empty() || in_question.contains(&p.id);
    let held = |p: &&Person| p.state.handovers.iter().find(|h| h.state == State::Held)?.hold;
    let mine = |told: &Told| told.truth.as_deref() == Some(life.id) && told.outcome == Some(Outcome::Waiting);
    if life.pieces.iter().any(reviewed) {
        return Some("a reviewer: who they are".to_owned());
    }
    if let Some(hold) = life.pieces.iter().find_map(held) {
        return Some(format!("held: {hold:?}"));
    }
    played.messages.iter().any(mine).then(|| "a message of theirs waits for its person".to_owned())
}

async fn lives<'a>(played: &'a Played, persons: &'a BTreeMap<String, Value>) -> Vec<Life<'a>> {
    let made_of = played.made_of();
    let mut accepted: BTreeMap<PersonId, Vec<String>> = BTreeMap::new();
    for (person, row, value) in records(&played.stage.hub).await.unwrap() {
        let of_handover = !matches!(row.recipient.as_str(), "agii-abroad" | "portal");
        if of_handover && value["kind"] == ViewKind::File.as_str() {
            accepted.entry(person).or_default().push(row.recipient.to_string());
        }
    }
    let life = |(id, truth): (&'a String, &'a Value)| {
        let pieces = made_of.iter().filter(|(_, truths)| truths.contains(id)).map(|(id, _)| id);
        let pieces: Vec<&Person> = pieces.filter_map(|id| played.persons.get(id)).collect();
        let of = |p: &&Person| p.matching.absorbed.iter().chain([&p.id]).copied().collect::<Vec<_>>();
        let ids: Vec<PersonId> = pieces.iter().flat_map(of).collect();
        let mut names: Vec<String> = ids.iter().flat_map(|id| accepted.remove(id)).flatten().collect();
        names.dedup();
        Life { id, truth, pieces, accepted: names }
    };
    persons.iter().map(life).collect()
}

fn nobody_is_joined_with_somebody_else(played: &Played) {
    for (person, truths) in played.made_of() {
        assert!(truths.len() <= 1, "two true persons joined in {person}: {truths:?}");
    }
}

/// Whether the truth has somebody in scope on the day of a record, by what could be known then: on a day on which that
/// changes, before it or after.
fn in_scope_on(truth: &Value, row: &OutboxRow) -> bool {
    let day = day_of(serde_json::from_str::<Envelope>(&row.envelope).unwrap().time);
    [day.pred_opt().unwrap(), day].iter().any(|day| {
        let known = |part: &&Value| text(&part["known_from"]) <= day.to_string().as_str();
        let mut parts = truth["scope_history"].as_array().unwrap().iter();
        // A family member's own row names the region; that the worker's is there too, the hub does not ask.
        let early = |part: &Value| part["why"] == "worker_permit";
        parts.rfind(known).is_some_and(|part| part["scope"] == "in" || early(part))
    })
}

async fn no_record_shows_what_it_must_not(played: &Played, persons: &BTreeMap<String, Value>) {
    let made_of = played.made_of();
    let never: BTreeSet<&str> = persons
        .values()
        .flat_map(|person| [texts(&person["never_to_an_agency"]), texts(&person["restricted_address"])])
        .flatten()
        .collect();
    for (person, row, value) in records(&played.stage.hub).await.unwrap() {
        let text = format!("{value} {} {}", row.envelope, row.pseudonym);
        let place = format!("{} {}", row.recipient, row.sequence);
        assert!(!never.iter().any(|never| text.contains(never)), "{place} shows what it must not");
        let Some(id) = made_of.get(&person).and_then(BTreeSet::first) else { continue };
        assert!(
            value["kind"] == "ended" || in_scope_on(&persons[id], &row),
            "{place} is about {id}, who is not in scope"
        );
        let own = matches!(row.recipient.as_str(), "agii-abroad" | "portal");
        assert!(
            own || agencies(&persons[id]).contains(&row.recipient.to_string()),
            "{place} is about {id}, who is not theirs"
        );
    }
}

/// What agencies accepted is what the truth has, in its order; where something is missing a work item names the reason.
fn agencies_are_the_truths(lives: &[Life<'_>], played: &Played) -> String {
    let (mut equal, mut registered, mut others) = (0, 0, BTreeMap::new());
    for life in lives.iter().filter(|life| life.truth["scope"] == "in") {
        let expect = agencies(life.truth);
        let mut rest = expect.iter();
        let in_order = life.accepted.iter().all(|name| rest.any(|other| other == name));
        assert!(in_order, "{}: {:?} is no part of {expect:?}", life.id, life.accepted);
        if life.truth["registered"].is_null() {
            continue;
        }
        registered += 1;
        if life.accepted == expect {
            equal += 1;
            continue;
        }
        let why = reason(life, played);
        assert!(why.is_some(), "{}: {:?} instead of {expect:?}, for no reason", life.id, life.accepted);
        others.insert(life.id, why.unwrap_or_default());
    }
    let share = format!("{}.{} %", equal * 100 / registered, equal * 1_000 / registered % 10);
    let told = format!(
        "{equal} of {registered} registered persons in scope ({share}) as the truth says; a work item names why each of the others \
         is not: {others:?}"
    );
    assert!(equal * 100 >= registered * AS_THE_TRUTH, "{told}");
    told
}

/// Where every learner with a linked account stands; Classroom has no door yet.
fn modules_are_the_truths(lives: &[Life<'_>], table: &ModuleTable) -> usize {
    let mut compared = 0;
    for life in lives {
        let kinds: Vec<&str> =
            life.truth["lms"].as_array().into_iter().flatten().map(|a| text(&a["kind"])).collect();
        if kinds.is_empty() || kinds.contains(&"classroom") {
            continue;
        }
        let own = life.pieces.iter().find(|p| !Journey::of(&p.state).learning_path().is_empty());
        let modules = own.map(|person| Journey::of(&person.state).modules(table)).unwrap_or_default();
        let found: BTreeMap<_, _> =
            modules.iter().map(|(m, did)| (m.as_str(), did.status.as_str())).collect();
        let truth = life.truth["modules"].as_object().unwrap();
        let expect: BTreeMap<_, _> = truth.iter().map(|(m, status)| (m.as_str(), text(status))).collect();
        assert_eq!(found, expect, "{}", life.id);
        compared += 1;
    }
    compared
}

/// Twins, namesakes and reused numbers stay apart, which [`nobody_is_joined_with_somebody_else`] shows for all; the
/// others end as their trap says.
fn traps_end_as_they_say(lives: &[Life<'_>], played: &Played) {
    let by_id: BTreeMap<&str, &Life<'_>> = lives.iter().map(|life| (life.id, life)).collect();
    for trap in played.truth["traps"].as_array().unwrap() {
        for id in texts(&trap["persons"]) {
            let life = by_id[id];
            let told = format!("{} {id}", trap["kind"]);
            let states = || life.pieces.iter().flat_map(|p| &p.state.handovers).map(|h| (h.state, h.hold));
            match text(&trap["must"]) {
                "be one person" if reason(life, played).is_none() => {
                    assert_eq!(life.pieces.len(), 1, "{told}");
                }
                "be withdrawn" if agencies(life.truth).is_empty() => {
                    assert!(!states().any(|(state, _)| state == State::Accepted), "{told}");
                }
                "be withdrawn" => assert!(states().any(|(state, _)| state == State::Withdrawn), "{told}"),
                "be held for the data protection officer" => {
                    let held = |(state, hold)| state == State::Held && hold == Some(HoldReason::Restricted);
                    assert!(states().any(held), "{told}");
                }
                must if must.starts_with("reach nobody") && !must.contains("before") => {
                    let mut streams = life.pieces.iter().flat_map(|p| &p.state.streams);
                    assert!(streams.next().is_none(), "{told}");
                    // Where the destination is missing, and there alone, the register is asked.
                    let mut asked = life.pieces.iter().flat_map(|p| &p.state.asked);
                    assert!(trap["kind"] == "destination_unknown" || asked.next().is_none(), "{told}");
                }
                _ => {}
            }
        }
    }
    for life in lives.iter().filter(|life| life.pieces.len() == 1) {
        let last = life.truth["insz"].as_array().unwrap().last().map(|one| text(&one["number"]));
        let known = Journey::of(&life.pieces[0].state).insz().map(|insz| insz.to_string());
        assert!(known.is_none() || known.as_deref() == last, "{}: another number than the last", life.id);
    }
}

/// Every damaged item whose door exists ended as the truth says.
fn defects_end_as_they_say(played: &Played, lives: &[Life<'_>]) -> usize {
    let mut refused = 0;
    for defect in played.truth["defects"].as_array().unwrap() {
        let (id, expect, what) =
            (text(&defect["message_id"]), text(&defect["expect"]), text(&defect["what"]));
        let own = |told: &&Told| {
            !id.is_empty() && [&told.item["message_id"], &told.item["id"]].contains(&&Value::from(id))
        };
        let found: Vec<&Told> = played.messages.iter().filter(own).collect();
        if expect.starts_with("reject") {
            refused += 1;
            assert!(found.is_empty(), "{what}: {id} was taken");
        } else if !id.is_empty() {
            let [told] = found.as_slice() else { panic!("{what}: {id} is there {} times", found.len()) };
            let waits = expect.starts_with("keep waiting");
            let outcome = if waits { Outcome::Waiting } else { Outcome::Decided };
            assert_eq!(told.outcome, Some(outcome), "{what}: {id}");
            assert!(!told.item.to_string().contains("biometric"), "{what}: {id}");
            if expect.starts_with("end state has the corrected date") {
                let life = lives.iter().find(|life| Some(life.id) == told.truth.as_deref()).unwrap();
                let born = |p: &&&Person| Journey::of(&p.state).birth().map(|b| b.to_string());
                let found: Vec<_> = life.pieces.iter().filter_map(|p| born(&p)).collect();
                assert!(found.iter().all(|born| born == text(&life.truth["birth"])), "{what}: {id}");
            }
        }
    }
    let said: u64 = played.summary.sources.values().filter_map(|said| said.get("refused")).sum();
    assert_eq!(said, refused, "what was refused");
    // A row that is repeated is the same row.
    let file = std::fs::read_to_string(played.story.join("wewis/single-permits.csv")).unwrap();
    let rows: BTreeSet<&str> = file.lines().skip(1).filter(|line| !line.is_empty()).collect();
    let permits = &played.summary.sources["permit"];
    let taken: u64 = ["accepted", "refused"].iter().filter_map(|what| permits.get(*what)).sum();
    assert_eq!(taken, rows.len() as u64, "{permits:?}");
    usize::try_from(refused).unwrap()
}

async fn ends_as_its_truth_says(played: Played) -> String {
    let persons = played.true_persons();
    nobody_is_joined_with_somebody_else(&played);
    no_record_shows_what_it_must_not(&played, &persons).await;
    let lives = lives(&played, &persons).await;
    let figures = agencies_are_the_truths(&lives, &played);
    let learners = modules_are_the_truths(&lives, &played.stage.hub.config.bundle.modules);
    assert!(learners > 0, "no learner was compared");
    traps_end_as_they_say(&lives, &played);
    defects_end_as_they_say(&played, &lives);
    for batch in [1, 37, 500] {
        let hub = &played.stage.hub;
        let report = verify(&hub.store, &hub.vault, &hub.config.bundle, &hub.schemas, batch).await.unwrap();
        assert!(report.messages > 0 && report.records > 0, "{report:?}");
        assert_eq!(report.differences, Vec::<String>::new(), "in batches of {batch}");
    }
    played.stage.leave().await.unwrap();
    format!("{figures}; {learners} learners; 0 joined, 0 leaked, 0 to a wrong recipient")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stderr, reason = "the figures of the story are worth a line")]
async fn the_story_ends_as_its_truth_says() {
    let played = play(folder()).await.unwrap();
    eprintln!("{}", ends_as_its_truth_says(played).await);
}
