//! Tax codes, which are made one by one over a service of their own, and the tax of a document.

use carry_connector::{WriteBatch, Written};
use carry_model::{Body, Code, Decimal, Document, Entity, Fault, TaxRate, checked_sum, round_half_up};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::target::{Parts, clip, marker, target, unique, valid_name};
use super::{Results, is_update, number};
use crate::company::decode;
use crate::fault;
use crate::kinds::Kind;
use crate::lists::Lists;
use crate::session::QuickBooks;
use crate::taxes::Part;

const NAME_MAX: usize = 100;

/// Stands for whatever code QuickBooks' automated sales tax chooses.
pub(super) const AUTOMATIC: &str = "TAX";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Agency {
    id: String,
}

impl QuickBooks {
    pub(super) async fn write_taxes(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let mut results = Vec::with_capacity(batch.items.len());
        let mut made = Vec::new();
        let mut agency = None;
        for item in &batch.items {
            let Body::TaxRate(rate) = &item.record.body else {
                results.push(Err(Fault::new(Code::Bug).detail("no tax rate")));
                continue;
            };
            if let Some(id) = is_update(item) {
                results.push(Ok(Written::new(id.clone())));
                continue;
            }
            let reference = marker(item.record.entity, &item.record.id);
            match self.write_tax(rate, &reference, batch.verify_first, &mut agency).await {
                Err(fault) if fault.reach == carry_model::Reach::Unknown => return Err(fault),
                Err(fault) => results.push(Err(fault)),
                Ok((written, id)) => {
                    made.extend(id);
                    results.push(Ok(written));
                }
            }
        }
        self.learn_codes(&made).await.map_err(|fault| fault.reach(carry_model::Reach::Unknown))?;
        Ok(results)
    }

    /// Reads what QuickBooks made of new codes.
    async fn learn_codes(&self, ids: &[String]) -> Result<(), Fault> {
        if ids.is_empty() {
            return Ok(());
        }
        let rates = self.company.rates().await?;
        let codes: Vec<crate::objects::TaxCode> = self.company.by_ids(Kind::TaxCode, ids).await?;
        let known = crate::survey::tax_codes(&codes, &rates)?;
        self.with_lists(|lists| lists.codes.extend(known)).await
    }

    /// Whether QuickBooks picks the tax code of a transaction itself (automated sales tax).
    pub(super) fn chooses_tax(&self) -> bool {
        self.is_us() && self.preferences.tax_prefs.partner_tax_enabled
    }

    /// Makes a code; hands back its id where it is new.
    async fn write_tax(
        &self,
        rate: &TaxRate,
        reference: &str,
        verify_first: bool,
        agency: &mut Option<String>,
    ) -> Result<(Written, Option<String>), Fault> {
        if self.chooses_tax() {
            let mut written = Written::new(target(Kind::TaxCode, AUTOMATIC));
            written.notes = vec!["QuickBooks chooses the code itself; the tax goes as stated.".to_owned()];
            return Ok((written, None));
        }
        let name = valid_name(&rate.name, NAME_MAX);
        let known = self.with_lists(|lists| lists.id_of(Kind::TaxCode, &name).cloned()).await?;
        if let Some(id) = known.filter(|_| verify_first) {
            return Ok((Written::new(target(Kind::TaxCode, &id)), None));
        }
        let name = self.with_lists(|lists| unique(lists, Kind::TaxCode, &name, reference, NAME_MAX)).await?;
        let agency = match agency {
            Some(agency) => agency,
            none => none.insert(self.agency().await?),
        };
        let mut details = Vec::new();
        let components: Vec<(String, Decimal)> = match rate.components.as_slice() {
            [] => vec![(name.clone(), rate.percent.unwrap_or_default())],
            parts => {
                let part = |part: &carry_model::TaxComponent| {
                    (valid_name(&format!("{name} {}", part.name), NAME_MAX), part.percent)
                };
                parts.iter().map(part).collect()
            }
        };
        // In the United States nothing is recovered on purchases.
        let sides: &[&str] = if self.is_us() { &["Sales"] } else { &["Sales", "Purchase"] };
        for (part, percent) in &components {
            for side in sides {
                let part =
                    if *side == "Sales" { part.clone() } else { format!("{} (P)", clip(part, NAME_MAX - 4)) };
                details.push(json!({
                    "TaxRateName": part,
                    "RateValue": percent.normalize().to_string(),
                    "TaxAgencyId": agency,
                    "TaxApplicableOn": side,
                }));
            }
        }
        let body = json!({"TaxCode": name, "TaxRateDetails": details});
        let mut answer = self.company.post("taxservice/taxcode", &body, "taxservice").await?;
        let missing = || fault::unreadable(carry_connector::Effect::Write, "a tax code without an id");
        let id: String =
            decode(&answer.remove("TaxCodeId").ok_or_else(missing)?, carry_connector::Effect::Write)?;
        self.with_lists(|lists| lists.learn(Kind::TaxCode, &name, &id)).await?;
        let mut written = Written::new(target(Kind::TaxCode, &id));
        if name != rate.name {
            written.notes.push(format!("The name became '{name}'."));
        }
        written.number = Some(name);
        Ok((written, Some(id)))
    }

    /// The agency that tax is owed to: the first there is, or one made for it.
    async fn agency(&self) -> Result<String, Fault> {
        let there: Vec<Agency> = self.company.others("TaxAgency", "query/taxagency").await?;
        if let Some(agency) = there.into_iter().next() {
            return Ok(agency.id);
        }
        let body = json!({"DisplayName": "Tax agency (Carryforward)"});
        let mut answer = self.company.post("taxagency", &body, "taxagency").await?;
        let missing = || fault::unreadable(carry_connector::Effect::Write, "an agency");
        let agency: Agency =
            decode(&answer.remove("TaxAgency").ok_or_else(missing)?, carry_connector::Effect::Write)?;
        Ok(agency.id)
    }
}

/// How a document's tax goes.
#[derive(Debug, Default)]
pub(super) struct DocumentTax {
    /// The code of each line, in order; None where it goes without one.
    pub(super) codes: Vec<Option<String>>,
    /// `TxnTaxDetail`.
    pub(super) detail: Option<Value>,
    /// `GlobalTaxCalculation`, outside of the United States.
    pub(super) calculation: Option<&'static str>,
    /// Tax for which QuickBooks has no place: it goes as a line.
    pub(super) as_line: Decimal,
}

impl QuickBooks {
    /// Tax as stated: a figure for the document and, outside of the United States, for each rate of each code.
    pub(super) fn tax_of(
        &self,
        lists: &Lists,
        batch: &WriteBatch,
        document: &Document,
        purchase: bool,
    ) -> Result<DocumentTax, Fault> {
        let total = document.tax_total()?;
        let using = self.preferences.tax_prefs.using_sales_tax;
        if self.is_us() {
            return us(batch, document, total, using && !purchase);
        }
        let code_of = |rate: &Option<carry_model::SourceId>| {
            let id = batch.links.get(Entity::TaxRate, rate.as_ref()?)?;
            Parts::of(id, Kind::TaxCode).id(Kind::TaxCode)
        };
        let mut tax = DocumentTax { calculation: Some("NotApplicable"), ..DocumentTax::default() };
        tax.codes = document.lines.iter().map(|line| code_of(&line.tax_rate)).collect();
        if !using {
            tax.codes = document.lines.iter().map(|_| None).collect();
            tax.as_line = total;
            tax.calculation = None;
            return Ok(tax);
        }
        // Tax and net of each code.
        let mut sums: BTreeMap<String, (Decimal, Decimal)> = BTreeMap::new();
        for (line, code) in document.lines.iter().zip(&tax.codes) {
            let amount = line.tax.unwrap_or_default();
            match code {
                Some(code) => {
                    let sum = sums.entry(code.clone()).or_default();
                    *sum = (checked_sum([sum.0, amount])?, checked_sum([sum.1, line.net])?);
                }
                None => tax.as_line = checked_sum([tax.as_line, amount])?,
            }
        }
        for stated in &document.taxes {
            match code_of(&stated.tax_rate) {
                Some(code) => {
                    let sum = sums.entry(code.clone()).or_default();
                    sum.0 = checked_sum([sum.0, stated.amount])?;
                    let nets = document.lines.iter().zip(&mut tax.codes);
                    for (line, of_line) in nets.filter(|(_, code)| code.is_none()) {
                        *of_line = Some(code.clone());
                        sum.1 = checked_sum([sum.1, line.net])?;
                    }
                }
                None => tax.as_line = checked_sum([tax.as_line, stated.amount])?,
            }
        }
        if sums.is_empty() {
            return Ok(tax);
        }
        tax.calculation = Some("TaxExcluded");
        if let Some(exempt) = lists.exempt() {
            let bare = document.lines.iter().zip(&mut tax.codes).filter(|(_, code)| code.is_none());
            for (line, code) in bare {
                *code = Some(exempt.clone());
                // The tax is stated whole or not at all: a rate of nothing is stated too.
                let sum = sums.entry(exempt.clone()).or_default();
                sum.1 = checked_sum([sum.1, line.net])?;
            }
        }
        let mut lines = Vec::new();
        for (code, (amount, net)) in &sums {
            let parts = lists.codes.get(code).map(|code| code.parts(purchase)).unwrap_or_default();
            lines.extend(shares(parts, *amount, *net, document.currency.minor_digits())?);
        }
        let stated = checked_sum([total, -tax.as_line])?;
        tax.detail = Some(json!({"TotalTax": number(stated)?, "TaxLine": lines}));
        Ok(tax)
    }
}

fn us(batch: &WriteBatch, document: &Document, total: Decimal, using: bool) -> Result<DocumentTax, Fault> {
    let mut tax = DocumentTax::default();
    if !using {
        tax.codes = document.lines.iter().map(|_| None).collect();
        tax.as_line = total;
        return Ok(tax);
    }
    let stated_whole = !document.taxes.is_empty();
    let is_taxed =
        |line: &carry_model::Line| line.tax.map_or(stated_whole && !line.net.is_zero(), |tax| !tax.is_zero());
    let code = |line| Some(if is_taxed(line) { "TAX" } else { "NON" }.to_owned());
    tax.codes = document.lines.iter().map(code).collect();
    if total.is_zero() {
        return Ok(tax);
    }
    let rates = document.lines.iter().filter(|line| is_taxed(line)).map(|line| &line.tax_rate);
    let rates = rates.chain(document.taxes.iter().map(|tax| &tax.tax_rate));
    let code = rates.flatten().find_map(|rate| {
        let id = Parts::of(batch.links.get(Entity::TaxRate, rate)?, Kind::TaxCode).id(Kind::TaxCode)?;
        (id != "TAX" && id != "NON").then_some(id)
    });
    let mut detail = json!({"TotalTax": number(total)?});
    if let (Some(code), Value::Object(fields)) = (code, &mut detail) {
        fields.insert("TxnTaxCodeRef".to_owned(), super::to(&code));
    }
    tax.detail = Some(detail);
    Ok(tax)
}

/// A code's tax on each of its rates, by their share; the last one takes the rest.
fn shares(parts: &[Part], amount: Decimal, net: Decimal, digits: u32) -> Result<Vec<Value>, Fault> {
    let whole = checked_sum(parts.iter().map(|part| part.percent))?;
    let mut left = amount;
    let mut lines = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let share = amount.checked_mul(part.percent).and_then(|share| share.checked_div(whole));
        let share = match share {
            Some(share) if index + 1 < parts.len() => round_half_up(share, digits),
            _ => left,
        };
        left = checked_sum([left, -share])?;
        lines.push(json!({
            "Amount": number(share)?,
            "DetailType": "TaxLineDetail",
            "TaxLineDetail": {
                "TaxRateRef": super::to(&part.rate),
                "PercentBased": true,
                "TaxPercent": number(part.percent)?,
                "NetAmountTaxable": number(net)?,
            },
        }));
    }
    Ok(lines)
}

impl Lists {
    /// A code without tax, for lines that bear none among lines that do.
    fn exempt(&self) -> Option<String> {
        let free = |code: &&crate::taxes::Code| code.percent.is_none_or(|percent| percent.is_zero());
        let mut codes: Vec<_> = self.codes.iter().filter(|(_, code)| free(code)).collect();
        let rank = |name: &str| {
            let name = name.to_lowercase();
            let words = ["out of scope", "no vat", "no tax", "exempt", "zero", "0"];
            words.iter().position(|word| name.contains(word)).unwrap_or(words.len())
        };
        codes.sort_by_key(|(id, code)| (rank(&code.name), (*id).clone()));
        codes.first().map(|(id, _)| (*id).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::parse_plain;

    #[test]
    fn shares_of_a_code_add_up_to_its_tax() {
        let part = |rate: &str, percent: &str| Part {
            rate: rate.into(),
            name: rate.into(),
            percent: parse_plain(percent).unwrap(),
            compound: false,
        };
        let dec = |text: &str| parse_plain(text).unwrap();
        let lines = shares(&[part("5", "5"), part("9", "9.975")], dec("1.50"), dec("10"), 2).unwrap();
        let amounts: Vec<_> = lines.iter().map(|line| line["Amount"].to_string()).collect();
        assert_eq!(amounts, ["0.5", "1"]);
    }
}
