//! Enters a sample company through the API's own calls.

use carry_model::{Decimal, Timestamp};
use uuid::Uuid;

use super::attachment;
use super::company::Company;
use super::platform::Xero;
use crate::http::Request;
use crate::json::{Json, object};
use crate::region::Region;
use crate::sample::{
    Account, Book, Contact, Document, DocumentKind, Event, Journal, Line, Refused, Settlement, Spend, Tax,
    Transfer, book,
};

/// Codes of the bank account and of the savings account.
const BANK: &str = "090";
const SAVINGS: &str = "091";

impl Xero {
    /// An organisation of about `invoices` invoices with all that goes with them, drawn by a seed.
    ///
    /// # Errors
    /// The sandbox refuses a part of the sample: one of the two is wrong.
    pub fn sample(region: Region, seed: u64, invoices: usize, now: Timestamp) -> Result<Self, Refused> {
        let book = book(region, seed, invoices, now);
        let begins = book.begins().unwrap_or(now);
        let mut xero = Self::empty(region, seed, begins);
        xero.rename(format!("sample {region:?} {seed} {invoices} {now}"));
        if let Some(company) = xero.first_mut() {
            let mut entering = Entering {
                company,
                book: &book,
                now: begins,
                contacts: Vec::new(),
                documents: Vec::new(),
                standard: String::new(),
                reduced: String::new(),
            };
            entering.all()?;
            entering.company.books.now = now;
        }
        Ok(xero)
    }

    /// The same, set up for these foreign currencies.
    ///
    /// # Errors
    /// There is no such currency.
    pub fn dealing_in(mut self, currencies: &[&str]) -> Result<Self, Refused> {
        self.rename(format!("{} {}", self.name(), currencies.join(" ")));
        if let Some(company) = self.first_mut() {
            let now = company.books.now;
            for currency in currencies {
                send(company, now, "PUT", "Currencies", &object! { "Code" => *currency })?;
            }
        }
        Ok(self)
    }
}

/// Makes a call and gives the first row of its answer.
fn send(
    company: &mut Company,
    now: Timestamp,
    method: &str,
    target: &str,
    body: &Json,
) -> Result<Json, Refused> {
    let request = Request::new(method, target).body(body.to_bytes());
    let path = request.path.clone();
    let answered = company.answer(&request, &path, now, Uuid::nil());
    let text = || String::from_utf8_lossy(&answered.response.body).into_owned();
    if answered.response.status != 200 {
        return Err(Refused(format!("{method} {target}: {} for {body}", text())));
    }
    let reply = Json::parse(&answered.response.body).map_err(|e| Refused(e.to_string()))?;
    let rows = reply.as_object().unwrap_or_default().iter().find_map(|(_, value)| value.as_array());
    rows.and_then(<[Json]>::first).cloned().ok_or_else(|| Refused(format!("{target} answered {}", text())))
}

struct Entering<'a> {
    company: &'a mut Company,
    book: &'a Book,
    now: Timestamp,
    /// Ids by the contact's index.
    contacts: Vec<String>,
    /// Ids by the document's index.
    documents: Vec<Uuid>,
    /// Types of the rates that a region does not start with.
    standard: String,
    reduced: String,
}

impl Entering<'_> {
    fn all(&mut self) -> Result<(), Refused> {
        for currency in &self.book.currencies {
            self.put("Currencies", &object! { "Code" => *currency })?;
        }
        self.taxes()?;
        for contact in &self.book.contacts {
            self.contact(contact)?;
        }
        for item in &self.book.items {
            let sold = object! { "UnitPrice" => item.price, "AccountCode" => "200" };
            self.put(
                "Items",
                &object! { "Code" => &item.code, "Name" => &item.name, "IsSold" => true, "SalesDetails" => sold },
            )?;
        }
        for event in &self.book.events {
            self.now = event.moment();
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

    /// A file of the same name would overwrite the one before, and some characters are not taken.
    fn files(&mut self) -> Result<(), Refused> {
        for (index, file) in self.book.files.iter().enumerate() {
            let Some(owner) = self.documents.get(file.document).copied() else { continue };
            let kind = self.book.documents().nth(file.document).map(|document| document.kind);
            let endpoint = match kind {
                Some(DocumentKind::CreditNote | DocumentKind::VendorCredit) => "CreditNotes",
                Some(DocumentKind::Quote) => "Quotes",
                Some(DocumentKind::PurchaseOrder) => "PurchaseOrders",
                _ => "Invoices",
            };
            let earlier = self.book.files.iter().take(index);
            let same =
                earlier.filter(|other| other.document == file.document && other.name == file.name).count();
            let name = file.name.replace(attachment::FORBIDDEN, "-");
            let name = if same == 0 { name } else { format!("{same} {name}") };
            let books = &mut self.company.books;
            let attached =
                attachment::attach(books, endpoint, owner, &name, file.media_type, false, &file.bytes);
            attached.map_err(|_| Refused(format!("the file {name}")))?;
        }
        Ok(())
    }

    fn send(&mut self, method: &str, target: &str, body: &Json) -> Result<Json, Refused> {
        send(self.company, self.now, method, target, body)
    }

    fn put(&mut self, target: &str, body: &Json) -> Result<Json, Refused> {
        self.send("PUT", target, body)
    }

    /// Adds the rates that the region does not start with.
    fn taxes(&mut self) -> Result<(), Refused> {
        let region = self.book.region;
        if !matches!(region, Region::Us | Region::Global) {
            return Ok(());
        }
        for (name, tax) in [("Standard", Tax::Standard), ("Reduced", Tax::Reduced)] {
            let part = object! { "Name" => "Tax", "Rate" => self.book.percent(tax) };
            let name = format!("{name} rate");
            let rate = self.put("TaxRates", &object! { "Name" => name, "TaxComponents" => vec![part] })?;
            let kind = rate.get("TaxType").and_then(Json::as_str).unwrap_or_default().to_owned();
            *(if tax == Tax::Standard { &mut self.standard } else { &mut self.reduced }) = kind;
        }
        Ok(())
    }

    fn tax_type(&self, tax: Tax, is_sale: bool) -> &str {
        match (self.book.region, tax, is_sale) {
            (Region::Us, _, false) => "NONE",
            (Region::Us | Region::Global, Tax::Standard, _) => &self.standard,
            (Region::Us | Region::Global, Tax::Reduced, _) => &self.reduced,
            (Region::Us | Region::Global, Tax::Zero, true) => "OUTPUT",
            (Region::Global, Tax::Zero, false) => "INPUT",
            (Region::Uk, Tax::Standard, true) => "OUTPUT2",
            (Region::Uk, Tax::Standard, false) => "INPUT2",
            (Region::Uk, Tax::Reduced, true) => "RROUTPUT",
            (Region::Uk, Tax::Reduced, false) => "RRINPUT",
            (Region::Uk, Tax::Zero, true) => "ZERORATEDOUTPUT",
            (Region::Uk, Tax::Zero, false) => "ZERORATEDINPUT",
            (Region::Au, Tax::Standard | Tax::Reduced, true) => "OUTPUT",
            (Region::Au, Tax::Standard | Tax::Reduced, false) => "INPUT",
            (Region::Au, Tax::Zero, true) => "EXEMPTOUTPUT",
            (Region::Au, Tax::Zero, false) => "EXEMPTEXPENSES",
            (_, Tax::None, _) => "NONE",
        }
    }

    fn contact(&mut self, contact: &Contact) -> Result<(), Refused> {
        let address = contact.street.as_ref().map(|street| {
            let city = contact.city.clone();
            vec![object! { "AddressType" => "POBOX", "AddressLine1" => street, "City" => city }]
        });
        let body = object! {
            "Name" => &contact.name,
            "EmailAddress" => contact.email.clone(),
            "Addresses" => address,
            "DefaultCurrency" => contact.currency,
        };
        let id = id(&self.put("Contacts", &body)?, "ContactID");
        self.contacts.push(id);
        Ok(())
    }

    fn party(&self, contact: usize) -> Json {
        object! { "ContactID" => self.contacts.get(contact) }
    }

    fn line(&self, line: &Line, is_sale: bool, discount: Option<u32>) -> Json {
        let (quantity, price) = line.priced.unwrap_or((Decimal::ONE, line.amount));
        let item = line.item.and_then(|index| self.book.items.get(index));
        object! {
            "Description" => &line.description,
            "Quantity" => quantity,
            "UnitAmount" => price,
            "ItemCode" => item.map(|item| &item.code),
            "AccountCode" => code(line.account),
            "TaxType" => self.tax_type(line.tax, is_sale),
            "DiscountRate" => discount.map(Decimal::from),
        }
    }

    fn document(&mut self, document: &Document) -> Result<(), Refused> {
        let is_sale = document.kind.is_sale();
        let (endpoint, id_name, number_name, kind, status) = match document.kind {
            DocumentKind::Invoice => ("Invoices", "InvoiceID", "InvoiceNumber", Some("ACCREC"), "AUTHORISED"),
            DocumentKind::Bill => ("Invoices", "InvoiceID", "InvoiceNumber", Some("ACCPAY"), "AUTHORISED"),
            DocumentKind::CreditNote => {
                ("CreditNotes", "CreditNoteID", "CreditNoteNumber", Some("ACCRECCREDIT"), "AUTHORISED")
            }
            DocumentKind::VendorCredit => {
                ("CreditNotes", "CreditNoteID", "CreditNoteNumber", Some("ACCPAYCREDIT"), "AUTHORISED")
            }
            DocumentKind::Quote => ("Quotes", "QuoteID", "QuoteNumber", None, "SENT"),
            DocumentKind::PurchaseOrder => {
                ("PurchaseOrders", "PurchaseOrderID", "PurchaseOrderNumber", None, "AUTHORISED")
            }
        };
        let lines = document.lines.iter().map(|line| self.line(line, is_sale, document.discount));
        let mut body = object! {
            "Type" => kind,
            "Status" => status,
            "Contact" => self.party(document.contact),
            "Date" => document.date.to_string(),
            "LineAmountTypes" => if document.is_inclusive { "Inclusive" } else { "Exclusive" },
            "Reference" => document.note.clone().filter(|_| is_sale),
            "LineItems" => lines.collect::<Vec<_>>(),
        };
        body.set(number_name, document.long_number.as_ref().unwrap_or(&document.number));
        if endpoint == "Invoices" {
            body.set("DueDate", document.due.to_string());
        }
        self.currency(&mut body, document.contact, document.rate);
        let written = self.put(&format!("{endpoint}?unitdp=4"), &body)?;
        let id = id(&written, id_name).parse().map_err(|_| Refused(format!("{endpoint} gave no id")))?;
        self.documents.push(id);
        Ok(())
    }

    fn currency(&self, body: &mut Json, contact: usize, rate: Decimal) {
        let currency = self.book.currency(contact);
        if currency != self.book.home {
            body.set("CurrencyCode", currency);
            body.set("CurrencyRate", rate);
        }
    }

    /// What is open of a document.
    fn open(&self, index: usize) -> Decimal {
        let document = self.documents.get(index).and_then(|id| self.company.books.documents.get(*id));
        document.map_or(Decimal::ZERO, |document| document.open())
    }

    fn id_of(&self, index: usize) -> String {
        self.documents.get(index).map(Uuid::to_string).unwrap_or_default()
    }

    fn settlement(&mut self, settlement: &Settlement) -> Result<(), Refused> {
        let mut is_used = false;
        for (index, part) in &settlement.of {
            let open = self.open(*index);
            let mut amount = part.of(open);
            if let Some(credit) = settlement.credit {
                amount = amount.min(self.open(credit));
            }
            if amount <= Decimal::ZERO {
                continue;
            }
            is_used = true;
            let invoice = object! { "InvoiceID" => self.id_of(*index) };
            let date = settlement.date.to_string();
            if let Some(credit) = settlement.credit {
                let target = format!("CreditNotes/{}/Allocations", self.id_of(credit));
                self.put(&target, &object! { "Amount" => amount, "Date" => date, "Invoice" => invoice })?;
                continue;
            }
            let mut body = object! {
                "Invoice" => invoice,
                "Account" => object! { "Code" => BANK },
                "Date" => date,
                "Amount" => amount,
                "Reference" => &settlement.reference,
            };
            self.currency(&mut body, settlement.contact, settlement.rate);
            body.remove("CurrencyCode");
            self.put("Payments", &body)?;
        }
        if is_used && settlement.beyond > Decimal::ZERO { self.overpay(settlement) } else { Ok(()) }
    }

    /// Money beyond what was open.
    fn overpay(&mut self, settlement: &Settlement) -> Result<(), Refused> {
        let kind = if settlement.is_sale { "RECEIVE-OVERPAYMENT" } else { "SPEND-OVERPAYMENT" };
        let line = object! {
            "Description" => "Paid twice?",
            "Quantity" => Decimal::ONE,
            "UnitAmount" => settlement.beyond,
            "AccountCode" => if settlement.is_sale { "610" } else { "800" },
            "TaxType" => "NONE",
        };
        let body = object! {
            "Type" => kind,
            "Contact" => self.party(settlement.contact),
            "BankAccount" => object! { "Code" => BANK },
            "Date" => settlement.date.to_string(),
            "Reference" => &settlement.reference,
            "LineAmountTypes" => "NoTax",
            "LineItems" => vec![line],
        };
        self.put("BankTransactions", &body).map(drop)
    }

    fn spend(&mut self, spend: &Spend) -> Result<(), Refused> {
        let body = object! {
            "Type" => if spend.is_received { "RECEIVE" } else { "SPEND" },
            "Contact" => self.party(spend.contact),
            "BankAccount" => object! { "Code" => BANK },
            "Date" => spend.date.to_string(),
            "Reference" => &spend.reference,
            "LineAmountTypes" => "Exclusive",
            "LineItems" => vec![self.line(&spend.line, spend.is_received, None)],
        };
        self.put("BankTransactions?unitdp=4", &body).map(drop)
    }

    fn journal(&mut self, journal: &Journal) -> Result<(), Refused> {
        let lines = journal.lines.iter().map(|(account, amount)| {
            object! { "LineAmount" => *amount, "AccountCode" => code(*account), "Description" => &journal.text }
        });
        let body = object! {
            "Narration" => format!("{} {}", journal.number, journal.text),
            "Date" => journal.date.to_string(),
            "Status" => "POSTED",
            "LineAmountTypes" => "NoTax",
            "JournalLines" => lines.collect::<Vec<_>>(),
        };
        self.put("ManualJournals", &body).map(drop)
    }

    fn transfer(&mut self, transfer: &Transfer) -> Result<(), Refused> {
        let body = object! {
            "FromBankAccount" => object! { "Code" => BANK },
            "ToBankAccount" => object! { "Code" => SAVINGS },
            "Amount" => transfer.amount,
            "Date" => transfer.date.to_string(),
        };
        self.put("BankTransfers", &body).map(drop)
    }

    fn void(&mut self) -> Result<(), Refused> {
        for index in self.book.voided() {
            let id = self.id_of(index);
            // One over nothing is paid at once and cannot be voided.
            let is_open = id.parse().ok().and_then(|id| self.company.books.documents.get(id));
            if is_open.is_some_and(|document| document.open() > Decimal::ZERO) {
                let body = object! { "InvoiceID" => &id, "Status" => "VOIDED" };
                self.send("POST", &format!("Invoices/{id}"), &body)?;
            }
        }
        Ok(())
    }

    fn archive(&mut self) -> Result<(), Refused> {
        for index in &self.book.archived {
            let Some(id) = self.contacts.get(*index).cloned() else { continue };
            let owes = self.book.documents().enumerate().any(|(at, document)| {
                document.contact == *index && !document.is_voided && self.open(at) > Decimal::ZERO
            });
            if !owes {
                let body = object! { "ContactID" => &id, "ContactStatus" => "ARCHIVED" };
                self.send("POST", &format!("Contacts/{id}"), &body)?;
            }
        }
        Ok(())
    }
}

fn code(account: Account) -> &'static str {
    match account {
        Account::Sales => "200",
        Account::OtherIncome => "260",
        Account::Advertising => "400",
        Account::Office => "429",
        Account::Rent => "469",
        Account::Travel => "493",
        Account::Equity => "970",
    }
}

fn id(row: &Json, name: &str) -> String {
    row.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}
