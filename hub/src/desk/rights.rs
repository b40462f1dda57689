//! Who may do what by hand, and the record of it.
//!
//! An [`Actor`] comes of a credential and nothing else; what they may do is asked of [`Rights::allow`], which records the
//! answer, a refusal too, before anything is done: where it cannot be recorded, nothing is. What comes back is proof
//! ([`Allowed`]) that whatever does the thing asks for. Next: [`super::action`] for the table of roles.

use std::collections::BTreeSet;

use schemas::actor::ActorName;
use schemas::time::Instant;

use super::action::{About, Action, Occasion};
use crate::clock::Clock;
use crate::config::{DeskRole, People};
use crate::store::audit::Trail;
use crate::store::rows::AuditRow;
use crate::store::{Store, StoreError};
use crate::vault::{Access, Vault, Why};

/// Somebody whose credential was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    name: ActorName,
    roles: BTreeSet<DeskRole>,
}

impl Actor {
    /// Who shows this credential; nobody where it is nobody's.
    #[must_use]
    pub fn of(people: &People, credential: &str) -> Option<Self> {
        let found = people.by_credential(credential)?;
        Some(Self { name: found.name.clone(), roles: found.roles.clone() })
    }

    #[must_use]
    pub fn name(&self) -> &ActorName {
        &self.name
    }

    #[must_use]
    pub fn roles(&self) -> &BTreeSet<DeskRole> {
        &self.roles
    }

    /// Whether one of their roles is enough. Pages ask it to leave out what would be refused; who acts asks [`Rights::allow`].
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        action.roles().iter().any(|role| self.roles.contains(role))
    }
}

/// Proof that somebody may do one thing about one id, and that it was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Allowed {
    by: ActorName,
    action: Action,
    about: About,
}

impl Allowed {
    #[must_use]
    pub fn by(&self) -> &ActorName {
        &self.by
    }

    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The same as who looks into sealed values.
    #[must_use]
    pub fn access(&self, why: Why) -> Access<'_> {
        Access { actor: self.by.as_str(), why }
    }
}

/// Why nothing is done.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// They may not; that they tried is recorded.
    #[error("{name} may not: {} needs one of the roles {}", .action.as_str(), words(.action.roles()))]
    NotAllowed { name: ActorName, action: Action },
    /// It cannot be recorded, so it is not done.
    #[error("it could not be recorded who does this, so it was not done")]
    Unrecorded(#[source] StoreError),
}

fn words(roles: &[DeskRole]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
}

/// What is asked before anything is done by hand. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Rights {
    trail: Trail,
    vault: Vault,
    clock: Clock,
}

impl Rights {
    /// Those of a hub.
    #[must_use]
    pub fn new(store: &Store, vault: &Vault, clock: Clock) -> Self {
        Self { trail: store.trail(), vault: vault.clone(), clock }
    }

    /// Those of a command that otherwise only reads, beside whoever writes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn beside(database: &str, vault: &Vault, clock: Clock) -> Result<Self, StoreError> {
        Ok(Self { trail: Trail::open(database).await?, vault: vault.clone(), clock })
    }

    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Adds a row to the audit, sealed.
    pub(super) async fn record(&self, row: AuditRow) -> Result<(), StoreError> {
        let vault = self.vault.clone();
        self.trail.record(row, move |row| vault.mac("audit", row)).await
    }

    /// Lets somebody do something, or does not; either way it is recorded first.
    ///
    /// # Errors
    /// [`RightsError`].
    pub async fn allow(
        &self,
        actor: &Actor,
        action: Action,
        about: impl Into<About>,
        why: Occasion,
    ) -> Result<Allowed, RightsError> {
        let (about, allowed) = (about.into(), actor.may(action));
        let row = AuditRow {
            at: self.now(),
            actor: actor.name.clone(),
            roles: actor.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" "),
            action: action.as_str().to_owned(),
            about: about.to_string(),
            why: why.as_str().to_owned(),
            allowed,
        };
        self.record(row).await.map_err(RightsError::Unrecorded)?;
        if allowed {
            Ok(Allowed { by: actor.name.clone(), action, about })
        } else {
            tracing::warn!(actor = %actor.name, action = action.as_str(), "refused: the role is missing");
            Err(RightsError::NotAllowed { name: actor.name.clone(), action })
        }
    }
}
