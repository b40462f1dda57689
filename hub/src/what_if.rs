//! What another bundle would do on a day: everybody is decided on that day under the bundle of today and under the
//! draft, in memory, and what differs is counted.
//!
//! Who is whom stays as it is today but for a draft with another match model, which is told beside it
//! ([`crate::relink`]). Nothing is written and nothing is sent. Refuses to judge what is right about the draft: `hub check` says whether it
//! can be used at all. Next: [`crate::commands::what_if`].

use std::collections::BTreeMap;
use std::sync::Arc;

use decide::person::Mandate;
use decide::{Bundle, Person};
use schemas::handover::State;
use schemas::ids::PersonId;
use schemas::message::Body;
use schemas::recipient::Recipient;
use schemas::time::{Day, day_of, start_of};
use serde::Serialize;

use crate::alone::alone;
use crate::relink::{Relinked, relinked};
use crate::store::{Store, StoreError};
use crate::vault::{Access, Vault, Why};

/// How many persons are read at once.
const PAGE: u32 = 1_000;
/// How many persons a line names.
const NAMED: usize = 20;
const ACCESS: Access<'static> = Access::hub(Why::WhatIf);

/// Why it cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum WhatIfError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Everybody is stored as they were decided last: what is before that cannot be told from it.
    #[error("{0} was decided last: a day before that cannot be told")]
    Past(Day),
}

/// Where somebody stands on that day: who is responsible for them, and the handover that is open.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Standing {
    pub responsible: Option<Recipient>,
    /// The state of the open handover.
    pub handover: Option<State>,
    /// Whom it is offered to, or was handed over to.
    pub to: Option<Recipient>,
}

/// Persons whom the draft moves in the same way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Moved {
    pub now: Standing,
    pub draft: Standing,
    pub persons: u64,
    /// The first of them, to look at with `hub explain`.
    pub who: Vec<PersonId>,
}

/// What the draft would do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WhatIf {
    pub on: Day,
    /// Everybody who was looked at.
    pub persons: u64,
    /// Who was erased, or does not open: nothing can be told of them.
    pub unreadable: u64,
    /// Whom the heart could not decide under one of the bundles: `replay --verify` tells more.
    pub failed: u64,
    pub moved: Vec<Moved>,
    /// What its match model would make of all records, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Relinked>,
}

/// Decides everybody on a day under both bundles.
///
/// # Errors
/// [`WhatIfError`].
pub async fn what_if(
    store: &Store,
    vault: &Vault,
    now: &Bundle,
    draft: &Bundle,
    on: Day,
) -> Result<WhatIf, WhatIfError> {
    if let Some(last) = store.last_decided().await?.map(day_of).filter(|last| *last > on) {
        return Err(WhatIfError::Past(last));
    }
    let links = if now.model == draft.model {
        None
    } else {
        Some(relinked(store, vault, &now.model, &draft.model).await?)
    };
    let mut told = WhatIf { on, persons: 0, unreadable: 0, failed: 0, moved: vec![], links };
    let mut after = None;
    let mut moved: BTreeMap<(Standing, Standing), (u64, Vec<PersonId>)> = BTreeMap::new();
    loop {
        let page = store.persons(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for row in page.iter().filter(|row| row.redirect.is_none()) {
            let Ok((person, _)) = vault.person(row, ACCESS) else {
                told.unreadable += 1;
                continue;
            };
            let person = Arc::new(person);
            told.persons += 1;
            let (Some(before), Some(then)) = (standing(&person, now, on), standing(&person, draft, on))
            else {
                told.failed += 1;
                continue;
            };
            if before != then {
                let (persons, who) = moved.entry((before, then)).or_default();
                *persons += 1;
                if who.len() < NAMED {
                    who.push(person.id);
                }
            }
        }
    }
    let line = |((now, draft), (persons, who))| Moved { now, draft, persons, who };
    told.moved = moved.into_iter().map(line).collect();
    Ok(told)
}

/// Where somebody stands after a day under a bundle.
fn standing(person: &Arc<Person>, bundle: &Bundle, on: Day) -> Option<Standing> {
    let (person, _) = alone(person, bundle, start_of(on), Body::Due(person.id))?;
    let responsible = person.responsible(bundle);
    let open = person.live_handover().filter(|_| !matches!(responsible.why, Mandate::Over(..)));
    Some(Standing {
        responsible: responsible.whom,
        handover: open.map(|handover| handover.state),
        to: open.and_then(|handover| handover.recipient.clone()),
    })
}
