//! What transactions do to the ledger: one entry for each, worked out from the transaction as it stands.

use carry_model::{Currency, Decimal};

use super::books::{Books, Key, Record, number, reference};
use super::kind::Kind;
use super::settlement::{self, Side};
use crate::json::Json;
use crate::ledger::{Entry, Posting};

/// The name under which a transaction stands in the ledger.
pub(super) fn source(kind: Kind, id: &str) -> String {
    format!("{}/{id}", kind.name())
}

/// Postings of an entry while it is put together.
struct Sheet<'a> {
    books: &'a Books,
    record: &'a Record,
    currency: String,
    rate: Decimal,
    postings: Vec<Posting>,
}

/// What a transaction does to the ledger; nothing for those that are no entries.
pub(super) fn entry(books: &Books, record: &Record) -> Option<Entry> {
    if record.is_deleted {
        return None;
    }
    let mut sheet = Sheet {
        books,
        record,
        currency: record.reference("CurrencyRef").unwrap_or(&books.home).to_owned(),
        rate: record.rate(),
        postings: Vec::new(),
    };
    match record.kind {
        Kind::Invoice | Kind::SalesReceipt => sheet.sale(Decimal::ONE),
        Kind::CreditMemo | Kind::RefundReceipt => sheet.sale(-Decimal::ONE),
        Kind::Bill => sheet.expense(Decimal::ONE),
        Kind::VendorCredit => sheet.expense(-Decimal::ONE),
        Kind::Purchase => {
            let is_refund = record.body.get("Credit").and_then(Json::as_bool) == Some(true);
            sheet.expense(if is_refund { -Decimal::ONE } else { Decimal::ONE });
        }
        Kind::Payment | Kind::BillPayment => sheet.payment(),
        Kind::Deposit => sheet.deposit(),
        Kind::Transfer => sheet.moved("ToAccountRef", "FromAccountRef"),
        Kind::CreditCardPayment => sheet.moved("CreditCardAccountRef", "BankAccountRef"),
        Kind::JournalEntry => sheet.journal(),
        _ => return None,
    }
    let gain = books.system("ExchangeGainOrLoss").to_owned();
    sheet.even_out(&gain);
    let postings = sheet.postings;
    Some(Entry { source: source(record.kind, &record.id), date: record.date(), postings })
}

impl Sheet<'_> {
    /// Posts an amount at the transaction's own rate.
    fn add(&mut self, account: &str, amount: Decimal) {
        self.push(account, self.books.at_home(amount, self.rate), amount, None, None);
    }

    fn push(
        &mut self,
        account: &str,
        home: Decimal,
        amount: Decimal,
        party: Option<String>,
        document: Option<String>,
    ) {
        if home.is_zero() && amount.is_zero() {
            return;
        }
        let currency = self.currency.parse().unwrap_or(Currency::USD);
        self.postings.push(Posting { account: account.to_owned(), party, document, home, amount, currency });
    }

    /// What the transaction's party owes more, on the account of receivables or payables.
    fn add_open(&mut self, side: Side, amount: Decimal) {
        let own = source(self.record.kind, &self.record.id);
        let home = self.books.at_home(amount, self.rate);
        self.add_open_of(side, &own, home, amount);
    }

    fn add_open_of(&mut self, side: Side, document: &str, home: Decimal, amount: Decimal) {
        let (field, party, own) = match side {
            Side::Receivable => ("ARAccountRef", "CustomerRef", Kind::Customer),
            Side::Payable => ("APAccountRef", "VendorRef", Kind::Vendor),
        };
        let control = self.books.control(side.account_type(), &self.currency);
        let stated = self.record.reference(field);
        let account = stated.or(control.map(|account| account.id.as_str())).unwrap_or_default();
        let party = self.record.reference(party).map(|id| source(own, id));
        self.push(account, home, amount, party, Some(document.to_owned()));
    }

    fn lines(&self) -> &[Json] {
        self.record.body.get("Line").and_then(Json::as_array).unwrap_or_default()
    }

    fn tax(&self) -> Decimal {
        self.record.body.get("TxnTaxDetail").and_then(|tax| number(tax, "TotalTax")).unwrap_or_default()
    }

    fn post_tax(&mut self, amount: Decimal) {
        let account = self.books.system("GlobalTaxPayable").to_owned();
        self.add(&account, amount);
    }

    /// Puts what is missing to zero on an account.
    fn even_out(&mut self, account: &str) {
        let by: Decimal = self.postings.iter().map(|posting| posting.home).sum();
        self.currency.clone_from(&self.books.home);
        self.push(account, -by, -by, None, None);
    }

    /// An invoice or a receipt; with `sign` -1 what gives it back.
    fn sale(&mut self, sign: Decimal) {
        let total = self.record.amount("TotalAmt") * sign;
        let bank = self.record.reference("DepositToAccountRef").map(str::to_owned);
        match self.record.kind {
            Kind::Invoice | Kind::CreditMemo => self.add_open(Side::Receivable, total),
            _ => self.add(&bank.unwrap_or_else(|| self.books.system("UndepositedFunds").to_owned()), total),
        }
        let mut postings: Vec<(String, Decimal)> = Vec::new();
        for line in self.lines() {
            let amount = number(line, "Amount").unwrap_or_default() * sign;
            let of = |detail: &str, account: &str| {
                line.get(detail).and_then(|detail| reference(detail, account)).map(str::to_owned)
            };
            if let Some(account) = of("SalesItemLineDetail", "ItemAccountRef") {
                postings.push((account, -amount));
            } else if let Some(account) = of("DiscountLineDetail", "DiscountAccountRef") {
                postings.push((account, amount));
            }
        }
        postings.iter().for_each(|(account, amount)| self.add(account, *amount));
        self.post_tax(-self.tax() * sign);
    }

    /// A bill or a purchase; with `sign` -1 what gives it back.
    fn expense(&mut self, sign: Decimal) {
        let total = self.record.amount("TotalAmt") * sign;
        match self.record.kind {
            Kind::Purchase => {
                let account = self.record.reference("AccountRef").unwrap_or_default().to_owned();
                self.add(&account, -total);
            }
            _ => self.add_open(Side::Payable, -total),
        }
        let mut postings: Vec<(String, Decimal, Option<String>)> = Vec::new();
        for line in self.lines() {
            let amount = number(line, "Amount").unwrap_or_default() * sign;
            let details = ["AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"];
            let Some(detail) = details.into_iter().find_map(|name| line.get(name)) else { continue };
            let account = reference(detail, "AccountRef").or_else(|| reference(detail, "ItemAccountRef"));
            let Some(account) = account else { continue };
            postings.push((account.to_owned(), amount, self.party_of(account, detail)));
        }
        let own = source(self.record.kind, &self.record.id);
        for (account, amount, party) in postings {
            let document = party.is_some().then(|| own.clone());
            self.push(&account, self.books.at_home(amount, self.rate), amount, party, document);
        }
        self.post_tax(self.tax() * sign);
    }

    /// Who owes what a purchase's line puts on receivables or payables: the line's customer, or the payee.
    fn party_of(&self, account: &str, detail: &Json) -> Option<String> {
        let kind = match self.books.account_type(account) {
            "Accounts Receivable" => Kind::Customer,
            "Accounts Payable" => Kind::Vendor,
            _ => return None,
        };
        let payee = self.record.body.get("EntityRef");
        let payee_kind = payee.and_then(|payee| payee.get("type")?.as_str()).and_then(Kind::named);
        let payee = payee.and_then(|payee| payee.get("value")?.as_str()).filter(|_| payee_kind == Some(kind));
        let customer = reference(detail, "CustomerRef").filter(|_| kind == Kind::Customer);
        customer.or(payee).map(|id| source(kind, id))
    }

    /// A customer's payment, or a payment to a vendor: it takes off each item what was applied to it, at the item's
    /// own rate. What the rates differ by is a gain or a loss.
    fn payment(&mut self) {
        let side = Side::of(self.record.kind);
        let sign = if side == Side::Receivable { Decimal::ONE } else { -Decimal::ONE };
        let total = self.record.amount("TotalAmt");
        let bank = self.bank();
        self.add(&bank, total * sign);
        let mut left = total;
        for (item, amount) in settlement::applications(self.record) {
            let Some(record) = self.books.get(item.0, &item.1) else { continue };
            let is_charge = is_charge(self.books, record, side);
            let direction = if is_charge { -sign } else { sign };
            let relief = self.relief(record, &item, amount);
            self.add_open_of(side, &source(item.0, &item.1), relief * direction, amount * direction);
            left -= if is_charge { amount } else { -amount };
        }
        self.add_open(side, -left * sign);
    }

    fn bank(&self) -> String {
        let body = &self.record.body;
        let of = |detail: &str, field: &str| body.get(detail).and_then(|detail| reference(detail, field));
        let stated = match self.record.kind {
            Kind::Payment => self.record.reference("DepositToAccountRef"),
            _ => of("CheckPayment", "BankAccountRef").or_else(|| of("CreditCardPayment", "CCAccountRef")),
        };
        stated.unwrap_or_else(|| self.books.system("UndepositedFunds")).to_owned()
    }

    /// What an amount takes off an item in the home currency: the last settlement of a settled item takes the rest.
    fn relief(&self, record: &Record, item: &Key, amount: Decimal) -> Decimal {
        let relief = self.books.at_home(amount, record.rate());
        let total = record.amount("TotalAmt");
        let settled: Decimal = self.books.settlements(item).map(|(_, amount)| amount).sum();
        let is_last = self.books.settlements(item).last().is_some_and(|(by, _)| *by == self.record.key());
        if record.rate() == Decimal::ONE || settled != total || !is_last {
            return relief;
        }
        let others = self.books.settlements(item).filter(|(by, _)| **by != self.record.key());
        let others: Decimal = others.map(|(_, amount)| self.books.at_home(amount, record.rate())).sum();
        self.books.at_home(total, record.rate()) - others
    }

    fn deposit(&mut self) {
        let total = self.record.amount("TotalAmt");
        let into = self.record.reference("DepositToAccountRef").unwrap_or_default().to_owned();
        self.add(&into, total);
        let own = source(self.record.kind, &self.record.id);
        let mut postings: Vec<(String, Decimal, Option<String>)> = Vec::new();
        for line in self.lines() {
            let amount = number(line, "Amount").unwrap_or_default();
            let detail = line.get("DepositLineDetail");
            match detail.and_then(|detail| reference(detail, "AccountRef")) {
                Some(account) => {
                    let entity = detail.and_then(|detail| detail.get("Entity"));
                    let party = entity.and_then(|entity| self.entity(account, entity));
                    postings.push((account.to_owned(), -amount, party));
                }
                None => postings.push((self.books.system("UndepositedFunds").to_owned(), -amount, None)),
            }
        }
        if let Some(back) = self.record.body.get("CashBack") {
            let account = reference(back, "AccountRef").unwrap_or_default().to_owned();
            postings.push((account, number(back, "Amount").unwrap_or_default(), None));
        }
        for (account, amount, party) in postings {
            let document = party.is_some().then(|| own.clone());
            self.push(&account, self.books.at_home(amount, self.rate), amount, party, document);
        }
        self.post_tax(-self.tax());
    }

    /// The party on receivables or payables that an `Entity` names, however it nests the reference.
    fn entity(&self, account: &str, entity: &Json) -> Option<String> {
        let kind = match self.books.account_type(account) {
            "Accounts Receivable" => Kind::Customer,
            "Accounts Payable" => Kind::Vendor,
            _ => return None,
        };
        let id = reference(entity, "EntityRef").or_else(|| entity.get("value").and_then(Json::as_str))?;
        Some(source(kind, id))
    }

    fn moved(&mut self, to: &str, from: &str) {
        let amount = self.record.amount("Amount");
        let of = |field: &str| self.record.reference(field).unwrap_or_default().to_owned();
        let (to, from) = (of(to), of(from));
        self.add(&to, amount);
        self.add(&from, -amount);
    }

    fn journal(&mut self) {
        let own = source(self.record.kind, &self.record.id);
        let mut postings: Vec<(String, Decimal, Option<String>)> = Vec::new();
        let mut tax = Decimal::ZERO;
        for line in self.lines() {
            let Some(detail) = line.get("JournalEntryLineDetail") else { continue };
            let is_debit = detail.get("PostingType").and_then(Json::as_str) == Some("Debit");
            let sign = if is_debit { Decimal::ONE } else { -Decimal::ONE };
            let account = reference(detail, "AccountRef").unwrap_or_default();
            let party = detail.get("Entity").and_then(|entity| self.entity(account, entity));
            postings.push((account.to_owned(), number(line, "Amount").unwrap_or_default() * sign, party));
            tax += number(detail, "TaxAmount").unwrap_or_default() * sign;
        }
        for (account, amount, party) in postings {
            let document = party.is_some().then(|| own.clone());
            self.push(&account, self.books.at_home(amount, self.rate), amount, party, document);
        }
        self.post_tax(tax);
    }
}

/// Whether settling an item takes money, rather than using a credit up.
fn is_charge(books: &Books, record: &Record, side: Side) -> bool {
    match record.kind {
        Kind::Invoice | Kind::Bill => true,
        Kind::CreditMemo | Kind::VendorCredit => false,
        _ => settlement::worth(books, record, side, |_| true) > Decimal::ZERO,
    }
}
