//! Taking records back: unmatched, reset, deleted; archived where Odoo keeps what was used.

use carry_connector::Removal;
use carry_model::{Code, Entity, Fault, Kind, TargetId};
use serde_json::json;

use crate::booking::is_payment;
use crate::call::Call;
use crate::names::{digest, id_of, model_of};
use crate::session::Odoo;
use crate::value::{self, Fields};

impl Odoo {
    /// Removes a record, with everything that was made along with it.
    pub(crate) async fn remove_one(&self, entity: Entity, target: &TargetId) -> Result<Removal, Fault> {
        let id = id_of(target).ok_or_else(|| Fault::new(Code::Bug).detail("no id").text(target))?;
        match entity {
            Entity::Payment | Entity::BillPayment => {
                match is_payment(target) {
                    Some(payment) => self.remove_payments(&[payment]).await?,
                    None => self.remove_moves(&[id]).await?,
                }
                Ok(Removal::Delete)
            }
            // An unfinished payment may be the only thing its record left.
            _ if model_of(target) == Some("account.payment") => {
                self.remove_payments(&[id]).await?;
                Ok(Removal::Delete)
            }
            Entity::SalesReceipt | Entity::Expense | Entity::Refund => {
                self.remove_receipt_payments(&[id]).await?;
                self.remove_moves(&[id]).await?;
                Ok(Removal::Delete)
            }
            Entity::Estimate | Entity::SalesOrder => {
                self.remove_order("sale.order/search", "sale.order/action_cancel", "sale.order/unlink", id)
                    .await
            }
            Entity::PurchaseOrder => {
                let calls =
                    ("purchase.order/search", "purchase.order/button_cancel", "purchase.order/unlink");
                self.remove_order(calls.0, calls.1, calls.2, id).await
            }
            Entity::Account => {
                self.remove_journal_of(id).await?;
                let archive =
                    if self.version >= 19 { json!({"active": false}) } else { json!({"deprecated": true}) };
                self.remove_listed("account.account/unlink", "account.account/write", archive, id).await
            }
            Entity::TaxRate => {
                self.remove_tax_parts(&[id]).await?;
                self.archive_if_used("account.tax/unlink", "account.tax/write", id).await
            }
            Entity::Contact => self.archive_if_used("res.partner/unlink", "res.partner/write", id).await,
            Entity::Item => self.archive_if_used("product.product/unlink", "product.product/write", id).await,
            Entity::Terms => {
                self.archive_if_used("account.payment.term/unlink", "account.payment.term/write", id).await
            }
            Entity::Project => {
                self.archive_if_used("account.analytic.account/unlink", "account.analytic.account/write", id)
                    .await
            }
            Entity::TrackingCategory => self.remove_plan(id).await,
            _ => {
                self.remove_moves(&[id]).await?;
                Ok(Removal::Delete)
            }
        }
    }

    /// Removes entries or documents: their matches go, then their numbers, then themselves.
    pub(crate) async fn remove_moves(&self, ids: &[i64]) -> Result<(), Fault> {
        let found = self.search("account.move/search_read", json!([["id", "in", ids]]), &["state"]).await?;
        if found.is_empty() {
            return Ok(());
        }
        let posted = not_draft(&found);
        if !posted.is_empty() {
            self.unmatch(&posted).await?;
            self.call(Call::rewrite("account.move/button_draft").on(posted)).await?;
        }
        self.unlink_drafts(&found.iter().map(value::id).collect::<Vec<_>>()).await
    }

    /// Removes payments and their journal entries.
    pub(crate) async fn remove_payments(&self, ids: &[i64]) -> Result<(), Fault> {
        let domain = json!([["id", "in", ids]]);
        let found = self.search("account.payment/search_read", domain, &["move_id", "state"]).await?;
        if found.is_empty() {
            return Ok(());
        }
        let entries: Vec<i64> =
            found.iter().filter_map(|payment| value::reference(payment, "move_id")).collect();
        self.unmatch(&entries).await?;
        let posted = not_draft(&found);
        if !posted.is_empty() {
            self.call(Call::rewrite("account.payment/action_draft").on(posted)).await?;
        }
        self.call(Call::rewrite("account.payment/unlink").on(found.iter().map(value::id))).await?;
        self.remove_moves(&entries).await
    }

    /// Takes the matches of entries back, with the exchange differences that Odoo booked for them; gives those.
    /// Versions from 19 on would keep the matches of an entry that is reset to draft.
    pub(crate) async fn unmatch(&self, ids: &[i64]) -> Result<Vec<i64>, Fault> {
        let domain =
            json!(["|", ["debit_move_id.move_id", "in", ids], ["credit_move_id.move_id", "in", ids]]);
        let partials =
            self.search("account.partial.reconcile/search_read", domain, &["exchange_move_id"]).await?;
        if partials.is_empty() {
            return Ok(Vec::new());
        }
        let lines = self.open_lines(ids).await?.into_values().flatten().map(|line| line.id);
        self.call(Call::rewrite("account.move.line/remove_move_reconcile").on(lines)).await?;
        let exchange: Vec<i64> =
            partials.iter().filter_map(|partial| value::reference(partial, "exchange_move_id")).collect();
        self.remove_exchange(&exchange).await?;
        Ok(exchange)
    }

    /// Removes exchange differences of matches that are no more: Odoo itself would leave each with its reversal.
    async fn remove_exchange(&self, entries: &[i64]) -> Result<(), Fault> {
        if entries.is_empty() {
            return Ok(());
        }
        let domain = json!(["|", ["id", "in", entries], ["reversed_entry_id", "in", entries]]);
        let found = self.search("account.move/search_read", domain, &["state"]).await?;
        let posted = not_draft(&found);
        if !posted.is_empty() {
            self.call(Call::rewrite("account.move/button_draft").on(posted)).await?;
        }
        match found.is_empty() {
            true => Ok(()),
            false => self.unlink_drafts(&found.iter().map(value::id).collect::<Vec<_>>()).await,
        }
    }

    /// Removes many records in a few calls; a fault where one of them is refused, and then none need be gone.
    pub(crate) async fn remove_together(&self, entity: Entity, targets: &[TargetId]) -> Result<bool, Fault> {
        let (payments, moves): (Vec<&TargetId>, Vec<&TargetId>) =
            targets.iter().partition(|target| is_payment(target).is_some());
        let ids = |targets: Vec<&TargetId>| targets.into_iter().filter_map(id_of).collect::<Vec<_>>();
        match entity {
            Entity::Payment | Entity::BillPayment => {
                self.remove_payments(&ids(payments)).await?;
                self.remove_moves(&ids(moves)).await?;
            }
            Entity::SalesReceipt | Entity::Expense | Entity::Refund => {
                let moves = ids(moves);
                self.remove_receipt_payments(&moves).await?;
                self.remove_moves(&moves).await?;
            }
            Entity::Invoice | Entity::Bill | Entity::CreditNote | Entity::BillCredit => {
                self.remove_moves(&ids(moves)).await?;
            }
            Entity::Transfer | Entity::BankTransaction | Entity::Journal => {
                self.remove_moves(&ids(moves)).await?
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn remove_receipt_payments(&self, receipts: &[i64]) -> Result<(), Fault> {
        let names = self.names_of("account.move", receipts).await?;
        let payments: Vec<String> = names.values().map(|name| format!("{name}_payment")).collect();
        let located = self.locate(&payments).await?;
        let of = |model: &str| {
            located.values().filter(|found| found.model == model).map(|found| found.id).collect::<Vec<_>>()
        };
        self.remove_payments(&of("account.payment")).await?;
        self.remove_moves(&of("account.move")).await
    }

    async fn remove_order(
        &self,
        search: &'static str,
        cancel: &'static str,
        unlink: &'static str,
        id: i64,
    ) -> Result<Removal, Fault> {
        let call = Call::read(search).with("domain", json!([["id", "=", id], ["state", "!=", "cancel"]]));
        let open = value::ids(self.call(call).await?)?;
        if !open.is_empty() {
            self.call(Call::rewrite(cancel).on(open)).await?;
        }
        gone_is_fine(self.call(Call::rewrite(unlink).on([id])).await.map(|_| ()))?;
        Ok(Removal::Delete)
    }

    /// The journal that was made for an account goes before it.
    async fn remove_journal_of(&self, account: i64) -> Result<(), Fault> {
        let names = [format!("journal_{}", digest(&account.to_string(), 32))];
        for journal in self.locate(&names).await?.values() {
            match self.call(Call::rewrite("account.journal/unlink").on([journal.id])).await {
                Err(fault) if fault.kind() == Kind::Transient => return Err(fault),
                // Its entries keep it, and the account with it.
                _ => {}
            }
        }
        Ok(())
    }

    async fn remove_plan(&self, id: i64) -> Result<Removal, Fault> {
        let call =
            Call::read("account.analytic.account/search").with("domain", json!([["plan_id", "=", id]]));
        for option in value::ids(self.call(call).await?)? {
            let calls = ("account.analytic.account/unlink", "account.analytic.account/write");
            self.archive_if_used(calls.0, calls.1, option).await?;
        }
        match self.call(Call::rewrite("account.analytic.plan/unlink").on([id])).await {
            Err(fault) if fault.kind() == Kind::Rejected => Err(Fault::new(Code::CannotRemove)
                .detail("Entries use it.")
                .raw(fault.raw)
                .reach(fault.reach)),
            other => gone_is_fine(other.map(|_| ())).map(|()| Removal::Delete),
        }
    }

    async fn archive_if_used(
        &self,
        unlink: &'static str,
        write: &'static str,
        id: i64,
    ) -> Result<Removal, Fault> {
        self.remove_listed(unlink, write, json!({"active": false}), id).await
    }

    async fn remove_listed(
        &self,
        unlink: &'static str,
        write: &'static str,
        archive: serde_json::Value,
        id: i64,
    ) -> Result<Removal, Fault> {
        match self.call(Call::rewrite(unlink).on([id])).await {
            Ok(_) => Ok(Removal::Delete),
            Err(fault) if fault.code == Code::RecordGone => Ok(Removal::Delete),
            Err(fault) if matches!(fault.kind(), Kind::Rejected | Kind::Integrity) => {
                let call = Call::rewrite(write).on([id]).with("vals", archive);
                self.call(call).await.map(|_| Removal::Archive)
            }
            Err(fault) => Err(fault),
        }
    }
}

fn not_draft(found: &[Fields]) -> Vec<i64> {
    found.iter().filter(|fields| value::text(fields, "state") != Some("draft")).map(value::id).collect()
}

fn gone_is_fine(result: Result<(), Fault>) -> Result<(), Fault> {
    match result {
        Err(fault) if fault.code == Code::RecordGone => Ok(()),
        other => other,
    }
}
