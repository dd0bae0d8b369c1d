use super::{Client, text};
use crate::json::Json;

/// A draft invoice of one line.
fn draft(line: &str) -> String {
    format!(r#"{{"Type":"ACCREC","Contact":{{"Name":"Ann"}},"LineItems":[{line}]}}"#)
}

fn amounts(invoice: &Json) -> [String; 3] {
    ["SubTotal", "TotalTax", "Total"].map(|name| text(invoice, name))
}

#[test]
fn tax_is_rounded_per_line_and_then_added() {
    let mut client = Client::new();
    let line = r#"{"Description":"x","Quantity":1,"UnitAmount":0.13,"AccountCode":"200"}"#;
    let exclusive = client.put("Invoices", &draft(&[line; 3].join(",")));
    assert_eq!(amounts(&exclusive), ["0.39", "0.09", "0.48"], "0.026 is 0.03 three times, not 0.078");
    let inclusive = client.put(
        "Invoices",
        r#"{"Type":"ACCREC","Contact":{"Name":"Ann"},"LineAmountTypes":"Inclusive",
            "LineItems":[{"Description":"x","Quantity":1,"UnitAmount":100,"AccountCode":"200"}]}"#,
    );
    assert_eq!(amounts(&inclusive), ["83.33", "16.67", "100.00"]);
    let none = client.put(
        "Invoices",
        r#"{"Type":"ACCREC","Contact":{"Name":"Ann"},"LineAmountTypes":"NoTax",
            "LineItems":[{"Description":"x","Quantity":1,"UnitAmount":100,"AccountCode":"200","TaxAmount":5}]}"#,
    );
    assert_eq!(amounts(&none), ["100.00", "0.00", "100.00"]);
}

#[test]
fn a_stated_tax_stands() {
    let mut client = Client::new();
    let invoice = client.put(
        "Invoices",
        &draft(r#"{"Description":"x","Quantity":1,"UnitAmount":100,"AccountCode":"200","TaxAmount":19.99}"#),
    );
    assert_eq!(amounts(&invoice), ["100.00", "19.99", "119.99"]);
}

#[test]
fn unit_amounts_keep_two_decimals_unless_asked_for_four() {
    let mut client = Client::new();
    let line =
        r#"{"Description":"x","Quantity":1000,"UnitAmount":0.1249,"AccountCode":"200","TaxType":"NONE"}"#;
    assert_eq!(text(&client.put("Invoices", &draft(line)), "Total"), "120.00");
    let fine = client.put("Invoices?unitdp=4", &draft(line));
    assert_eq!(text(&fine, "Total"), "124.90");
    let id = text(&fine, "InvoiceID");
    assert_eq!(
        text(&client.read("Invoices", &id).at("LineItems").unwrap().as_array().unwrap()[0], "UnitAmount"),
        "0.12"
    );
    let body = client.get(&format!("Invoices/{id}?unitdp=4"));
    let line =
        &body.get("Invoices").unwrap().as_array().unwrap()[0].get("LineItems").unwrap().as_array().unwrap()
            [0];
    assert_eq!(text(line, "UnitAmount"), "0.1249");
}

#[test]
fn two_of_quantity_price_and_amount_give_the_third() {
    let mut client = Client::new();
    let mut line = |sent: &str| {
        let sent = format!(r#"{{"Description":"x","AccountCode":"200","TaxType":"NONE",{sent}}}"#);
        let invoice = client.put("Invoices", &draft(&sent));
        let line = invoice.get("LineItems").unwrap().as_array().unwrap()[0].clone();
        ["Quantity", "UnitAmount", "LineAmount"].map(|name| text(&line, name))
    };
    assert_eq!(line(r#""LineAmount":100,"UnitAmount":3"#), ["33.3333", "3.00", "100.00"]);
    assert_eq!(line(r#""LineAmount":100,"Quantity":3"#), ["3.0000", "33.33", "100.00"]);
    assert_eq!(line(r#""LineAmount":100"#), ["1.0000", "100.00", "100.00"]);
    let wrong = draft(
        r#"{"Description":"x","AccountCode":"200","Quantity":3,"UnitAmount":222.31,"LineAmount":666.88}"#,
    );
    assert_eq!(
        client.refused("PUT", "Invoices", &wrong),
        "The line total 666.88 does not match the expected line total 666.93"
    );
}

#[test]
fn discounts_are_for_sales_invoices() {
    let mut client = Client::new();
    let line = r#"{"Description":"x","Quantity":3,"UnitAmount":9.99,"AccountCode":"200","TaxType":"NONE","DiscountRate":12.5}"#;
    let invoice = client.put("Invoices", &draft(line));
    assert_eq!(text(&invoice, "Total"), "26.22");
    assert_eq!(text(&invoice, "TotalDiscount"), "3.75");
    let bill = draft(line).replace("ACCREC", "ACCPAY").replace("\"200\"", "\"400\"");
    assert_eq!(client.refused("PUT", "Invoices", &bill), "Discounts may not be applied to ACCPAY invoices");
}

#[test]
fn what_lines_may_not_say() {
    let mut client = Client::new();
    for (line, message) in [
        (
            r#"{"Description":"x","Quantity":-1,"UnitAmount":1,"AccountCode":"200"}"#,
            "Quantity must not be less than zero",
        ),
        (
            r#"{"Description":"x","UnitAmount":1,"AccountCode":"400","TaxType":"OUTPUT2"}"#,
            "The TaxType code 'OUTPUT2' cannot be used with account code '400'.",
        ),
        (r#"{"UnitAmount":1,"AccountCode":"200"}"#, "Description must be at least 1 character long"),
        (r#"{"Description":"x","UnitAmount":-5,"AccountCode":"200"}"#, "The total for this document must be"),
        (
            r#"{"Description":"x","UnitAmount":99999999999,"AccountCode":"200"}"#,
            "must not exceed 9999999999.99",
        ),
        (r#"{"Description":"x","UnitAmount":1,"ItemCode":"nope"}"#, "Item code 'nope' is not valid"),
        (
            r#"{"Description":"x","UnitAmount":1,"Tracking":[{"Name":"a","Option":"b"}]}"#,
            "Tracking category 'a'",
        ),
        (r#"{"Description":"x","UnitAmount":"many"}"#, "UnitAmount is not a number"),
    ] {
        let told = client.refused("PUT", "Invoices", &draft(line));
        assert!(told.contains(message), "{line}: {told}");
    }
    let told =
        client.refused("PUT", "Invoices", r#"{"Type":"ACCREC","Contact":{"Name":"A"},"LineItems":[]}"#);
    assert_eq!(told, "One or more line items must be specified");
}

#[test]
fn an_unknown_account_warns_on_drafts_and_refuses_approval() {
    let mut client = Client::new();
    let body = draft(r#"{"Description":"x","UnitAmount":1,"AccountCode":"476x"}"#);
    let invoice = client.put("Invoices", &body);
    assert_eq!(text(&invoice, "StatusAttributeString"), "WARNING");
    let warning = &invoice.get("Warnings").unwrap().as_array().unwrap()[0];
    assert!(text(warning, "Message").starts_with("Account code '476x' has been removed"));
    let approved = body.replace(r#""Type""#, r#""Status":"AUTHORISED","DueDate":"2026-07-01","Type""#);
    assert_eq!(
        client.refused("PUT", "Invoices", &approved),
        "Account code '476x' is not a valid code for this document."
    );
    let control = approved.replace("476x", "610");
    assert!(client.refused("PUT", "Invoices", &control).contains("'610' is not a valid code"));
}

#[test]
fn numbers_of_sales_invoices_are_unique_and_those_of_bills_are_not() {
    let mut client = Client::new();
    client.invoice("Ann", "A-1", "10");
    let again = r#"{"Type":"ACCREC","InvoiceNumber":"a-1","Contact":{"Name":"Bob"},
        "LineItems":[{"Description":"x","UnitAmount":1}]}"#;
    assert_eq!(client.refused("PUT", "Invoices", again), "Invoice # must be unique.");
    let bill = again.replace("ACCREC", "ACCPAY");
    client.put("Invoices", &bill);
    client.put("Invoices", &bill);
    let long = again.replace("a-1", &"9".repeat(256));
    assert!(client.refused("PUT", "Invoices", &long).contains("maximum length of 255"));
    let auto = client.put("Invoices", &draft(r#"{"Description":"x","UnitAmount":1}"#));
    assert_eq!(text(&auto, "InvoiceNumber"), "INV-0001");
}

#[test]
fn a_deleted_number_is_free_and_a_voided_one_stays_taken_unless_switched() {
    let mut client = Client::new();
    let draft = r#"{"Type":"ACCREC","InvoiceNumber":"A-1","Contact":{"Name":"Ann"},
        "LineItems":[{"Description":"x","UnitAmount":1}]}"#;
    let id = text(&client.put("Invoices", draft), "InvoiceID");
    client.post(&format!("Invoices/{id}"), r#"{"Status":"DELETED"}"#);
    let id = client.invoice("Ann", "A-1", "5");
    client.post(&format!("Invoices/{id}"), r#"{"Status":"VOIDED"}"#);
    assert_eq!(client.refused("PUT", "Invoices", draft), "Invoice # must be unique.");
    client.company.books.switches.voided_numbers_stay_taken = false;
    client.put("Invoices", draft);
}

#[test]
fn statuses_follow_each_other_as_documented() {
    let mut client = Client::new();
    let line = r#"{"Description":"x","UnitAmount":10,"AccountCode":"200","TaxType":"NONE"}"#;
    let id = text(&client.put("Invoices", &draft(line)), "InvoiceID");
    let path = format!("Invoices/{id}");
    let not_valid = "Invoice not of valid status for modification";
    assert_eq!(client.refused("POST", &path, r#"{"Status":"VOIDED"}"#), not_valid);
    client.post(&path, r#"{"Status":"SUBMITTED"}"#);
    assert_eq!(client.refused("POST", &path, r#"{"Status":"AUTHORISED"}"#), "A due date must be specified");
    client.post(&path, r#"{"Status":"AUTHORISED","DueDate":"2026-07-01"}"#);
    assert_eq!(client.ledger("610").to_string(), "10");
    for status in ["DRAFT", "DELETED", "PAID"] {
        let told = client.refused("POST", &path, &format!(r#"{{"Status":"{status}"}}"#));
        assert_eq!(told, not_valid, "{status}");
    }
    client.post(&path, r#"{"Status":"VOIDED"}"#);
    assert_eq!(client.ledger("610").to_string(), "0");
    assert_eq!(text(&client.read("Invoices", &id), "AmountDue"), "0.00");
    assert_eq!(client.refused("POST", &path, r#"{"Reference":"x"}"#), not_valid);
    let paid = draft(line).replace(r#""Type""#, r#""Status":"PAID","Type""#);
    assert_eq!(client.refused("PUT", "Invoices", &paid), "A new document cannot have the status PAID");
}

#[test]
fn an_approved_invoice_can_be_changed_until_something_is_paid() {
    let mut client = Client::new();
    let id = client.invoice("Ann", "A-1", "100");
    let path = format!("Invoices/{id}");
    let lines = r#"{"LineItems":[{"Description":"y","UnitAmount":40,"AccountCode":"200"}]}"#;
    assert_eq!(text(&client.post(&path, lines), "AmountDue"), "40.00");
    assert_eq!(client.ledger("610").to_string(), "40");
    client.pay(&id, "15");
    let told = "This document cannot be edited as it has a payment or credit note allocated to it.";
    assert_eq!(client.refused("POST", &path, lines), told);
    let both = format!("Invoice not of valid status for modification | {told}");
    assert_eq!(client.refused("POST", &path, r#"{"Status":"VOIDED"}"#), both);
    client.post(&path, r#"{"DueDate":"2026-08-01"}"#);
    assert_eq!(text(&client.read("Invoices", &id), "DueDateString"), "2026-08-01T00:00:00");
}

#[test]
fn lines_are_matched_by_their_id() {
    let mut client = Client::new();
    let two = r#"{"Description":"a","UnitAmount":1},{"Description":"b","UnitAmount":2}"#;
    let invoice = client.put("Invoices", &draft(two));
    let id = text(&invoice, "InvoiceID");
    let second = text(&invoice.get("LineItems").unwrap().as_array().unwrap()[1], "LineItemID");
    let changed = client.post(
        &format!("Invoices/{id}"),
        &format!(r#"{{"LineItems":[{{"LineItemID":"{second}","UnitAmount":5}},{{"Description":"c","UnitAmount":7}}]}}"#),
    );
    let lines = changed.get("LineItems").unwrap().as_array().unwrap();
    let shown: Vec<_> =
        lines.iter().map(|line| (text(line, "Description"), text(line, "LineAmount"))).collect();
    assert_eq!(shown, [("b".into(), "5.00".into()), ("c".into(), "7.00".into())]);
    assert_eq!(text(&lines[0], "LineItemID"), second);
}

#[test]
fn post_finds_a_sales_invoice_by_its_number_and_put_does_not() {
    let mut client = Client::new();
    let body = r#"{"Type":"ACCREC","InvoiceNumber":"A-1","Reference":"one","Contact":{"Name":"Ann"},
        "LineItems":[{"Description":"x","UnitAmount":1}]}"#;
    let first = client.post("Invoices", body);
    let second = client.post("Invoices", &body.replace("one", "two"));
    assert_eq!(text(&first, "InvoiceID"), text(&second, "InvoiceID"));
    assert_eq!(text(&second, "Reference"), "two");
    assert_eq!(client.refused("PUT", "Invoices", body), "Invoice # must be unique.");
}

#[test]
fn a_locked_period_takes_nothing_and_gives_nothing_back() {
    let mut client = Client::new();
    let id = client.invoice("Ann", "A-1", "100");
    client.lock("2026-05-10");
    let told = "The document date cannot be before the period lock date, currently set at 10-May-2026";
    let late = r#"{"Type":"ACCREC","Status":"AUTHORISED","Contact":{"Name":"Ann"},"Date":"2026-05-10",
        "DueDate":"2026-06-01","LineItems":[{"Description":"x","UnitAmount":1,"AccountCode":"200"}]}"#;
    assert_eq!(client.refused("PUT", "Invoices", late), told);
    assert_eq!(client.refused("POST", &format!("Invoices/{id}"), r#"{"Status":"VOIDED"}"#), told);
    let pay = format!(
        r#"{{"Invoice":{{"InvoiceID":"{id}"}},"Account":{{"Code":"090"}},"Date":"2026-05-05","Amount":1}}"#
    );
    assert_eq!(client.refused("PUT", "Payments", &pay), told);
    client.company.books.organisation.year_lock = Some("2026-05-31".parse().unwrap());
    let both = client.refused("PUT", "Invoices", late);
    assert_eq!(
        both,
        format!(
            "{told} | The document date cannot be before the end of year lock date, currently set at 31-May-2026"
        )
    );
    client.put("Invoices", &late.replace("2026-05-10", "2026-06-01"));
}

#[test]
fn foreign_documents_stand_at_their_own_rate() {
    let mut client = Client::new();
    let body = r#"{"Type":"ACCREC","Status":"AUTHORISED","Contact":{"Name":"Ann"},"Date":"2026-05-01",
        "DueDate":"2026-05-31","CurrencyCode":"EUR","CurrencyRate":0.853412,
        "LineItems":[{"Description":"x","UnitAmount":33.33,"AccountCode":"200"},
                     {"Description":"y","UnitAmount":66.67,"AccountCode":"260"}]}"#;
    let invoice = client.put("Invoices", body);
    assert_eq!(text(&invoice, "CurrencyRate"), "0.853412");
    assert_eq!(text(&invoice, "Total"), "120.00");
    assert_eq!(client.ledger("610").to_string(), "102.41");
    let elsewhere = body.replace("EUR", "CHF");
    assert_eq!(
        client.refused("PUT", "Invoices", &elsewhere),
        "Organisation is not subscribed to currency CHF"
    );
    let odd = client.put("Invoices", &body.replace("0.853412", "85.3"));
    assert_eq!(text(&odd, "StatusAttributeString"), "WARNING");
}

#[test]
fn the_rate_can_be_read_the_other_way_round() {
    let mut client = Client::new();
    client.company.books.switches.rate_is_home_per_foreign = false;
    client.put(
        "Invoices",
        r#"{"Type":"ACCREC","Status":"AUTHORISED","Contact":{"Name":"Ann"},"DueDate":"2026-07-31",
            "CurrencyCode":"EUR","CurrencyRate":1.25,"LineAmountTypes":"NoTax",
            "LineItems":[{"Description":"x","UnitAmount":100,"AccountCode":"200"}]}"#,
    );
    assert_eq!(client.ledger("610").to_string(), "80");
}

#[test]
fn a_batch_is_all_or_nothing_unless_each_element_answers_for_itself() {
    let mut client = Client::new();
    let good = r#"{"Type":"ACCREC","InvoiceNumber":"A-1","Contact":{"Name":"Ann"},"LineItems":[{"Description":"x","UnitAmount":1}]}"#;
    let body = format!(r#"{{"Invoices":[{good},{good},{{"Type":"ACCREC"}}]}}"#);
    let answer = client.call("PUT", "Invoices", &body);
    assert_eq!(answer.status, 400);
    assert_eq!(text(&answer.body, "ErrorNumber"), "10");
    assert_eq!(answer.body.get("Elements").unwrap().as_array().unwrap().len(), 2);
    assert_eq!(client.get("Invoices").get("Invoices"), Some(&Json::List(vec![])));
    for spelling in ["false", "False"] {
        let answer = client.call("PUT", &format!("Invoices?summarizeErrors={spelling}"), &body);
        assert_eq!(answer.status, 200);
        let outcomes: Vec<_> = answer.rows().iter().map(|row| text(row, "StatusAttributeString")).collect();
        let first = if spelling == "false" { "OK" } else { "ERROR" };
        assert_eq!(outcomes, [first, "ERROR", "ERROR"], "{spelling}");
        assert_eq!(text(&answer.rows()[1], "InvoiceID"), "00000000-0000-0000-0000-000000000000");
    }
    assert_eq!(client.get("Invoices").get("Invoices").unwrap().as_array().unwrap().len(), 1);
}

#[test]
fn a_body_that_is_no_json_is_told_so() {
    let mut client = Client::new();
    for body in ["", "{", "7", "\"x\""] {
        let answer = client.call("POST", "Invoices", body);
        assert_eq!((answer.status, text(&answer.body, "Type")), (400, "PostDataInvalidException".to_owned()));
    }
}
