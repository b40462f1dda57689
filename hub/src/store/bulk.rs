//! Rows as columns: how a whole batch becomes one statement on either engine.
//!
//! A [`Rows`] is the table `r` that a statement starts from (`with r (…) as (…) insert …`): on
//! PostgreSQL arrays that are unnested, on SQLite lists of values in chunks of a few fixed sizes, so
//! that each text is prepared once. Statements are therefore written once. Refuses to run anything: that is
//! [`super::engine`].

use std::fmt::Write as _;

use sqlx::Arguments;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;

/// Chunk sizes on SQLite: the rest is padded with empty rows to the smallest that holds it. The largest
/// keeps 14 columns far below SQLite's 32,766 parameters.
const CHUNKS: [usize; 4] = [1, 8, 64, 256];

#[derive(Clone, Debug)]
enum Column {
    Bytes(Vec<Option<Vec<u8>>>),
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
}

/// The table `r` of one statement. Its first column is never null.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    names: Vec<&'static str>,
    columns: Vec<Column>,
    length: usize,
}

impl Rows {
    /// A column of ids, hashes or sealed values.
    pub(super) fn bytes<T: Into<Vec<u8>>>(self, name: &'static str, values: impl Iterator<Item = T>) -> Self {
        self.bytes_or(name, values.map(Some))
    }

    /// The same, where it may be empty.
    pub(super) fn bytes_or<T: Into<Vec<u8>>>(
        self,
        name: &'static str,
        values: impl Iterator<Item = Option<T>>,
    ) -> Self {
        let values: Vec<_> = values.map(|value| value.map(Into::into)).collect();
        self.column(name, values.len(), Column::Bytes(values))
    }

    /// A column of numbers or times.
    pub(super) fn int(self, name: &'static str, values: impl Iterator<Item = i64>) -> Self {
        self.int_or(name, values.map(Some))
    }

    /// The same, where it may be empty.
    pub(super) fn int_or(self, name: &'static str, values: impl Iterator<Item = Option<i64>>) -> Self {
        let values: Vec<_> = values.collect();
        self.column(name, values.len(), Column::Int(values))
    }

    /// A column of texts.
    pub(super) fn text<T: Into<String>>(self, name: &'static str, values: impl Iterator<Item = T>) -> Self {
        self.text_or(name, values.map(Some))
    }

    /// The same, where it may be empty.
    pub(super) fn text_or<T: Into<String>>(
        self,
        name: &'static str,
        values: impl Iterator<Item = Option<T>>,
    ) -> Self {
        let values: Vec<_> = values.map(|value| value.map(Into::into)).collect();
        self.column(name, values.len(), Column::Text(values))
    }

    fn column(mut self, name: &'static str, length: usize, column: Column) -> Self {
        debug_assert!(self.names.is_empty() || self.length == length, "columns of one length");
        self.length = length;
        self.names.push(name);
        self.columns.push(column);
        self
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The statement that inserts these rows; `then` says what a conflict does or what is returned.
    pub(super) fn insert(&self, table: &str, then: &str) -> String {
        let names = self.names.join(", ");
        // Without a `where`, SQLite reads `on conflict` as the condition of a join.
        format!("insert into {table} ({names}) select {names} from r where true {then}")
    }

    /// The statement over these rows for PostgreSQL.
    pub(super) fn postgres(self, sql: &str) -> Result<(String, PgArguments), BoxDynError> {
        let mut arguments = PgArguments::default();
        let mut arrays = String::new();
        for (n, column) in self.columns.into_iter().enumerate() {
            let kind = match column {
                Column::Bytes(values) => arguments.add(values).map(|()| "bytea"),
                Column::Int(values) => arguments.add(values).map(|()| "bigint"),
                Column::Text(values) => arguments.add(values).map(|()| "text"),
            }?;
            let comma = if n == 0 { "" } else { ", " };
            write!(arrays, "{comma}${}::{kind}[]", n + 1)?;
        }
        let names = self.names.join(", ");
        Ok((format!("with r ({names}) as (select * from unnest({arrays})) {sql}"), arguments))
    }

    /// The statements over these rows for SQLite, in order.
    pub(super) fn sqlite(mut self, sql: &str) -> Result<Vec<(String, SqliteArguments)>, BoxDynError> {
        let mut statements = Vec::new();
        let mut start = 0;
        while start < self.length {
            let left = self.length - start;
            let size = CHUNKS.into_iter().find(|size| left <= *size).unwrap_or(CHUNKS[CHUNKS.len() - 1]);
            let mut arguments = SqliteArguments::default();
            for row in start..start + size {
                for column in &mut self.columns {
                    match column {
                        Column::Bytes(values) => arguments.add(values.get_mut(row).and_then(Option::take)),
                        Column::Int(values) => arguments.add(values.get_mut(row).and_then(Option::take)),
                        Column::Text(values) => arguments.add(values.get_mut(row).and_then(Option::take)),
                    }?;
                }
            }
            statements.push((self.sqlite_text(size, sql), arguments));
            start += size;
        }
        Ok(statements)
    }

    fn sqlite_text(&self, size: usize, sql: &str) -> String {
        let names = self.names.join(", ");
        let row = format!("({})", vec!["?"; self.names.len()].join(","));
        let values = vec![row.as_str(); size].join(",");
        // `column1` is SQLite's name for the first of a list of values: the padding has none.
        format!("with r ({names}) as (select * from (values {values}) where column1 is not null) {sql}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_reads_alike_on_both_engines() {
        let rows = Rows::default().int("a", [1, 2].into_iter()).text("b", ["x", "y"].into_iter());
        let sql = rows.insert("t", "on conflict do nothing");
        let insert = "insert into t (a, b) select a, b from r where true on conflict do nothing";
        assert_eq!(sql, insert);
        let (text, _) = rows.clone().postgres(&sql).unwrap();
        assert_eq!(
            text,
            format!("with r (a, b) as (select * from unnest($1::bigint[], $2::text[])) {insert}")
        );
        let statements = rows.sqlite(&sql).unwrap();
        assert!(statements[0].0.starts_with("with r (a, b) as (select * from (values (?,?),"));
    }

    #[test]
    fn sqlite_texts_have_few_sizes() {
        let sizes = |length: i64| -> Vec<usize> {
            let statements = Rows::default().int("a", 0..length).sqlite("select a from r").unwrap();
            statements.iter().map(|(text, _)| text.matches("(?)").count()).collect()
        };
        assert_eq!(sizes(0), [0; 0]);
        assert_eq!(sizes(1), [1]);
        assert_eq!(sizes(9), [64]);
        assert_eq!(sizes(500), [256, 256]);
        assert_eq!(sizes(257), [256, 1]);
    }
}
