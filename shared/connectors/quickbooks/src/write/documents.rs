//! Documents: made in detail, compared with the total they have to show, and made exact.

use carry_connector::{WriteBatch, Writer, Written};
use carry_model::{Code, Decimal, Document, Entity, Fault, Reach, Record, Status};
use rust_decimal::RoundingStrategy;
use serde::Deserialize;
use serde_json::{Value, json};

use super::lines::{Maker, account_item, accounts_needed};
use super::target::{Parts, document_number, marker, note, target};
use super::{Done, Draft, Results, is_update, linked_opt, number, set, set_some, to};
use crate::company::decode;
use crate::fault;
use crate::kinds::Kind;
use crate::session::QuickBooks;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    #[serde(with = "carry_connector::json::amount")]
    total_amt: Decimal,
}

/// The kind that a document of an entity becomes.
pub(super) fn kind_of(entity: Entity) -> Result<Kind, Fault> {
    Ok(match entity {
        Entity::Estimate => Kind::Estimate,
        Entity::PurchaseOrder => Kind::PurchaseOrder,
        Entity::Invoice => Kind::Invoice,
        Entity::Bill => Kind::Bill,
        Entity::SalesReceipt => Kind::SalesReceipt,
        Entity::Expense => Kind::Purchase,
        Entity::CreditNote => Kind::CreditMemo,
        Entity::BillCredit => Kind::VendorCredit,
        Entity::Refund => Kind::RefundReceipt,
        _ => return Err(Fault::new(Code::Bug).detail("no kind of document")),
    })
}

/// True for documents that a vendor is the other side of.
/// A rate of the fifteen digits that QuickBooks takes; one that was worked out by division has more.
fn rounded(rate: Decimal) -> Decimal {
    rate.round_sf_with_strategy(15, RoundingStrategy::MidpointAwayFromZero).unwrap_or(rate)
}

fn is_purchase(kind: Kind) -> bool {
    matches!(kind, Kind::Bill | Kind::VendorCredit | Kind::Purchase | Kind::PurchaseOrder)
}

/// The total that QuickBooks shows.
pub(super) fn total_of(done: &Done) -> Result<Decimal, Fault> {
    let shown: Shown = decode(&done.object, carry_connector::Effect::Write)?;
    Ok(shown.total_amt)
}

impl QuickBooks {
    pub(super) async fn write_documents(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let kind = kind_of(batch.entity)?;
        let already = self.already(kind, batch).await?;
        self.make_items(batch, kind, batch.items.iter().filter_map(|item| item.record.document())).await?;
        let mut results: Vec<Option<Result<Written, Fault>>> = batch.items.iter().map(|_| None).collect();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for (index, (item, already)) in batch.items.iter().zip(already).enumerate() {
            let draft = self.document(batch, &item.record, kind).await;
            let earlier = is_update(item).and_then(|id| Parts::of(id, kind).id(kind));
            match (earlier, already) {
                (Some(id), _) => changed.push((index, (id, draft))),
                // What an earlier attempt left may still lack the line that makes it exact.
                (None, Some(head)) => changed.push((index, (head.id, draft))),
                (None, None) => new.push((index, draft)),
            }
        }
        let (mut places, drafts): (Vec<_>, Vec<_>) = new.into_iter().unzip();
        let mut outcomes = self.create(drafts).await?;
        let (changed_at, drafts): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
        places.extend(changed_at);
        outcomes.extend(self.replace(drafts).await?);
        let exact = self.make_exact(batch, &places, outcomes).await?;
        for (index, result) in places.into_iter().zip(exact) {
            if let Some(slot) = results.get_mut(index) {
                *slot = Some(result);
            }
        }
        let bug = || Err(Fault::new(Code::Bug).detail("a record without an outcome"));
        Ok(results.into_iter().map(|result| result.unwrap_or_else(bug)).collect())
    }

    /// Sales lines name items only: accounts that lines book to by themselves get an item that stands for each.
    pub(super) async fn make_items<'a>(
        &self,
        batch: &WriteBatch,
        kind: Kind,
        documents: impl Iterator<Item = &'a Document> + Send,
    ) -> Result<(), Fault> {
        if is_purchase(kind) {
            return Ok(());
        }
        let missing = self
            .with_lists(|lists| {
                let mut accounts: Vec<_> =
                    documents.flat_map(|document| accounts_needed(lists, batch, document)).collect();
                accounts.sort();
                accounts.dedup();
                accounts.retain(|account| lists.id_of(Kind::Item, &account_item(account)).is_none());
                accounts
            })
            .await?;
        let draft = |account: &String| {
            let body = json!({
                "Name": account_item(account),
                "Type": "Service",
                "Description": "Stands for the account that migrated lines are booked to",
                "IncomeAccountRef": to(account),
                "Active": true,
            });
            Ok(Draft::new(Kind::Item, body))
        };
        let created = self.create(missing.iter().map(draft).collect()).await?;
        let mut made_by_another = false;
        for (account, outcome) in missing.iter().zip(created) {
            let done = match outcome {
                Ok((done, _)) => done,
                // Another worker loads other documents with lines on the same account.
                Err(fault) if fault::number(&fault) == Some(fault::NAME_TAKEN) => {
                    made_by_another = true;
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            let accounts = (Some(account.clone()), None);
            self.with_lists(|lists| lists.learn_item(&done.head.id, &account_item(account), accounts))
                .await?;
        }
        if made_by_another {
            self.look_anew().await;
        }
        Ok(())
    }

    /// A document as QuickBooks takes it.
    pub(super) async fn document(
        &self,
        batch: &WriteBatch,
        record: &Record,
        kind: Kind,
    ) -> Result<Draft, Fault> {
        let document = record.document().ok_or_else(|| Fault::new(Code::Bug).detail("no document"))?;
        if document.status == Status::Draft && kind != Kind::Estimate {
            return Err(Fault::new(Code::DraftNotCarried));
        }
        let (mut notes, mut adjustments) = (Vec::new(), Vec::new());
        let mut body = json!({"TxnDate": document.date.to_string()});
        self.head(batch, record, document, kind, &mut body, &mut notes).await?;
        self.party(batch, document, kind, &mut body).await?;
        let accounting = &self.preferences.accounting_info_prefs;
        let classes = accounting.class_tracking_per_txn || accounting.class_tracking_per_txn_line;
        let departments = accounting.track_departments && kind != Kind::PurchaseOrder;
        let (lines, tax, department) = self
            .with_lists(|lists| {
                let purchase = is_purchase(kind);
                let maker = Maker { lists, batch, document, purchase, classes };
                let tax = self.tax_of(lists, batch, document, purchase)?;
                let department = maker.department().filter(|_| departments);
                Ok::<_, Fault>((maker.lines(&tax, &mut notes, &mut adjustments)?, tax, department))
            })
            .await??;
        set(&mut body, "Line", Value::Array(lines));
        set_some(&mut body, "TxnTaxDetail", tax.detail);
        set_some(&mut body, "GlobalTaxCalculation", tax.calculation.map(|word| json!(word)));
        set_some(&mut body, "DepartmentRef", department.as_deref().map(to));
        self.money(batch, document, kind, &mut body).await?;
        Ok(Draft { kind, body, notes, adjustments })
    }

    async fn head(
        &self,
        batch: &WriteBatch,
        record: &Record,
        document: &Document,
        kind: Kind,
        body: &mut Value,
        notes: &mut Vec<String>,
    ) -> Result<(), Fault> {
        let mut text = document.memo.clone().unwrap_or_default();
        if let Some(reference) = document.reference.as_deref().filter(|reference| !reference.is_empty()) {
            text = if text.is_empty() {
                format!("Ref. {reference}")
            } else {
                format!("{text}\nRef. {reference}")
            };
        }
        if let Some(number) = record.number.as_deref().filter(|_| batch.keep_numbers) {
            let (short, said) = document_number(number);
            if said.is_some() {
                text = format!("No. {number}\n{text}");
            }
            notes.extend(said);
            set(body, "DocNumber", json!(short));
        }
        set(body, "PrivateNote", json!(note(&text, &marker(record.entity, &record.id), 4_000)));
        let due = match kind {
            Kind::Invoice | Kind::Bill => "DueDate",
            Kind::Estimate => "ExpirationDate",
            _ => "",
        };
        if !due.is_empty() {
            set_some(body, due, document.due.map(|due| json!(due.to_string())));
        }
        self.currency(document.currency, document.rate, body).await?;
        if matches!(kind, Kind::Invoice | Kind::Bill) {
            let terms = linked_opt(batch, Entity::Terms, &document.terms, Kind::Term);
            set_some(body, "SalesTermRef", terms.as_deref().map(to));
        }
        if kind == Kind::Estimate {
            let status = match document.status {
                Status::Accepted => "Accepted",
                Status::Declined => "Rejected",
                Status::Closed => "Closed",
                _ => "Pending",
            };
            set(body, "TxnStatus", json!(status));
        }
        if kind == Kind::PurchaseOrder {
            let status = if document.status == Status::Closed { "Closed" } else { "Open" };
            set(body, "POStatus", json!(status));
        }
        Ok(())
    }

    /// Currency and the document's own rate, where the company deals in several.
    pub(super) async fn currency(
        &self,
        currency: carry_model::Currency,
        rate: Option<Decimal>,
        body: &mut Value,
    ) -> Result<(), Fault> {
        if !self.several_currencies() {
            if currency != self.home {
                return Err(Fault::new(Code::TargetRefused)
                    .reach(Reach::NotSent)
                    .detail(format!(
                        "QuickBooks deals in {} only here, the record is in {currency}.",
                        self.home
                    ))
                    .hint("Switch on Multicurrency in QuickBooks, then run `carry retry`."));
            }
            return Ok(());
        }
        self.switch_on(currency).await?;
        set(body, "CurrencyRef", to(currency.code()));
        if currency != self.home {
            set_some(body, "ExchangeRate", rate.map(rounded).map(number).transpose()?);
        }
        Ok(())
    }

    async fn party(
        &self,
        batch: &WriteBatch,
        document: &Document,
        kind: Kind,
        body: &mut Value,
    ) -> Result<(), Fault> {
        let side = if is_purchase(kind) { Kind::Vendor } else { Kind::Customer };
        let optional = matches!(kind, Kind::SalesReceipt | Kind::RefundReceipt | Kind::Purchase);
        let vendor = linked_opt(batch, Entity::Contact, &document.contact, Kind::Vendor);
        if let (Kind::Purchase, None) = (kind, vendor) {
            // An expense may be a customer's.
            let other = linked_opt(batch, Entity::Contact, &document.contact, Kind::Customer);
            if let Some(customer) = other {
                let customer = self.in_currency(Kind::Customer, &customer, document.currency).await?;
                set(body, "EntityRef", json!({"value": customer, "type": "Customer"}));
                return Ok(());
            }
        }
        let Some(contact) = self.on_side(batch, &document.contact, side).await? else {
            // What names nobody stands for itself.
            if optional && document.contact.is_none() {
                return Ok(());
            }
            return Err(Fault::new(Code::DependencyFailed)
                .field("contact")
                .detail(format!("It names no {} that is in QuickBooks.", side.path())));
        };
        let contact = match self.project_of(batch, document, kind, &contact).await? {
            Some(project) => project,
            None => self.in_currency(side, &contact, document.currency).await?,
        };
        match kind {
            Kind::Purchase => set(body, "EntityRef", json!({"value": contact, "type": "Vendor"})),
            _ if side == Kind::Vendor => set(body, "VendorRef", to(&contact)),
            _ => set(body, "CustomerRef", to(&contact)),
        }
        Ok(())
    }

    /// The sub-customer that a document's project is, where it is one of the document's customer.
    async fn project_of(
        &self,
        batch: &WriteBatch,
        document: &Document,
        kind: Kind,
        customer: &str,
    ) -> Result<Option<String>, Fault> {
        let project = linked_opt(batch, Entity::Project, &document.project, Kind::Customer);
        let Some(project) = project.filter(|_| !is_purchase(kind)) else { return Ok(None) };
        self.with_lists(|lists| {
            let known = lists.customers.get(&project)?;
            let fits = known.parent.as_deref() == Some(customer)
                && (!self.several_currencies() || known.currency.unwrap_or(self.home) == document.currency);
            fits.then(|| project.clone())
        })
        .await
    }

    /// The accounts that money moves over, and how.
    async fn money(
        &self,
        batch: &WriteBatch,
        document: &Document,
        kind: Kind,
        body: &mut Value,
    ) -> Result<(), Fault> {
        let account = linked_opt(batch, Entity::Account, &document.paid_account, Kind::Account);
        let missing = |field: &str| {
            Fault::new(Code::FieldMissing).field(field).detail("It names no account that money moved over.")
        };
        match kind {
            Kind::SalesReceipt => set_some(body, "DepositToAccountRef", account.as_deref().map(to)),
            Kind::RefundReceipt => {
                set(body, "DepositToAccountRef", to(&account.ok_or_else(|| missing("account"))?));
            }
            Kind::Purchase => {
                let account = account.ok_or_else(|| missing("account"))?;
                let card = self.is_card(&account).await?;
                set(body, "PaymentType", json!(if card { "CreditCard" } else { "Cash" }));
                set(body, "AccountRef", to(&account));
            }
            Kind::PurchaseOrder => {
                let payable = self
                    .with_lists(|lists| lists.account_of(carry_model::AccountClass::Payable).cloned())
                    .await?;
                set_some(body, "APAccountRef", payable.as_deref().map(to));
            }
            _ => {}
        }
        if matches!(kind, Kind::SalesReceipt | Kind::RefundReceipt | Kind::Purchase) {
            let method =
                linked_opt(batch, Entity::PaymentMethod, &document.payment_method, Kind::PaymentMethod);
            set_some(body, "PaymentMethodRef", method.as_deref().map(to));
        }
        Ok(())
    }

    pub(super) async fn is_card(&self, account: &str) -> Result<bool, Fault> {
        let card = Some(carry_model::AccountClass::CreditCard);
        self.with_lists(|lists| lists.accounts.get(account).is_some_and(|known| known.class == card)).await
    }
}

/// What was written of a document that shows its total.
pub(super) fn written(kind: Kind, done: Done, draft: Draft, total: Decimal) -> Written {
    let mut written = Written::new(target(kind, &done.head.id));
    written.number = done.head.doc_number;
    written.total = Some(total);
    written.notes = draft.notes;
    written.adjustments = draft.adjustments;
    written
}
