//! Payments, credits, deposits, voids, foreign currency.

use super::{Client, invoice, text};
use crate::json::Json;
use crate::region::Region;

fn stale_free(json: &Json) -> String {
    format!(r#"{{"Id":"{}","SyncToken":"{}"}}"#, text(json, "Id"), text(json, "SyncToken"))
}

#[test]
fn a_payment_settles_many_and_keeps_the_rest() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let (first, second) = (client.invoice(&ann, "100"), client.invoice(&ann, "60"));
    let payment = client.pay(&ann, "150", &[("100", "Invoice", &first), ("20", "Invoice", &second)]);
    assert_eq!(text(&payment, "UnappliedAmt"), "30.00");
    let first = client.read("invoice", &first);
    assert_eq!((text(&first, "Balance"), text(&first, "SyncToken")), ("0.00".into(), "1".into()));
    let link = &first.get("LinkedTxn").and_then(Json::as_array).unwrap()[0];
    assert_eq!((text(link, "TxnId"), text(link, "TxnType")), (text(&payment, "Id"), "Payment".into()));
    assert_eq!(text(&client.read("invoice", &second), "Balance"), "40.00");
    assert_eq!(text(&client.read("customer", &ann), "Balance"), "10.00", "160 less 150");
    assert_eq!(client.ledger("UndepositedFunds").to_string(), "150");
    // Deleting the payment opens both again.
    client.post("payment?operation=delete", &stale_free(&payment));
    assert_eq!(text(&client.read("invoice", &second), "Balance"), "60.00");
    assert_eq!(client.ledger("UndepositedFunds").to_string(), "0");
}

#[test]
fn nobody_pays_more_than_is_open_or_for_others() {
    let mut client = Client::of(Region::Us);
    let (ann, bob) = (client.customer("Ann"), client.customer("Bob"));
    let id = client.invoice(&ann, "100");
    let pay = |customer: &str, total: &str, amount: &str| {
        format!(
            r#"{{"CustomerRef":{{"value":"{customer}"}},"TotalAmt":{total},
                "Line":[{{"Amount":{amount},"LinkedTxn":[{{"TxnId":"{id}","TxnType":"Invoice"}}]}}]}}"#
        )
    };
    assert_eq!(client.refused("payment", &pay(&ann, "200", "100.01")).0, "6000");
    assert_eq!(client.refused("payment", &pay(&ann, "50", "60")).0, "6000");
    assert_eq!(client.refused("payment", &pay(&bob, "100", "100")).0, "6000");
    let mut job = client
        .post("customer", &format!(r#"{{"DisplayName":"Job","Job":true,"ParentRef":{{"value":"{bob}"}}}}"#));
    assert_eq!(text(&job, "FullyQualifiedName"), "Bob:Job");
    let of_job = client.invoice(&text(&job, "Id"), "30");
    client.pay(&bob, "30", &[("30", "Invoice", &of_job)]);
    job = client.read("invoice", &of_job);
    assert_eq!(text(&job, "Balance"), "0.00", "a parent pays for its job");
}

#[test]
fn a_credit_memo_is_applied_by_a_payment_over_nothing() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let charge = client.invoice(&ann, "100");
    let credit = client.add("creditmemo", &invoice(&ann, "30"));
    let payment = client.pay(&ann, "0", &[("25", "Invoice", &charge), ("25", "CreditMemo", &credit)]);
    assert_eq!(text(&payment, "UnappliedAmt"), "0.00");
    assert_eq!(text(&client.read("creditmemo", &credit), "RemainingCredit"), "5.00");
    assert_eq!(text(&client.read("invoice", &charge), "Balance"), "75.00");
    let body = stale_free(&client.read("invoice", &charge));
    assert_eq!(client.refused("invoice?operation=delete", &body).0, "620", "unlink first");
}

#[test]
fn voiding_an_invoice_gives_the_money_back_to_the_payment() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let id = client.invoice(&ann, "100");
    let payment = client.pay(&ann, "100", &[("100", "Invoice", &id)]);
    let body = stale_free(&client.read("invoice", &id));
    let voided = client.post("invoice?operation=void", &body);
    assert_eq!((text(&voided, "TotalAmt"), text(&voided, "PrivateNote")), ("0.00".into(), "Voided".into()));
    assert_eq!(text(&voided, "LinkedTxn"), "[]");
    let payment = client.read("payment", &text(&payment, "Id"));
    assert_eq!(text(&payment, "UnappliedAmt"), "100.00");
    assert_eq!(text(&client.read("customer", &ann), "Balance"), "-100.00");
}

#[test]
fn a_deposited_payment_cannot_change() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let payment = client.pay(&ann, "80", &[]);
    let id = text(&payment, "Id");
    let deposit = |amount: &str| {
        format!(
            r#"{{"DepositToAccountRef":{{"value":"1"}},"Line":[{{"Amount":{amount},
                "LinkedTxn":[{{"TxnId":"{id}","TxnType":"Payment","TxnLineId":"0"}}]}}]}}"#
        )
    };
    assert_eq!(client.refused("deposit", &deposit("79")).0, "6000");
    let made = client.post("deposit", &deposit("80"));
    assert_eq!(client.ledger("UndepositedFunds").to_string(), "0");
    let body = stale_free(&client.read("payment", &id));
    assert_eq!(client.refused("payment?operation=delete", &body).0, "6540");
    assert_eq!(client.refused("deposit", &deposit("80")).0, "6540", "it is in one already");
    client.post("deposit?operation=delete", &stale_free(&made));
    let body = stale_free(&client.read("payment", &id));
    client.post("payment?operation=delete", &body);
}

#[test]
fn bills_are_paid_with_credits_and_money() {
    let mut client = Client::of(Region::Us);
    let vendor = client.add("vendor", r#"{"DisplayName":"Paper"}"#);
    let bill = |number: &str, amount: &str| {
        format!(
            r#"{{"VendorRef":{{"value":"{vendor}"}},"DocNumber":"{number}","Line":[{{"Amount":{amount},
                "DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{{"AccountRef":{{"value":"23"}}}}}}]}}"#
        )
    };
    let charge = client.add("bill", &bill("B1", "90"));
    assert_eq!(client.refused("bill", &bill("b1", "90")).0, "6140");
    let credit = client.add("vendorcredit", &bill("C1", "15"));
    assert_eq!(text(&client.read("vendor", &vendor), "Balance"), "75.00");
    let pay = format!(
        r#"{{"VendorRef":{{"value":"{vendor}"}},"TotalAmt":40,"PayType":"Check","CheckPayment":{{"BankAccountRef":{{"value":"1"}}}},
            "Line":[{{"Amount":55,"LinkedTxn":[{{"TxnId":"{charge}","TxnType":"Bill"}}]}},
                    {{"Amount":15,"LinkedTxn":[{{"TxnId":"{credit}","TxnType":"VendorCredit"}}]}}]}}"#
    );
    client.post("billpayment", &pay);
    assert_eq!(text(&client.read("bill", &charge), "Balance"), "35.00");
    assert_eq!(text(&client.read("vendorcredit", &credit), "Balance"), "0.00");
    assert_eq!(text(&client.read("vendor", &vendor), "Balance"), "35.00");
    assert_eq!(text(&client.read("account", "1"), "CurrentBalance"), "-40.00");
}

#[test]
fn rates_that_differ_are_a_gain_and_leave_no_cent() {
    let mut client = Client::of(Region::Uk);
    client.add("companycurrency", r#"{"Code":"EUR"}"#);
    let ann = client.add("customer", r#"{"DisplayName":"Ann","CurrencyRef":{"value":"EUR"}}"#);
    let body = |rate: &str| {
        format!(
            r#"{{"CustomerRef":{{"value":"{ann}"}},"CurrencyRef":{{"value":"EUR"}},"ExchangeRate":{rate},
                "GlobalTaxCalculation":"NotApplicable","Line":[{{"Amount":100.01,"DetailType":"SalesItemLineDetail",
                "SalesItemLineDetail":{{"ItemRef":{{"value":"1"}}}}}}]}}"#
        )
    };
    let id = client.add("invoice", &body("0.8537"));
    assert_eq!(text(&client.read("invoice", &id), "HomeTotalAmt"), "85.38");
    // Three parts of 100.01 at 0.8537 are 28.46 each: the last one takes what is left.
    for (amount, rate) in [("33.34", "0.86"), ("33.34", "0.85"), ("33.33", "0.84")] {
        let pay = format!(
            r#"{{"CustomerRef":{{"value":"{ann}"}},"CurrencyRef":{{"value":"EUR"}},"ExchangeRate":{rate},"TotalAmt":{amount},
                "Line":[{{"Amount":{amount},"LinkedTxn":[{{"TxnId":"{id}","TxnType":"Invoice"}}]}}]}}"#
        );
        client.post("payment", &pay);
    }
    assert_eq!(text(&client.read("invoice", &id), "Balance"), "0.00");
    // 28.67 + 28.34 + 28.00 came in for 85.38.
    assert_eq!(client.ledger("ExchangeGainOrLoss").to_string(), "0.37");
    let accounts = client.query("select * from Account where AccountType = 'Accounts Receivable'");
    assert_eq!(accounts.get("Account").and_then(Json::as_array).unwrap().len(), 2, "euros have their own");
    let dollars = body("1").replace("\"EUR\"", "\"USD\"");
    assert_eq!(client.refused("invoice", &dollars).0, "6000");
}
