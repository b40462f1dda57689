//! What the hub that runs goes by, as texts with their seals. What they say, and whether a seal is right, is the desk's.

use schemas::key::Mac;

use super::bulk::Rows;
use super::cells::CellReader;
use super::engine::{SqlValue, detached};
use super::{Store, StoreError};

impl Store {
    /// Puts texts in force, each by its name and with its seal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_in_force(&self, texts: Vec<(&'static str, String, Mac)>) -> Result<(), StoreError> {
        let rows = Rows::default()
            .text("name", texts.iter().map(|(name, ..)| *name))
            .text("value", texts.iter().map(|(_, value, _)| value.as_str()))
            .bytes("seal", texts.iter().map(|(.., seal)| seal.0));
        let pool = self.pool.clone();
        detached(async move {
            let mut tx = pool.write().await?;
            let then = "on conflict (name) do update set value = excluded.value, seal = excluded.seal";
            tx.insert("in_force", rows, then).await?;
            tx.commit().await
        })
        .await
    }

    /// The text of this name that is in force, with its seal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn in_force(&self, name: &str) -> Result<Option<(String, Mac)>, StoreError> {
        let sql = "select value, seal from in_force where name = $1";
        let values = vec![SqlValue::Text(name.to_owned())];
        let found: Vec<(String, Vec<u8>)> = self.pool.read("in_force", sql, values).await?;
        let Some((value, seal)) = found.into_iter().next() else { return Ok(None) };
        Ok(Some((value, Mac(CellReader("in_force").fixed(seal)?))))
    }
}
