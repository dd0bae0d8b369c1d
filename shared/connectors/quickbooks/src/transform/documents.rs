//! Documents: estimates and orders, invoices and bills, receipts, expenses and credits.

use carry_model::{
    BankLine, BankTransaction, Body, Code, Decimal, Direction, Discount, Entity, Fault, Line, SourceId,
    Status, TaxMode, Tracking, checked_sum, round_half_up,
};

use super::{Draft, QuickBooksTransformer, id, text, vendor_id};
use crate::kinds::Kind;
use crate::objects::{self, Detail, Document, Ref};
use crate::taxes::spread;

impl QuickBooksTransformer {
    pub(super) fn document(&self, kind: Kind, source: Document) -> Result<Draft, Fault> {
        if kind == Kind::Purchase && source.credit {
            return self.card_credit(source);
        }
        let currency = self.currency(source.currency_ref.as_ref())?;
        let mut document = carry_model::Document::new(source.txn_date, currency, source.total_amt);
        document.rate = self.rate(currency, source.exchange_rate);
        (document.contact, document.project) = self.parties(kind, &source);
        document.due = source.due_date.or(source.expiration_date);
        document.tax_mode = match source.global_tax_calculation.as_deref() {
            Some("TaxInclusive") => TaxMode::Inclusive,
            Some("NotApplicable") => TaxMode::None,
            _ => TaxMode::Exclusive,
        };
        document.status = status(kind, &source);
        document.outstanding = match kind {
            Kind::Invoice | Kind::Bill | Kind::VendorCredit => source.balance,
            Kind::CreditMemo => source.remaining_credit.or(source.balance),
            _ => None,
        };
        document.terms = id(source.sales_term_ref.as_ref());
        document.payment_method = id(source.payment_method_ref.as_ref());
        document.memo = text(source.private_note.clone());
        document.reference = text(source.payment_ref_num.clone());
        document.paid_account = match kind {
            Kind::SalesReceipt => id(source.deposit_to_account_ref.as_ref())
                .or_else(|| self.profile.undeposited.as_deref().map(SourceId::from)),
            Kind::RefundReceipt => id(source.deposit_to_account_ref.as_ref()),
            Kind::Purchase => id(source.account_ref.as_ref()),
            _ => None,
        };
        document.related = self.related(kind, &source);
        let purchase = is_purchase(kind);
        let code = source.txn_tax_detail.as_ref().and_then(|tax| tax.txn_tax_code_ref.as_ref());
        let code = id(code).filter(|code| self.profile.codes.contains_key(code.as_str()));
        self.lines(&source.line, &source, code.as_ref(), purchase, &mut document)?;
        let tax = source.txn_tax_detail.as_ref().and_then(|tax| tax.total_tax).unwrap_or_default();
        spread(&mut document, tax, &self.profile.codes, purchase, code)?;
        if document.tax_mode == TaxMode::None {
            document.lines.iter_mut().for_each(|line| line.tax_rate = None);
        }
        let number = text(source.doc_number);
        Ok(Draft { entity: kind.entity(), id: source.id, number, body: Body::Document(document.into()) })
    }

    fn parties(&self, kind: Kind, source: &Document) -> (Option<SourceId>, Option<SourceId>) {
        let vendor = |reference: Option<&Ref>| id(reference).map(|id| vendor_id(id.as_str()));
        match kind {
            Kind::Bill | Kind::VendorCredit | Kind::PurchaseOrder => {
                (vendor(source.vendor_ref.as_ref()), None)
            }
            Kind::Purchase => match source.entity_ref.as_ref() {
                Some(entity) if entity.kind.as_deref() == Some("Customer") => {
                    self.customer_and_project(Some(entity))
                }
                Some(entity) if entity.kind.as_deref() == Some("Employee") => (None, None),
                entity => (vendor(entity), None),
            },
            _ => self.customer_and_project(source.customer_ref.as_ref()),
        }
    }

    /// Documents this one came from.
    fn related(&self, kind: Kind, source: &Document) -> Vec<carry_model::RecordKey> {
        let came_from = |kind_of: Kind| {
            matches!(
                (kind, kind_of),
                (Kind::Invoice | Kind::SalesReceipt, Kind::Estimate)
                    | (Kind::Bill | Kind::Purchase, Kind::PurchaseOrder)
            )
        };
        let key = |linked: &objects::LinkedTxn| {
            let kind = Kind::named(&linked.txn_type).filter(|kind| came_from(*kind))?;
            Some(self.key_of(kind, &linked.txn_id))
        };
        source.linked_txn.iter().filter_map(key).collect()
    }

    fn lines(
        &self,
        lines: &[objects::Line],
        source: &Document,
        code: Option<&SourceId>,
        purchase: bool,
        into: &mut carry_model::Document,
    ) -> Result<(), Fault> {
        for line in lines {
            if let Some(group) = &line.group_line_detail {
                self.lines(&group.line, source, code, purchase, into)?;
                continue;
            }
            let detail = line
                .sales_item_line_detail
                .as_ref()
                .or(line.item_based_expense_line_detail.as_ref())
                .or(line.account_based_expense_line_detail.as_ref());
            if let Some(discount) = &line.discount_line_detail {
                let amount = line.amount.unwrap_or_default();
                let earlier = into.discount.as_ref().map(|discount| discount.amount).unwrap_or_default();
                let amount = checked_sum([earlier, amount])?;
                if !amount.is_zero() {
                    let account = id(discount.discount_account_ref.as_ref());
                    into.discount = Some(Discount { amount, percent: discount.discount_percent, account });
                }
            } else if let Some(detail) = detail {
                into.lines.push(self.line(line, detail, source, code, purchase)?);
            } else if line.detail_type == "DescriptionOnly" && line.description.is_some() {
                into.lines.push(Line { description: text(line.description.clone()), ..Line::default() });
            } else if line.detail_type != "SubTotalLineDetail" && line.amount.is_some_and(|a| !a.is_zero()) {
                return Err(Fault::new(Code::ValueUnknown).field("DetailType").text(&line.detail_type));
            }
        }
        Ok(())
    }

    fn line(
        &self,
        line: &objects::Line,
        detail: &Detail,
        source: &Document,
        code: Option<&SourceId>,
        purchase: bool,
    ) -> Result<Line, Fault> {
        let net = line.amount.unwrap_or_default();
        let item = id(detail.item_ref.as_ref()).filter(|item| self.profile.items.contains_key(item.as_str()));
        let account = id(detail.account_ref.as_ref()).or_else(|| id(detail.item_account_ref.as_ref()));
        let (quantity, unit_price) = multiplied(detail, net);
        let mut tracking = Vec::new();
        let class = detail.class_ref.as_ref().or(source.class_ref.as_ref());
        for (kind, reference) in [(Kind::Class, class), (Kind::Department, source.department_ref.as_ref())] {
            if let Some(option) = reference.and_then(|reference| reference.name.clone()) {
                tracking.push(Tracking { category: kind.path().into(), option });
            }
        }
        let (_, project) = self.customer_and_project(detail.customer_ref.as_ref());
        Ok(Line {
            account: account.or_else(|| self.account_of(item.as_ref(), purchase)),
            item,
            description: text(line.description.clone()),
            quantity,
            unit_price,
            discount: None,
            net,
            tax_rate: self.code_of(detail, code),
            tax: None,
            project,
            tracking,
            service_date: detail.service_date,
        })
    }

    /// The account that an item's lines are booked to.
    pub(super) fn account_of(&self, item: Option<&SourceId>, purchase: bool) -> Option<SourceId> {
        let (income, expense) = self.profile.items.get(item?.as_str())?;
        let account = if purchase { expense.as_ref() } else { income.as_ref() };
        account.map(|account| SourceId::from(account.as_str()))
    }

    /// The tax code of a line. In the United States a line is taxable or not, and the code stands on the document.
    fn code_of(&self, detail: &Detail, document: Option<&SourceId>) -> Option<SourceId> {
        let code = id(detail.tax_code_ref.as_ref())?;
        match (self.profile.us, code.as_str()) {
            (true, "TAX") => document.cloned(),
            (true, "NON") => None,
            _ => Some(code).filter(|code| self.profile.codes.contains_key(code.as_str())),
        }
    }

    /// A purchase whose sign is turned round: money that came back to a card.
    fn card_credit(&self, source: Document) -> Result<Draft, Fault> {
        let currency = self.currency(source.currency_ref.as_ref())?;
        let missing = |field: &str| Fault::new(Code::FieldMissing).field(field);
        let mut lines = Vec::new();
        for line in &source.line {
            let detail = line
                .account_based_expense_line_detail
                .as_ref()
                .or(line.item_based_expense_line_detail.as_ref());
            let (Some(detail), Some(net)) = (detail, line.amount) else { continue };
            let item = id(detail.item_ref.as_ref());
            let account = id(detail.account_ref.as_ref()).or_else(|| self.account_of(item.as_ref(), true));
            lines.push(BankLine {
                account: account.ok_or_else(|| missing("AccountRef"))?,
                net,
                tax_rate: self.code_of(detail, None),
                tax: None,
                description: text(line.description.clone()),
            });
        }
        if let Some(tax) = source.txn_tax_detail.as_ref().and_then(|tax| tax.total_tax)
            && let Some(largest) = lines.iter_mut().max_by_key(|line| line.net.abs())
            && !tax.is_zero()
        {
            largest.tax = Some(tax);
        }
        let (contact, _) = self.parties(Kind::Purchase, &source);
        let body = BankTransaction {
            date: source.txn_date,
            account: id(source.account_ref.as_ref()).ok_or_else(|| missing("AccountRef"))?,
            direction: Direction::In,
            contact,
            currency,
            rate: self.rate(currency, source.exchange_rate),
            total: source.total_amt,
            lines,
            memo: text(source.private_note),
        };
        let (id, number) = (source.id, text(source.doc_number));
        Ok(Draft { entity: Entity::BankTransaction, id, number, body: Body::BankTransaction(body.into()) })
    }
}

/// True for documents on which purchase tax stands.
pub(crate) const fn is_purchase(kind: Kind) -> bool {
    matches!(kind, Kind::Bill | Kind::VendorCredit | Kind::Purchase | Kind::PurchaseOrder)
}

/// Quantity and price, where they come to the line's amount.
fn multiplied(detail: &Detail, net: Decimal) -> (Option<Decimal>, Option<Decimal>) {
    let Some((quantity, price)) = detail.qty.zip(detail.unit_price) else { return (None, None) };
    match quantity.checked_mul(price) {
        Some(product) if round_half_up(product, 2) == net => (Some(quantity), Some(price)),
        _ => (None, None),
    }
}

/// A voided transaction stays with all its amounts at zero and says so in its note.
pub(super) fn is_void(total: Decimal, note: Option<&str>) -> bool {
    total.is_zero() && note.is_some_and(|note| note.trim_start().starts_with("Voided"))
}

fn status(kind: Kind, source: &Document) -> Status {
    if is_void(source.total_amt, source.private_note.as_deref()) {
        return Status::Voided;
    }
    match (kind, source.txn_status.as_deref(), source.po_status.as_deref()) {
        (Kind::Estimate, Some("Accepted"), _) => Status::Accepted,
        (Kind::Estimate, Some("Rejected"), _) => Status::Declined,
        (Kind::Estimate, Some("Closed" | "Converted"), _) | (Kind::PurchaseOrder, _, Some("Closed")) => {
            Status::Closed
        }
        _ => Status::Open,
    }
}
