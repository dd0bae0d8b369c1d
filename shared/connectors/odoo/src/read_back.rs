//! What Odoo shows now: totals and open balances of documents and payments, balances of accounts.

use carry_connector::{AccountBalance, Balance};
use carry_model::{Code, Currency, Decimal, Entity, Fault, Money, TargetId, checked_sum};
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::booking::is_payment;
use crate::call::Call;
use crate::document_rows::move_type;
use crate::names::{id_of, target};
use crate::session::Odoo;
use crate::value::{self, Fields};

impl Odoo {
    /// Totals and open balances, in order; None where a record is gone.
    pub(crate) async fn balances(
        &self,
        entity: Entity,
        ids: &[TargetId],
    ) -> Result<Vec<Option<Balance>>, Fault> {
        match entity {
            Entity::Estimate | Entity::SalesOrder => self.order_balances("sale.order/search_read", ids).await,
            Entity::PurchaseOrder => self.order_balances("purchase.order/search_read", ids).await,
            Entity::Payment | Entity::BillPayment => self.payment_balances(entity, ids).await,
            _ if entity.is_document() => self.document_balances(entity, ids).await,
            _ => Ok(ids.iter().map(|_| None).collect()),
        }
    }

    /// Codes of currencies by id, retired ones too.
    async fn currency_codes(&self) -> Result<FxHashMap<i64, Currency>, Fault> {
        let found = self.search_all("res.currency/search_read", json!([]), &["name"]).await?;
        let code = |fields: &Fields| Some((value::id(fields), value::text(fields, "name")?.parse().ok()?));
        Ok(found.iter().filter_map(code).collect())
    }

    async fn order_balances(
        &self,
        label: &'static str,
        ids: &[TargetId],
    ) -> Result<Vec<Option<Balance>>, Fault> {
        let fields = ["amount_total", "currency_id", "partner_id"];
        let found = self.by_id(label, ids, &fields).await?;
        let codes = self.currency_codes().await?;
        let balance = |id: &TargetId| {
            let Some(fields) = id_of(id).and_then(|id| found.get(&id)) else { return Ok(None) };
            let currency = currency(fields, &codes)?;
            let total = value::amount(fields, "amount_total", currency.minor_digits())?;
            Ok(Some(Balance {
                id: id.clone(),
                total,
                outstanding: Decimal::ZERO,
                currency,
                contact: contact(fields),
            }))
        };
        ids.iter().map(balance).collect()
    }

    async fn document_balances(
        &self,
        entity: Entity,
        ids: &[TargetId],
    ) -> Result<Vec<Option<Balance>>, Fault> {
        let fields = ["amount_total", "amount_residual", "currency_id", "partner_id", "move_type"];
        let found = self.by_id("account.move/search_read", ids, &fields).await?;
        let codes = self.currency_codes().await?;
        let balance = |id: &TargetId| {
            let Some(fields) = id_of(id).and_then(|id| found.get(&id)) else { return Ok(None) };
            let currency = currency(fields, &codes)?;
            let opposite = value::text(fields, "move_type") == Some(move_type(entity, true));
            let sign = if opposite { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
            let amount = |name| Ok::<_, Fault>(value::amount(fields, name, currency.minor_digits())? * sign);
            Ok(Some(Balance {
                id: id.clone(),
                total: amount("amount_total")?,
                outstanding: amount("amount_residual")?,
                currency,
                contact: contact(fields),
            }))
        };
        ids.iter().map(balance).collect()
    }

    async fn payment_balances(
        &self,
        entity: Entity,
        ids: &[TargetId],
    ) -> Result<Vec<Option<Balance>>, Fault> {
        let customer = entity == Entity::Payment;
        let codes = self.currency_codes().await?;
        let payments: Vec<TargetId> = ids.iter().filter(|id| is_payment(id).is_some()).cloned().collect();
        let fields = ["amount", "payment_type", "currency_id", "partner_id", "move_id"];
        let payments = self.by_id("account.payment/search_read", &payments, &fields).await?;
        let bare: Vec<TargetId> = ids.iter().filter(|id| is_payment(id).is_none()).cloned().collect();
        let entries = self.by_id("account.move/search_read", &bare, &["currency_id", "partner_id"]).await?;
        let moves = payments.values().filter_map(|fields| value::reference(fields, "move_id"));
        let moves: Vec<i64> = moves.chain(entries.keys().copied()).collect();
        let lines = self.open_lines(&moves).await?;
        let money = self.money_moved(&entries.keys().copied().collect::<Vec<_>>()).await?;
        let mut balances = Vec::with_capacity(ids.len());
        for id in ids {
            let (fields, entry) = match is_payment(id) {
                Some(payment) => {
                    let fields = payments.get(&payment);
                    (fields, fields.and_then(|fields| value::reference(fields, "move_id")))
                }
                None => (id_of(id).and_then(|id| entries.get(&id)), id_of(id)),
            };
            let Some(fields) = fields else {
                balances.push(None);
                continue;
            };
            let currency = currency(fields, &codes)?;
            let into = match value::text(fields, "payment_type") {
                Some("outbound") => -value::amount(fields, "amount", currency.minor_digits())?,
                Some(_) => value::amount(fields, "amount", currency.minor_digits())?,
                None => entry.and_then(|entry| money.get(&entry)).copied().unwrap_or_default(),
            };
            let open = entry.and_then(|entry| lines.get(&entry)).map(Vec::as_slice).unwrap_or_default();
            let open = checked_sum(open.iter().map(|line| line.open))?;
            balances.push(Some(Balance {
                id: id.clone(),
                total: if customer { into } else { -into },
                outstanding: if customer { -open } else { open },
                currency,
                contact: contact(fields),
            }));
        }
        Ok(balances)
    }

    /// Money into bank, cash and card accounts by entries, in their currency.
    async fn money_moved(&self, entries: &[i64]) -> Result<FxHashMap<i64, Decimal>, Fault> {
        let mut moved: FxHashMap<i64, Decimal> = FxHashMap::default();
        if entries.is_empty() {
            return Ok(moved);
        }
        let domain = json!([
            ["move_id", "in", entries],
            ["account_id.account_type", "not in", ["asset_receivable", "liability_payable"]]
        ]);
        let fields = ["move_id", "amount_currency"];
        for line in self.search("account.move.line/search_read", domain, &fields).await? {
            let sum = moved.entry(value::reference(&line, "move_id").unwrap_or_default()).or_default();
            *sum = checked_sum([*sum, value::amount(&line, "amount_currency", 4)?])?;
        }
        Ok(moved)
    }

    async fn by_id(
        &self,
        label: &'static str,
        ids: &[TargetId],
        fields: &[&str],
    ) -> Result<FxHashMap<i64, Fields>, Fault> {
        let ids: Vec<i64> = ids.iter().filter_map(id_of).collect();
        if ids.is_empty() {
            return Ok(FxHashMap::default());
        }
        let found = self.search(label, json!([["id", "in", ids]]), fields).await?;
        Ok(found.into_iter().map(|fields| (value::id(&fields), fields)).collect())
    }

    /// Balance of an account per currency of its posted entries.
    pub(crate) async fn balance_of_account(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        let id = id_of(account).ok_or_else(|| Fault::new(Code::Bug).detail("no account").text(account))?;
        let domain = json!([["account_id", "=", id], ["parent_state", "=", "posted"]]);
        // Grouping reads were renamed with version 19.
        let groups = if self.version >= 19 {
            let call = Call::read("account.move.line/formatted_read_group").with("domain", domain);
            let call = call.with("groupby", json!(["currency_id"]));
            self.call(call.with("aggregates", json!(["amount_currency:sum", "balance:sum"]))).await?
        } else {
            let call = Call::read("account.move.line/read_group").with("domain", domain);
            let call = call.with("groupby", json!(["currency_id"]));
            self.call(call.with("fields", json!(["amount_currency:sum", "balance:sum"]))).await?
        };
        let suffix = if self.version >= 19 { ":sum" } else { "" };
        let codes = self.currency_codes().await?;
        let home_digits = self.books.home.map_or(2, |(home, _)| home.minor_digits());
        let mut balances = Vec::new();
        for group in value::records(groups)? {
            let currency = currency(&group, &codes)?;
            let amount = value::amount(&group, &format!("amount_currency{suffix}"), currency.minor_digits())?;
            let home = value::amount(&group, &format!("balance{suffix}"), home_digits)?;
            if !amount.is_zero() || !home.is_zero() {
                balances.push(AccountBalance { amount: Money::new(amount, currency), home });
            }
        }
        Ok(balances)
    }
}

fn currency(fields: &Fields, codes: &FxHashMap<i64, Currency>) -> Result<Currency, Fault> {
    let id = value::reference(fields, "currency_id");
    id.and_then(|id| codes.get(&id).copied())
        .ok_or_else(|| Fault::new(Code::AnswerUnreadable).detail("A record without a known currency."))
}

fn contact(fields: &Fields) -> Option<TargetId> {
    value::reference(fields, "partner_id").map(|id| target("res.partner", id))
}
