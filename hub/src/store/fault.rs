//! Whose fault it is: the database's, which is away and comes back, or the data's, which never get
//! better. The decider splits a batch on the second and waits on the first.
//!
//! Refuses to repeat a value: what is told is a table and the engine's own words.

use super::StoreError;

/// Sorts what an engine says about a statement on one table.
pub(super) fn fault(table: &'static str, source: sqlx::Error) -> StoreError {
    use sqlx::Error as Said;
    let away = match &source {
        Said::Database(said) => {
            // SQLite's codes are numbers of few digits, PostgreSQL's have five characters.
            let code = said.code().unwrap_or_default();
            if code.len() == 5 { away_on_postgres(&code) } else { away_on_sqlite(&code) }
        }
        Said::ColumnDecode { .. } | Said::Decode(_) | Said::ColumnIndexOutOfBounds { .. } => {
            return StoreError::Damaged(table);
        }
        Said::Encode(_) | Said::InvalidArgument(_) | Said::TypeNotFound { .. } => false,
        // The connection, the pool or the driver.
        _ => true,
    };
    if away { StoreError::Away(source) } else { StoreError::Data { table, source } }
}

/// Connection, resources, operator and system classes; a lost race for a lock; a server that became a standby.
fn away_on_postgres(code: &str) -> bool {
    ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class))
        || ["55P03", "25006"].contains(&code)
}

/// Busy, locked, out of memory, read-only, interrupted, input and output, full, cannot open.
fn away_on_sqlite(code: &str) -> bool {
    let extended: i32 = code.parse().unwrap_or(0);
    matches!(extended & 0xff, 5..=10 | 13 | 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_engines_are_sorted() {
        for code in ["08006", "40P01", "53300", "57P01", "58030", "55P03", "25006"] {
            assert!(away_on_postgres(code), "{code}");
        }
        for code in ["23505", "22001", "42P01", "54000"] {
            assert!(!away_on_postgres(code), "{code}");
        }
        for code in ["5", "517", "6", "13", "10", "778", "14"] {
            assert!(away_on_sqlite(code), "{code}");
        }
        for code in ["1", "19", "2067", "1555", "18", "25"] {
            assert!(!away_on_sqlite(code), "{code}");
        }
    }

    #[test]
    fn a_lost_connection_is_away_and_an_unreadable_cell_is_damage() {
        assert!(matches!(fault("inbox", sqlx::Error::PoolTimedOut), StoreError::Away(_)));
        assert!(matches!(fault("inbox", sqlx::Error::Decode("x".into())), StoreError::Damaged("inbox")));
        assert!(matches!(
            fault("inbox", sqlx::Error::Encode("x".into())),
            StoreError::Data { table: "inbox", .. }
        ));
    }
}
