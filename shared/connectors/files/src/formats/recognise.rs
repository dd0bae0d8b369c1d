//! Recognising a format by a header row.

use std::sync::LazyLock;

use carry_model::Ledger;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Column, Field, Format, Shape, all};

/// A header row that was recognised.
#[derive(Debug, Clone)]
pub struct Match {
    /// The format.
    pub format: &'static Format,
    /// What each column means; nothing for a column the format does not know.
    pub fields: Vec<Option<Field>>,
}

impl Match {
    /// How many columns are known.
    pub fn known(&self) -> usize {
        self.fields.iter().flatten().count()
    }
}

/// Letters, digits, `#` and `%` of a column name in lower case: exports differ in blanks, stars and dots.
pub fn name_key(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '#' | '%'))
        .flat_map(char::to_lowercase)
        .collect()
}

struct Known {
    format: &'static Format,
    fields: FxHashMap<String, Field>,
}

struct Registry {
    formats: Vec<Known>,
    names: FxHashSet<String>,
    starts: FxHashSet<String>,
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let mut registry =
        Registry { formats: Vec::new(), names: FxHashSet::default(), starts: FxHashSet::default() };
    for format in all() {
        let mut fields = FxHashMap::default();
        for column in format.columns {
            for name in column.names.split('|') {
                let key = name_key(name);
                registry.names.insert(key.clone());
                registry.starts.insert(key.clone());
                fields.entry(key).or_insert(column.field);
            }
        }
        registry.formats.push(Known { format, fields });
    }
    registry.names.remove("");
    registry
});

/// How many cells of a row are column names of any known format. Rows with fewer than three are no headers.
pub fn count_known(cells: &[&str]) -> usize {
    let count =
        cells.iter().filter(|cell| cell.len() < 60 && REGISTRY.names.contains(&name_key(cell))).count();
    if count < 3 { 0 } else { count }
}

/// Whether a text is a column name of any format: only then is it worth comparing the whole row.
pub fn is_header_start(cell: &str) -> bool {
    cell.len() < 40 && REGISTRY.starts.contains(&name_key(cell))
}

/// The format whose header a row is, or nothing. Of several the one that knows most columns, then the first.
///
/// `titles` are the rows above the header, which tell apart the reports that share a header.
pub fn recognise(cells: &[&str], titles: &[String]) -> Option<Match> {
    let keys: Vec<String> = cells.iter().map(|cell| name_key(cell)).collect();
    let mut best: Option<Match> = None;
    for known in &REGISTRY.formats {
        let fields: Vec<Option<Field>> = keys.iter().map(|key| known.fields.get(key).copied()).collect();
        let complete = known.format.columns.iter().filter(|c| c.signature).all(|c| has(&keys, cells, c));
        if !complete || !title_fits(known.format, titles) {
            continue;
        }
        let candidate = Match { format: known.format, fields };
        if best.as_ref().is_none_or(|champion| candidate.known() > champion.known()) {
            best = Some(candidate);
        }
    }
    best.map(without_repeats)
}

fn has(keys: &[String], cells: &[&str], column: &Column) -> bool {
    if column.names.is_empty() {
        return cells.first().is_some_and(|cell| cell.trim().is_empty());
    }
    column.names.split('|').any(|name| {
        let wanted = name_key(name);
        keys.contains(&wanted)
    })
}

/// Customer and vendor balance reports have the same header.
fn title_fits(format: &Format, titles: &[String]) -> bool {
    let Shape::Balances(ledger) = format.shape else { return true };
    let says = |words: &[&str]| {
        titles.iter().any(|title| {
            let title = title.to_lowercase();
            words.iter().any(|word| title.contains(word))
        })
    };
    match ledger {
        Ledger::Payable => says(&["vendor", "supplier", "a/p", "payable"]),
        Ledger::Receivable => !says(&["vendor balance", "supplier balance", "a/p", "payable"]),
    }
}

/// Of two columns that mean the same the first counts; the other is reported as unknown. Columns without a
/// name mean something only in front.
fn without_repeats(mut found: Match) -> Match {
    let mut seen = FxHashSet::default();
    for (index, slot) in found.fields.iter_mut().enumerate() {
        let Some(field) = *slot else { continue };
        let misplaced = field == Field::Group && index > 0;
        if field != Field::Ignored && (misplaced || !seen.insert(field)) {
            *slot = None;
        }
    }
    found
}

/// The format that comes closest to an unknown header, with the columns it lacks, to say why a file was not
/// recognised. Nothing if fewer than half of its signature is there.
pub fn nearest(cells: &[&str]) -> Option<(&'static Format, Vec<&'static str>)> {
    let keys: Vec<String> = cells.iter().map(|cell| name_key(cell)).collect();
    let closeness = |format: &Format| {
        let signature = format.columns.iter().filter(|c| c.signature);
        let there = signature.clone().filter(|c| has(&keys, cells, c)).count();
        (there, signature.count())
    };
    let (format, (there, wanted)) =
        all().map(|format| (format, closeness(format))).max_by_key(|(_, (there, _))| *there)?;
    if there * 2 < wanted {
        return None;
    }
    let lacking = format.columns.iter().filter(|c| c.signature && !has(&keys, cells, c));
    Some((format, lacking.map(|c| c.names.split('|').next().unwrap_or_default()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format_of(header: &str, title: &str) -> Option<&'static str> {
        let cells: Vec<&str> = header.split(',').collect();
        recognise(&cells, &[title.to_owned()]).map(|m| m.format.id)
    }

    #[test]
    fn formats_are_told_by_their_headers() {
        for (header, title, id) in [
            (
                "*InvoiceNo,*Customer,*InvoiceDate,*DueDate,Terms,Location,Memo,Item(Product/Service),ItemDescription,ItemQuantity,ItemRate,*ItemAmount,*ItemTaxCode,ItemTaxAmount,Currency,Service Date",
                "",
                "quickbooks-invoices",
            ),
            (
                ",Date,Transaction Type,Num,Due Date,Amount,Open Balance,Balance",
                "Customer Balance Detail",
                "quickbooks-customer-balances",
            ),
            (
                ",Date,Transaction Type,Num,Due Date,Amount,Open Balance,Balance",
                "Vendor Balance Detail",
                "quickbooks-vendor-balances",
            ),
            (
                "Date,Transaction Type,Num,Name,Memo/Description,Account,Debit,Credit",
                "",
                "quickbooks-journal",
            ),
            (
                "*ContactName,EmailAddress,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,Total,InventoryItemCode,*Description,*Quantity,*UnitAmount,Discount,*AccountCode,*TaxType,TaxAmount,Currency,BrandingTheme",
                "",
                "xero-template",
            ),
            (
                "Client Name,Invoice #,Date Issued,Invoice Status,Date Paid,Item Name,Item Description,Rate,Quantity,Discount Percentage,Line Subtotal,Tax 1 Type,Tax 1 Amount,Tax 2 Type,Tax 2 Amount,Line Total,Currency",
                "",
                "freshbooks-invoices",
            ),
            (
                "Transaction ID,Transaction Date,Account Name,Transaction Description,Transaction Line Description,Amount (One column), ,Debit Amount (Two Column Approach),Credit Amount (Two Column Approach)",
                "",
                "wave-transactions",
            ),
            ("customer_name,email,contact_first_name,contact_last_name", "", "wave-customers"),
        ] {
            assert_eq!(format_of(header, title), Some(id), "{header}");
        }
        assert_eq!(format_of("Name,Total,Date", ""), None);
    }

    #[test]
    fn every_format_recognises_its_own_first_names() {
        for format in all() {
            let cells: Vec<&str> = format
                .columns
                .iter()
                .filter(|c| c.field != Field::Ignored || c.signature)
                .map(|c| c.names.split('|').next().unwrap_or_default())
                .collect();
            let title =
                if format.shape == Shape::Balances(Ledger::Payable) { "Vendor Balance Detail" } else { "" };
            let found = recognise(&cells, &[title.to_owned()]).map(|m| m.format.id);
            assert_eq!(found, Some(format.id));
        }
    }

    #[test]
    fn names_are_unique_within_a_format() {
        for format in all() {
            let mut seen = FxHashMap::default();
            for (index, column) in format.columns.iter().enumerate() {
                for name in column.names.split('|') {
                    let first = *seen.entry(name_key(name)).or_insert(index);
                    assert_eq!(first, index, "{}: {name}", format.id);
                }
            }
        }
    }

    #[test]
    fn an_unknown_header_names_its_nearest_format() {
        let (format, lacking) =
            nearest(&["Invoice No", "Customer", "Invoice Date", "Item", "Price"]).unwrap();
        assert_eq!(
            (format.id, lacking),
            ("quickbooks-invoices", vec!["ItemAmount|Item Amount|Amount".split('|').next().unwrap()])
        );
    }
}
