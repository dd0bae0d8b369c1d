//! Payments with what they settle, and money that moves.

use carry_model::{
    Allocation, BankLine, BankTransaction, Body, Code, Decimal, Direction, Entity, Fault, Journal,
    JournalLine, Payment, SourceId, Tracking, Transfer, checked_sum,
};

use super::{Draft, QuickBooksTransformer, id, text, vendor_id};
use crate::kinds::Kind;
use crate::objects::{self, JournalDetail, Line};

impl QuickBooksTransformer {
    pub(super) fn payment(&self, kind: Kind, source: objects::Payment) -> Result<Draft, Fault> {
        let currency = self.currency(source.currency_ref.as_ref())?;
        let mut allocations: Vec<Allocation> = Vec::new();
        for line in &source.line {
            let amount = line.amount.unwrap_or_default();
            for linked in &line.linked_txn {
                // What else can be linked (an entry, a deposit) holds no document that could be settled.
                let Some(settled) = Kind::named(&linked.txn_type)
                    .filter(|of| of.entity().settled_by() == Some(kind.entity()))
                else {
                    continue;
                };
                let document = self.key_of(settled, &linked.txn_id);
                match allocations.iter_mut().find(|allocation| allocation.document == document) {
                    Some(known) => known.amount = checked_sum([known.amount, amount])?,
                    None => allocations.push(Allocation { document, amount }),
                }
            }
        }
        allocations.retain(|allocation| !allocation.amount.is_zero());
        let undeposited = || self.profile.undeposited.as_deref().map(SourceId::from);
        let (contact, account) = if kind == Kind::Payment {
            let account = id(source.deposit_to_account_ref.as_ref()).or_else(undeposited);
            (self.customer_and_project(source.customer_ref.as_ref()).0, account)
        } else {
            let check = source.check_payment.as_ref().and_then(|check| check.bank_account_ref.as_ref());
            let card = source.credit_card_payment.as_ref().and_then(|card| card.account_ref.as_ref());
            let vendor = id(source.vendor_ref.as_ref()).map(|vendor| vendor_id(vendor.as_str()));
            (vendor, id(check.or(card)))
        };
        let reference = text(source.payment_ref_num);
        let body = Payment {
            contact,
            date: source.txn_date,
            currency,
            rate: self.rate(currency, source.exchange_rate),
            amount: source.total_amt,
            account,
            method: id(source.payment_method_ref.as_ref()),
            reference: reference.clone(),
            memo: text(source.private_note),
            allocations,
        };
        let number = text(source.doc_number).or(reference);
        Ok(Draft { entity: kind.entity(), id: source.id, number, body: Body::Payment(body.into()) })
    }

    pub(super) fn transfer(&self, source: objects::Transfer) -> Result<Draft, Fault> {
        let currency = self.currency(source.currency_ref.as_ref())?;
        let body = Transfer {
            date: source.txn_date,
            from: source.from_account_ref.value.into(),
            to: source.to_account_ref.value.into(),
            currency,
            amount: source.amount,
            received: None,
            rate: self.rate(currency, source.exchange_rate),
            memo: text(source.private_note),
        };
        Ok(Draft { entity: Entity::Transfer, id: source.id, number: None, body: Body::Transfer(body.into()) })
    }

    /// A deposit: what was kept undeposited, and money that came in besides, reach the bank.
    pub(super) fn deposit(&self, source: objects::Document) -> Result<Draft, Fault> {
        let currency = self.currency(source.currency_ref.as_ref())?;
        let missing = |field: &str| Fault::new(Code::FieldMissing).field(field);
        let account =
            id(source.deposit_to_account_ref.as_ref()).ok_or_else(|| missing("DepositToAccountRef"))?;
        let undeposited = self.profile.undeposited.as_deref().map(SourceId::from);
        let mut lines: Vec<BankLine> = Vec::new();
        let mut contact = None;
        for line in &source.line {
            let Some(net) = line.amount.filter(|net| !net.is_zero()) else { continue };
            let detail = line.deposit_line_detail.as_ref();
            let other = detail.and_then(|detail| id(detail.account_ref.as_ref()));
            let from = if line.linked_txn.is_empty() { other } else { other.or_else(|| undeposited.clone()) };
            if contact.is_none() {
                contact = detail.and_then(|detail| self.name_of(detail.entity.as_ref()));
            }
            lines.push(BankLine {
                account: from.ok_or_else(|| missing("AccountRef"))?,
                net,
                tax_rate: None,
                tax: None,
                description: text(line.description.clone()),
            });
        }
        // Cash that was kept back, and tax, show in the total only.
        let sum = checked_sum(lines.iter().map(|line| line.net))?;
        let gap = checked_sum([source.total_amt, -sum])?;
        if !gap.is_zero() {
            return Err(Fault::new(Code::TotalDiffers)
                .detail(format!("The deposit's lines differ from its total by {gap}: cash was kept back."))
                .hint("Enter it by hand in the target."));
        }
        let body = BankTransaction {
            date: source.txn_date,
            account,
            direction: Direction::In,
            contact,
            currency,
            rate: self.rate(currency, source.exchange_rate),
            total: source.total_amt,
            lines,
            memo: text(source.private_note),
        };
        let number = text(source.doc_number);
        Ok(Draft {
            entity: Entity::BankTransaction,
            id: source.id,
            number,
            body: Body::BankTransaction(body.into()),
        })
    }

    fn name_of(&self, reference: Option<&objects::Ref>) -> Option<SourceId> {
        match reference?.kind.as_deref()? {
            kind if kind.eq_ignore_ascii_case("customer") => self.customer_and_project(reference).0,
            kind if kind.eq_ignore_ascii_case("vendor") => id(reference).map(|id| vendor_id(id.as_str())),
            _ => None,
        }
    }

    pub(super) fn journal(&self, source: objects::JournalEntry) -> Result<Draft, Fault> {
        let currency = self.currency(source.currency_ref.as_ref())?;
        let mut lines = Vec::new();
        for line in &source.line {
            if let (Some(detail), Some(amount)) = (&line.journal_entry_line_detail, line.amount) {
                lines.push(self.journal_line(line, detail, amount)?);
            }
        }
        let body = Journal {
            date: source.txn_date,
            currency,
            rate: self.rate(currency, source.exchange_rate),
            memo: text(source.private_note),
            lines,
        };
        let number = text(source.doc_number);
        Ok(Draft { entity: Entity::Journal, id: source.id, number, body: Body::Journal(body) })
    }

    fn journal_line(
        &self,
        line: &Line,
        detail: &JournalDetail,
        amount: Decimal,
    ) -> Result<JournalLine, Fault> {
        let amount = match detail.posting_type.as_str() {
            "Debit" => amount,
            "Credit" => -amount,
            other => return Err(Fault::new(Code::ValueUnknown).field("PostingType").text(other)),
        };
        let contact = detail.entity.as_ref().and_then(|entity| match entity.kind.as_deref() {
            Some("Customer") => self.customer_and_project(entity.entity_ref.as_ref()).0,
            Some("Vendor") => id(entity.entity_ref.as_ref()).map(|id| vendor_id(id.as_str())),
            _ => None,
        });
        let mut tracking = Vec::new();
        for (kind, reference) in
            [(Kind::Class, detail.class_ref.as_ref()), (Kind::Department, detail.department_ref.as_ref())]
        {
            if let Some(option) = reference.and_then(|reference| reference.name.clone()) {
                tracking.push(Tracking { category: kind.path().into(), option });
            }
        }
        Ok(JournalLine {
            account: detail.account_ref.value.as_str().into(),
            amount,
            contact,
            description: text(line.description.clone()),
            tracking,
        })
    }
}
