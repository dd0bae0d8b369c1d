//! Journals: where documents are booked, and through which one a bank account's payments go.

use carry_model::{Code, Fault};
use rustc_hash::FxHashSet;
use serde_json::json;

use crate::call::Call;
use crate::names::{MODULE, digest, journal_code};
use crate::session::Odoo;
use crate::value::{self, Fields};

/// A journal.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    /// Its id.
    pub(crate) id: i64,
    /// `sale`, `purchase`, `bank`, `cash`, `credit` or `general`.
    pub(crate) sort: String,
    /// Its name.
    pub(crate) name: String,
    /// Short code.
    pub(crate) code: String,
    /// The account it stands for, or books to by default.
    pub(crate) account: Option<i64>,
}

/// All journals of the company.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journals(Vec<Journal>);

impl Journals {
    /// Every journal.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Journal> {
        self.0.iter()
    }

    /// The first of a sort: the one that Odoo itself would take.
    pub(crate) fn first(&self, sort: &'static str) -> Result<&Journal, Fault> {
        self.0.iter().find(|journal| journal.sort == sort).ok_or_else(|| {
            Fault::new(Code::TargetUnsuitable)
                .detail(format!("There is no journal of type '{sort}'."))
                .hint("Install a chart of accounts in Odoo's accounting settings, which brings the journals.")
        })
    }

    /// The one through which an account's money moves.
    pub(crate) fn of_account(&self, account: i64) -> Option<&Journal> {
        self.0.iter().find(|journal| journal.account == Some(account) && journal.moves_money())
    }

    /// That of an id.
    pub(crate) fn get(&self, id: i64) -> Option<&Journal> {
        self.0.iter().find(|journal| journal.id == id)
    }
}

impl Journal {
    /// True for bank, cash and card.
    pub(crate) fn moves_money(&self) -> bool {
        matches!(self.sort.as_str(), "bank" | "cash" | "credit")
    }
}

fn journal(fields: &Fields) -> Journal {
    Journal {
        id: value::id(fields),
        sort: value::text(fields, "type").unwrap_or_default().to_owned(),
        name: value::text(fields, "name").unwrap_or_default().to_owned(),
        code: value::text(fields, "code").unwrap_or_default().to_owned(),
        account: value::reference(fields, "default_account_id"),
    }
}

impl Odoo {
    /// The company's journals.
    pub(crate) async fn journals(&self) -> Result<Journals, Fault> {
        let domain = json!([["company_id", "=", self.books.company]]);
        let fields = ["name", "code", "type", "default_account_id"];
        let found = self.search("account.journal/search_read", domain, &fields).await?;
        Ok(Journals(found.iter().map(journal).collect()))
    }

    /// Makes sure that money can move through these accounts: each needs a journal of its own. Its payment
    /// methods book to the account itself, so a payment is final and waits for no bank statement.
    pub(crate) async fn ensure_journals(&self, accounts: &[i64]) -> Result<Journals, Fault> {
        let journals = self.journals().await?;
        let mut missing: Vec<i64> =
            accounts.iter().copied().filter(|account| journals.of_account(*account).is_none()).collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(journals);
        }
        let fields = ["code", "name", "account_type"];
        let domain = json!([["id", "in", missing]]);
        let found = self.search("account.account/search_read", domain, &fields).await?;
        let mut taken: FxHashSet<String> =
            journals.iter().map(|journal| journal.code.to_lowercase()).collect();
        for account in &found {
            self.create_journal(account, &mut taken).await?;
        }
        self.journals().await
    }

    async fn create_journal(&self, account: &Fields, taken: &mut FxHashSet<String>) -> Result<(), Fault> {
        let id = value::id(account);
        let code = journal_code(value::text(account, "code").unwrap_or_default(), id, taken);
        let sort = match value::text(account, "account_type") {
            Some("liability_credit_card") if self.version >= 18 => "credit",
            Some("asset_cash" | "liability_credit_card") => "bank",
            _ => "cash",
        };
        let values = json!({
            "name": value::text(account, "name"),
            "code": code,
            "type": sort,
            "default_account_id": id,
            "company_id": self.books.company,
        });
        let created =
            self.call(Call::write("account.journal/create").with("vals_list", json!([values]))).await?;
        let created = value::ids(created)?;
        // A crash before this leaves a journal that is found by its account and is as good as any.
        let data: Vec<_> = created
            .iter()
            .map(|journal| {
                let name = format!("journal_{}", digest(&id.to_string(), 32));
                json!({"module": MODULE, "name": name, "model": "account.journal", "res_id": journal, "noupdate": true})
            })
            .collect();
        self.call(Call::write("ir.model.data/create").with("vals_list", json!(data))).await?;
        let domain = json!([["journal_id", "in", created]]);
        let search = Call::read("account.payment.method.line/search").with("domain", domain);
        let methods = value::ids(self.call(search).await?)?;
        let values = json!({"payment_account_id": id});
        self.call(Call::rewrite("account.payment.method.line/write").on(methods).with("vals", values))
            .await?;
        Ok(())
    }
}
