//! Whose fault it is: the data's, which never get better, or anybody else's. The decider splits a batch and puts a
//! message aside on the first, and waits on the second, so only what is known to be about the data counts as that.
//!
//! Refuses to repeat a value: what is told is a table and the engine's own words.

use super::StoreError;

/// PostgreSQL's classes that are about the data: a value out of range, an id twice in one statement, a constraint, a
/// value too large. All others are not: connection, resources, a lost race, a standby, rights, a table that is not
/// there, a transaction that failed before, a prepared statement that a pooler lost or a migration changed.
const DATA_ON_POSTGRES: [&str; 4] = ["21", "22", "23", "54"];

/// Sorts what an engine says about a statement on one table.
pub(super) fn fault(table: &'static str, source: sqlx::Error) -> StoreError {
    use sqlx::Error as Said;
    let kind = match &source {
        Said::Database(said) => {
            // SQLite's codes are numbers of few digits, PostgreSQL's have five characters.
            let code = said.code().unwrap_or_default();
            if code.len() == 5 { on_postgres(&code) } else { on_sqlite(&code) }
        }
        Said::ColumnDecode { .. } | Said::Decode(_) | Said::ColumnIndexOutOfBounds { .. } => {
            FaultKind::Damaged
        }
        Said::Encode(_) | Said::InvalidArgument(_) | Said::TypeNotFound { .. } => FaultKind::Data,
        // The connection, the pool or the driver.
        _ => FaultKind::Away,
    };
    match kind {
        FaultKind::Away => StoreError::Away(source),
        FaultKind::Data => StoreError::Data { table, source },
        FaultKind::Damaged => {
            tracing::error!(table, %source, "what is stored cannot be read");
            StoreError::Damaged(table)
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum FaultKind {
    /// Nobody's whom the caller knows: try again.
    Away,
    Data,
    /// What is stored is not what was stored.
    Damaged,
}

fn on_postgres(code: &str) -> FaultKind {
    match code {
        // Damage to data or to an index.
        "XX001" | "XX002" => FaultKind::Damaged,
        _ if DATA_ON_POSTGRES.iter().any(|class| code.starts_with(class)) => FaultKind::Data,
        _ => FaultKind::Away,
    }
}

/// The lowest eight bits say what it is, the others what exactly.
fn on_sqlite(code: &str) -> FaultKind {
    let extended: i32 = code.parse().unwrap_or(0);
    // A commit that a hook turned into a rollback has the code of a constraint.
    if extended == 531 {
        return FaultKind::Away;
    }
    match extended & 0xff {
        // Too large, a constraint, another type, more parameters than a statement takes.
        18 | 19 | 20 | 25 => FaultKind::Data,
        // Damage, or not a database at all.
        11 | 26 => FaultKind::Damaged,
        // Busy, locked, out of memory, read-only, interrupted, input and output, full, cannot open, protocol, and
        // every mistake that is no row's: a table that is not there, a transaction inside another.
        _ => FaultKind::Away,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_about_the_data_is_the_datas_fault() {
        let of = |kind, sort: fn(&str) -> FaultKind, codes: &[&str]| {
            for code in codes {
                assert_eq!(sort(code), kind, "{code}");
            }
        };
        of(
            FaultKind::Away,
            on_postgres,
            &["08006", "40P01", "40001", "53100", "53300", "57P01", "58030", "55P03"],
        );
        // A standby, rights, a missing table, a failed transaction, a statement lost by a pooler or changed.
        of(
            FaultKind::Away,
            on_postgres,
            &["25006", "42501", "42P01", "25P02", "26000", "42P05", "0A000", "XX000"],
        );
        of(FaultKind::Data, on_postgres, &["21000", "22001", "22P05", "23502", "23505", "54000"]);
        of(FaultKind::Damaged, on_postgres, &["XX001", "XX002"]);
        // SQLITE_ERROR, INTERNAL, PERM, ABORT, BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN,
        // PROTOCOL, SCHEMA, MISUSE, AUTH.
        let away = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "13", "14", "15", "17", "21", "23"];
        of(FaultKind::Away, on_sqlite, &away);
        // BUSY_SNAPSHOT, LOCKED_SHAREDCACHE, IOERR_WRITE, IOERR_FSYNC, IOERR_SHMSIZE, READONLY_DBMOVED, a commit hook.
        of(FaultKind::Away, on_sqlite, &["517", "262", "778", "1034", "4874", "1032", "531"]);
        of(FaultKind::Data, on_sqlite, &["18", "19", "20", "25", "787", "1299", "1555", "2067"]);
        of(FaultKind::Damaged, on_sqlite, &["11", "267", "26"]);
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
