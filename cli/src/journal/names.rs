//! Names of accounts: unique, readable, and as each tool's grammar allows.

use carry_connector::exact;
use carry_model::{AccountClass, SourceId};
use rustc_hash::FxHashMap;

use super::{Chart, Key};

/// Deepest chart of accounts; a chart that runs in a circle ends here.
const DEPTH_MAX: usize = 12;

/// Whose grammar names follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// hledger: free text, parts separated by colons.
    Hledger,
    /// Beancount: each part begins with a capital or digit; letters, digits and dashes only.
    Beancount,
}

/// Gives every account one name, in the order in which they are first asked for.
pub(crate) struct Names<'a> {
    dialect: Dialect,
    chart: &'a Chart,
    given: FxHashMap<Key, String>,
    taken: FxHashMap<String, Key>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(dialect: Dialect, chart: &'a Chart) -> Self {
        Self { dialect, chart, given: FxHashMap::default(), taken: FxHashMap::default() }
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Every name given so far, sorted.
    pub(crate) fn all(&self) -> Vec<String> {
        let mut names: Vec<_> = self.given.values().cloned().collect();
        names.sort_unstable();
        names
    }

    /// The account's name: the same one each time, another one than any other account's.
    pub(crate) fn of(&mut self, key: &Key) -> String {
        if let Some(name) = self.given.get(key) {
            return name.clone();
        }
        let (parts, id) = self.parts(key);
        let plain = self.join(&parts);
        let mut name = plain.clone();
        // Two contacts of one name are told apart by their ids, and two ids that look alike by a number.
        for attempt in 1_u32.. {
            if !self.taken.contains_key(&name) {
                break;
            }
            let mark = if attempt == 1 { id.clone() } else { format!("{id} {attempt}") };
            let mut marked = parts.clone();
            if let Some(last) = marked.last_mut() {
                *last = format!("{last} ({mark})");
            }
            name = self.join(&marked);
        }
        self.taken.insert(name.clone(), key.clone());
        self.given.insert(key.clone(), name.clone());
        name
    }

    fn parts(&self, key: &Key) -> (Vec<String>, String) {
        let of = |parts: &[&str], last: String, id: &str| {
            (parts.iter().map(|part| (*part).to_owned()).chain([last]).collect(), id.to_owned())
        };
        let contact = |root: &str, ledger: &str, id: &Option<SourceId>| match id {
            Some(id) => of(&[root, ledger], self.chart.contact(id), id.as_str()),
            None => of(&[root, ledger], "no contact".to_owned(), "none"),
        };
        match key {
            Key::Chart(id) => self.chart_parts(id),
            Key::Receivable(id) => contact("assets", "receivable", id),
            Key::Payable(id) => contact("liabilities", "payable", id),
            Key::Tax(None) => of(&["liabilities", "tax"], "no rate named".to_owned(), "none"),
            Key::Tax(Some(id)) => {
                let name = self.chart.taxes.get(id).map_or_else(|| id.to_string(), |(name, _)| name.clone());
                of(&["liabilities", "tax"], name, id.as_str())
            }
            Key::Sales => of(&["income"], "no account named".to_owned(), "sales"),
            Key::Purchases => of(&["expenses"], "no account named".to_owned(), "purchases"),
            Key::SalesDiscount => of(&["income"], "discounts given".to_owned(), "discounts"),
            Key::PurchaseDiscount => of(&["expenses"], "discounts received".to_owned(), "discounts"),
            Key::Money => of(&["assets"], "payments without account".to_owned(), "money"),
        }
    }

    fn chart_parts(&self, id: &SourceId) -> (Vec<String>, String) {
        let mut names = Vec::new();
        let mut class = None;
        let mut at = Some(id);
        while let Some(account) = at.and_then(|id| self.chart.accounts.get(id)) {
            names.push(account.name.clone());
            class.get_or_insert(account.class);
            at = account.parent.as_ref();
            if names.len() >= DEPTH_MAX {
                break;
            }
        }
        if names.is_empty() {
            names.push(id.to_string());
        }
        // An account that the source names but does not list is equity until somebody says what it is.
        let root = root(class.unwrap_or(AccountClass::Equity)).to_owned();
        let parts = std::iter::once(root).chain(names.into_iter().rev()).collect();
        (parts, id.as_str().trim_start_matches("carryforward:").to_owned())
    }

    fn join(&self, parts: &[String]) -> String {
        let clean = |part: &String| match self.dialect {
            Dialect::Hledger => hledger_part(part),
            Dialect::Beancount => beancount_part(part),
        };
        parts.iter().map(clean).collect::<Vec<_>>().join(":")
    }
}

const fn root(class: AccountClass) -> &'static str {
    match class {
        AccountClass::Bank
        | AccountClass::Receivable
        | AccountClass::CurrentAsset
        | AccountClass::FixedAsset => "assets",
        AccountClass::CreditCard
        | AccountClass::Payable
        | AccountClass::CurrentLiability
        | AccountClass::LongTermLiability => "liabilities",
        AccountClass::Equity => "equity",
        AccountClass::Income | AccountClass::OtherIncome => "income",
        AccountClass::CostOfSales | AccountClass::Expense | AccountClass::OtherExpense => "expenses",
    }
}

/// Two blanks end a name, a colon begins a sub-account, a semicolon a comment.
fn hledger_part(part: &str) -> String {
    let plain = part.replace([':', '/'], "-").replace(';', ",");
    let plain: Vec<_> =
        plain.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    if plain.is_empty() { "unnamed".to_owned() } else { plain.join(" ") }
}

fn beancount_part(part: &str) -> String {
    let mut name = String::new();
    for c in part.chars() {
        if c.is_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-');
    let mut chars = name.chars();
    match chars.next() {
        None => "Unnamed".to_owned(),
        Some(first) if first.is_ascii_digit() => name.to_owned(),
        Some(first) => {
            let capital: String = first.to_uppercase().collect();
            // A letter without case cannot begin a name.
            let lead = if capital.chars().next().is_some_and(char::is_uppercase) { "" } else { "X" };
            format!("{lead}{capital}{}", chars.as_str())
        }
    }
}

/// The account that settlements pass through.
pub(super) fn clearing() -> Key {
    Key::Chart(SourceId::from(exact::CLEARING))
}

/// The account that the clearing account is closed out to.
pub(super) fn settlements() -> Key {
    Key::Chart(SourceId::from(exact::SETTLEMENTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(contacts: &[(&str, &str)]) -> Chart {
        let mut chart = Chart::new().unwrap();
        chart.contacts =
            contacts.iter().map(|(id, name)| (SourceId::from(*id), (*name).to_owned())).collect();
        chart
    }

    #[test]
    fn contacts_of_one_name_stay_apart() {
        let chart = chart(&[("1", "Müller: Söhne"), ("2", "Müller:  Söhne"), ("3", "Müller - Söhne")]);
        let of = |id: &str| Key::Receivable(Some(SourceId::from(id)));
        let mut names = Names::new(Dialect::Hledger, &chart);
        assert_eq!(names.of(&of("1")), "assets:receivable:Müller- Söhne");
        assert_eq!(names.of(&of("2")), "assets:receivable:Müller- Söhne (2)");
        assert_eq!(names.of(&of("3")), "assets:receivable:Müller - Söhne");
        assert_eq!(names.of(&of("1")), "assets:receivable:Müller- Söhne");
        let mut names = Names::new(Dialect::Beancount, &chart);
        assert_eq!(names.of(&of("1")), "Assets:Receivable:Müller-Söhne");
        assert_eq!(names.of(&of("2")), "Assets:Receivable:Müller-Söhne-2");
    }

    #[test]
    fn names_keep_to_the_grammar() {
        for (part, hledger, beancount) in [
            ("a;b  c\n", "a,b c", "A-b-c"),
            ("", "unnamed", "Unnamed"),
            ("(secret)", "(secret)", "Secret"),
            ("1st Street", "1st Street", "1st-Street"),
            ("東京", "東京", "X東京"),
        ] {
            assert_eq!(hledger_part(part), hledger);
            assert_eq!(beancount_part(part), beancount);
        }
    }

    #[test]
    fn a_chart_that_runs_in_a_circle_ends() {
        let mut chart = chart(&[]);
        let account = |name: &str, parent: &str| super::super::chart::ChartAccount {
            name: name.to_owned(),
            class: AccountClass::Bank,
            parent: Some(SourceId::from(parent)),
        };
        chart.accounts.insert(SourceId::from("a"), account("A", "b"));
        chart.accounts.insert(SourceId::from("b"), account("B", "a"));
        let name = Names::new(Dialect::Hledger, &chart).of(&Key::Chart(SourceId::from("a")));
        assert_eq!(name.split(':').count(), DEPTH_MAX + 1);
    }
}
