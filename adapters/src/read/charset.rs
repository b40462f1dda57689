//! The encodings in which texts come: UTF-8, and what Windows' spreadsheets and old XML write.
//!
//! A byte order mark decides, then what is said (a content type, an XML declaration), then the bytes themselves. Refuses
//! to guess a letter: where neither UTF-8 nor one page of letters fits, nothing is read. Next: [`super::read`].

use std::borrow::Cow;

/// How a text is encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Charset {
    /// UTF-8, ASCII among it.
    Utf8,
    /// UTF-16, in the order that its mark or its first character tells.
    Utf16,
    /// The code page of Western Windows; ISO-8859-1 is read as it, as browsers do.
    Windows1252,
}

/// What stands at 0x80 to 0x9F, where ISO-8859-1 has control characters; nothing at five of them.
const UPPER: [Option<char>; 32] = [
    Some('€'),
    None,
    Some('‚'),
    Some('ƒ'),
    Some('„'),
    Some('…'),
    Some('†'),
    Some('‡'),
    Some('ˆ'),
    Some('‰'),
    Some('Š'),
    Some('‹'),
    Some('Œ'),
    None,
    Some('Ž'),
    None,
    None,
    Some('‘'),
    Some('’'),
    Some('“'),
    Some('”'),
    Some('•'),
    Some('–'),
    Some('—'),
    Some('˜'),
    Some('™'),
    Some('š'),
    Some('›'),
    Some('œ'),
    None,
    Some('ž'),
    Some('Ÿ'),
];

impl Charset {
    /// The encoding of a name, as content types and XML declarations have it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.trim().trim_matches('"').to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" | "us-ascii" => Some(Self::Utf8),
            "utf-16" | "utf-16le" | "utf-16be" => Some(Self::Utf16),
            "windows-1252" | "cp1252" | "iso-8859-1" | "latin1" => Some(Self::Windows1252),
            _ => None,
        }
    }

    /// The encoding that a byte order mark tells.
    #[must_use]
    pub fn marked(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xef, 0xbb, 0xbf, ..] => Some(Self::Utf8),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(Self::Utf16),
            _ => None,
        }
    }

    /// The same in UTF-8, without its mark. What should be UTF-8 is as it came: a row or a line may be broken alone.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, &'static str> {
        let owned = |text: Option<String>| text.map(|text| Cow::Owned(text.into_bytes()));
        match self {
            Self::Utf8 => Ok(Cow::Borrowed(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))),
            Self::Utf16 => owned(utf16(bytes)).ok_or("not UTF-16"),
            // Letters of two bytes that happen to be UTF-8 were written as UTF-8, whatever is said.
            Self::Windows1252 if !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() => {
                Err("said to be in a page of Western letters, but is UTF-8")
            }
            Self::Windows1252 => owned(windows(bytes)).ok_or("not Windows-1252"),
        }
    }

    /// The encoding of bytes of which nothing is said: without one letter that UTF-8 writes in several bytes, bytes that
    /// are no UTF-8 are the code page's.
    pub(super) fn guessed(bytes: &[u8]) -> Self {
        let letters = || bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
        if std::str::from_utf8(bytes).is_ok() || letters() { Self::Utf8 } else { Self::Windows1252 }
    }
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (big, bytes) = match bytes {
        [0xfe, 0xff, rest @ ..] => (true, rest),
        [0xff, 0xfe, rest @ ..] => (false, rest),
        // What is read here begins with a letter of ASCII.
        _ => (bytes.first() == Some(&0), bytes),
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
    let units = pairs.iter().map(unit);
    rest.is_empty().then(|| char::decode_utf16(units).collect::<Result<_, _>>().ok()).flatten()
}

fn windows(bytes: &[u8]) -> Option<String> {
    let letter = |byte: &u8| match byte {
        0x80..0xa0 => UPPER[usize::from(byte - 0x80)],
        _ => Some(char::from(*byte)),
    };
    bytes.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_out_as_they_were_written() {
        let wide =
            |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let (little, big) = (u16::to_le_bytes, u16::to_be_bytes);
        for (charset, bytes, expect) in [
            (Charset::Utf8, b"\xef\xbb\xbfM\xc3\xbcller".to_vec(), Ok("Müller")),
            (Charset::Windows1252, b"M\xfcller \x80 \x8a".to_vec(), Ok("Müller € Š")),
            (Charset::Windows1252, b"M\x81".to_vec(), Err("not Windows-1252")),
            (
                Charset::Windows1252,
                "Müller".as_bytes().to_vec(),
                Err("said to be in a page of Western letters, but is UTF-8"),
            ),
            (Charset::Utf16, wide("\u{feff}Müller 😀", little), Ok("Müller 😀")),
            (Charset::Utf16, wide("\u{feff}Müller", big), Ok("Müller")),
            (Charset::Utf16, wide("Müller", big), Ok("Müller")),
            (Charset::Utf16, wide("Müller", little), Ok("Müller")),
            (Charset::Utf16, b"\xff\xfeM\x00\x00\xd8".to_vec(), Err("not UTF-16")),
            (Charset::Utf16, b"\xff\xfeM\x00x".to_vec(), Err("not UTF-16")),
        ] {
            assert_eq!(
                charset.decode(&bytes),
                expect.map(|text: &str| Cow::from(text.as_bytes())),
                "{charset:?} {bytes:?}"
            );
        }
    }

    #[test]
    fn bytes_tell_their_encoding_where_nothing_is_said() {
        assert_eq!(Charset::guessed(b"plain"), Charset::Utf8);
        assert_eq!(Charset::guessed("Müller".as_bytes()), Charset::Utf8);
        assert_eq!(Charset::guessed(b"M\xfcller"), Charset::Windows1252);
        // One letter of each: what is broken is the UTF-8.
        assert_eq!(Charset::guessed(b"M\xc3\xbcller;M\xfcller"), Charset::Utf8);
    }
}
