//! Draws a sample company.

use carry_model::{Date, Decimal, Timestamp, round_half_up};
use jiff::tz::TimeZone;

use super::book::{
    Account, Book, Contact, Document, DocumentKind, Event, Item, Journal, Line, Part, Role, Settlement,
    Spend, Tax, Transfer,
};
use super::dice::{Dice, days_after};
use super::words;
use crate::region::Region;

/// Days of business in a sample company's books.
const DAYS: usize = 540;

/// The home currency of a sample company, and the foreign ones that it deals in.
pub fn currencies(region: Region) -> (&'static str, &'static [&'static str]) {
    match region {
        Region::Us => ("USD", &[]),
        Region::Uk => ("GBP", &["EUR", "USD"]),
        Region::Au => ("AUD", &["NZD", "USD"]),
        Region::Global => ("EUR", &["USD", "GBP", "CHF", "SEK"]),
    }
}

/// A company of about `invoices` invoices, and of the other documents what goes with them. Its last day is before
/// `now`.
pub fn book(region: Region, seed: u64, invoices: usize, now: Timestamp) -> Book {
    let (home, currencies) = currencies(region);
    let last = now.to_zoned(TimeZone::UTC).date().yesterday().unwrap_or(Date::MIN);
    let back = jiff::Span::new().try_days(i64::try_from(DAYS).unwrap_or_default()).unwrap_or_default();
    let items = words::ITEMS.into_iter().map(|(code, name, cents)| Item {
        code: code.to_owned(),
        name: name.to_owned(),
        price: Decimal::new(cents, 2),
    });
    let mut drawer = Drawer {
        dice: Dice::new(seed),
        first: last.saturating_sub(back),
        last,
        book: Book {
            region,
            home,
            currencies: currencies.to_vec(),
            contacts: Vec::new(),
            items: items.collect(),
            events: Vec::new(),
            archived: Vec::new(),
            files: Vec::new(),
        },
        documents: Vec::new(),
        settlements: Vec::new(),
    };
    drawer.contacts(invoices);
    drawer.trade(invoices);
    drawer.settle();
    drawer.money(invoices);
    let mut book = drawer.finish();
    book.files = super::files::draw(seed, book.documents());
    book
}

struct Drawer {
    dice: Dice,
    first: Date,
    last: Date,
    book: Book,
    documents: Vec<Document>,
    settlements: Vec<Settlement>,
}

impl Drawer {
    fn contacts(&mut self, invoices: usize) {
        let count = (invoices / 6).max(24);
        let mut names: Vec<String> = words::ODD.iter().map(|name| (*name).to_owned()).collect();
        while names.len() < count {
            let first = self.dice.one_of(&words::FIRST).unwrap_or_default();
            let second = self.dice.one_of(&words::SECOND).unwrap_or_default();
            let form = self.dice.one_of(&words::FORMS).unwrap_or_default();
            let mut name = format!("{first} {second} {form}");
            if names.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
                name = format!("{name} {}", names.len());
            }
            names.push(name);
        }
        for (index, name) in names.into_iter().enumerate() {
            let role = match index % 5 {
                0..3 => Role::Customer,
                3 => Role::Vendor,
                _ => Role::Both,
            };
            let foreign = self.dice.one_of(&self.book.currencies.clone());
            // Contacts on both sides trade at home: elsewhere a side may have its own currency.
            let is_foreign = role != Role::Both && self.dice.chance(20);
            let currency = foreign.filter(|_| is_foreign).unwrap_or(self.book.home);
            let email = self.dice.chance(70).then(|| format!("accounts{index}@books.example"));
            let street = self.dice.one_of(&words::STREETS).map(|street| format!("{} {street}", index + 1));
            let city = self.dice.one_of(&words::TOWNS).map(str::to_owned);
            self.book.contacts.push(Contact { name, role, currency, email, street, city });
        }
    }

    /// Draws the documents.
    fn trade(&mut self, invoices: usize) {
        for (kind, count) in [
            (DocumentKind::Invoice, invoices),
            (DocumentKind::CreditNote, invoices / 12 + 2),
            (DocumentKind::Bill, invoices / 2 + 2),
            (DocumentKind::VendorCredit, invoices / 30 + 2),
            (DocumentKind::Quote, invoices / 20 + 1),
            (DocumentKind::PurchaseOrder, invoices / 40 + 1),
        ] {
            for index in 0..count {
                let document = self.document(kind, index);
                self.documents.push(document);
            }
        }
        self.documents.sort_by_key(|document| document.date);
    }

    fn document(&mut self, kind: DocumentKind, index: usize) -> Document {
        let contact = self.contact(kind.is_sale());
        let date = self.dice.day_after(self.first, DAYS.saturating_sub(1));
        let days = self.dice.one_of(&[0, 14, 30, 30, 60]).unwrap_or(30);
        let is_us = self.book.region == Region::Us;
        let is_settling = matches!(kind, DocumentKind::Invoice | DocumentKind::Bill);
        let most = if self.dice.chance(5) { 12 } else { 4 };
        let count = 1 + self.dice.below(most);
        let mut lines: Vec<Line> = (0..count).map(|_| self.line(kind)).collect();
        if kind == DocumentKind::Invoice && self.dice.chance(4) {
            self.rebate(&mut lines);
        }
        if kind == DocumentKind::Invoice && index % 100 == 50 {
            lines.iter_mut().for_each(|line| (line.priced, line.amount) = (None, Decimal::ZERO));
        }
        let number = self.number(kind, index);
        Document {
            kind,
            long_number: (index % 40 == 7).then(|| format!("{number}/PROJECT-NORTH-WING-PHASE-2")),
            number,
            contact,
            date,
            due: days_after(date, days),
            rate: self.rate(contact),
            is_inclusive: !is_us && self.dice.chance(20),
            discount: (kind == DocumentKind::Invoice && self.dice.chance(4)).then_some(10),
            note: self
                .dice
                .chance(10)
                .then(|| self.dice.one_of(&words::NOTES).unwrap_or_default().to_owned()),
            lines,
            is_voided: is_settling && kind == DocumentKind::Invoice && index % 60 == 31,
        }
    }

    /// A contact of a side.
    fn contact(&mut self, is_sale: bool) -> usize {
        let fits = |contact: &Contact| match contact.role {
            Role::Both => true,
            Role::Customer => is_sale,
            Role::Vendor => !is_sale,
        };
        loop {
            // A few contacts do most of the business.
            let end =
                if self.dice.chance(50) { self.book.contacts.len() / 4 } else { self.book.contacts.len() };
            let index = self.dice.below(end);
            if self.book.contacts.get(index).is_none_or(fits) {
                return index;
            }
        }
    }

    fn number(&mut self, kind: DocumentKind, index: usize) -> String {
        match kind {
            DocumentKind::Invoice if index % 25 == 3 => format!("INV-{:08}-REV/{}", index, index % 9),
            DocumentKind::Invoice => format!("INV-{:05}", index + 1),
            DocumentKind::CreditNote => format!("CN-{:04}", index + 1),
            // Vendors number as they please, and some the same.
            DocumentKind::Bill => format!("{}", 1000 + self.dice.below(4000)),
            DocumentKind::VendorCredit => format!("VC {}", index + 1),
            DocumentKind::Quote => format!("QU-{:04}", index + 1),
            DocumentKind::PurchaseOrder => format!("PO-{:04}", index + 1),
        }
    }

    /// Home units per unit of a contact's currency, a little different every day.
    fn rate(&mut self, contact: usize) -> Decimal {
        let currency = self.book.currency(contact);
        if currency == self.book.home {
            return Decimal::ONE;
        }
        let in_euros = |code: &str| match code {
            "USD" => 92,
            "GBP" => 117,
            "AUD" => 60,
            "NZD" => 55,
            "CHF" => 105,
            "SEK" => 9,
            _ => 100,
        };
        let middle = Decimal::from(in_euros(currency)) / Decimal::from(in_euros(self.book.home));
        let drift = Decimal::ONE + self.dice.amount(-4, 4, 2) / Decimal::ONE_HUNDRED;
        round_half_up(middle * drift, 6)
    }

    fn line(&mut self, kind: DocumentKind) -> Line {
        let at = self.dice.below(self.book.items.len());
        let item = self.book.items.get(at).cloned();
        let description = match &item {
            Some(item) if self.dice.chance(60) => item.name.clone(),
            _ => self.dice.one_of(&words::DESCRIPTIONS).unwrap_or_default().to_owned(),
        };
        let price = item.map_or(Decimal::ONE, |item| item.price);
        let tax = match self.dice.below(10) {
            0..6 => Tax::Standard,
            6 => Tax::Reduced,
            7 => Tax::Zero,
            _ => Tax::None,
        };
        let accounts = [Account::Office, Account::Advertising, Account::Rent, Account::Travel];
        let account = match kind.is_sale() {
            true => Account::Sales,
            false => self.dice.one_of(&accounts).unwrap_or(Account::Office),
        };
        let priced = match self.dice.below(10) {
            0..6 => Some((Decimal::from(1 + self.dice.below(12)), price)),
            6 => Some((self.dice.amount(0, 9, 2) + Decimal::new(25, 2), price)),
            7 => Some((self.dice.amount(1, 3, 3), self.dice.amount(1, 90, 4))),
            _ => None,
        };
        let amount = match priced {
            Some((quantity, price)) => round_half_up(quantity * price, 2),
            None => self.dice.amount(3, 2500, 2),
        };
        Line { description, item: kind.is_sale().then_some(at), account, priced, amount, tax }
    }

    /// Takes something off an invoice on a line of its own.
    fn rebate(&mut self, lines: &mut Vec<Line>) {
        let Some(largest) = lines.iter().max_by_key(|line| line.amount).cloned() else { return };
        let amount = -round_half_up(largest.amount / Decimal::from(7), 2);
        let description = "Goodwill for the delay".to_owned();
        lines.push(Line { description, priced: None, amount, ..largest });
    }

    /// Draws what was paid of what: whole, in parts, several at once, too much, by credits, and not at all.
    fn settle(&mut self) {
        for is_sale in [true, false] {
            let (charge, credit) = if is_sale {
                (DocumentKind::Invoice, DocumentKind::CreditNote)
            } else {
                (DocumentKind::Bill, DocumentKind::VendorCredit)
            };
            for contact in 0..self.book.contacts.len() {
                let of = |kind: DocumentKind| -> Vec<usize> {
                    let documents = self.documents.iter().enumerate();
                    let its = documents.filter(|(_, document)| {
                        document.kind == kind && document.contact == contact && !document.is_voided
                    });
                    its.map(|(index, _)| index).collect()
                };
                let (charges, credits) = (of(charge), of(credit));
                self.settle_contact(is_sale, contact, &charges, &credits);
            }
        }
    }

    fn settle_contact(&mut self, is_sale: bool, contact: usize, charges: &[usize], credits: &[usize]) {
        for credit in credits {
            // A third of the credits stay open.
            if let Some(charge) = self.dice.one_of(charges).filter(|_| self.dice.chance(66)) {
                let part = if self.dice.chance(60) { Part::All } else { Part::Percent(40) };
                self.settlement(is_sale, contact, vec![(charge, part)], Some(*credit));
            }
        }
        let mut left = charges;
        while let Some((first, rest)) = left.split_first() {
            match self.dice.below(20) {
                0..3 => {}
                3..5 => self.settlement(is_sale, contact, vec![(*first, Part::Percent(35))], None),
                5 => {
                    for part in [Part::Percent(50), Part::Percent(60), Part::All] {
                        self.settlement(is_sale, contact, vec![(*first, part)], None);
                    }
                }
                6..9 if rest.len() > 1 => {
                    let taken = 2 + self.dice.below(rest.len().min(4));
                    let (also, after) = rest.split_at_checked(taken.min(rest.len())).unwrap_or((rest, &[]));
                    let mut of: Vec<(usize, Part)> =
                        also.iter().chain([first]).map(|index| (*index, Part::All)).collect();
                    if let Some(last) = of.last_mut().filter(|_| self.dice.chance(30)) {
                        last.1 = Part::Percent(50);
                    }
                    self.settlement(is_sale, contact, of, None);
                    left = after;
                    continue;
                }
                _ => self.settlement(is_sale, contact, vec![(*first, Part::All)], None),
            }
            left = rest;
        }
    }

    fn settlement(&mut self, is_sale: bool, contact: usize, of: Vec<(usize, Part)>, credit: Option<usize>) {
        let documents = of.iter().map(|(index, _)| index).chain(&credit);
        let dates = documents.filter_map(|index| self.documents.get(*index)).map(|document| document.date);
        let from = dates.max().unwrap_or(self.first);
        let date = self.dice.day_after(from, 75);
        if date > self.last {
            return;
        }
        let is_home =
            self.book.contacts.get(contact).is_some_and(|contact| contact.currency == self.book.home);
        let is_over = credit.is_none() && is_home && self.dice.chance(3);
        let number = self.settlements.len() + 1;
        let settlement = Settlement {
            is_sale,
            contact,
            date,
            rate: self.rate(contact),
            of,
            credit,
            beyond: if is_over { self.dice.amount(1, 300, 2) } else { Decimal::ZERO },
            reference: format!("{} {number:06}", if is_sale { "FPI" } else { "DD" }),
            is_undeposited: is_sale && is_home && credit.is_none() && self.dice.chance(25),
        };
        self.settlements.push(settlement);
    }

    /// Draws what went over the bank and through the journal.
    fn money(&mut self, invoices: usize) {
        for index in 0..invoices / 5 + 2 {
            let is_received = index % 10 == 9;
            let contact = loop {
                let contact = self.contact(is_received);
                if self.book.contacts.get(contact).is_none_or(|contact| contact.currency == self.book.home) {
                    break contact;
                }
            };
            let description = self.dice.one_of(&words::SPENDING).unwrap_or_default().to_owned();
            let account = if is_received { Account::OtherIncome } else { Account::Travel };
            let line = Line {
                description,
                item: None,
                account,
                priced: None,
                amount: self.dice.amount(2, 400, 2),
                tax: if self.dice.chance(50) { Tax::Standard } else { Tax::None },
            };
            let date = self.dice.day_after(self.first, DAYS - 1);
            let reference = format!("CARD {index:05}");
            self.book.events.push(Event::Spend(Spend { date, contact, line, is_received, reference }));
        }
        for index in 0..invoices / 30 + 1 {
            let amount = self.dice.amount(50, 5000, 2);
            let part = round_half_up(amount / Decimal::from(3), 2);
            let lines =
                vec![(Account::Office, amount), (Account::Rent, -part), (Account::Equity, part - amount)];
            let date = self.dice.day_after(self.first, DAYS - 1);
            let (number, text) =
                (format!("JE-{:04}", index + 1), format!("Reclass {} “month end”", index + 1));
            self.book.events.push(Event::Journal(Journal { date, number, text, lines }));
        }
        for _ in 0..invoices / 60 + 1 {
            let date = self.dice.day_after(self.first, DAYS - 1);
            let amount = self.dice.amount(100, 9000, 0);
            self.book.events.push(Event::Transfer(Transfer { date, amount }));
        }
    }

    /// Puts everything in the order of days. Documents of a day come before what settles them.
    fn finish(mut self) -> Book {
        let mut events: Vec<Event> = self.documents.drain(..).map(Event::Document).collect();
        events.append(&mut self.book.events);
        events.extend(self.settlements.drain(..).map(Event::Settlement));
        events.sort_by_key(Event::date);
        self.book.archived = (0..self.book.contacts.len()).filter(|index| index % 9 == 5).collect();
        self.book.events = events;
        self.book
    }
}
