//! The texts of an item, in the one form in which they go on: letters composed, lines joined, nothing that cannot be seen.
//!
//! A control character or a turned direction travels through every step and breaks a database or a page at the end, so
//! it is told at its field. Refuses to touch what a text says. Next: [`crate::check`].

use schemas::finding::{Code, Finding};
use serde_json::Value;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::checking::below;

/// What becomes of a character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Kept,
    /// A break of a line or a tab: a blank.
    Blank,
    /// A mark that shows nothing and says nothing.
    Dropped,
    Forbidden,
}

fn kind(c: char) -> Kind {
    match c {
        '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Kind::Blank,
        // Joiners stay: Persian and Indian names are spelled with them.
        '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2060}'
        | '\u{feff}' => Kind::Dropped,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fff9}'..='\u{fffd}' => Kind::Forbidden,
        // What means nothing to two readers alike, or is never seen: private use, tags, fillers, a blank of Braille.
        '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' => Kind::Forbidden,
        '\u{2061}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{1d173}'..='\u{1d17a}' => Kind::Forbidden,
        '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e00ff}' | '\u{f0000}'.. => {
            Kind::Forbidden
        }
        _ if c.is_control() || (u32::from(c) & 0xfffe) == 0xfffe => Kind::Forbidden,
        _ => Kind::Kept,
    }
}

/// Brings every text of an item to its form, and tells where there is none.
pub(crate) fn brought(item: &mut Value, at: &str, findings: &mut Vec<Finding>) {
    match item {
        Value::String(text) if text.bytes().all(|b| (0x20..0x7f).contains(&b)) => {}
        Value::String(text) => {
            if text.chars().any(|c| kind(c) == Kind::Forbidden) {
                let detail = "a control character, a turned direction, or a character that means nothing or stands for a lost one";
                findings.push(Finding::new(Code::ForbiddenCharacter, at, detail));
            } else if text.chars().any(|c| kind(c) != Kind::Kept) {
                let seen = text.chars().filter(|c| kind(*c) != Kind::Dropped);
                let joined: String = seen.map(|c| if kind(c) == Kind::Blank { ' ' } else { c }).collect();
                *text = joined.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
                findings.push(Finding::new(Code::Normalised, at, "lines were joined, and marks left out"));
            }
            if !is_nfc(text) {
                *text = text.nfc().collect();
            }
        }
        Value::Array(list) => {
            let numbered = list.iter_mut().enumerate();
            numbered.for_each(|(n, child)| brought(child, &format!("{at}/{n}"), findings));
        }
        Value::Object(map) => {
            map.iter_mut().for_each(|(name, child)| brought(child, &below(at, name), findings));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_comes_to_one_form_or_is_told() {
        for (text, expect, code) in [
            ("Salma", "Salma", None),
            ("Përmeti", "Përmeti", None),
            ("Pe\u{308}rmeti", "Përmeti", None),
            ("قطيع", "قطيع", None),
            ("می\u{200c}خواهم", "می\u{200c}خواهم", None),
            ("Test\r\n ova", "Test ova", Some(Code::Normalised)),
            ("Test\tova\n", "Test ova", Some(Code::Normalised)),
            ("Test\u{2028}ova", "Test ova", Some(Code::Normalised)),
            ("\u{200f}قطيع\u{feff}", "قطيع", Some(Code::Normalised)),
            ("SAL\0MA", "SAL\0MA", Some(Code::ForbiddenCharacter)),
            ("TEST\u{7}", "TEST\u{7}", Some(Code::ForbiddenCharacter)),
            ("\u{1b}[31m", "\u{1b}[31m", Some(Code::ForbiddenCharacter)),
            ("TEST\u{7f}", "TEST\u{7f}", Some(Code::ForbiddenCharacter)),
            ("TEST\u{9b}", "TEST\u{9b}", Some(Code::ForbiddenCharacter)),
            ("AOUI\u{202e}", "AOUI\u{202e}", Some(Code::ForbiddenCharacter)),
            ("\u{2067}AOUI\u{2069}", "\u{2067}AOUI\u{2069}", Some(Code::ForbiddenCharacter)),
            ("M\u{fffd}ller", "M\u{fffd}ller", Some(Code::ForbiddenCharacter)),
            ("\u{1ffff}", "\u{1ffff}", Some(Code::ForbiddenCharacter)),
            ("A\u{e000}", "A\u{e000}", Some(Code::ForbiddenCharacter)),
            ("A\u{fdd0}", "A\u{fdd0}", Some(Code::ForbiddenCharacter)),
            ("A\u{e0041}", "A\u{e0041}", Some(Code::ForbiddenCharacter)),
            ("A\u{f0000}", "A\u{f0000}", Some(Code::ForbiddenCharacter)),
            ("\u{1f600}", "\u{1f600}", None),
            ("葛\u{e0100}", "葛\u{e0100}", None),
        ] {
            let (mut item, mut findings) = (json!({"a": ["", {"x/y": text}]}), vec![]);
            brought(&mut item, "", &mut findings);
            assert_eq!(item, json!({"a": ["", {"x/y": expect}]}), "{text:?}");
            let told: Vec<_> = findings.iter().map(|f| (f.code, f.pointer.as_str())).collect();
            assert_eq!(
                told,
                code.map(|code| (code, "/a/1/x~1y")).into_iter().collect::<Vec<_>>(),
                "{text:?}"
            );
        }
    }
}
