//! Documents: totals, tax, numbers, names, periods.

use super::{Client, invoice, text};
use crate::json::Json;
use crate::region::Region;

/// A line over an amount with a tax code.
fn line(amount: &str, code: &str, more: &str) -> String {
    format!(
        r#"{{"Amount":{amount},"DetailType":"SalesItemLineDetail",
            "SalesItemLineDetail":{{"ItemRef":{{"value":"1"}},"TaxCodeRef":{{"value":"{code}"}}{more}}}}}"#
    )
}

fn sale(customer: &str, lines: &[String], more: &str) -> String {
    format!(r#"{{"CustomerRef":{{"value":"{customer}"}}{more},"Line":[{}]}}"#, lines.join(","))
}

#[test]
fn automated_tax_takes_the_stated_total_or_works_it_out() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let lines = [line("100.00", "TAX", ""), line("50.55", "NON", "")];
    let worked_out = client.post("invoice", &sale(&ann, &lines, ""));
    assert_eq!(text(&worked_out, "TotalAmt"), "158.55", "8 % of 100");
    assert_eq!(text(&worked_out, "TxnTaxDetail.TxnTaxCodeRef.value"), "2");
    let stated = client.post("invoice", &sale(&ann, &lines, r#","TxnTaxDetail":{"TotalTax":7.01}"#));
    assert_eq!(text(&stated, "TotalAmt"), "157.56");
    assert_eq!(client.ledger("GlobalTaxPayable").to_string(), "-15.01");
    assert_eq!(client.ledger("ServiceFeeIncome").to_string(), "-301.1");
    let code = client.refused("invoice", &sale(&ann, &[line("1", "3", "")], ""));
    assert_eq!(code.0, "6100");
}

#[test]
fn elsewhere_every_line_has_a_code_and_rates_are_summed() {
    let mut client = Client::of(Region::Uk);
    let ann = client.customer("Ann");
    // 20 % of 10.03 + 10.03 is 4.012, not twice 2.006 rounded.
    let lines = [line("10.03", "1", ""), line("10.03", "1", ""), line("7.77", "2", "")];
    let excluded = client.post("invoice", &sale(&ann, &lines, r#","GlobalTaxCalculation":"TaxExcluded""#));
    assert_eq!(text(&excluded, "TxnTaxDetail.TotalTax"), "4.40");
    assert_eq!(text(&excluded, "TotalAmt"), "32.23");
    let gross = line("83.33", "1", r#","TaxInclusiveAmt":100.00"#);
    let inclusive =
        client.post("invoice", &sale(&ann, &[gross], r#","GlobalTaxCalculation":"TaxInclusive""#));
    assert_eq!(
        (text(&inclusive, "TotalAmt"), text(&inclusive, "TxnTaxDetail.TotalTax")),
        ("100.00".into(), "16.67".into())
    );
    let none = client.refused("invoice", &sale(&ann, &lines, ""));
    assert_eq!(none.0, "2020");
    let bare = invoice(&ann, "5").replacen('{', r#"{"GlobalTaxCalculation":"TaxExcluded","#, 1);
    assert_eq!(client.refused("invoice", &bare).0, "6000", "a line without a code");
    let rate = text(&excluded, "TxnTaxDetail.TaxLine").len();
    assert!(rate > 0);
}

#[test]
fn tax_lines_override_only_as_a_whole() {
    let mut client = Client::of(Region::Uk);
    let ann = client.customer("Ann");
    let lines = [line("10", "1", ""), line("20", "2", "")];
    let tax = |lines: &str| {
        format!(r#","GlobalTaxCalculation":"TaxExcluded","TxnTaxDetail":{{"TaxLine":[{lines}]}}"#)
    };
    let tax_line = |rate: &str, amount: &str| {
        format!(
            r#"{{"Amount":{amount},"DetailType":"TaxLineDetail","TaxLineDetail":{{"TaxRateRef":{{"value":"{rate}"}}}}}}"#
        )
    };
    let both = format!("{},{}", tax_line("1", "2.01"), tax_line("3", "0.99"));
    let stated = client.post("invoice", &sale(&ann, &lines, &tax(&both)));
    assert_eq!(text(&stated, "TotalAmt"), "33.00");
    assert_eq!(client.refused("invoice", &sale(&ann, &lines, &tax(&tax_line("1", "2.01")))).0, "6000");
    let not_applicable = r#","GlobalTaxCalculation":"NotApplicable","TxnTaxDetail":{"TotalTax":1}"#;
    assert_eq!(client.refused("invoice", &sale(&ann, &lines, not_applicable)).0, "6170");
}

#[test]
fn a_line_must_multiply_out() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let priced = |amount: &str| line(amount, "NON", r#","Qty":2.5,"UnitPrice":744.43"#);
    assert_eq!(text(&client.post("invoice", &sale(&ann, &[priced("1861.08")], "")), "TotalAmt"), "1861.08");
    let (code, detail) = client.refused("invoice", &sale(&ann, &[priced("1861.07")], ""));
    assert_eq!(code, "6070");
    assert!(detail.ends_with("Amount is not equal to UnitPrice * Qty. Supplied value:1,861.07"), "{detail}");
}

#[test]
fn a_discount_comes_off_and_before_tax_only_if_said_so() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let discount = r#"{"DetailType":"DiscountLineDetail","DiscountLineDetail":{"PercentBased":true,"DiscountPercent":10}}"#;
    let lines = [line("200", "TAX", ""), discount.to_owned()];
    let before = client.post("invoice", &sale(&ann, &lines, ""));
    assert_eq!(text(&before, "TotalAmt"), "196.00", "200 less 20 plus 8 % of 200");
    let after = client.post("invoice", &sale(&ann, &lines, r#","ApplyTaxAfterDiscount":true"#));
    assert_eq!(text(&after, "TotalAmt"), "194.40", "180 plus 8 % of 180");
    assert_eq!(client.ledger("DiscountsRefundsGiven").to_string(), "40");
}

#[test]
fn names_are_unique_over_customers_vendors_and_employees() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann's Café");
    for (target, body) in [
        ("vendor", r#"{"DisplayName":"ANN'S CAFÉ"}"#),
        ("employee", r#"{"DisplayName":"Ann's Café","GivenName":"Ann"}"#),
    ] {
        let (code, detail) = client.refused(target, body);
        assert_eq!(code, "6240");
        assert!(
            detail.contains("Another customer, vendor or employee is already using this name"),
            "{detail}"
        );
    }
    assert_eq!(client.refused("customer", r#"{"DisplayName":"a:b"}"#).0, "2040");
    assert_eq!(client.refused("customer", r#"{"Notes":"nobody"}"#).0, "6080");
    assert_eq!(client.refused("customer", r#"{"DisplayName":"x","Nickname":"y"}"#).0, "2010");
    // A name that is set inactive is free again.
    let gone =
        client.post("customer", &format!(r#"{{"Id":"{ann}","SyncToken":"0","sparse":true,"Active":false}}"#));
    assert_eq!(text(&gone, "DisplayName"), "Ann's Café (deleted)");
    client.add("vendor", r#"{"DisplayName":"Ann's Café"}"#);
    let used = invoice(&ann, "5");
    assert_eq!(client.refused("invoice", &used).0, "610", "an inactive customer");
    assert_eq!(client.refused("invoice", &invoice("999", "5")).0, "2500");
}

#[test]
fn a_customer_that_owes_stays_active() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    client.invoice(&ann, "10");
    assert_eq!(text(&client.read("customer", &ann), "Balance"), "10.00");
    let body = format!(r#"{{"Id":"{ann}","SyncToken":"0","sparse":true,"Active":false}}"#);
    assert_eq!(client.refused("customer", &body).0, "6220");
}

#[test]
fn numbers_have_21_characters_and_are_not_given_twice() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let numbered =
        |number: &str| invoice(&ann, "5").replacen('{', &format!(r#"{{"DocNumber":"{number}","#), 1);
    let (code, detail) = client.refused("invoice", &numbered("INV-2026-000000000001-A"));
    assert_eq!(code, "2050");
    assert!(detail.contains("Max:21"), "{detail}");
    let id = client.add("invoice", &numbered("1037"));
    let (code, detail) = client.refused("invoice", &numbered("1037"));
    assert_eq!(code, "6140");
    assert!(
        detail.ends_with(&format!("DocNumber=1037 is assigned to TxnType=Invoice with TxnId={id}")),
        "{detail}"
    );
    client.add("invoice?include=allowduplicatedocnum", &numbered("1037"));
    client.quickbooks.custom_numbers(false);
    client.add("invoice", &numbered("1037"));
    let next = client.post("invoice", &invoice(&ann, "5"));
    assert_eq!(text(&next, "DocNumber"), "1038");
}

#[test]
fn a_closed_period_takes_nothing() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let id = client.invoice(&ann, "5");
    client.quickbooks.close_books(Some("2026-05-01".parse().unwrap()));
    let (code, detail) = client.refused("invoice", &invoice(&ann, "5"));
    assert_eq!(code, "6210");
    assert!(detail.starts_with("The account period has closed"), "{detail}");
    let body = format!(r#"{{"Id":"{id}","SyncToken":"0"}}"#);
    assert_eq!(client.refused("invoice?operation=delete", &body).0, "6210");
    client.quickbooks.close_books(Some("2026-04-30".parse().unwrap()));
    client.post("invoice?operation=delete", &body);
}

#[test]
fn a_plan_leaves_features_out() {
    let mut client = Client::of(Region::Us);
    client.quickbooks.subscribe(super::super::Plan::SimpleStart);
    client.add("vendor", r#"{"DisplayName":"Paper"}"#);
    let bill = r#"{"VendorRef":{"value":"1"},"Line":[{"Amount":5,"DetailType":"AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail":{"AccountRef":{"value":"21"}}}]}"#;
    assert_eq!(client.refused("bill", bill).0, "5030");
    assert_eq!(client.refused("class", r#"{"Name":"North"}"#).0, "5030");
    client.quickbooks.subscribe(super::super::Plan::Plus);
    let bill = client.post("bill", bill);
    assert_eq!(text(&bill, "Balance"), "5.00");
    client.quickbooks.end_subscription();
    assert_eq!(client.refused("class", r#"{"Name":"North"}"#).0, "6190");
}

#[test]
fn a_journal_entry_balances_and_names_its_parties() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let line = |side: &str, account: &str, amount: &str, entity: &str| {
        format!(
            r#"{{"Amount":{amount},"DetailType":"JournalEntryLineDetail",
                "JournalEntryLineDetail":{{"PostingType":"{side}","AccountRef":{{"value":"{account}"}}{entity}}}}}"#
        )
    };
    let entry = |lines: &[String]| format!(r#"{{"Line":[{}]}}"#, lines.join(","));
    let entity = format!(r#","Entity":{{"Type":"Customer","EntityRef":{{"value":"{ann}"}}}}"#);
    let credit = line("Credit", "13", "20", "");
    assert_eq!(
        client.refused("journalentry", &entry(&[line("Debit", "3", "20", ""), credit.clone()])).0,
        "6000"
    );
    assert_eq!(
        client.refused("journalentry", &entry(&[line("Debit", "3", "21", &entity), credit.clone()])).0,
        "2300"
    );
    let id = client.add("journalentry", &entry(&[line("Debit", "3", "20", &entity), credit]));
    assert_eq!(text(&client.read("customer", &ann), "Balance"), "20.00");
    client.pay(&ann, "20", &[("20", "JournalEntry", &id)]);
    assert_eq!(text(&client.read("customer", &ann), "Balance"), "0.00");
    assert!(
        client.query("select * from JournalEntry").get("JournalEntry").and_then(Json::as_array).is_some()
    );
}
