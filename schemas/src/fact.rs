//! Facts: what a source states about one person, in one vocabulary for every source.
//!
//! A [`Record`] is one message's statement about one person; its [`Fact`]s each name the entry they
//! are about and the authority that speaks. Facts carry no order of arrival: two of them are
//! compared by their [`Version`] alone, which is what makes their fold order-free (invariant I8).
//! Refuses everything a source's strip list removes. Next: [`crate::message`].

use serde::{Deserialize, Serialize};

use crate::country::Country;
use crate::insz::Insz;
use crate::key::Key;
pub use crate::learning::{
    CoursePeriod, FeeExemption, FeePayment, LanguageLevel, LearningPath, LearningStep, Progress, SupportNeed,
    TestElsewhere, TestSubject,
};
use crate::municipality::NisCode;
use crate::name::Names;
use crate::partial::PartialDate;
use crate::place::Destination;
use crate::recipient::Recipient;
use crate::reference::{
    Account, ApplicationNumber, CategoryCode, ModuleCode, PermitNumber, PostCode, StatementId,
};
use crate::time::{Day, Instant, Version};

/// Who speaks, weakest first (docs/facts.md#authorities); a learning platform speaks of learning alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// A learning platform.
    Learning,
    /// The participant, through the portal.
    Portal,
    /// WEWIS.
    Permits,
    /// A diplomatic post.
    Post,
    /// The aliens office (DVZ).
    Aliens,
    /// The Rijksregister, and whoever hints at it: a municipality, an office in Brussels.
    Register,
}

/// What a fact is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Entry {
    /// The person, as the register states them.
    Person,
    /// A visa application.
    Application(PostCode, ApplicationNumber),
    /// A single permit, or a family member's own part of one.
    Permit(PermitNumber),
    /// A residence, by the day it began.
    Residence(Day),
    /// An account, and what is done through it.
    Account(Account),
    /// A module of the learning path.
    Module(ModuleCode),
    /// One learning statement.
    Statement(StatementId),
    /// A test passed elsewhere, by what it is about.
    Test(TestSubject, Option<LanguageLevel>),
    /// A choice in Brussels, by what is chosen: one that is not complete takes no other one's place.
    Choice(Choice),
    /// Why they need not pay the fee, by its category: one that is taken back leaves the others.
    Exemption(CategoryCode),
}

/// One normalised statement.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about.
    pub entry: Entry,
    /// What it says.
    pub statement: Statement,
    /// Who says it.
    pub authority: Authority,
    /// Since when it holds in the world, where the source says so.
    pub valid_from: Option<Day>,
    /// The source's own version of it.
    pub version: Version,
}

/// What a fact says: a newer statement replaces an older one of the same field, entry, authority and channel.
///
/// What an answer of the register says of standing and residence is a snapshot: it stands beside those of others.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Statement {
    /// How the person is called.
    Names(Names),
    /// When the person was born.
    Birth(PartialDate),
    /// Their sex.
    Sex(Sex),
    /// Every nationality they have, sorted.
    Nationalities(Vec<Country>),
    /// Their national number.
    Insz(Insz),
    /// Of their national numbers one took the place of another.
    Replaced(Replacement),
    /// Their mail address.
    Email(String),
    /// Their telephone number.
    Phone(String),
    /// The language they want to be addressed in (ISO 639-1).
    Language(String),
    /// What was applied for: a visa. What an application may leave out is stated by itself: one that is silent about it
    /// leaves what was known.
    Applied(Application),
    /// On which article of the law of 15 December 1980 an application rests, as the post names it: `10`, `40ter` …
    Ground(String),
    /// On which permit an application rests.
    RestsOn(PermitNumber),
    /// The day on which an applicant means to enter.
    EntryOn(Day),
    /// Whether an applicant needs a visa; who needs none tells the post that they mean to stay.
    NeedsVisa(bool),
    /// What became of the application, as decided.
    Decision(Decision),
    /// The applicant took the application back.
    Withdrawn,
    /// What was applied for: a permit.
    Permit(Permit),
    /// A permit is asked for somebody who has a register number.
    Registered,
    /// A permit is asked for somebody to whom a post gives the visa.
    ThroughPost,
    /// What became of the permit.
    PermitDecision(Decision),
    /// Where they mean to live, by an application or a permit that names it: one that names none leaves what was known.
    Destination(Destination),
    /// How the register knows them.
    Standing(RegisterStanding),
    /// Where a residence is.
    Residence(Residence),
    /// The account is theirs.
    AccountOpened,
    /// Which modules they take.
    LearningPath(LearningPath),
    /// In which language they take them (ISO 639-1).
    CourseLanguage(String),
    /// Within which days they take them.
    CoursePeriod(CoursePeriod),
    /// What the intake talk found they need help with.
    Support(SupportNeed),
    /// Whether they paid the fee: refunded, they have not.
    Fee(FeePayment),
    /// They showed that they need not pay the fee.
    Exemption(FeeExemption),
    /// They passed a test elsewhere, and showed the proof of it.
    TestElsewhere(TestElsewhere),
    /// A municipality has told that they came there: the register may be asked, and nothing is routed on it.
    Hint(NisCode),
    /// Whom they chose in Brussels.
    Choice(Choice),
    /// They object to being handed over (GDPR article 21).
    Objection,
    /// What happened in a module.
    Progress(Progress),
    /// The learning statement does not hold and never did.
    Voided,
}

impl Statement {
    /// The field of the fold it belongs to: the same for two statements of one variant, and for a decision and a
    /// withdrawal.
    #[must_use]
    pub fn field(&self) -> Field {
        match self {
            Self::Names(_) => Field::Names,
            Self::Birth(_) => Field::Birth,
            Self::Sex(_) => Field::Sex,
            Self::Nationalities(_) => Field::Nationalities,
            Self::Insz(_) => Field::Insz,
            Self::Replaced(_) => Field::Replaced,
            Self::Email(_) => Field::Email,
            Self::Phone(_) => Field::Phone,
            Self::Language(_) => Field::Language,
            Self::Applied(_) => Field::Applied,
            Self::Ground(_) => Field::Ground,
            Self::RestsOn(_) => Field::RestsOn,
            Self::EntryOn(_) => Field::EntryOn,
            Self::NeedsVisa(_) => Field::NeedsVisa,
            // A withdrawal is what became of the application: a later decision of the same sender replaces it.
            Self::Decision(_) | Self::Withdrawn => Field::Decision,
            Self::Permit(_) => Field::Permit,
            Self::Registered => Field::Registered,
            Self::ThroughPost => Field::ThroughPost,
            Self::PermitDecision(_) => Field::PermitDecision,
            Self::Destination(_) => Field::Destination,
            Self::Standing(_) => Field::Standing,
            Self::Residence(_) => Field::Residence,
            Self::AccountOpened => Field::AccountOpened,
            Self::LearningPath(_) => Field::LearningPath,
            Self::CourseLanguage(_) => Field::CourseLanguage,
            Self::CoursePeriod(_) => Field::CoursePeriod,
            Self::Support(_) => Field::Support,
            Self::Fee(_) => Field::Fee,
            Self::Exemption(_) => Field::Exemption,
            Self::TestElsewhere(_) => Field::TestElsewhere,
            Self::Hint(_) => Field::Hint,
            Self::Choice(_) => Field::Choice,
            Self::Objection => Field::Objection,
            Self::Progress(_) => Field::Progress,
            Self::Voided => Field::Voided,
        }
    }
}

/// What can be stated, without its value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the variant of `Statement` with the same name")]
pub enum Field {
    Names,
    Birth,
    Sex,
    Nationalities,
    Insz,
    Replaced,
    Email,
    Phone,
    Language,
    Applied,
    Ground,
    RestsOn,
    EntryOn,
    NeedsVisa,
    Decision,
    Permit,
    Registered,
    ThroughPost,
    PermitDecision,
    Destination,
    Standing,
    Residence,
    AccountOpened,
    LearningPath,
    CourseLanguage,
    CoursePeriod,
    Support,
    Fee,
    Exemption,
    TestElsewhere,
    Hint,
    Choice,
    Objection,
    Progress,
    Voided,
}

/// Sex as documents state it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Neither, or not stated.
    Other,
}

/// One national number in the place of another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Replacement {
    /// The one that counts no more.
    pub old: Insz,
    /// The one that counts.
    pub new: Insz,
}

/// Why somebody applied for a long-stay visa.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To work, on a single permit.
    Work,
    /// To join family.
    FamilyReunification,
    /// To join a labour migrant.
    FamilyOfWorker,
    /// To study.
    Study,
    /// Something else.
    Other,
}

/// A visa application as filed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Application {
    /// The day it was filed.
    pub filed_on: Day,
    /// Why.
    pub purpose: Purpose,
}

/// What an authority decided.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Not yet.
    Pending,
    /// Granted.
    Granted,
    /// Refused.
    Refused,
    /// Granted once, revoked since.
    Revoked,
}

/// A single permit as applied for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Permit {
    /// The day it was applied for.
    pub applied_on: Day,
    /// Whose it is.
    pub role: PermitRole,
    /// The region that is competent (the employer's establishment decides, not the home).
    pub region: Region,
}

/// Whose permit a row is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermitRole {
    /// The worker's own.
    Worker,
    /// A family member's, who comes with the worker of this permit.
    Family(PermitNumber),
}

/// A region of Belgium.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Flanders.
    Flanders,
    /// Brussels.
    Brussels,
    /// Wallonia.
    Wallonia,
}

/// How the register knows a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisterStanding {
    /// Has a home in Belgium: the residence that began on this day.
    Resident(Day),
    /// Known, without a home in Belgium.
    Known,
    /// Left Belgium, struck off, or lost the right of residence.
    Left,
    /// Deceased.
    Deceased,
    /// The number was cancelled.
    Cancelled,
}

/// A home in Belgium.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Residence {
    /// The municipality as the register codes it on that day.
    pub nis: NisCode,
    /// The address, for who may have it.
    pub address: Option<Address>,
    /// The address may be told to nobody (`NietMededeelbaarAdres`, IT252).
    pub restricted: bool,
}

/// A Belgian address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of an address")]
pub struct Address {
    pub street: String,
    pub number: String,
    pub bus: Option<String>,
    pub postal_code: Option<String>,
    pub municipality: Option<String>,
}

/// What a newcomer in Brussels chose. Complete or not is the routing table's to say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Choice {
    /// Whom.
    pub recipient: Recipient,
    /// In which language (ISO 639-1).
    pub language: Option<String>,
}

impl Choice {
    /// Reads `bon` or `bapa-via:fr`; `None` where that is no recipient's name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, language) =
            text.split_once(':').map_or((text, None), |(name, l)| (name, Some(l.to_owned())));
        Recipient::parse(name).ok().map(|recipient| Self { recipient, language })
    }
}

/// One message's statement about one person, as that source knows them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// What it can be found by; without those that are made of names: `decide::prepare` makes them.
    pub keys: Vec<Key>,
    /// Every form of the name it carries: as written, and as its machine-readable zone has it.
    pub names: Vec<Names>,
    /// Every birth date it carries.
    pub births: Vec<PartialDate>,
    /// What it states.
    pub facts: Vec<Fact>,
}

impl Record {
    /// Whether a participant says it of themselves, so that what it names of numbers is a claim.
    #[must_use]
    pub fn is_own_account(&self) -> bool {
        self.facts.iter().any(|fact| fact.authority == Authority::Portal)
    }

    /// The register says that one national number took the place of another. Found by both: whoever has either is
    /// meant.
    #[must_use]
    pub fn replaced(old: Insz, new: Insz, stated_at: Instant) -> Self {
        let fact = Fact {
            entry: Entry::Person,
            statement: Statement::Replaced(Replacement { old, new }),
            authority: Authority::Register,
            valid_from: None,
            version: Version { channel: register_channel(old), sequence: None, stated_at },
        };
        Self { keys: vec![Key::Insz(old), Key::Insz(new)], names: vec![], births: vec![], facts: vec![fact] }
    }
}

/// The channel of what the register says of one number: each has a dossier of its own, and one that is cancelled
/// says nothing of the other.
#[must_use]
pub fn register_channel(insz: Insz) -> String {
    format!("{REGISTER}{insz}")
}

/// Whether what is said in this channel is an answer of the register itself, and no hint at one.
#[must_use]
pub fn is_answer(channel: &str) -> bool {
    channel.starts_with(REGISTER)
}

const REGISTER: &str = "register/";
