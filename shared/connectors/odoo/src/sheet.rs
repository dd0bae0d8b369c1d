//! Tables for Odoo's importer: a record is a row, and each further line of it a row with only the line's columns.

use serde_json::{Value, json};

/// A record to import: its own cells, and the cells of its lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    cells: Vec<(String, String)>,
    lines: Vec<Vec<(String, String)>>,
}

impl Row {
    /// A new record under an external id, `carryforward.<name>`.
    pub(crate) fn create(external: &str) -> Self {
        Self::default().with("id", format!("{}.{external}", crate::names::MODULE))
    }

    /// An existing record.
    pub(crate) fn update(id: i64) -> Self {
        Self::default().with(".id", id.to_string())
    }

    /// With a value; an empty one empties the field.
    #[must_use]
    pub(crate) fn with(mut self, field: &str, value: impl Into<String>) -> Self {
        self.cells.push((field.to_owned(), value.into()));
        self
    }

    /// With a reference by database id; None empties the field.
    #[must_use]
    pub(crate) fn with_id(self, field: &str, id: Option<i64>) -> Self {
        let id = id.map(|id| id.to_string()).unwrap_or_default();
        self.with(&format!("{field}/.id"), id)
    }

    /// With another line, whose fields carry the name of the list they belong to: `line_ids/name`.
    pub(crate) fn push_line(&mut self, cells: Vec<(String, String)>) {
        self.lines.push(cells);
    }

    fn columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = self.cells.iter().map(|(name, _)| name.clone()).collect();
        for (name, _) in self.lines.iter().flatten() {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        columns
    }
}

/// Rows with the same columns, as arguments of one `load`.
#[derive(Debug)]
pub(crate) struct Table {
    /// Column names.
    pub(crate) columns: Vec<String>,
    /// Cells, row by row.
    pub(crate) cells: Vec<Vec<String>>,
    /// The first row of each record.
    pub(crate) starts: Vec<usize>,
    /// Which of the given records they are.
    pub(crate) members: Vec<usize>,
}

impl Table {
    /// The `fields` and `data` arguments.
    pub(crate) fn arguments(&self) -> (Value, Value) {
        (json!(self.columns), json!(self.cells))
    }

    /// The record that a row belongs to, as its place among the given records.
    pub(crate) fn record_of(&self, row: usize) -> Option<usize> {
        let place = self.starts.partition_point(|start| *start <= row).checked_sub(1)?;
        self.members.get(place).copied()
    }

    fn add(&mut self, member: usize, row: &Row) {
        self.starts.push(self.cells.len());
        self.members.push(member);
        let none = Vec::new();
        let first = row.lines.first().unwrap_or(&none);
        self.push(row.cells.iter().chain(first));
        for line in row.lines.iter().skip(1) {
            self.push(line.iter());
        }
    }

    fn push<'a>(&mut self, given: impl Iterator<Item = &'a (String, String)> + Clone) {
        let cell = |column: &String| {
            given.clone().find(|(name, _)| name == column).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        self.cells.push(self.columns.iter().map(cell).collect());
    }
}

/// The records as tables: an absent column lets Odoo work a field out, an empty cell empties it, so records with
/// different columns must not share a table.
pub(crate) fn tables(rows: &[Row], members: &[usize]) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for member in members {
        let Some(row) = rows.get(*member) else { continue };
        let columns = row.columns();
        let place = tables.iter().position(|table| table.columns == columns);
        let place = place.unwrap_or_else(|| {
            tables.push(Table { columns, cells: Vec::new(), starts: Vec::new(), members: Vec::new() });
            tables.len() - 1
        });
        if let Some(table) = tables.get_mut(place) {
            table.add(*member, row);
        }
    }
    tables
}

/// Cells of a line in the list `list`.
pub(crate) fn line(
    list: &str,
    cells: impl IntoIterator<Item = (&'static str, String)>,
) -> Vec<(String, String)> {
    cells.into_iter().map(|(name, value)| (format!("{list}/{name}"), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_below_their_record_and_rows_lead_back_to_it() {
        let mut first = Row::create("invoice_1").with("name", "1");
        first.push_line(line("line_ids", [("name", "a".to_owned())]));
        first.push_line(line("line_ids", [("name", "b".to_owned())]));
        let mut second = Row::create("invoice_2").with("name", "2");
        second.push_line(line("line_ids", [("name", "c".to_owned())]));
        let other = Row::update(7).with("ref", "x");
        let tables = tables(&[first, second, other], &[0, 1, 2]);
        assert_eq!(tables.len(), 2);
        assert_eq!(tables[0].columns, ["id", "name", "line_ids/name"]);
        assert_eq!(tables[0].cells[1], ["", "", "b"]);
        assert_eq!(tables[0].record_of(1), Some(0));
        assert_eq!(tables[0].record_of(2), Some(1));
        assert_eq!(tables[1].record_of(0), Some(2));
    }
}
