//! Where commands write their data: stdout, whose reader may leave before the end (`hub tap | head -1`).
//!
//! A reader who has seen enough is no error, so that one case has an error of its own, which [`reader_left`] knows
//! again: a pipe that breaks anywhere else stays what it is. Refuses to know what is written.

use std::error::Error;
use std::io::{self, StdoutLock, Write};

#[derive(Debug)]
pub struct Out(StdoutLock<'static>);

#[must_use]
pub fn out() -> Out {
    Out(io::stdout().lock())
}

/// Who read stdout has left.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads on")]
struct ReaderLeft;

/// Whether a command ended because its reader had seen enough.
#[must_use]
pub fn reader_left(error: &anyhow::Error) -> bool {
    let is = |error: &io::Error| error.get_ref().is_some_and(|inner| inner.is::<ReaderLeft>());
    let of = |cause: &(dyn Error + 'static)| match cause.downcast_ref::<csv::Error>().map(csv::Error::kind) {
        Some(csv::ErrorKind::Io(error)) => is(error),
        _ => cause.downcast_ref::<io::Error>().is_some_and(is),
    };
    error.chain().any(of)
}

fn told<T>(done: io::Result<T>) -> io::Result<T> {
    done.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::other(ReaderLeft),
        _ => error,
    })
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        told(self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        told(self.0.flush())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_reader_of_stdout_may_leave_in_silence() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        let left = told::<()>(Err(broken())).unwrap_err();
        assert!(reader_left(&anyhow::Error::from(left).context("a record")));
        let left = told::<()>(Err(broken())).unwrap_err();
        assert!(reader_left(&anyhow::Error::from(csv::Error::from(left))));
        assert!(!reader_left(&anyhow::Error::from(broken()).context("the database")));
        let full = told::<()>(Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert!(!reader_left(&full.into()), "a full disk behind stdout is told");
    }
}
