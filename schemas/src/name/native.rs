//! A name in its own script, where letter by letter into Latin would lose it: no vowels, or no letters at all.
//!
//! Kept as written but for what writers of that script vary: the compared words of one script. Refuses to turn it into
//! Latin letters: that is the learned table's work. Other scripts have a Latin form by [`super::Names::forms`].

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::tokens::Tokens;

/// As for Latin names: what of one is read.
const LETTERS: usize = 400;
const KEPT: usize = 12;

/// A script whose names meet Latin ones through a learned table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Script {
    /// Arabic, Persian, Urdu, Pashto, Sorani, Uyghur.
    Arabic,
    /// Russian, Ukrainian, Serbian, Kazakh and others.
    Cyrillic,
    /// Chinese characters, as in China, Taiwan and Japan.
    Han,
    /// Korean.
    Hangul,
    /// Hebrew, Yiddish.
    Hebrew,
}

impl Script {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::Arabic, Self::Cyrillic, Self::Han, Self::Hangul, Self::Hebrew];

    /// Its name in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arabic => "arabic",
            Self::Cyrillic => "cyrillic",
            Self::Han => "han",
            Self::Hangul => "hangul",
            Self::Hebrew => "hebrew",
        }
    }

    /// Whether its names are written without a space between family and given name.
    #[must_use]
    pub fn is_unspaced(self) -> bool {
        matches!(self, Self::Han | Self::Hangul)
    }

    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            '\u{0400}'..='\u{052F}' | '\u{1C80}'..='\u{1C8F}' | '\u{A640}'..='\u{A69F}' => Self::Cyrillic,
            '\u{05D0}'..='\u{05F4}' => Self::Hebrew,
            '\u{0620}'..='\u{064A}' | '\u{066E}'..='\u{06D5}' | '\u{06E5}'..='\u{06FF}' => Self::Arabic,
            '\u{0750}'..='\u{077F}' | '\u{08A0}'..='\u{08C9}' => Self::Arabic,
            '\u{1100}'..='\u{11FF}' | '\u{3131}'..='\u{318E}' | '\u{AC00}'..='\u{D7FB}' => Self::Hangul,
            '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{323AF}' => Self::Han,
            _ => return None,
        })
    }
}

/// The sound of one letter of any script in Latin letters, as far as a table by letters knows it.
#[must_use]
pub fn sound(letter: char) -> &'static str {
    any_ascii::any_ascii_char(letter)
}

/// The compared form of a name in its own script.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct NativeName {
    /// The script of most of its letters; words of others are left out.
    pub script: Script,
    /// Its words, sorted. Korean syllables are taken apart into their letters.
    pub words: Tokens,
}

impl NativeName {
    /// Out of what somebody wrote; `None` where most of it is in another script.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let clean: String = text.chars().take(LETTERS).nfkc().flat_map(char::to_lowercase).collect();
        let letters = |script| clean.chars().filter(|letter| Script::of(*letter) == Some(script)).count();
        let script = Script::ALL.into_iter().max_by_key(|script| letters(*script))?;
        let others =
            clean.chars().filter(|letter| letter.is_alphabetic() && Script::of(*letter).is_none()).count();
        if letters(script) <= others {
            return None;
        }
        let is_part = |letter: &char| letter.is_alphabetic() || is_inside(*letter);
        let words = clean
            .split(|letter: char| !is_part(&letter) && !is_combining_mark(letter) && !is_unseen(letter))
            .map(|word| word.chars().filter(|letter| Script::of(*letter) == Some(script)).collect::<String>())
            .map(|word| one_writing(script, &word))
            .filter(|word| !word.is_empty())
            .collect();
        let words = if script == Script::Arabic { lean(words) } else { words };
        let words: Tokens = words.into_iter().collect();
        let words: Tokens = words.iter().take(KEPT).map(str::to_owned).collect();
        (!words.is_empty()).then_some(Self { script, words })
    }
}

/// What stands inside a word: apostrophes, Hebrew geresh, the joiners of Persian.
fn is_inside(letter: char) -> bool {
    matches!(letter, '\'' | '’' | '‘' | '`' | '´' | '׳' | '״' | '"' | 'ʼ')
}

fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{00AD}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// One writing for what writers of the script vary.
fn one_writing(script: Script, word: &str) -> String {
    match script {
        Script::Arabic => word.chars().filter_map(arabic).collect(),
        Script::Hebrew => word.chars().filter_map(hebrew).collect(),
        Script::Cyrillic => word.chars().map(|letter| if letter == 'ё' { 'е' } else { letter }).collect(),
        Script::Hangul => word.nfd().collect(),
        Script::Han => word.to_owned(),
    }
}

/// Alef with its hamzas and without, the two forms of ya and kaf, ta marbuta as ha; no hamza alone, no lengthening.
fn arabic(letter: char) -> Option<char> {
    Some(match letter {
        'أ' | 'إ' | 'آ' | 'ٱ' | 'ٲ' | 'ٳ' => 'ا',
        'ى' | 'ی' | 'ئ' | 'ے' | 'ې' | 'ۍ' | 'ێ' => 'ي',
        'ؤ' | 'ۆ' | 'ۇ' | 'ۈ' | 'ۋ' => 'و',
        'ة' | 'ہ' | 'ھ' | 'ۀ' | 'ۃ' | 'ە' => 'ه',
        'ک' | 'ڪ' => 'ك',
        'ء' | 'ـ' => return None,
        other => other,
    })
}

/// No final forms, no marks of abbreviation.
fn hebrew(letter: char) -> Option<char> {
    Some(match letter {
        'ך' => 'כ',
        'ם' => 'מ',
        'ן' => 'נ',
        'ף' => 'פ',
        'ץ' => 'צ',
        '\u{05F3}' | '\u{05F4}' => return None,
        other => other,
    })
}

/// The same as in Latin letters: "servant of" and "father of" join the next word, "of the faith" the one before, "son
/// of" and an article alone are left out where something else is left.
fn lean(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = vec![];
    let mut begun = String::new();
    for word in words {
        match (word.as_str(), joined.last_mut()) {
            ("عبد" | "ابو", _) => begun.push_str(&word),
            ("الدين", Some(last)) if begun.is_empty() => last.push_str(&word),
            _ => joined.push(std::mem::take(&mut begun) + &word),
        }
    }
    joined.extend(Some(begun).filter(|begun| !begun.is_empty()));
    let leans = |word: &String| matches!(word.as_str(), "بن" | "ابن" | "بنت" | "ولد" | "ال");
    if !joined.iter().all(leans) {
        joined.retain(|word| !leans(word));
    }
    joined.into_iter().map(one_joined).collect()
}

/// "عبدالرحمن" and "عبد الرحمن" alike; "نورالدين" and "نور الدين".
fn one_joined(word: String) -> String {
    if let Some(named) = word.strip_prefix("عبدال") {
        return if named == "له" || named == "لله" {
            "عبدالله".to_owned()
        } else {
            format!("عبد{named}")
        };
    }
    match word.strip_suffix("الدين") {
        Some(first) if !first.is_empty() => format!("{first}دين"),
        _ => word,
    }
}
