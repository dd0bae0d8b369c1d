use super::{Client, text};

#[test]
fn money_spent_and_received_goes_through_the_bank() {
    let mut client = Client::new();
    let spend = client.put(
        "BankTransactions",
        r#"{"Type":"SPEND","Contact":{"Name":"Rail"},"BankAccount":{"Code":"090"},"Date":"2026-05-05",
            "LineAmountTypes":"Inclusive","LineItems":[{"Description":"Ticket","UnitAmount":60,"AccountCode":"493"}]}"#,
    );
    assert_eq!(["SubTotal", "TotalTax", "Total"].map(|n| text(&spend, n)), ["50.00", "10.00", "60.00"]);
    assert_eq!(["090", "493", "820"].map(|c| client.ledger(c).to_string()), ["-60", "50", "10"]);
    let path = format!("BankTransactions/{}", text(&spend, "BankTransactionID"));
    client.post(&path, r#"{"IsReconciled":true}"#);
    assert!(client.refused("POST", &path, r#"{"Status":"DELETED"}"#).contains("reconciled"));
    client.post(&path, r#"{"IsReconciled":false}"#);
    assert_eq!(text(&client.post(&path, r#"{"Status":"DELETED"}"#), "Status"), "DELETED");
    assert_eq!(client.ledger("090").to_string(), "0");
    let from_sales = r#"{"Type":"SPEND","Contact":{"Name":"R"},"BankAccount":{"Code":"200"},
        "LineItems":[{"Description":"x","UnitAmount":1,"AccountCode":"493"}]}"#;
    assert!(client.refused("PUT", "BankTransactions", from_sales).contains("is no bank account"));
}

#[test]
fn a_transfer_moves_money_and_can_be_deleted() {
    let mut client = Client::new();
    let transfer = client.put(
        "BankTransfers",
        r#"{"BankTransfers":[{"FromBankAccount":{"Code":"090"},"ToBankAccount":{"Code":"091"},"Amount":50,"Date":"2026-05-05"}]}"#,
    );
    assert_eq!(["090", "091"].map(|code| client.ledger(code).to_string()), ["-50", "50"]);
    let id = text(&transfer, "BankTransferID");
    client.post("BankTransfers", &format!(r#"{{"BankTransferID":"{id}","Status":"DELETED"}}"#));
    assert_eq!(client.ledger("091").to_string(), "0");
    let count = |client: &mut Client, query: &str| {
        client.get(&format!("BankTransfers{query}")).get("BankTransfers").unwrap().as_array().unwrap().len()
    };
    assert_eq!((count(&mut client, ""), count(&mut client, "?includeDeleted=true")), (0, 1));
    let same = r#"{"FromBankAccount":{"Code":"090"},"ToBankAccount":{"Code":"090"},"Amount":1}"#;
    assert!(client.refused("PUT", "BankTransfers", same).contains("same bank account"));
}

#[test]
fn manual_journals_balance_and_keep_off_control_accounts() {
    let mut client = Client::new();
    let body = |debit: &str, credit: &str, account: &str| {
        format!(
            r#"{{"Narration":"Move","Status":"POSTED","Date":"2026-05-05","JournalLines":[
                {{"LineAmount":{debit},"AccountCode":"400"}},{{"LineAmount":{credit},"AccountCode":"{account}"}}]}}"#
        )
    };
    let journal = client.put("ManualJournals", &body("100", "-100", "429"));
    assert_eq!(["400", "429"].map(|code| client.ledger(code).to_string()), ["100", "-100"]);
    assert_eq!(
        client.refused("PUT", "ManualJournals", &body("100", "-10", "429")),
        "The total debits (100.00) must equal total credits (-10.00)"
    );
    for account in ["610", "800", "960", "090", "630"] {
        let told = client.refused("PUT", "ManualJournals", &body("1", "-1", account));
        assert!(told.contains(&format!("Account code '{account}'")), "{told}");
    }
    let path = format!("ManualJournals/{}", text(&journal, "ManualJournalID"));
    assert!(client.refused("POST", &path, r#"{"Status":"DELETED"}"#).contains("not of valid status"));
    client.post(&path, r#"{"Status":"VOIDED"}"#);
    assert_eq!(client.ledger("400").to_string(), "0");
}

#[test]
fn journals_may_carry_tax() {
    let mut client = Client::new();
    client.put(
        "ManualJournals",
        r#"{"Narration":"Accrue","Status":"POSTED","LineAmountTypes":"Exclusive","JournalLines":[
            {"LineAmount":100,"AccountCode":"400","TaxType":"INPUT2"},{"LineAmount":-120,"AccountCode":"620"}]}"#,
    );
    assert_eq!(["400", "820", "620"].map(|c| client.ledger(c).to_string()), ["100", "20", "-120"]);
}

#[test]
fn orders_and_quotes_post_nothing_and_step_through_their_statuses() {
    let mut client = Client::new();
    client.put("Contacts", r#"{"Name":"Ann"}"#);
    let line =
        r#"[{"Description":"x","Quantity":3,"UnitAmount":0.3333,"AccountCode":"400","TaxType":"NONE"}]"#;
    let order = client.put(
        "PurchaseOrders",
        &format!(r#"{{"Contact":{{"Name":"Ann"}},"PurchaseOrderNumber":"P1","LineItems":{line}}}"#),
    );
    assert_eq!(text(&order, "Total"), "1.00", "four decimals");
    let same = format!(r#"{{"Contact":{{"Name":"Ann"}},"PurchaseOrderNumber":"P1","LineItems":{line}}}"#);
    assert_eq!(client.refused("PUT", "PurchaseOrders", &same), "Order number must be unique");
    let path = format!("PurchaseOrders/{}", text(&order, "PurchaseOrderID"));
    assert_eq!(
        client.refused("POST", &path, r#"{"SentToContact":true}"#),
        "Only AUTHORISED and BILLED purchase orders may have SentToContact updated."
    );
    client.post(&path, r#"{"Status":"AUTHORISED","SentToContact":true}"#);
    assert!(client.refused("POST", &path, r#"{"Status":"DRAFT"}"#).contains("not of valid status"));
    let quote =
        format!(r#"{{"Contact":{{"Name":"Ann"}},"Date":"2026-05-01","LineItems":{line},"Title":"T"}}"#);
    let quote = client.put("Quotes", &quote.replace("\"400\"", "\"200\""));
    assert_eq!(
        (text(&quote, "QuoteNumber"), text(&quote, "LineAmountTypes")),
        ("QU-0001".into(), "EXCLUSIVE".into())
    );
    let path = format!("Quotes/{}", text(&quote, "QuoteID"));
    assert!(client.refused("POST", &path, r#"{"Status":"ACCEPTED"}"#).contains("not of valid status"));
    client.post(&path, r#"{"Status":"SENT"}"#);
    client.post(&path, r#"{"Status":"ACCEPTED"}"#);
    assert_eq!(client.company.ledger.entries().count(), 0);
}

#[test]
fn files_and_notes_hang_on_documents() {
    let mut client = Client::new();
    let id = client.invoice("Ann", "A-1", "10");
    let path = format!("Invoices/{id}/Attachments");
    client.put(&format!("{path}/scan.pdf"), "first");
    client.put(&format!("{path}/scan.pdf"), "second");
    let files = client.get(&path);
    let files = files.get("Attachments").unwrap().as_array().unwrap();
    assert_eq!((files.len(), text(&files[0], "ContentLength")), (1, "6".into()));
    assert_eq!(client.call("GET", &format!("{path}/scan.pdf"), "").body.as_str(), Some("second"));
    assert_eq!(text(&client.read("Invoices", &id), "HasAttachments"), "true");
    for number in 1..10 {
        client.put(&format!("{path}/{number}.txt"), "x");
    }
    assert!(client.refused("PUT", &format!("{path}/eleventh.txt"), "x").contains("maximum of 10"));
    assert!(client.refused("PUT", &format!("{path}/a%3Ab.txt"), "x").contains("not allowed"));
    assert_eq!(client.call("PUT", "Invoices/nope/Attachments/a.txt", "x").status, 404);
    let note = r#"{"HistoryRecords":[{"Details":"Carried over"}]}"#;
    client.put(&format!("Invoices/{id}/History"), note);
    let notes = client.get(&format!("Invoices/{id}/History"));
    assert_eq!(text(&notes.get("HistoryRecords").unwrap().as_array().unwrap()[0], "Details"), "Carried over");
}

#[test]
fn setup_sets_the_chart_and_the_balances_it_starts_with() {
    let mut client = Client::new();
    let body = r#"{"ConversionDate":{"Month":6,"Year":2026},
        "Accounts":[{"Code":"200","Name":"Sales of goods","Type":"SALES"},{"Code":"205","Name":"New","Type":"SALES"}],
        "ConversionBalances":[{"AccountCode":"090","Balance":500},{"AccountCode":"900","Balance":-480}]}"#;
    for _ in 0..2 {
        let answer = client.call("POST", "Setup", body);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(["090", "900", "840"].map(|c| client.ledger(c).to_string()), ["500", "-480", "-20"]);
    assert_eq!(client.company.books.account("200").unwrap().name, "Sales of goods");
}
