//! A file of records as a table: its rows, each column by name.
//!
//! Refuses a file that has no id or nothing to compare, a header that was promised and is not there, and an id twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use anyhow::{Context, bail, ensure};

use super::columns::{Columns, LinkColumn};

/// The rows of a file.
#[derive(Debug)]
pub struct LinkTable {
    places: BTreeMap<LinkColumn, usize>,
    rows: Vec<csv::StringRecord>,
}

/// One row of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkRow<'a> {
    table: &'a LinkTable,
    cells: &'a csv::StringRecord,
}

impl LinkRow<'_> {
    /// What stands in a column; nothing where it is blank or absent.
    pub(super) fn get(&self, column: LinkColumn) -> Option<&str> {
        let cell = self.cells.get(*self.table.places.get(&column)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }
}

impl LinkTable {
    /// Reads a CSV file whole.
    ///
    /// # Errors
    /// Where it is no such table.
    pub fn read(from: impl Read, columns: &Columns) -> anyhow::Result<Self> {
        let mut reader = csv::ReaderBuilder::new().from_reader(from);
        let headers = reader.headers().context("the first line is no header in UTF-8")?.clone();
        let mut places = BTreeMap::new();
        for column in LinkColumn::ALL {
            let header = columns.header(column);
            let bare = |cell: &str| cell.trim_start_matches('\u{feff}').trim() == header;
            match headers.iter().position(bare) {
                Some(place) => {
                    places.insert(column, place);
                }
                None if columns.names(column) => bail!("the file has no column {header}"),
                None => {}
            }
        }
        ensure!(
            places.contains_key(&LinkColumn::Id),
            "the file has no column {}",
            columns.header(LinkColumn::Id)
        );
        ensure!(places.len() > 1, "the file has no column that could be compared: see --columns");
        let rows: Vec<_> = reader.records().collect::<Result<_, _>>()?;
        let table = Self { places, rows };
        let mut seen = BTreeSet::new();
        if let Some(twice) = table.ids().find(|id| !seen.insert(*id)) {
            bail!("the record {twice} stands in the file twice");
        }
        Ok(table)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = LinkRow<'_>> {
        self.rows.iter().map(|cells| LinkRow { table: self, cells })
    }

    /// The ids, in the order of the file.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        (0..self.rows.len()).map(|n| self.id(n))
    }

    /// The id of a row; blank where the row is shorter.
    #[must_use]
    pub fn id(&self, n: usize) -> &str {
        self.rows.get(n).and_then(|cells| cells.get(*self.places.get(&LinkColumn::Id)?)).unwrap_or_default()
    }

    /// The model that its columns ask for: addresses, no number at all, or what the running hub uses.
    #[must_use]
    pub fn model(&self) -> &'static str {
        let any = |kind: fn(LinkColumn) -> bool| self.places.keys().any(|column| kind(*column));
        match (any(LinkColumn::is_address), any(LinkColumn::is_number)) {
            (true, _) => "febrl",
            (false, false) => "core",
            (false, true) => "newcomers",
        }
    }
}
