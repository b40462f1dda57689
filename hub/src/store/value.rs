//! What goes into a statement about a single thing, and what comes out of any: parameters and cells of both engines.
//!
//! Next: [`super::bulk`] for statements about many things; [`super::cells`] for what a cell means.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, FromRow};

/// What a row is read into: a tuple of cells that both engines can fill.
pub(super) trait Cells:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}
impl<T> Cells for T where T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

/// One parameter of a statement that is about a single thing.
#[derive(Clone, Debug)]
pub(super) enum SqlValue {
    /// An id or a hash.
    Bytes(Vec<u8>),
    /// A number or a time.
    Int(i64),
    Text(String),
}

/// The parameters for PostgreSQL.
pub(super) fn postgres(values: Vec<SqlValue>) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            SqlValue::Bytes(bytes) => arguments.add(bytes),
            SqlValue::Int(int) => arguments.add(int),
            SqlValue::Text(text) => arguments.add(text),
        }?;
    }
    Ok(arguments)
}

/// The parameters for SQLite.
pub(super) fn sqlite(values: Vec<SqlValue>) -> Result<SqliteArguments, BoxDynError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            SqlValue::Bytes(bytes) => arguments.add(bytes),
            SqlValue::Int(int) => arguments.add(int),
            SqlValue::Text(text) => arguments.add(text),
        }?;
    }
    Ok(arguments)
}
