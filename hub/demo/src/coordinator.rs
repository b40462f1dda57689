//! The simulated coordinator: once a day they end the line of an office in Brussels whose person has chosen another since.
//!
//! Somebody of the desk like any other: what they do is said there, in the name of one of the story's people, with its
//! reason and its audit row. Refuses every other decision: those stay work for whoever looks at the demonstration.

use anyhow::{Context, ensure};
use hub::app::Hub;
use hub::desk::{Actor, Saying};
use hub::store::Filter;
use hub::store::rows::{HandoverRow, Outcome};
use hub::story::read::StoryReader;
use hub::vault::{Access, Why};
use schemas::handover::{HoldReason, OrderName, Owner, State};
use schemas::ids::PersonId;

use super::stage::COORDINATOR;

/// How many handovers are looked at: a story's are fewer.
const ALL: u32 = 10_000;

/// Ends the lines that wait for it; says how many.
///
/// # Errors
/// Where the store cannot be read, or the desk does not do it.
pub(super) async fn step(hub: &Hub) -> anyhow::Result<usize> {
    let held = handovers(hub, State::Held).await?;
    let waiting: Vec<PersonId> =
        held.iter().filter(|row| row.owner == Owner::Coordinator).map(|row| row.person).collect();
    if waiting.is_empty() {
        return Ok(0);
    }
    let network = |row: &HandoverRow| row.recipient.as_ref().and_then(|name| hub.config.bundle.network(name));
    let mut ended = 0;
    for row in handovers(hub, State::Accepted).await? {
        if waiting.contains(&row.person) && network(&row).is_some() && chose_another(hub, row.person).await? {
            end_line(hub, &row).await?;
            ended += 1;
        }
    }
    Ok(ended)
}

async fn handovers(hub: &Hub, state: State) -> anyhow::Result<Vec<HandoverRow>> {
    Ok(hub.store.handovers(&Filter { state: Some(state), ..Filter::default() }, None, ALL).await?)
}

/// Whether what is held waits for that line: they chose another office than the one that has the file.
async fn chose_another(hub: &Hub, id: PersonId) -> anyhow::Result<bool> {
    let access = Access { actor: COORDINATOR, why: Why::Console };
    let reader = StoryReader { store: &hub.store, vault: &hub.vault, access, schemas: None, at: None };
    let persons = reader.persons(&[id]).await?;
    Ok(persons.values().any(|person| {
        let held = person.held_handover().and_then(|held| held.recipient.as_ref());
        person.state.handovers.iter().any(|h| {
            let chosen = h.route.as_ref().and_then(|route| route.recipient.as_ref());
            let waits = h.state == State::Held && h.hold == Some(HoldReason::Manual) && h.epoch == 0;
            waits && chosen.is_some() && chosen != held
        })
    }))
}

async fn end_line(hub: &Hub, row: &HandoverRow) -> anyhow::Result<()> {
    let people = &hub.config.people;
    let actor = Actor::of(people, &hub::config::dev_token(COORDINATOR)).context("no coordinator")?;
    let reason = "the newcomer chose another office, and the first one was told".to_owned();
    let saying = Saying::Ordered { handover: row.id, order: OrderName::EndLine, reason };
    let said = hub.desk.say(&actor, saying).await?;
    let done = said.decision.and_then(|decision| decision.outcome) == Some(Outcome::Decided);
    ensure!(done, "a line was not ended");
    Ok(())
}
