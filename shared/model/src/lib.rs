//! The vocabulary of Carryforward: what books hold, in terms no accounting system owns.
//!
//! Everything else speaks in these types; this crate does no I/O and knows no system.
//!
//! * [`Money`] and [`Currency`]: decimal amounts that never meet a binary float.
//! * [`Record`]: one canonical record with its identity, fingerprint and the raw source slice it came from.
//! * [`Body`]: what a record says ([`Document`], [`Payment`], [`Account`], ...).
//! * [`Fault`]: what went wrong, how far it reached, and what a person can do about it.

mod currency;
mod document;
mod entity;
mod fault;
mod fault_code;
mod id;
mod lists;
mod money;
mod quick;
mod record;
mod settlement;
mod work;

pub use currency::{Currency, UnknownCurrency};
pub use document::{Discount, Document, DocumentTax, Line, Status, TaxMode, Tracking};
pub use entity::{Entity, Ledger};
pub use fault::{Action, Fault, Kind, Reach, action};
pub use fault_code::Code;
pub use id::{MigrationId, RecordKey, RunId, SourceId, TargetId};
pub use lists::{
    Account, AccountClass, Address, Company, Contact, Item, PaymentMethod, Project, TaxComponent, TaxRate,
    Terms, TrackingCategory,
};
pub use money::{Money, checked_sum, parse_plain, round_half_up};
pub use quick::{decimal as serialize_decimal, push_decimal};
pub use record::{Body, Fingerprint, Place, Record, Reject};
pub use settlement::{
    Allocation, BankLine, BankTransaction, Direction, Journal, JournalLine, OpenBalance, Payment, Transfer,
};
pub use work::{Activity, Attachment};

pub use jiff::Timestamp;
pub use jiff::civil::Date;
pub use rust_decimal::Decimal;
