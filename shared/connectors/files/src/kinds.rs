//! Words that systems use for kinds of transactions.

use carry_model::Entity;

/// The document that a word means, in a `Type` column or a report.
pub(crate) fn document_kind(text: &str) -> Option<Entity> {
    let kind = match text.trim().to_lowercase().as_str() {
        "invoice" | "sales invoice" | "accrec" => Entity::Invoice,
        "credit memo" | "credit note" | "sales credit note" | "accreccredit" => Entity::CreditNote,
        "bill" | "purchase invoice" | "accpay" => Entity::Bill,
        "vendor credit"
        | "supplier credit"
        | "bill credit note"
        | "purchase credit note"
        | "accpaycredit" => Entity::BillCredit,
        _ => return None,
    };
    Some(kind)
}

/// What becomes of a transaction of the journal report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JournalKind {
    /// It is carried from the report.
    Carried(Entity),
    /// Its own export carries it.
    Elsewhere,
}

/// What becomes of transactions of that type. Types of which nothing is known are postings like any other and
/// are carried as journal entries.
pub(crate) fn journal_kind(text: &str) -> JournalKind {
    let kind = text.trim().to_lowercase();
    match kind.as_str() {
        "invoice" | "payment" | "credit memo" | "sales receipt" | "refund" | "refund receipt" | "bill"
        | "vendor credit" | "supplier credit" | "bill payment" | "estimate" => JournalKind::Elsewhere,
        _ if kind.starts_with("bill payment") => JournalKind::Elsewhere,
        "expense"
        | "check"
        | "cheque"
        | "cheque expense"
        | "cash expense"
        | "credit card expense"
        | "cash purchase" => JournalKind::Carried(Entity::Expense),
        "deposit" => JournalKind::Carried(Entity::BankTransaction),
        "transfer" => JournalKind::Carried(Entity::Transfer),
        _ => JournalKind::Carried(Entity::Journal),
    }
}
