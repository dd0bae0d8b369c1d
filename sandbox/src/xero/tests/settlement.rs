use super::{Client, text};

#[test]
fn payments_make_an_invoice_paid_and_deleting_one_opens_it_again() {
    let mut client = Client::new();
    let id = client.invoice("Ann", "A-1", "100");
    client.pay(&id, "40");
    assert_eq!(text(&client.read("Invoices", &id), "AmountDue"), "60.00");
    let last = client.pay(&id, "60");
    let paid = client.read("Invoices", &id);
    assert_eq!((text(&paid, "Status"), text(&paid, "AmountPaid")), ("PAID".into(), "100.00".into()));
    assert_eq!(text(&paid, "FullyPaidOnDate"), "/Date(1779235200000+0000)/");
    assert_eq!(client.ledger("610").to_string(), "0");
    assert_eq!(client.ledger("090").to_string(), "100");
    let deleted = client.post(&format!("Payments/{last}"), r#"{"Status":"DELETED"}"#);
    assert_eq!(text(&deleted, "Status"), "DELETED");
    let open = client.read("Invoices", &id);
    assert_eq!((text(&open, "Status"), text(&open, "AmountDue")), ("AUTHORISED".into(), "60.00".into()));
    assert!(open.at("FullyPaidOnDate").is_none());
    assert!(
        client.refused("POST", &format!("Payments/{last}"), r#"{"Status":"DELETED"}"#).contains("already")
    );
}

#[test]
fn what_payments_may_not_do() {
    let mut client = Client::new();
    let id = client.invoice("Ann", "A-1", "100");
    let draft = client.put(
        "Invoices",
        r#"{"Type":"ACCREC","Contact":{"Name":"Ann"},"LineItems":[{"Description":"x","UnitAmount":1}]}"#,
    );
    let draft = text(&draft, "InvoiceID");
    let pay = |invoice: &str, account: &str, amount: &str| {
        format!(
            r#"{{"Invoice":{{"InvoiceID":"{invoice}"}},"Account":{{"Code":"{account}"}},"Amount":{amount}}}"#
        )
    };
    for (body, message) in [
        (pay(&id, "090", "100.01"), "Payment amount exceeds the amount outstanding on this document"),
        (pay(&draft, "090", "1"), "Payments can only be made against Authorised documents"),
        (pay(&id, "999", "1"), "Account could not be found."),
        (pay(&id, "200", "1"), "Payments cannot be made to or from this account"),
        (pay(&id, "090", "0"), "Amount must be greater than zero"),
        (
            pay("11111111-2222-4333-8444-555555555555", "090", "1"),
            "The document with the supplied id was not found for this endpoint.",
        ),
    ] {
        assert_eq!(client.refused("PUT", "Payments", &body), message);
    }
    client.put("Payments", &pay(&id, "970", "1"));
    let reconciled = client
        .put("Payments", &pay(&id, "090", "2").replace(r#""Amount""#, r#""IsReconciled":true,"Amount""#));
    let path = format!("Payments/{}", text(&reconciled, "PaymentID"));
    assert_eq!(
        client.refused("POST", &path, r#"{"Payments":[{"Status":"DELETED"}]}"#),
        "This payment has been reconciled and cannot be deleted"
    );
    assert!(client.refused("POST", &path, r#"{"Amount":5}"#).contains("Only the status DELETED"));
}

#[test]
fn several_payments_of_one_call_share_what_is_open() {
    let mut client = Client::new();
    client.invoice("Ann", "A-1", "100");
    let one =
        r#"{"Invoice":{"InvoiceNumber":"A-1"},"Account":{"Code":"090"},"Date":"2026-05-20","Amount":60}"#;
    let body = format!(r#"{{"Payments":[{one},{one}]}}"#);
    let told = client.refused("PUT", "Payments", &body);
    assert_eq!(told, "Payment amount exceeds the amount outstanding on this document");
    let answer = client.call("PUT", "Payments?summarizeErrors=false", &body);
    let outcomes: Vec<_> = answer.rows().iter().map(|row| text(row, "StatusAttributeString")).collect();
    assert_eq!(outcomes, ["OK", "ERROR"]);
    assert_eq!(client.ledger("090").to_string(), "60");
}

#[test]
fn a_credit_note_is_allocated_and_refunded_and_taken_back() {
    let mut client = Client::new();
    let invoice = client.invoice("Ann", "A-1", "100");
    let credit = client.credit("Ann", "30");
    let path = format!("CreditNotes/{credit}/Allocations");
    let allocate = |amount: &str| {
        format!(
            r#"{{"Allocations":[{{"Amount":{amount},"Date":"2026-05-03","Invoice":{{"InvoiceID":"{invoice}"}}}}]}}"#
        )
    };
    let allocation = client.put(&path, &allocate("25"));
    assert_eq!(text(&allocation, "CreditNote.CreditNoteID"), credit);
    let shown = client.read("Invoices", &invoice);
    assert_eq!(["AmountDue", "AmountCredited"].map(|name| text(&shown, name)), ["75.00", "25.00"]);
    let applied = &shown.get("CreditNotes").unwrap().as_array().unwrap()[0];
    assert_eq!(text(applied, "AppliedAmount"), "25.00");
    assert_eq!(text(&client.read("CreditNotes", &credit), "RemainingCredit"), "5.00");
    assert!(client.refused("PUT", &path, &allocate("5.01")).contains("exceeds the remaining credit"));
    let refund = format!(
        r#"{{"CreditNote":{{"CreditNoteID":"{credit}"}},"Account":{{"Code":"090"}},"Date":"2026-05-04","Amount":5}}"#
    );
    assert_eq!(text(&client.put("Payments", &refund), "PaymentType"), "ARCREDITPAYMENT");
    assert_eq!(text(&client.read("CreditNotes", &credit), "Status"), "PAID");
    assert_eq!(client.ledger("090").to_string(), "-5");
    let told = client.refused("POST", &format!("CreditNotes/{credit}"), r#"{"Status":"VOIDED"}"#);
    assert!(told.contains("payment or credit note allocated"), "{told}");
    let id = text(&allocation, "AllocationID");
    let gone = client.call("DELETE", &format!("{path}/{id}"), "");
    assert_eq!((gone.status, text(&gone.body, "IsDeleted")), (200, "true".into()));
    assert_eq!(text(&client.read("Invoices", &invoice), "AmountDue"), "100.00");
    assert_eq!(text(&client.read("CreditNotes", &credit), "RemainingCredit"), "25.00");
    assert_eq!(client.call("DELETE", &format!("{path}/{id}"), "").status, 404);
}

#[test]
fn allocations_stay_with_the_contact() {
    let mut client = Client::new();
    let invoice = client.invoice("Ann", "A-1", "100");
    let credit = client.credit("Bob", "30");
    let body = format!(r#"{{"Amount":10,"Invoice":{{"InvoiceID":"{invoice}"}}}}"#);
    let told = client.refused("PUT", &format!("CreditNotes/{credit}/Allocations"), &body);
    assert_eq!(told, "The credit and the invoice must be of the same contact");
}

#[test]
fn paying_at_another_rate_realises_the_difference() {
    let mut client = Client::new();
    let invoice = client.put(
        "Invoices",
        r#"{"Type":"ACCREC","Status":"AUTHORISED","Contact":{"Name":"Ann"},"Date":"2026-05-01","DueDate":"2026-05-31",
            "CurrencyCode":"EUR","CurrencyRate":0.8333,"LineAmountTypes":"NoTax",
            "LineItems":[{"Description":"x","UnitAmount":100,"AccountCode":"200"}]}"#,
    );
    let id = text(&invoice, "InvoiceID");
    let pay = |amount: &str, rate: &str| {
        format!(
            r#"{{"Invoice":{{"InvoiceID":"{id}"}},"Account":{{"Code":"090"}},"Date":"2026-06-01","Amount":{amount},{rate}}}"#
        )
    };
    let first = client.put("Payments", &pay("33.33", r#""CurrencyRate":0.9"#));
    assert_eq!(text(&first, "BankAmount"), "30.00");
    client.put("Payments", &pay("33.33", r#""CurrencyRate":0.9"#));
    let last = client.put("Payments", &pay("33.34", r#""BankAmount":30.01"#));
    assert_eq!(text(&last, "BankAmount"), "30.01");
    assert_eq!(client.ledger("090").to_string(), "90.01");
    assert_eq!(client.ledger("610").to_string(), "0", "to the penny, however it was rounded");
    assert_eq!(client.ledger("499").to_string(), "-6.68", "90.01 received for 83.33");
    assert_eq!(text(&client.read("Invoices", &id), "Status"), "PAID");
}

#[test]
fn an_overpayment_stands_with_the_contact_until_it_is_allocated() {
    let mut client = Client::new();
    let received = client.put(
        "BankTransactions",
        r#"{"Type":"RECEIVE-OVERPAYMENT","Contact":{"Name":"Ann"},"BankAccount":{"Code":"090"},"Date":"2026-05-05",
            "LineItems":[{"Description":"Too much","Quantity":1,"UnitAmount":20,"AccountCode":"610"}]}"#,
    );
    let id = text(&received, "OverpaymentID");
    let credit = client.read("Overpayments", &id);
    assert_eq!(
        (text(&credit, "RemainingCredit"), text(&credit, "Type")),
        ("20.00".into(), "RECEIVE-OVERPAYMENT".into())
    );
    assert_eq!(client.ledger("610").to_string(), "-20");
    let invoice = client.invoice("Ann", "A-1", "100");
    client.put(
        &format!("Overpayments/{id}/Allocations"),
        &format!(r#"{{"Amount":20,"Date":"2026-05-06","Invoice":{{"InvoiceID":"{invoice}"}}}}"#),
    );
    let shown = client.read("Invoices", &invoice);
    assert_eq!(text(&shown, "AmountDue"), "80.00");
    assert_eq!(shown.get("Overpayments").unwrap().as_array().unwrap().len(), 1);
    let bank = text(&received, "BankTransactionID");
    let told = client.refused("POST", &format!("BankTransactions/{bank}"), r#"{"Status":"DELETED"}"#);
    assert!(told.contains("prepayment or overpayment"), "{told}");
    assert_eq!(client.call("PUT", "Overpayments", "{}").status, 405);
}

#[test]
fn a_prepayment_can_be_refunded() {
    let mut client = Client::new();
    let spent = client.put(
        "BankTransactions",
        r#"{"Type":"SPEND-PREPAYMENT","Contact":{"Name":"Supplies"},"BankAccount":{"Code":"090"},
            "LineAmountTypes":"Inclusive",
            "LineItems":[{"Description":"In advance","UnitAmount":120,"AccountCode":"400"}]}"#,
    );
    let id = text(&spent, "PrepaymentID");
    assert_eq!(client.ledger("800").to_string(), "120");
    let refund =
        format!(r#"{{"Prepayment":{{"PrepaymentID":"{id}"}},"Account":{{"Code":"090"}},"Amount":120}}"#);
    assert_eq!(text(&client.put("Payments", &refund), "PaymentType"), "APPREPAYMENTPAYMENT");
    assert_eq!(client.ledger("090").to_string(), "0");
    assert_eq!(text(&client.read("Prepayments", &id), "Status"), "PAID");
}

#[test]
fn a_batch_payment_pays_and_goes_as_one() {
    let mut client = Client::new();
    let (a, b) = (client.invoice("Ann", "A-1", "10"), client.invoice("Bob", "B-1", "20"));
    let batch = client.put(
        "BatchPayments",
        &format!(
            r#"{{"Account":{{"Code":"090"}},"Date":"2026-05-09","Payments":[
                {{"Invoice":{{"InvoiceID":"{a}"}},"Amount":10}},{{"Invoice":{{"InvoiceID":"{b}"}},"Amount":15}}]}}"#
        ),
    );
    assert_eq!((text(&batch, "TotalAmount"), text(&batch, "Type")), ("25.00".into(), "RECBATCH".into()));
    let payment = text(&batch.get("Payments").unwrap().as_array().unwrap()[0], "PaymentID");
    let told = client.refused("POST", &format!("Payments/{payment}"), r#"{"Status":"DELETED"}"#);
    assert!(told.contains("part of a batch"), "{told}");
    let id = text(&batch, "BatchPaymentID");
    let delete = format!(r#"{{"BatchPaymentID":"{id}","Status":"DELETED"}}"#);
    client.company.books.switches.batch_payments_can_be_deleted = false;
    client.refused("POST", "BatchPayments", &delete);
    client.company.books.switches.batch_payments_can_be_deleted = true;
    client.post("BatchPayments", &delete);
    assert_eq!(text(&client.read("Invoices", &b), "AmountDue"), "20.00");
    assert_eq!(client.ledger("090").to_string(), "0");
}
