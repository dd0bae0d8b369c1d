//! What Xero's JSON looks like, as far as it matters here. Names are Xero's; amounts never pass through a float.

mod documents;
mod lists;
mod money;

pub(crate) use documents::{AccountRef, ContactRef, Doc, Identified, Line, LineTracking};
pub(crate) use lists::{
    Account, Address, Contact, Currency, Item, Organisation, Phone, TaxComponent, TaxRate, TrackingCategory,
    TrackingOption, Trade,
};
pub(crate) use money::{Allocation, BankTransfer, JournalLine, ManualJournal, Payment};
