//! The columns that a file of records may have, and which header of the file each is.
//!
//! A column goes by its own name unless `--columns` gives it another header; whatever else the file holds is left alone.

use std::collections::BTreeMap;

/// A column that means something to the linking.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LinkColumn {
    Id,
    Family,
    Given,
    Display,
    Native,
    Birth,
    Sex,
    Nationality,
    Insz,
    Dvz,
    Visa,
    Passport,
    Permit,
    Document,
    Category,
    StreetNumber,
    Street,
    Suburb,
    Postcode,
}

impl LinkColumn {
    pub const ALL: [Self; 19] = [
        Self::Id,
        Self::Family,
        Self::Given,
        Self::Display,
        Self::Native,
        Self::Birth,
        Self::Sex,
        Self::Nationality,
        Self::Insz,
        Self::Dvz,
        Self::Visa,
        Self::Passport,
        Self::Permit,
        Self::Document,
        Self::Category,
        Self::StreetNumber,
        Self::Street,
        Self::Suburb,
        Self::Postcode,
    ];

    /// Its name, and the header it has unless told otherwise.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "rec_id",
            Self::Family => "family_name",
            Self::Given => "given_names",
            Self::Display => "display_name",
            Self::Native => "native_name",
            Self::Birth => "dob",
            Self::Sex => "sex",
            Self::Nationality => "nationality",
            Self::Insz => "insz",
            Self::Dvz => "dvz_no",
            Self::Visa => "visa_no",
            Self::Passport => "passport_no",
            Self::Permit => "permit_no",
            Self::Document => "document_no",
            Self::Category => "category",
            Self::StreetNumber => "street_number",
            Self::Street => "street",
            Self::Suburb => "suburb",
            Self::Postcode => "postcode",
        }
    }

    /// Whether it holds a number that identifies.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Insz | Self::Dvz | Self::Visa | Self::Passport | Self::Permit | Self::Document)
    }

    /// Whether it holds a part of an address.
    #[must_use]
    pub fn is_address(self) -> bool {
        matches!(self, Self::StreetNumber | Self::Street | Self::Suburb | Self::Postcode)
    }
}

/// The headers that stand for columns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Columns(BTreeMap<LinkColumn, String>);

impl Columns {
    /// Reads `column=header,column=header`.
    ///
    /// # Errors
    /// Where a part has another form, or names no column: with all that there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut headers = BTreeMap::new();
        for part in text.split(',') {
            let (name, header) =
                part.split_once('=').ok_or_else(|| format!("expected COLUMN=HEADER, found {part:?}"))?;
            let found = LinkColumn::ALL.into_iter().find(|column| column.as_str() == name.trim());
            let column = found.ok_or_else(|| {
                let all: Vec<&str> = LinkColumn::ALL.into_iter().map(LinkColumn::as_str).collect();
                format!("no column is called {name:?}: there are {}", all.join(", "))
            })?;
            headers.insert(column, header.trim().to_owned());
        }
        Ok(Self(headers))
    }

    /// The header of a column.
    #[must_use]
    pub fn header(&self, column: LinkColumn) -> &str {
        self.0.get(&column).map_or(column.as_str(), String::as_str)
    }

    /// Whether somebody said which header it is.
    #[must_use]
    pub fn names(&self, column: LinkColumn) -> bool {
        self.0.contains_key(&column)
    }
}
