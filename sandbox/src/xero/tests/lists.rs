use jiff::SignedDuration;

use super::{Client, text};
use crate::http::Request;
use crate::json::Json;

fn numbers(body: &Json) -> Vec<String> {
    let rows = body.get("Invoices").unwrap().as_array().unwrap();
    rows.iter().map(|row| text(row, "InvoiceNumber")).collect()
}

#[test]
fn pages_hold_every_row_once_and_lines_come_with_pages_only() {
    let mut client = Client::new();
    for number in 0..23 {
        client.invoice("Ann", &format!("A-{number:02}"), "1");
    }
    let mut seen = Vec::new();
    for page in 1..=4 {
        let body = client.get(&format!("Invoices?page={page}&pageSize=10"));
        assert_eq!(text(&body, "pagination.itemCount"), "23");
        assert_eq!(text(&body, "pagination.pageCount"), "3");
        seen.extend(numbers(&body));
        if let Some(row) = body.get("Invoices").unwrap().as_array().unwrap().first() {
            assert_eq!(row.get("LineItems").unwrap().as_array().unwrap().len(), 1);
        }
    }
    let expected: Vec<_> = (0..23).map(|number| format!("A-{number:02}")).collect();
    assert_eq!(seen, expected, "in the order they were changed");
    let all = client.get("Invoices");
    assert!(all.get("pagination").is_none());
    let row = &all.get("Invoices").unwrap().as_array().unwrap()[0];
    assert_eq!(row.get("LineItems"), Some(&Json::List(vec![])));
    let summary = client.get("Invoices?page=1&summaryOnly=true");
    let row = &summary.get("Invoices").unwrap().as_array().unwrap()[0];
    assert!(row.get("LineItems").is_none() && row.get("Payments").is_none());
    for (size, pages) in [("0", "23"), ("-5", "23"), ("5000", "1")] {
        let body = client.get(&format!("Invoices?page=1&pageSize={size}"));
        assert_eq!(text(&body, "pagination.pageCount"), pages, "{size} is clamped");
    }
}

#[test]
fn filters_and_parameters_pick_rows() {
    let mut client = Client::new();
    let a = client.invoice("Ann", "A-1", "10");
    client.invoice("Bob", "B-1", "20");
    let c = client.invoice("Cid", "C-1", "30");
    client.post(&format!("Invoices/{c}"), r#"{"Status":"VOIDED"}"#);
    for (query, found) in [
        ("where=Total%3E%3D20", vec!["B-1", "C-1"]),
        ("where=Contact.Name%3D%3D%22Bob%22", vec!["B-1"]),
        ("where=Status!%3D%22VOIDED%22&order=InvoiceNumber%20DESC", vec!["B-1", "A-1"]),
        ("where=Date%3E%3DDateTime(2026,05,02)", vec![]),
        ("Statuses=VOIDED,DRAFT", vec!["C-1"]),
        ("InvoiceNumbers=A-1,b-1", vec!["A-1", "B-1"]),
        ("searchTerm=cid", vec!["C-1"]),
        (&format!("IDs={a}"), vec!["A-1"]),
        (&format!("IDs={a}&Statuses=VOIDED"), vec![]),
    ] {
        assert_eq!(numbers(&client.get(&format!("Invoices?{query}"))), found, "{query}");
    }
    let answer = client.call("GET", "Invoices?where=Total%3E", "");
    assert_eq!((answer.status, text(&answer.body, "Type")), (400, "QueryParseException".into()));
    assert_eq!(numbers(&client.get("Invoices/A-1")), ["A-1"]);
    let missing = client.call("GET", "Invoices/nope", "");
    assert_eq!(
        (missing.status, missing.body.as_str()),
        (404, Some("The resource you're looking for cannot be found"))
    );
    assert_eq!(client.call("GET", "Nothing", "").status, 404);
}

/// A filter sees the status and type that rows show, also where it need not have them shown.
#[test]
fn filters_see_what_rows_show() {
    let mut client = Client::new();
    let invoice = client.invoice("Ann", "A-1", "10");
    let payment = client.pay(&invoice, "4");
    client.pay(&invoice, "2");
    client.post(&format!("Payments/{payment}"), r#"{"Status":"DELETED"}"#);
    client.credit("Ann", "3");
    let line = r#""LineItems":[{"Description":"x","Quantity":"1","UnitAmount":"5"}]"#;
    client.put("PurchaseOrders", &format!(r#"{{"Contact":{{"Name":"Ann"}},"Date":"2026-05-01",{line}}}"#));
    client.put("Quotes", &format!(r#"{{"Contact":{{"Name":"Ann"}},"Date":"2026-05-01",{line}}}"#));
    for endpoint in ["Invoices", "Payments", "CreditNotes", "PurchaseOrders", "Quotes"] {
        let all = client.get(endpoint).get(endpoint).unwrap().as_array().unwrap().to_vec();
        assert!(!all.is_empty(), "{endpoint}");
        for row in &all {
            for field in ["Status", "Type"] {
                let literal = row
                    .get(field)
                    .map_or("null".to_owned(), |value| format!("%22{}%22", value.as_str().unwrap()));
                let found = client.get(&format!("{endpoint}?where={field}%3D%3D{literal}"));
                let expected: Vec<_> =
                    all.iter().filter(|other| other.get(field) == row.get(field)).cloned().collect();
                assert_eq!(
                    found.get(endpoint).unwrap().as_array().unwrap(),
                    expected,
                    "{endpoint} {field} {literal}"
                );
            }
        }
    }
}

#[test]
fn only_what_changed_since_is_shown() {
    let mut client = Client::new();
    let a = client.invoice("Ann", "A-1", "10");
    client.now += SignedDuration::from_hours(1);
    let since = client.now;
    client.invoice("Ann", "A-2", "10");
    let changed = |client: &mut Client, since: &str| {
        let request = Request::new("GET", "Invoices").header("If-Modified-Since", since);
        numbers(&client.send(request).body)
    };
    let iso = since.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    assert_eq!(changed(&mut client, &iso), ["A-2"]);
    client.pay(&a, "1");
    assert_eq!(changed(&mut client, &iso), ["A-2", "A-1"], "a payment changes its invoice");
    let last = client.read("Invoices", "A-1");
    let moment = text(&last, "UpdatedDateUTCString");
    assert_eq!(changed(&mut client, &moment), ["A-1"]);
    client.company.books.switches.modified_since_is_inclusive = false;
    assert_eq!(changed(&mut client, &moment), Vec::<String>::new());
    assert_eq!(changed(&mut client, "Mon, 15 Jun 2020 09:00:00 GMT"), ["A-2", "A-1"]);
}

#[test]
fn a_key_answers_once_for_six_minutes() {
    let mut client = Client::new();
    let call =
        |body: &str, key: &str| Request::new("PUT", "Invoices").header("Idempotency-Key", key).body(body);
    let body =
        r#"{"Type":"ACCREC","Contact":{"Name":"Ann"},"LineItems":[{"Description":"x","UnitAmount":1}]}"#;
    let first = client.send(call(body, "k1"));
    let again = client.send(call(body, "k1"));
    assert_eq!(first.body, again.body);
    let other = client.send(call(&body.replace("Ann", "Bob"), "k1"));
    assert_eq!(other.status, 400);
    assert!(text(&other.body, "Message").contains("is used with a different request"));
    let count = |client: &mut Client| numbers(&client.get("Invoices")).len();
    assert_eq!(count(&mut client), 1);
    let bad = client.send(call("{}", "k2"));
    assert_eq!(bad.status, 400);
    assert_eq!(client.send(call("{}", "k2")).body, bad.body, "errors are kept too");
    client.now += SignedDuration::from_mins(6);
    client.send(call(body, "k1"));
    assert_eq!(count(&mut client), 2, "the key was forgotten");
    assert_eq!(client.send(call(body, &"k".repeat(129))).status, 400);
}

#[test]
fn dates_come_in_both_forms() {
    let mut client = Client::new();
    let body = r#"{"Type":"ACCREC","Contact":{"Name":"Ann"},"Date":"/Date(1552262400000+0000)/","DueDate":"2019-04-10",
        "LineItems":[{"Description":"x","UnitAmount":1}]}"#;
    let invoice = client.put("Invoices", body);
    assert_eq!(text(&invoice, "DateString"), "2019-03-11T00:00:00");
    assert_eq!(text(&invoice, "Date"), "/Date(1552262400000+0000)/");
    assert_eq!(text(&invoice, "DueDateString"), "2019-04-10T00:00:00");
    let wrong = body.replace("2019-04-10", "10/04/2019");
    assert_eq!(client.refused("PUT", "Invoices", &wrong), "DueDate is not a valid date");
}

#[test]
fn the_organisation_says_what_it_is_and_may() {
    let mut client = Client::new();
    client.lock("2026-03-31");
    let body = client.get("organisation");
    let organisation = &body.get("Organisations").unwrap().as_array().unwrap()[0];
    assert_eq!(["BaseCurrency", "Version"].map(|name| text(organisation, name)), ["GBP", "UK"]);
    assert_eq!(text(organisation, "PeriodLockDate"), "/Date(1774915200000+0000)/");
    let actions = client.get("Organisation/Actions").to_string();
    assert!(actions.contains(r#"{"Name":"UseMulticurrency","Status":"ALLOWED"}"#));
    let currency = client.put("Currencies", r#"{"Code":"JPY"}"#);
    assert_eq!(text(&currency, "Code"), "JPY");
    client.company.books.organisation.is_multicurrency = false;
    assert!(
        client.refused("PUT", "Currencies", r#"{"Code":"CHF"}"#).contains("not subscribed to currency CHF")
    );
}
