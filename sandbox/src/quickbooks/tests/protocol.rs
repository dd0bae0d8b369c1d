//! Tokens of objects, queries, batches, changes, request ids, files.

use carry_model::Decimal;
use jiff::SignedDuration;

use super::{Client, invoice, text};
use crate::http::Request;
use crate::json::Json;
use crate::platform::Platform;
use crate::region::Region;

#[test]
fn an_update_needs_the_current_token_and_clears_what_it_leaves_out() {
    let mut client = Client::of(Region::Us);
    let ann = client.add("customer", r#"{"DisplayName":"Ann","Notes":"old","CompanyName":"Ann Ltd"}"#);
    let sparse = format!(r#"{{"Id":"{ann}","SyncToken":"0","sparse":true,"Notes":"new"}}"#);
    let changed = client.post("customer", &sparse);
    assert_eq!((text(&changed, "Notes"), text(&changed, "CompanyName")), ("new".into(), "Ann Ltd".into()));
    assert_eq!(text(&changed, "SyncToken"), "1");
    let (code, detail) = client.refused("customer", &sparse);
    assert_eq!(code, "5010");
    assert!(detail.starts_with("Stale Object Error : You and root were working on this"), "{detail}");
    let full = client.post("customer", &format!(r#"{{"Id":"{ann}","SyncToken":"1","DisplayName":"Ann"}}"#));
    assert_eq!((full.get("Notes"), full.get("CompanyName")), (None, None));
}

#[test]
fn queries_page_filter_and_count() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let ids: Vec<String> = (1..=12).map(|n| client.invoice(&ann, &n.to_string())).collect();
    let page = client.query("select * from Invoice startposition 3 maxresults 4");
    let rows = page.get("Invoice").and_then(Json::as_array).unwrap();
    assert_eq!(rows.iter().map(|row| text(row, "Id")).collect::<Vec<_>>(), ids[2..6]);
    assert_eq!((text(&page, "startPosition"), text(&page, "maxResults")), ("3".into(), "4".into()));
    let over = client.query("SELECT * FROM Invoice WHERE TotalAmt > '10' ORDERBY TotalAmt DESC");
    assert_eq!(text(&over.get("Invoice").and_then(Json::as_array).unwrap()[0], "TotalAmt"), "12.00");
    assert_eq!(text(&client.query("select count(*) from invoice where Balance >= '10'"), "totalCount"), "3");
    assert_eq!(client.query("select * from Invoice where Id > '12'").to_string(), "{}");
    let bob = client.customer("Bob");
    client.post("customer", &format!(r#"{{"Id":"{bob}","SyncToken":"0","sparse":true,"Active":false}}"#));
    assert_eq!(text(&client.query("select count(*) from Customer"), "totalCount"), "1");
    let all = client.query("select count(*) from Customer where Active in (true, false)");
    assert_eq!(text(&all, "totalCount"), "2");
    let posted = client.send(
        Request::new("POST", "query")
            .header("content-type", "application/text")
            .body("select * from Customer"),
    );
    assert_eq!(posted.status, 200);
}

#[test]
fn a_batch_answers_item_by_item() {
    let mut client = Client::of(Region::Us);
    let batch = client.get_batch(
        r#"{"BatchItemRequest":[
            {"bId":"1","operation":"create","Customer":{"DisplayName":"Ann"}},
            {"bId":"2","operation":"create","Customer":{"DisplayName":"Ann"}},
            {"bId":"3","Query":"select * from Customer"},
            {"bId":"4","operation":"delete","Customer":{"Id":"1","SyncToken":"0"}}]}"#,
    );
    assert_eq!(text(&batch[0], "Customer.Id"), "1");
    assert_eq!(text(&batch[1].at("Fault.Error").and_then(Json::as_array).unwrap()[0], "code"), "6240");
    assert_eq!(batch[2].at("QueryResponse.Customer").and_then(Json::as_array).unwrap().len(), 1);
    assert_eq!(text(&batch[3].at("Fault.Error").and_then(Json::as_array).unwrap()[0], "code"), "500");
    let items = vec![r#"{"bId":"1","Query":"select * from Customer"}"#; 31].join(",");
    assert_eq!(client.refused("batch", &format!(r#"{{"BatchItemRequest":[{items}]}}"#)).0, "1040");
}

impl Client {
    fn get_batch(&mut self, body: &str) -> Vec<Json> {
        let (status, body) = self.call("POST", "batch", body);
        assert_eq!(status, 200, "{body}");
        body.get("BatchItemResponse").and_then(Json::as_array).unwrap().to_vec()
    }
}

#[test]
fn a_request_id_is_answered_once_for_a_day() {
    let mut client = Client::of(Region::Us);
    let first = client.post("customer?requestid=abc", r#"{"DisplayName":"Ann"}"#);
    let again = client.post("customer?requestid=abc", r#"{"DisplayName":"Ann"}"#);
    assert_eq!(first, again);
    client.now += SignedDuration::from_hours(25);
    assert_eq!(client.refused("customer?requestid=abc", r#"{"DisplayName":"Ann"}"#).0, "6240");
    let long = "x".repeat(51);
    assert_eq!(client.refused(&format!("customer?requestid={long}"), "{}").0, "2050");
}

#[test]
fn changes_show_what_was_written_and_what_is_gone() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let (first, second) = (client.invoice(&ann, "1"), client.invoice(&ann, "2"));
    client.now += SignedDuration::from_hours(1);
    let since = client.now.to_string();
    client.pay(&ann, "2", &[("2", "Invoice", &second)]);
    client.post("invoice?operation=delete", &format!(r#"{{"Id":"{first}","SyncToken":"0"}}"#));
    let body = client.get(&format!("cdc?entities=Invoice,Customer&changedSince={since}"));
    let answers = body.get("CDCResponse").and_then(Json::as_array).unwrap()[0].clone();
    let answers = answers.get("QueryResponse").and_then(Json::as_array).unwrap();
    let invoices = answers[0].get("Invoice").and_then(Json::as_array).unwrap();
    assert_eq!((text(&invoices[0], "Id"), text(&invoices[0], "Balance")), (second, "0.00".into()));
    assert_eq!((text(&invoices[1], "Id"), text(&invoices[1], "status")), (first.clone(), "Deleted".into()));
    assert_eq!(answers[1].to_string(), "{}");
    let (status, body) = client.call("GET", &format!("invoice/{first}"), "");
    assert_eq!(status, 400);
    assert!(body.to_string().contains("Another user has deleted this transaction"));
    let (status, _) = client.call("GET", "cdc?entities=Invoice&changedSince=2026-01-01", "");
    assert_eq!(status, 400, "more than 30 days back");
    let (status, _) = client.call("GET", &format!("cdc?entities=TaxCode&changedSince={since}"), "");
    assert_eq!(status, 400);
}

#[test]
fn a_tax_code_is_made_with_its_rates() {
    let mut client = Client::of(Region::Uk);
    let (status, made) = client.call(
        "POST",
        "taxservice/taxcode",
        r#"{"TaxCode":"Luxury","TaxRateDetails":[{"TaxRateName":"Luxury 33","RateValue":"33","TaxAgencyId":"1","TaxApplicableOn":"Sales"}]}"#,
    );
    assert_eq!(status, 200, "{made}");
    let id = text(&made, "TaxCodeId");
    let ann = client.customer("Ann");
    let body = invoice(&ann, "10")
        .replace(
            r#""ItemRef":{"value":"1"}"#,
            &format!(r#""ItemRef":{{"value":"1"}},"TaxCodeRef":{{"value":"{id}"}}"#),
        )
        .replacen('{', r#"{"GlobalTaxCalculation":"TaxExcluded","#, 1);
    assert_eq!(text(&client.post("invoice", &body), "TotalAmt"), "13.30");
    let twice = r#"{"TaxCode":"luxury","TaxRateDetails":[{"TaxRateId":"1"}]}"#;
    assert_eq!(client.refused("taxservice/taxcode", twice).0, "6240");
}

#[test]
fn a_file_goes_up_and_comes_down() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let id = client.invoice(&ann, "1");
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file_metadata_01\"\r\nContent-Type: application/json\r\n\r\n\
         {{\"AttachableRef\":[{{\"EntityRef\":{{\"type\":\"Invoice\",\"value\":\"{id}\"}}}}],\"FileName\":\"a b.txt\"}}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"file_content_01\"; filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\n\
         one\r\ntwo\r\n--b--\r\n"
    );
    let upload =
        Request::new("POST", "upload").header("content-type", "multipart/form-data; boundary=b").body(body);
    let answer = Json::parse(&client.send(upload).body).unwrap();
    let attached = answer.get("AttachableResponse").and_then(Json::as_array).unwrap()[0].clone();
    assert_eq!(
        (text(&attached, "Attachable.FileName"), text(&attached, "Attachable.Size")),
        ("a b.txt".into(), "8".into())
    );
    let attachable = text(&attached, "Attachable.Id");
    let url = client.send(Request::new("GET", &format!("download/{attachable}"))).body;
    let url = String::from_utf8(url).unwrap();
    let path = url.strip_prefix("http://localhost").unwrap();
    let mut open = |request, seconds| client.open(request, seconds);
    assert_eq!(open(Request::new("GET", path), 899).unwrap().body, b"one\r\ntwo");
    assert_eq!(open(Request::new("GET", path), 2).unwrap().status, 403, "the address is good for a while");
    let with_token = Request::new("GET", path).header("authorization", "Bearer x");
    assert_eq!(open(with_token, 0).unwrap().status, 400, "no token is sent there");
    assert!(open(Request::new("GET", "/v3/company/1/invoice/1"), 0).is_none(), "nothing else is open");
}

#[test]
fn reports_come_from_the_ledger() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let id = client.invoice(&ann, "100");
    client.invoice(&ann, "11.11");
    client.pay(&ann, "40", &[("40", "Invoice", &id)]);
    let aged = client.get("reports/AgedReceivables?report_date=2026-06-15");
    let rows = aged.at("Rows.Row").and_then(Json::as_array).unwrap();
    let values = |row: &Json, path: &str| -> Vec<String> {
        row.at(path).and_then(Json::as_array).unwrap().iter().map(|cell| text(cell, "value")).collect()
    };
    assert_eq!(values(&rows[0], "ColData"), ["Ann", "", "", "71.11", "", "", "71.11"], "45 days past due");
    let trial = client.get("reports/TrialBalance");
    let rows = trial.at("Rows.Row").and_then(Json::as_array).unwrap();
    let total = values(rows.last().unwrap(), "Summary.ColData");
    assert_eq!(total, ["TOTAL", "111.11", "111.11"]);
}

#[test]
fn a_company_file_brings_everything_back() {
    let mut client = Client::of(Region::Us);
    let ann = client.customer("Ann");
    let id = client.invoice(&ann, "100");
    client.pay(&ann, "40", &[("40", "Invoice", &id)]);
    client.quickbooks.set_switch("pages_cut_short", true);
    let rows = client.quickbooks.changes();
    assert!(client.quickbooks.changes().is_empty());
    let mut again = Client::of(Region::Us);
    again.quickbooks.restore(rows.into_iter().map(|(key, row)| (key, row.unwrap())).collect()).unwrap();
    again.now = client.now;
    assert_eq!(again.read("invoice", &id), client.read("invoice", &id));
    assert_eq!(again.ledger("AccountsReceivable"), Decimal::from(60));
    assert_eq!(again.invoice(&ann, "1"), "3", "ids go on");
    assert!(again.quickbooks.switches()["pages_cut_short"]);
}

#[test]
fn without_asking_for_json_the_answer_is_xml() {
    let mut client = Client::of(Region::Us);
    client.customer("Ann & Co");
    let company = client.company();
    let now = company.books.now;
    let answer = company.answer(&Request::new("GET", "customer/1"), &["customer", "1"], now);
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.contains("<DisplayName>Ann &amp; Co</DisplayName>"), "{text}");
}
