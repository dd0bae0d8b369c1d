//! Quotations, sales orders and purchase orders.

use carry_connector::{Adjustment, AdjustmentKind, WriteBatch, WriteItem, Written};
use carry_model::{Code, Currency, Decimal, Document, Entity, Fault, Reach, Status, checked_sum};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::call::Call;
use crate::document_rows::Facts;
use crate::lists::{Place, Results};
use crate::names::{html, id_of, target};
use crate::numbers::usable;
use crate::session::Odoo;
use crate::sheet::{Row, line};
use crate::taxes::rates;
use crate::value::{self, plain};

/// Noon: the same day in every time zone of business.
const NOON: &str = "12:00:00";

/// The calls of one sort of order.
struct Calls {
    model: &'static str,
    load: &'static str,
    read: &'static str,
    unlink: &'static str,
    confirm: &'static str,
    cancel: &'static str,
}

const SALE: Calls = Calls {
    model: "sale.order",
    load: "sale.order/load",
    read: "sale.order/read",
    unlink: "sale.order/unlink",
    confirm: "sale.order/action_confirm",
    cancel: "sale.order/action_cancel",
};

const PURCHASE: Calls = Calls {
    model: "purchase.order",
    load: "purchase.order/load",
    read: "purchase.order/read",
    unlink: "purchase.order/unlink",
    confirm: "purchase.order/button_confirm",
    cancel: "purchase.order/button_cancel",
};

impl Odoo {
    /// Creates or replaces quotations and orders.
    pub(crate) async fn write_orders(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let unwritten = || Err(Fault::new(Code::Bug).detail("an order without an outcome"));
        let mut results: Results = batch.items.iter().map(|_| unwritten()).collect();
        let calls = if batch.entity == Entity::PurchaseOrder { &PURCHASE } else { &SALE };
        let places = self.clear_the_way(batch, "", &mut results).await?;
        let places = self.remove_earlier(batch, places).await?;
        let documents = || batch.items.iter().filter_map(|item| item.record.document());
        let facts = Facts {
            currencies: crate::books::currencies(
                self,
                documents().map(|document| document.currency).collect(),
            )
            .await?,
            taxes: self
                .taxes(&batch.links, rates(&batch.items), batch.entity == Entity::PurchaseOrder)
                .await?,
            ..Facts::default()
        };
        let pricelists = if calls.model == SALE.model {
            self.pricelists(&facts.currencies).await?
        } else {
            FxHashMap::default()
        };
        let filler = self.product_without_item().await?;
        let mut rows = Vec::new();
        let mut going = Vec::new();
        for (at, (item, place)) in batch.items.iter().zip(places).enumerate() {
            let (Some(place), Some(document)) = (place, item.record.document()) else { continue };
            match self.order_row(batch, item, document, &place, &facts, &pricelists, filler) {
                Ok(row) => {
                    rows.push(row);
                    going.push((at, place.external, document));
                }
                Err(fault) => set(&mut results, at, Err(fault)),
            }
        }
        let outcomes = self.load(calls.load, &rows).await?;
        let mut drafts = Vec::new();
        for ((at, external, document), outcome) in going.into_iter().zip(outcomes) {
            match outcome {
                Ok(id) => drafts.push((at, external, document, id)),
                Err(fault) => set(&mut results, at, Err(fault)),
            }
        }
        self.finish_orders(batch.entity, calls, drafts, filler, &mut results).await?;
        Ok(results)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one row")]
    fn order_row(
        &self,
        batch: &WriteBatch,
        item: &WriteItem,
        document: &Document,
        place: &Place,
        facts: &Facts,
        pricelists: &FxHashMap<i64, i64>,
        filler: i64,
    ) -> Result<Row, Fault> {
        let purchase = batch.entity == Entity::PurchaseOrder;
        let partner = batch.links.get_opt(Entity::Contact, &document.contact).and_then(id_of);
        let currency = facts.currencies.get(&document.currency).copied();
        let number = usable(item.record.number.as_ref()).filter(|_| batch.keep_numbers);
        let mut row = Row::create(&place.external)
            .with_id("partner_id", partner)
            .with("date_order", format!("{} {NOON}", document.date))
            .with("origin", item.record.number.clone().unwrap_or_default())
            .with("note", html(document.memo.as_deref().unwrap_or_default()))
            .with_id("payment_term_id", None);
        if let Some(number) = number {
            row = row.with("name", number);
        }
        let reference = document.reference.clone().unwrap_or_default();
        row = if purchase {
            row.with_id("currency_id", currency).with("partner_ref", reference)
        } else {
            let due = document.due.map(|due| due.to_string()).unwrap_or_default();
            let pricelist = currency.and_then(|id| pricelists.get(&id).copied());
            let row = row.with("client_order_ref", reference).with("validity_date", due);
            row.with_id("pricelist_id", pricelist)
        };
        let (quantity_field, tax_field) = self.line_fields(purchase);
        for part in self.order_parts(document, facts)? {
            let product = batch.links.get_opt(Entity::Item, &part.item).and_then(id_of).unwrap_or(filler);
            row.push_line(line(
                "order_line",
                [
                    ("product_id/.id", product.to_string()),
                    ("name", part.text),
                    (quantity_field, plain(part.quantity)?),
                    ("price_unit", plain(part.price)?),
                    (tax_field, part.tax.map(|id| id.to_string()).unwrap_or_default()),
                ],
            ));
        }
        Ok(row)
    }

    /// A pricelist for each foreign currency: a sales order takes its currency from it.
    async fn pricelists(&self, currencies: &FxHashMap<Currency, i64>) -> Result<FxHashMap<i64, i64>, Fault> {
        let foreign: Vec<(&Currency, i64)> = currencies
            .iter()
            .filter(|(code, _)| !self.books.is_home(**code))
            .map(|(code, id)| (code, *id))
            .collect();
        let mut pricelists = FxHashMap::default();
        for (code, id) in foreign {
            let name = format!("pricelist_{}", code.code().to_lowercase());
            let row = Row::create(&name)
                .with("name", format!("Carried forward in {code}"))
                .with_id("currency_id", Some(id));
            let outcome = self.load_idempotent("product.pricelist/load", &[row]).await?.into_iter().next();
            pricelists.insert(id, outcome.unwrap_or_else(|| Err(Fault::new(Code::Bug)))?);
            self.mark_finished(&[name]).await?;
        }
        Ok(pricelists)
    }

    async fn finish_orders(
        &self,
        entity: Entity,
        calls: &Calls,
        drafts: Vec<(usize, String, &Document, i64)>,
        filler: i64,
        results: &mut Results,
    ) -> Result<(), Fault> {
        if drafts.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = drafts.iter().map(|(.., id)| *id).collect();
        let call = Call::read(calls.read).on(ids).with("fields", json!(["name", "amount_total"]));
        let shown: FxHashMap<i64, value::Fields> =
            value::records(self.call(call).await?)?.into_iter().map(|f| (value::id(&f), f)).collect();
        let mut finished = Vec::new();
        let mut dates = Vec::new();
        for (at, external, document, id) in drafts {
            let fields = shown.get(&id).ok_or_else(|| Fault::new(Code::RecordGone))?;
            let mut total = value::amount(fields, "amount_total", document.currency.minor_digits())?;
            let mut adjustments = Vec::new();
            if total != document.total {
                let gap = checked_sum([document.total, -total])?;
                total = self.close_gap(calls, id, gap, filler, document.currency).await?;
                adjustments.push(Adjustment::new(
                    AdjustmentKind::AdjustmentLine,
                    gap,
                    document.currency,
                    "Odoo worked the tax of the order out otherwise; a line closes the difference.",
                ));
            }
            if total != document.total {
                self.call(Call::rewrite(calls.unlink).on([id])).await?;
                let detail = format!("Odoo makes it {total}, the source states {}.", document.total);
                let fault = Fault::new(Code::TargetRefused).reach(Reach::Refused).raw(&detail).detail(detail);
                set(results, at, Err(fault));
                continue;
            }
            self.set_status(entity, calls, document.status, id).await?;
            dates.push(Row::update(id).with("date_order", format!("{} {NOON}", document.date)));
            finished.push(external);
            let written = Written {
                number: value::text(fields, "name").map(str::to_owned),
                total: Some(total),
                adjustments,
                ..Written::new(target(calls.model, id))
            };
            set(results, at, Ok(written));
        }
        // Confirming an order sets its date to today.
        for outcome in self.load_idempotent(calls.load, &dates).await? {
            outcome?;
        }
        self.mark_finished(&finished).await
    }

    /// Adds a line of the difference to an order, whose tax cannot be written by hand; gives the new total.
    async fn close_gap(
        &self,
        calls: &Calls,
        id: i64,
        gap: Decimal,
        filler: i64,
        currency: Currency,
    ) -> Result<Decimal, Fault> {
        let (quantity, tax) = self.line_fields(calls.model == PURCHASE.model);
        let mut row = Row::update(id);
        row.push_line(line(
            "order_line",
            [
                ("product_id/.id", filler.to_string()),
                (
                    "name",
                    "Carryforward adjustment: difference to the total as stated in the source".to_owned(),
                ),
                (quantity, "1".to_owned()),
                ("price_unit", plain(gap)?),
                (tax, String::new()),
            ],
        ));
        self.load(calls.load, &[row]).await?.into_iter().try_for_each(|outcome| outcome.map(|_| ()))?;
        let call = Call::read(calls.read).on([id]).with("fields", json!(["amount_total"]));
        let found = value::records(self.call(call).await?)?;
        let fields = found.first().ok_or_else(|| Fault::new(Code::RecordGone))?;
        value::amount(fields, "amount_total", currency.minor_digits())
    }

    /// Names of the quantity and tax fields of an order's lines.
    fn line_fields(&self, purchase: bool) -> (&'static str, &'static str) {
        match (purchase, self.version >= 19) {
            (true, true) => ("product_qty", "tax_ids/.id"),
            (true, false) => ("product_qty", "taxes_id/.id"),
            (false, true) => ("product_uom_qty", "tax_ids/.id"),
            (false, false) => ("product_uom_qty", "tax_id/.id"),
        }
    }

    async fn set_status(&self, entity: Entity, calls: &Calls, status: Status, id: i64) -> Result<(), Fault> {
        let label = match (entity, status) {
            (_, Status::Draft) => return Ok(()),
            (_, Status::Declined | Status::Voided) => calls.cancel,
            (Entity::Estimate, _) => {
                let values: Value = json!({"state": "sent"});
                return self
                    .call(Call::rewrite("sale.order/write").on([id]).with("vals", values))
                    .await
                    .map(|_| ());
            }
            _ => calls.confirm,
        };
        self.call(Call::write(label).on([id])).await.map(|_| ())
    }
}

fn set(results: &mut Results, at: usize, result: Result<Written, Fault>) {
    if let Some(place) = results.get_mut(at) {
        *place = result;
    }
}
