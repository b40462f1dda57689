//! Reading persons and their journals.
//!
//! Nothing sealed is opened here: that is the vault's. Next: [`super::messages`] for what the journals name.

use schemas::ids::{MessageId, PersonId};

use super::cells::CellReader;
use super::engine::SqlValue;
use super::rows::{JournalRow, JournalStored, PersonRow};
use super::{Store, StoreError};

/// A [`PersonRow`] as cells.
pub(super) type PersonCells =
    (Vec<u8>, i64, Option<Vec<u8>>, i64, Option<i64>, Vec<u8>, Vec<u8>, Option<Vec<u8>>);

pub(super) type JournalCells =
    (Vec<u8>, i64, Vec<u8>, i64, i64, i64, Vec<u8>, String, String, Option<Vec<u8>>);

impl Store {
    /// One person's own journal, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn journal(&self, person: PersonId) -> Result<Vec<JournalStored>, StoreError> {
        let values = vec![SqlValue::Bytes(person.bytes().to_vec())];
        let sql = "select j.person, j.version, j.message, j.decided_order, j.known_at, j.bundle, j.events, \
                   b.heart, b.hash, k.wrapped from journal j join bundle b on b.number = j.bundle \
                   left join key k on k.id = j.person where j.person = $1 order by j.version";
        let found: Vec<JournalCells> = self.pool.read("journal", sql, values).await?;
        found.into_iter().map(entry).collect()
    }

    /// Everybody whose key goes where this person is erased: their own, those of whom they absorbed, and of whom they were
    /// taken for together with another, whose own key stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erased_with(&self, person: PersonId) -> Result<Vec<PersonId>, StoreError> {
        let values = vec![SqlValue::Bytes(person.bytes().to_vec())];
        let sql = "with recursive gone (id) as (select p.id from person p where p.id = $1 union \
                   select l.id from gone g join (select id, redirect as leads_to from person \
                   where redirect is not null union all select whole, person from origin) l \
                   on l.leads_to = g.id) select id from gone order by id";
        let found: Vec<(Vec<u8>,)> = self.pool.read("person", sql, values).await?;
        found.into_iter().map(|(id,)| CellReader("person").id(PersonId::from_bytes, id)).collect()
    }

    /// Every person after an id, in order, absorbed and erased ones among them (replay, checks).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn persons(&self, after: Option<PersonId>, limit: u32) -> Result<Vec<PersonRow>, StoreError> {
        self.page(
            "select p.id, p.version, p.redirect, p.restricted, p.waits_since, p.matching, p.state, k.wrapped \
             from person p left join key k on k.id = p.id where p.id > $1 order by p.id limit $2",
            after,
            limit,
        )
        .await
    }

    /// The same, of whom a first load waits for its approval.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn awaiting_approval(
        &self,
        after: Option<PersonId>,
        limit: u32,
    ) -> Result<Vec<PersonRow>, StoreError> {
        self.page(
            "select p.id, p.version, p.redirect, p.restricted, p.waits_since, p.matching, p.state, k.wrapped \
             from person p left join key k on k.id = p.id where p.waits_since is not null and p.id > $1 \
             order by p.id limit $2",
            after,
            limit,
        )
        .await
    }

    async fn page(
        &self,
        sql: &'static str,
        after: Option<PersonId>,
        limit: u32,
    ) -> Result<Vec<PersonRow>, StoreError> {
        // Every id comes after the empty one.
        let after = after.map(|id| id.bytes().to_vec()).unwrap_or_default();
        let found: Vec<PersonCells> =
            self.pool.read("person", sql, vec![SqlValue::Bytes(after), SqlValue::Int(limit.into())]).await?;
        found.into_iter().map(person).collect()
    }
}

pub(super) fn entry(cells: JournalCells) -> Result<JournalStored, StoreError> {
    let (person, version, message, order, known_at, bundle, events, heart, hash, key) = cells;
    let reader = CellReader("journal");
    let row = JournalRow {
        person: reader.id(PersonId::from_bytes, person)?,
        version: reader.number(version)?,
        message: reader.id(MessageId::from_bytes, message)?,
        order: reader.number(order)?,
        known_at: reader.time(known_at)?,
        bundle: reader.number(bundle)?,
        events,
    };
    Ok(JournalStored { row, heart, bundle: hash, key })
}

/// A person from its cells.
pub(super) fn person(cells: PersonCells) -> Result<PersonRow, StoreError> {
    let (id, version, redirect, restricted, waits_since, matching, state, key) = cells;
    let reader = CellReader("person");
    Ok(PersonRow {
        id: reader.id(PersonId::from_bytes, id)?,
        version: reader.number(version)?,
        redirect: reader.id_or(PersonId::from_bytes, redirect)?,
        restricted: restricted != 0,
        waits_since: waits_since.map(|at| reader.time(at)).transpose()?,
        matching,
        state,
        key,
        new: false,
    })
}
