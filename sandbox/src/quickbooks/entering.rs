//! Enters a sample company through the same writes that calls make.

use std::collections::BTreeMap;

use carry_model::{Date, Decimal, Timestamp, round_half_up};

use super::company::Company;
use super::kind::Kind;
use super::write::{self, Operation, Wishes};
use super::{QuickBooks, attachable, name};
use crate::json::{Json, object};
use crate::region::Region;
use crate::sample::{
    Account, Book, Contact, Document, DocumentKind, Event, Journal, Line, Refused, Role, Settlement, Spend,
    Tax, Transfer, book,
};

/// Payments that go into one deposit.
const DEPOSITED_AT_ONCE: usize = 8;

impl QuickBooks {
    /// A company of about `invoices` invoices with all that goes with them, drawn by a seed.
    ///
    /// # Errors
    /// The sandbox refuses a part of the sample: one of the two is wrong.
    pub fn sample(region: Region, seed: u64, invoices: usize, now: Timestamp) -> Result<Self, Refused> {
        let book = book(region, seed, invoices, now);
        let begins = book.begins().unwrap_or(now);
        let mut quickbooks = Self::empty(region, seed, begins);
        let mut entering = Entering {
            company: &mut quickbooks.company,
            book: &book,
            customers: BTreeMap::new(),
            vendors: BTreeMap::new(),
            items: Vec::new(),
            documents: Vec::new(),
            undeposited: Vec::new(),
        };
        entering.all()?;
        quickbooks.company.books.now = now;
        Ok(quickbooks)
    }

    /// The same, set up for these foreign currencies.
    ///
    /// # Errors
    /// There is no such currency.
    pub fn dealing_in(mut self, currencies: &[&str]) -> Result<Self, Refused> {
        for currency in currencies {
            let sent = object! { "Code" => *currency };
            write(&mut self.company, Kind::CompanyCurrency, Operation::Write, &sent)?;
        }
        Ok(self)
    }
}

fn write(company: &mut Company, kind: Kind, operation: Operation, sent: &Json) -> Result<Json, Refused> {
    let wishes = Wishes { may_repeat_number: true };
    let written = company.try_on_copy(|books, _| write::write(books, kind, operation, sent, wishes));
    written.map_err(|e| Refused(format!("{} {}: {} for {sent}", kind.name(), e.code, e.detail)))
}

struct Entering<'a> {
    company: &'a mut Company,
    book: &'a Book,
    /// Ids by the contact's index.
    customers: BTreeMap<usize, String>,
    vendors: BTreeMap<usize, String>,
    /// Ids by the item's index.
    items: Vec<String>,
    /// Ids by the document's index.
    documents: Vec<(Kind, String)>,
    undeposited: Vec<(String, Decimal)>,
}

impl Entering<'_> {
    fn all(&mut self) -> Result<(), Refused> {
        for currency in &self.book.currencies {
            self.add(Kind::CompanyCurrency, &object! { "Code" => *currency })?;
        }
        for (index, contact) in self.book.contacts.iter().enumerate() {
            self.contact(index, contact)?;
        }
        let income = self.account("ServiceFeeIncome");
        for item in &self.book.items {
            let id = self.add(
                Kind::Item,
                &object! {
                    "Name" => &item.name,
                    "Sku" => &item.code,
                    "Type" => "Service",
                    "UnitPrice" => item.price,
                    "IncomeAccountRef" => income.clone(),
                },
            )?;
            self.items.push(id);
        }
        for event in &self.book.events {
            self.company.books.now = event.moment();
            match event {
                Event::Document(document) => self.document(document)?,
                Event::Settlement(settlement) => self.settlement(settlement)?,
                Event::Spend(spend) => self.spend(spend)?,
                Event::Journal(journal) => self.journal(journal)?,
                Event::Transfer(transfer) => self.transfer(transfer)?,
            }
        }
        self.files()?;
        self.void()?;
        self.archive()
    }

    fn files(&mut self) -> Result<(), Refused> {
        for file in &self.book.files {
            let Some((kind, id)) = self.documents.get(file.document) else { continue };
            let to = object! { "type" => kind.name(), "value" => id };
            let about = object! {
                "FileName" => &file.name,
                "ContentType" => file.media_type,
                "AttachableRef" => vec![object! { "EntityRef" => to, "IncludeOnSend" => false }],
            };
            let attached = self
                .company
                .try_on_copy(|books, _| attachable::attach(books, &about, None, None, &file.bytes));
            attached.map_err(|e| Refused(format!("{}: {} {}", file.name, e.code, e.detail)))?;
        }
        Ok(())
    }

    fn write(&mut self, kind: Kind, operation: Operation, sent: &Json) -> Result<Json, Refused> {
        write(self.company, kind, operation, sent)
    }

    fn add(&mut self, kind: Kind, sent: &Json) -> Result<String, Refused> {
        let written = self.write(kind, Operation::Write, sent)?;
        Ok(written.get("Id").and_then(Json::as_str).unwrap_or_default().to_owned())
    }

    /// A reference to the account of a subtype.
    fn account(&self, subtype: &str) -> Json {
        reference(self.company.books.system(subtype))
    }

    fn account_of(&self, account: Account) -> Json {
        self.account(match account {
            Account::Sales => "ServiceFeeIncome",
            Account::OtherIncome => "OtherPrimaryIncome",
            Account::Advertising => "AdvertisingPromotional",
            Account::Office => "OfficeGeneralAdministrativeExpenses",
            Account::Rent => "RentOrLeaseOfBuildings",
            Account::Travel => "Travel",
            Account::Equity => "OwnersEquity",
        })
    }

    fn contact(&mut self, index: usize, contact: &Contact) -> Result<(), Refused> {
        let address = contact.street.as_ref().map(|street| {
            object! { "Line1" => street, "City" => contact.city.clone() }
        });
        let body = |name: String| {
            object! {
                "DisplayName" => &name,
                "CompanyName" => name.chars().take(100).collect::<String>(),
                "PrimaryEmailAddr" => contact.email.as_ref().map(|email| object! { "Address" => email }),
                "BillAddr" => address.clone(),
                "CurrencyRef" => reference(contact.currency),
            }
        };
        if contact.role != Role::Vendor {
            let id = self.add(Kind::Customer, &body(contact.name.clone()))?;
            self.customers.insert(index, id);
        }
        if contact.role != Role::Customer {
            // One name cannot stand for a customer and a vendor.
            let suffix = if contact.role == Role::Both { " (V)" } else { "" };
            let id = self.add(Kind::Vendor, &body(format!("{}{suffix}", contact.name)))?;
            self.vendors.insert(index, id);
        }
        Ok(())
    }

    fn party(&self, is_sale: bool, contact: usize) -> Json {
        let parties = if is_sale { &self.customers } else { &self.vendors };
        reference(parties.get(&contact).map_or("", String::as_str))
    }

    fn tax_code(&self, tax: Tax, is_sale: bool) -> Option<Json> {
        let name = match (self.book.region, tax) {
            (Region::Us, _) if !is_sale => return None,
            (Region::Us, Tax::Standard | Tax::Reduced) => return Some(reference("TAX")),
            (Region::Us, _) => return Some(reference("NON")),
            (Region::Uk, Tax::Standard) => "20.0% S",
            (Region::Uk, Tax::Reduced) => "5.0% R",
            (Region::Global, Tax::Standard) => "23.0% S",
            (Region::Global, Tax::Reduced) => "13.5% R",
            (Region::Uk | Region::Global, Tax::Zero) => "0.0% Z",
            (Region::Uk | Region::Global, Tax::None) => "No VAT",
            (Region::Au, Tax::Standard | Tax::Reduced) => "GST",
            (Region::Au, Tax::Zero) => "GST free",
            (Region::Au, Tax::None) => "Out of Scope",
        };
        let code = self.company.books.live(Kind::TaxCode).find(|code| code.text("Name") == Some(name));
        code.map(|code| reference(&code.id))
    }

    fn line(&self, line: &Line, is_sale: bool, is_inclusive: bool) -> Json {
        let mut detail = object! { "TaxCodeRef" => self.tax_code(line.tax, is_sale) };
        let factor = Decimal::ONE + self.book.percent(line.tax) / Decimal::ONE_HUNDRED;
        let mut amount = line.amount;
        if is_inclusive {
            amount = round_half_up(line.amount.checked_div(factor).unwrap_or(line.amount), 2);
            detail.set("TaxInclusiveAmt", line.amount);
        }
        let name = if is_sale { "SalesItemLineDetail" } else { "AccountBasedExpenseLineDetail" };
        if is_sale {
            let item = line.item.and_then(|index| self.items.get(index)).map_or("1", String::as_str);
            detail.set("ItemRef", reference(item));
            if let Some((quantity, price)) = line.priced.filter(|_| !is_inclusive) {
                detail.set("Qty", quantity);
                detail.set("UnitPrice", price);
            }
        } else {
            detail.set("AccountRef", self.account_of(line.account));
        }
        object! {
            "Amount" => amount,
            "Description" => &line.description,
            "DetailType" => name,
            name => detail,
        }
    }

    fn document(&mut self, document: &Document) -> Result<(), Refused> {
        let is_sale = document.kind.is_sale();
        let kind = match document.kind {
            DocumentKind::Invoice => Kind::Invoice,
            DocumentKind::CreditNote => Kind::CreditMemo,
            DocumentKind::Bill => Kind::Bill,
            DocumentKind::VendorCredit => Kind::VendorCredit,
            DocumentKind::Quote => Kind::Estimate,
            DocumentKind::PurchaseOrder => Kind::PurchaseOrder,
        };
        let lines = document.lines.iter().map(|line| self.line(line, is_sale, document.is_inclusive));
        let mut lines: Vec<Json> = lines.collect();
        if let Some(percent) = document.discount {
            let detail = object! { "PercentBased" => true, "DiscountPercent" => Decimal::from(percent) };
            lines.push(object! { "DetailType" => "DiscountLineDetail", "DiscountLineDetail" => detail });
        }
        let mut body = object! {
            "DocNumber" => &document.number,
            "TxnDate" => document.date.to_string(),
            "CurrencyRef" => reference(self.book.currency(document.contact)),
            "PrivateNote" => document.note.clone(),
            "Line" => lines,
        };
        body.set(if is_sale { "CustomerRef" } else { "VendorRef" }, self.party(is_sale, document.contact));
        if matches!(kind, Kind::Invoice | Kind::Bill) {
            body.set("DueDate", document.due.to_string());
        }
        if kind == Kind::PurchaseOrder {
            body.set("APAccountRef", self.payables(document.contact));
        }
        self.tax_and_rate(&mut body, document.is_inclusive, document.contact, document.rate);
        let id = self.add(kind, &body)?;
        self.documents.push((kind, id));
        Ok(())
    }

    /// The account of payables in a contact's currency.
    fn payables(&mut self, contact: usize) -> Json {
        let currency = self.book.currency(contact);
        self.company.books.open_control("Accounts Payable", currency);
        let control = self.company.books.control("Accounts Payable", currency);
        reference(control.map_or("", |account| &account.id))
    }

    fn tax_and_rate(&self, body: &mut Json, is_inclusive: bool, contact: usize, rate: Decimal) {
        if self.book.region != Region::Us {
            body.set("GlobalTaxCalculation", if is_inclusive { "TaxInclusive" } else { "TaxExcluded" });
        }
        if self.book.currency(contact) != self.book.home {
            body.set("ExchangeRate", rate);
        }
    }

    /// What is open of a document.
    fn open(&self, index: usize) -> Decimal {
        let document = self.documents.get(index);
        document
            .and_then(|(kind, id)| self.company.books.get(*kind, id))
            .map_or(Decimal::ZERO, |record| record.amount("Balance"))
    }

    fn link(&self, index: usize, amount: Decimal) -> Json {
        let (kind, id) = self.documents.get(index).map_or(("", ""), |(kind, id)| (kind.name(), id));
        object! { "Amount" => amount, "LinkedTxn" => vec![object! { "TxnId" => id, "TxnType" => kind }] }
    }

    fn settlement(&mut self, settlement: &Settlement) -> Result<(), Refused> {
        let mut lines = Vec::new();
        let mut total = Decimal::ZERO;
        for (index, part) in &settlement.of {
            let open = self.open(*index);
            let mut amount = part.of(open);
            if let Some(credit) = settlement.credit {
                amount = amount.min(self.open(credit));
            }
            if amount > Decimal::ZERO {
                lines.push(self.link(*index, amount));
                total += amount;
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        if let Some(credit) = settlement.credit {
            lines.push(self.link(credit, total));
            total = Decimal::ZERO;
        }
        let total = total + settlement.beyond;
        let contact = settlement.contact;
        let mut body = object! {
            "TxnDate" => settlement.date.to_string(),
            "CurrencyRef" => reference(self.book.currency(contact)),
            "TotalAmt" => total,
            "Line" => lines,
        };
        if self.book.currency(contact) != self.book.home {
            body.set("ExchangeRate", settlement.rate);
        }
        if !settlement.is_sale {
            body.set("VendorRef", self.party(false, contact));
            body.set("DocNumber", &settlement.reference);
            body.set("PayType", "Check");
            body.set("CheckPayment", object! { "BankAccountRef" => self.account("Checking") });
            return self.add(Kind::BillPayment, &body).map(drop);
        }
        body.set("CustomerRef", self.party(true, contact));
        body.set("PaymentRefNum", &settlement.reference);
        if !settlement.is_undeposited {
            body.set("DepositToAccountRef", self.account("Checking"));
        }
        let id = self.add(Kind::Payment, &body)?;
        if settlement.is_undeposited {
            self.undeposited.push((id, total));
        }
        if self.undeposited.len() >= DEPOSITED_AT_ONCE { self.deposit(settlement.date) } else { Ok(()) }
    }

    /// Takes the payments that wait to the bank.
    fn deposit(&mut self, date: Date) -> Result<(), Refused> {
        let lines = std::mem::take(&mut self.undeposited).into_iter().map(|(id, amount)| {
            let link = object! { "TxnId" => id, "TxnType" => "Payment", "TxnLineId" => "0" };
            object! { "Amount" => amount, "LinkedTxn" => vec![link] }
        });
        let body = object! {
            "TxnDate" => date.to_string(),
            "DepositToAccountRef" => self.account("Checking"),
            "Line" => lines.collect::<Vec<_>>(),
        };
        self.add(Kind::Deposit, &body).map(drop)
    }

    fn spend(&mut self, spend: &Spend) -> Result<(), Refused> {
        let mut body = object! {
            "TxnDate" => spend.date.to_string(),
            "DocNumber" => &spend.reference,
            "Line" => vec![self.line(&spend.line, spend.is_received, false)],
        };
        self.tax_and_rate(&mut body, false, spend.contact, Decimal::ONE);
        if spend.is_received {
            body.set("CustomerRef", self.party(true, spend.contact));
            body.set("DepositToAccountRef", self.account("Checking"));
            return self.add(Kind::SalesReceipt, &body).map(drop);
        }
        let mut payee = self.party(false, spend.contact);
        payee.set("type", "Vendor");
        body.set("PaymentType", "CreditCard");
        body.set("AccountRef", self.account("CreditCard"));
        body.set("EntityRef", payee);
        self.add(Kind::Purchase, &body).map(drop)
    }

    fn journal(&mut self, journal: &Journal) -> Result<(), Refused> {
        let lines = journal.lines.iter().map(|(account, amount)| {
            let side = if *amount < Decimal::ZERO { "Credit" } else { "Debit" };
            let detail = object! { "PostingType" => side, "AccountRef" => self.account_of(*account) };
            object! {
                "Amount" => amount.abs(),
                "Description" => &journal.text,
                "DetailType" => "JournalEntryLineDetail",
                "JournalEntryLineDetail" => detail,
            }
        });
        let body = object! {
            "TxnDate" => journal.date.to_string(),
            "DocNumber" => &journal.number,
            "Line" => lines.collect::<Vec<_>>(),
        };
        self.add(Kind::JournalEntry, &body).map(drop)
    }

    fn transfer(&mut self, transfer: &Transfer) -> Result<(), Refused> {
        let body = object! {
            "TxnDate" => transfer.date.to_string(),
            "FromAccountRef" => self.account("Checking"),
            "ToAccountRef" => self.account("Savings"),
            "Amount" => transfer.amount,
        };
        self.add(Kind::Transfer, &body).map(drop)
    }

    fn void(&mut self) -> Result<(), Refused> {
        for index in self.book.voided() {
            let Some((kind, id)) = self.documents.get(index).cloned() else { continue };
            let token = self.token(kind, &id);
            self.write(kind, Operation::Void, &object! { "Id" => id, "SyncToken" => token })?;
        }
        Ok(())
    }

    fn token(&self, kind: Kind, id: &str) -> String {
        self.company.books.get(kind, id).map_or_else(String::new, |record| record.token.to_string())
    }

    fn archive(&mut self) -> Result<(), Refused> {
        for index in &self.book.archived {
            let sides =
                [(Kind::Customer, self.customers.get(index)), (Kind::Vendor, self.vendors.get(index))];
            let sides = sides.map(|(kind, id)| (kind, id.cloned().unwrap_or_default()));
            for (kind, id) in sides {
                let Some(record) = self.company.books.get(kind, &id) else { continue };
                if !name::balance(&self.company.books, record).is_zero() {
                    continue;
                }
                let mut body = record.body.clone();
                body.set("Id", &record.id);
                body.set("SyncToken", record.token.to_string());
                body.set("Active", false);
                self.write(kind, Operation::Write, &body)?;
            }
        }
        Ok(())
    }
}

fn reference(id: &str) -> Json {
    object! { "value" => id }
}
