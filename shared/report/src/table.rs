//! The tables that a report consists of, as spreadsheets see them.

/// One table of a report: a CSV file, and a part of the JSON and of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// What became of the records per entity.
    Summary,
    /// Accounts receivable and payable per currency.
    Ledgers,
    /// The balance of every contact.
    Contacts,
    /// Total and outstanding balance of every document.
    Documents,
    /// Counts and sums per entity and currency.
    ControlTotals,
    /// The clearing account.
    Clearing,
    /// Every adjustment.
    Adjustments,
    /// Every skipped or failed record.
    Rejects,
    /// What stayed behind.
    NotCarried,
    /// What the reader of the source noticed.
    Findings,
    /// Records gone from the source.
    Vanished,
    /// Source ids and numbers to target ids and numbers.
    Crosswalk,
    /// How long each stage took.
    Stages,
}

const COMPARED: [&str; 4] = ["before", "not_carried", "after", "difference"];

impl Table {
    /// Every table, in the order of the report.
    pub const ALL: &[Self] = &[
        Self::Summary,
        Self::Ledgers,
        Self::Contacts,
        Self::Documents,
        Self::ControlTotals,
        Self::Clearing,
        Self::Adjustments,
        Self::Rejects,
        Self::NotCarried,
        Self::Findings,
        Self::Vanished,
        Self::Crosswalk,
        Self::Stages,
    ];

    /// The stable name: `not_carried`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Ledgers => "ledgers",
            Self::Contacts => "contacts",
            Self::Documents => "documents",
            Self::ControlTotals => "control_totals",
            Self::Clearing => "clearing",
            Self::Adjustments => "adjustments",
            Self::Rejects => "rejects",
            Self::NotCarried => "not_carried",
            Self::Findings => "findings",
            Self::Vanished => "vanished",
            Self::Crosswalk => "crosswalk",
            Self::Stages => "stages",
        }
    }

    /// The name of its CSV file: `not_carried.csv`.
    pub fn file_name(self) -> String {
        format!("{}.csv", self.name())
    }

    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Summary => "What became of the records",
            Self::Ledgers => "Accounts receivable and payable per currency",
            Self::Contacts => "Balance of every contact",
            Self::Documents => "Total and outstanding balance of every document",
            Self::ControlTotals => "Control totals per entity",
            Self::Clearing => "Clearing account",
            Self::Adjustments => "Adjustments",
            Self::Rejects => "Skipped and failed records",
            Self::NotCarried => "What was not carried",
            Self::Findings => "Notes on the source",
            Self::Vanished => "Records gone from the source",
            Self::Crosswalk => "Crosswalk of ids and numbers",
            Self::Stages => "Time taken by each stage",
        }
    }

    /// The columns of its CSV file.
    pub fn columns(self) -> Vec<String> {
        let compared = |name: &str| COMPARED.map(|part| format!("{name}_{part}"));
        let before_after =
            |name: &str| ["before", "after", "difference"].map(|part| format!("{name}_{part}"));
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        match self {
            Self::Summary => owned(&[
                "entity",
                "available",
                "migrated",
                "updated",
                "unchanged",
                "skipped",
                "failed",
                "not_selected",
                "removed",
            ]),
            Self::Ledgers => {
                [owned(&["ledger", "currency", "contacts"]), compared("balance").to_vec()].concat()
            }
            Self::Contacts => [
                owned(&["ledger", "contact", "source_id", "target_id", "currency"]),
                compared("balance").to_vec(),
            ]
            .concat(),
            Self::Documents => [
                owned(&["entity", "source_id", "number", "target_id", "contact", "date", "currency"]),
                before_after("total").to_vec(),
                before_after("outstanding").to_vec(),
                owned(&["result"]),
            ]
            .concat(),
            Self::ControlTotals => [
                owned(&["entity", "currency", "records_before", "records_not_carried", "records_after"]),
                compared("total").to_vec(),
                compared("outstanding").to_vec(),
            ]
            .concat(),
            Self::Clearing => owned(&["account", "currency", "balance"]),
            Self::Adjustments => owned(&[
                "entity",
                "source_id",
                "number",
                "target_id",
                "contact",
                "kind",
                "amount",
                "currency",
                "why",
                "from_account",
                "to_account",
                "debit",
                "debit_currency",
                "debit_home",
                "home_currency",
            ]),
            Self::Rejects => owned(&[
                "outcome",
                "entity",
                "source_id",
                "number",
                "contact",
                "amount",
                "currency",
                "file",
                "line",
                "last_line",
                "column",
                "text",
                "code",
                "sentence",
                "remedy",
                "raw_message",
            ]),
            Self::NotCarried => {
                owned(&["entity", "what", "count", "currency", "total", "outstanding", "why"])
            }
            Self::Findings => owned(&["kind", "file", "column", "text"]),
            Self::Vanished => {
                owned(&["entity", "source_id", "number", "target_id", "amount", "currency", "action"])
            }
            Self::Crosswalk => {
                owned(&["entity", "source_id", "source_number", "target_id", "target_number", "note"])
            }
            Self::Stages => owned(&["stage", "records", "duration_ms"]),
        }
    }
}
