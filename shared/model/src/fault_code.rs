//! Every fault has a stable code; each code has a page under `docs/errors`, compiled in.

use serde::{Deserialize, Serialize};

use crate::Kind;

macro_rules! codes {
    ($($variant:ident = $id:literal, $kind:ident, $sentence:literal, $remedy:literal;)*) => {
        /// The stable codes of everything that can go wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $sentence] #[serde(rename = $id)] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable id, `CF2001`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What sort of fault it is.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// One sentence a bookkeeper understands.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }

            /// What to do about it.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }

            /// The page under `docs/errors`, Markdown.
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../../docs/errors/", $id, ".md")),)* }
            }
        }
    };
}

codes! {
    ConfigInvalid = "CF1001", Config,
        "A setting cannot be used.",
        "Correct the setting that is named and start again.";
    SourceUnrecognised = "CF1002", Config,
        "No known export or database was found there.",
        "Give the folder or database that holds the export; `carry sources PATH` lists what each file was taken for.";
    MappingIncomplete = "CF1003", Config,
        "Some records have no counterpart in the mapping.",
        "Fill in the lines that are listed and start again; nothing was written.";
    MappingInvalid = "CF1004", Config,
        "The mapping file cannot be used.",
        "Correct the line that is named; `carry map --check` checks the file without a run.";
    RunActive = "CF1005", Config,
        "Another run of this migration is under way.",
        "Wait for it to end, or give the same command again to resume it.";
    MigrationUnknown = "CF1006", Config,
        "There is no such migration.",
        "`carry status` lists the migrations of this folder.";
    TargetUnsuitable = "CF1007", Config,
        "The target cannot take these books as it is set up.",
        "Change the setting that is named in the target, then start again.";
    DeltaRefused = "CF1008", Config,
        "A delta run is not possible here.",
        "Start a full run first, or re-migrate.";
    FileUnreadable = "CF1009", Config,
        "A file or folder cannot be read or written.",
        "Check that it exists and that you may read or write it.";
    RunEnded = "CF1010", Config,
        "The run has ended already.",
        "Start a new run.";
    OutsideWindow = "CF1011", Config,
        "That time is outside the hours in which a delta can be booked.",
        "Choose a time within the hours that are named, or ask an operator.";
    AuthRefused = "CF1101", Auth,
        "The system refused the credentials.",
        "Give a valid key or sign in again.";
    SignatureRefused = "CF1102", Auth,
        "A message did not come from who it says.",
        "Check the webhook's secret on both sides, and the clock.";
    AccessRefused = "CF1103", Auth,
        "The request carries no valid key.",
        "Send the key in the header `Authorization: Bearer KEY`.";
    ConsentMissing = "CF1104", Auth,
        "The customer does not allow support to look at their books.",
        "Ask them to allow support access to the migration; states and counts are shown without it.";
    RateLimited = "CF1201", RateLimited,
        "The system asked for a pause.",
        "Nothing to do: the run goes on by itself at the time that is named.";
    ConnectionFailed = "CF1301", Transient,
        "The system could not be reached.",
        "Check the address and the network; the run goes on where it stopped.";
    TimedOut = "CF1302", Transient,
        "The system did not answer in time.",
        "The record is looked up before it is sent again; resume the run.";
    ServerFailed = "CF1303", Transient,
        "The system failed to carry out the call.",
        "Resume the run later.";
    AnswerUnreadable = "CF1304", Transient,
        "The system's answer could not be understood.",
        "Resume the run later; if it stays, report it with the raw message.";
    HostRefused = "CF1305", Config,
        "The system pointed to another host, which is not followed.",
        "Give the system's final address.";
    AnswerTooLarge = "CF1306", Config,
        "The system's answer was larger than any answer is taken.",
        "Check what answers at the system's address; report it if it is the system itself.";
    AmountUnreadable = "CF2001", Rejected,
        "An amount cannot be read.",
        "Write the amount as a number in the file's own format and run again.";
    DateUnreadable = "CF2002", Rejected,
        "A date cannot be read.",
        "Write a date that exists, in the order the column uses, and run again.";
    FieldMissing = "CF2003", Rejected,
        "A field that is needed is empty.",
        "Fill in the field and run again.";
    CurrencyUnknown = "CF2004", Rejected,
        "A currency code does not exist.",
        "Use an ISO 4217 code such as USD or EUR and run again.";
    RowMalformed = "CF2005", Rejected,
        "A row does not have the columns its header promises.",
        "Correct the row (often a stray quote or line break) and run again.";
    InputTooLarge = "CF2006", Rejected,
        "The input is larger than the stated limit.",
        "Split the file or shorten the row.";
    TextUndecodable = "CF2007", Rejected,
        "Text cannot be decoded.",
        "Save the file as UTF-8 and run again.";
    IdTwice = "CF2008", Rejected,
        "Two different records have the same id.",
        "Remove or renumber one of them and run again.";
    AmountOutOfRange = "CF2009", Rejected,
        "An amount is too large.",
        "Check the amount.";
    ReferenceMissing = "CF2010", Rejected,
        "The record refers to one that does not exist in the source.",
        "Correct the reference, or add the record it names, and run again.";
    JournalUnbalanced = "CF2011", Rejected,
        "A journal entry's debits and credits differ.",
        "Correct the entry and run again.";
    ValueUnknown = "CF2012", Rejected,
        "A field holds a word that is not known.",
        "Use one of the known words and run again.";
    CurrencyMixed = "CF2013", Rejected,
        "Amounts of different currencies were mixed.",
        "Check the record's currency.";
    FileBroken = "CF2014", Rejected,
        "A file is broken and was not read further.",
        "Export the file again.";
    FileGone = "CF2015", Rejected,
        "An attached file could not be fetched from the source.",
        "Open the file in the source; attach it there again, or to the document in the target by hand.";
    FileTooLarge = "CF2016", Rejected,
        "An attached file is larger than can be carried.",
        "Make the file smaller in the source and run again, or keep it elsewhere.";
    QueryFailed = "CF2101", Config,
        "The database refused a query.",
        "Check the mapping file's query and your rights to read.";
    DatabaseUnreadable = "CF2102", Config,
        "The database cannot be opened.",
        "Check the address, the file and your rights.";
    TargetRefused = "CF3001", Rejected,
        "The target refused the record.",
        "Correct what the raw message names and run `carry retry`.";
    NumberTaken = "CF3002", Rejected,
        "The number is already taken in the target.",
        "Renumber one of the two, or let the target number.";
    EntityUnsupported = "CF3003", Unsupported,
        "The target has no place for this.",
        "It is listed, with what it adds up to, under what was not carried.";
    CannotRemove = "CF3004", Unsupported,
        "The target does not let this record be removed.",
        "Remove it by hand in the target if it has to go.";
    CannotUpdate = "CF3005", Unsupported,
        "The target does not let this record be changed.",
        "Change it by hand in the target.";
    PeriodLocked = "CF3006", Config,
        "The period is locked in the target.",
        "Open the period in the target, then resume the run.";
    DependencyFailed = "CF3007", Rejected,
        "A record it depends on was not carried.",
        "Mend the record it depends on; `carry retry` then carries both.";
    VoidNotCarried = "CF3008", Unsupported,
        "The document is void and was not carried.",
        "Nothing to do: a void document moves no balance.";
    DraftNotCarried = "CF3009", Unsupported,
        "The document is a draft and was not carried.",
        "Finish or enter it by hand in the target.";
    ReplacedBySettlement = "CF3010", Unsupported,
        "The payment was replaced by settlements.",
        "Nothing to do: high-level mode settles each document with one payment.";
    FileNotTaken = "CF3011", Rejected,
        "The target does not take this attached file.",
        "Attach the file to another document by hand, or keep it elsewhere.";
    TotalDiffers = "CF4001", Integrity,
        "The total in the target differs from the source's.",
        "Compare the two documents; report it if the cause is not plain.";
    OutstandingDiffers = "CF4002", Integrity,
        "The outstanding balance in the target differs from the source's.",
        "Compare the payments of the two documents.";
    RecordGone = "CF4003", Integrity,
        "The record is no longer in the target.",
        "Run `carry retry`, or leave it if it was removed on purpose.";
    ClearingNotZero = "CF4004", Integrity,
        "The clearing account does not end at zero.",
        "Look at the clearing account's entries in the target.";
    FingerprintConflict = "CF4005", Integrity,
        "The same record was announced with other content.",
        "Run again; if it stays, report it.";
    StagingCorrupt = "CF4006", Bug,
        "A staged batch is broken or missing.",
        "Remove the run's staged data and run again.";
    CountsDiffer = "CF4007", Integrity,
        "Fewer records came out than went in.",
        "Report it: every record must be carried, rejected or listed.";
    OverAllocated = "CF4008", Integrity,
        "Payments exceed what the source says was paid.",
        "Compare the document's payments in the source.";
    StateUnusable = "CF4009", Bug,
        "The run's state cannot be read or written.",
        "Check the disk; start again to resume.";
    Interrupted = "CF9001", Transient,
        "The run was interrupted.",
        "Give the same command again: it goes on where it stopped.";
    Bug = "CF9002", Bug,
        "Something happened that should not be possible.",
        "Report it with this message.";
}

impl std::str::FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_uppercase();
        Self::ALL
            .iter()
            .copied()
            .find(|c| c.id() == wanted)
            .ok_or_else(|| format!("there is no code '{text}'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_about_its_code() {
        for code in Code::ALL {
            let heading = format!("# {}: {}", code.id(), code.sentence());
            assert!(code.page().starts_with(&heading), "{}", code.id());
            assert!(code.page().contains(&format!("Kind: {}", code.kind().name())), "{}", code.id());
            assert!(code.page().contains("## What to do"), "{}", code.id());
        }
    }

    #[test]
    fn the_index_lists_every_code() {
        let index = include_str!("../../../docs/errors/README.md");
        for code in Code::ALL {
            let (id, kind) = (code.id(), code.kind().name());
            let row = format!("| [{id}]({id}.md) | {kind} | {} |", code.sentence());
            assert!(index.contains(&row), "docs/errors/README.md lacks: {row}");
        }
    }

    #[test]
    fn ids_are_unique() {
        let mut ids: Vec<_> = Code::ALL.iter().map(|c| c.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Code::ALL.len());
    }
}
