//! Exchange rates of documents: their own from version 18 on; before, a document is booked at its day's rate.

use carry_model::{Code, Currency, Date, Decimal, Document, Fault, Reach};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;

use crate::call::Call;
use crate::document_rows::inverse;
use crate::session::Odoo;
use crate::value::{self, plain};

/// From this version on a document carries its own rate.
pub(crate) const VERSION_OWN_RATES: u32 = 18;

/// Rates that differ by less than this part of themselves are the same: Odoo keeps them as binary floats.
const SAME: Decimal = Decimal::from_parts(1, 0, 0, false, 9);

/// Foreign units for one home unit by currency and day.
pub(crate) type DayRates = FxHashMap<(Currency, Date), Decimal>;

impl Odoo {
    /// Makes sure that each day has the rate of its documents; gives the rates that the days have now. A day that
    /// has another rate already keeps it.
    pub(crate) async fn day_rates(
        &self,
        documents: &[&Document],
        currencies: &FxHashMap<Currency, i64>,
    ) -> Result<DayRates, Fault> {
        let mut rates = DayRates::default();
        if self.version >= VERSION_OWN_RATES {
            return Ok(rates);
        }
        for document in documents.iter().filter(|document| !self.books.is_home(document.currency)) {
            let day = (document.currency, document.date);
            let (Some(rate), Some(currency)) = (document.rate, currencies.get(&document.currency)) else {
                continue;
            };
            if rates.contains_key(&day) {
                continue;
            }
            let domain = json!([
                ["currency_id", "=", currency],
                ["name", "=", document.date.to_string()],
                ["company_id", "in", [self.books.company, false]]
            ]);
            let found = self.search("res.currency.rate/search_read", domain, &["rate"]).await?;
            let known = match found.first() {
                Some(fields) => value::amount(fields, "rate", 15)?,
                None => self.create_rate(*currency, document.date, rate).await?,
            };
            rates.insert(day, known);
        }
        Ok(rates)
    }

    /// The currencies of documents without a rate of their own for which Odoo has one.
    pub(crate) async fn rated(
        &self,
        documents: &[&Document],
        currencies: &FxHashMap<Currency, i64>,
    ) -> Result<FxHashSet<Currency>, Fault> {
        let mut rated = FxHashSet::default();
        let mut wanted: Vec<Currency> = documents
            .iter()
            .filter(|document| document.rate.is_none() && !self.books.is_home(document.currency))
            .map(|document| document.currency)
            .collect();
        wanted.sort();
        wanted.dedup();
        for currency in wanted {
            let Some(id) = currencies.get(&currency) else { continue };
            let call = Call::read("res.currency.rate/search_count")
                .with("domain", json!([["currency_id", "=", id]]));
            if self.call(call).await?.as_i64().is_some_and(|count| count > 0) {
                rated.insert(currency);
            }
        }
        Ok(rated)
    }

    async fn create_rate(&self, currency: i64, date: Date, rate: Decimal) -> Result<Decimal, Fault> {
        let inverse = inverse(rate)?;
        let number = Decimal::from_str_exact(&inverse).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        let values = json!({
            "currency_id": currency,
            "name": date.to_string(),
            "rate": value::number(number)?,
            "company_id": self.books.company,
        });
        self.call(Call::write("res.currency.rate/create").with("vals_list", json!([values]))).await?;
        Ok(number)
    }

    /// A fault where the day's rate is not the document's.
    pub(crate) fn check_day_rate(&self, document: &Document, rates: &DayRates) -> Result<(), Fault> {
        let foreign = !self.books.is_home(document.currency);
        let (Some(rate), true) = (document.rate, foreign && self.version < VERSION_OWN_RATES) else {
            return Ok(());
        };
        let wanted =
            Decimal::from_str_exact(&inverse(rate)?).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
        let day = rates.get(&(document.currency, document.date)).copied().unwrap_or_default();
        if (day - wanted).abs() <= wanted.abs() * SAME {
            return Ok(());
        }
        let detail = format!(
            "Odoo {} books documents at the day's rate; {} has {} {} for one unit of home currency, the document needs {}.",
            self.version,
            document.date,
            plain_or_raw(day),
            document.currency,
            plain_or_raw(wanted)
        );
        Err(Fault::new(Code::TargetRefused).reach(Reach::NotSent).raw(&detail).detail(detail))
    }
}

fn plain_or_raw(rate: Decimal) -> String {
    plain(rate).unwrap_or_else(|_| rate.to_string())
}
