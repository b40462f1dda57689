//! The dictionaries of compressed contents: what most messages have in common need not be stored with each.
//!
//! Trained on the doors' fixtures by `cargo run -p tests --bin dictionary`. Each stays for ever, because contents
//! that were written with it do; a new one is the next id.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};

/// The dictionaries, by id from 1.
const ALL: [&[u8]; 1] = [include_bytes!("1.zdict")];

/// The id of the one that new contents are written with.
pub(super) const NEWEST: u8 = 1;

/// Fast; what compresses is mostly the dictionary.
const LEVEL: i32 = 1;

/// The most that a content may unpack to: above what any door takes.
const LARGEST: usize = 64 << 20;

thread_local! {
    static PACK: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACK: RefCell<Vec<(u8, Decompressor<'static>)>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn compress(plain: &[u8]) -> io::Result<Vec<u8>> {
    PACK.with_borrow_mut(|pack| {
        let pack = match pack {
            Some(pack) => pack,
            None => pack.insert(Compressor::with_dictionary(LEVEL, of(NEWEST)?)?),
        };
        pack.compress(plain)
    })
}

pub(super) fn decompress(id: u8, packed: &[u8]) -> io::Result<Vec<u8>> {
    let length = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
    let length = length.and_then(|length| usize::try_from(length).ok()).filter(|length| *length <= LARGEST);
    let length = length.ok_or(io::ErrorKind::InvalidData)?;
    UNPACK.with_borrow_mut(|all| {
        let at = match all.iter().position(|(known, _)| *known == id) {
            Some(at) => at,
            None => {
                all.push((id, Decompressor::with_dictionary(of(id)?)?));
                all.len() - 1
            }
        };
        all[at].1.decompress(packed, length)
    })
}

fn of(id: u8) -> io::Result<&'static [u8]> {
    let found = usize::from(id).checked_sub(1).and_then(|at| ALL.get(at));
    found.copied().ok_or_else(|| io::ErrorKind::InvalidData.into())
}
