//! A company that answers as QuickBooks documents it, kept in memory: enough to see what the connector sends.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use carry_connector::{Method, Request, Response, Wire};
use carry_model::{Code, Decimal, Fault, Reach};
use serde_json::{Value, json};

type Objects = BTreeMap<u64, Value>;

/// What goes wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The next batch is carried out, and its answer lost.
    AnswerLost,
    /// The next batch is answered with a page.
    Page,
    /// One item of the next batch is throttled.
    ItemThrottled,
    /// Somebody changes every object just before the next batch.
    Stale,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) kinds: BTreeMap<String, Objects>,
    next: u64,
    pub(crate) trouble: Option<Trouble>,
    pub(crate) calls: Vec<String>,
    country: String,
    several: bool,
    pub(crate) page_max: usize,
    pub(crate) endless: bool,
    /// When objects are said to be changed from now on.
    pub(crate) now: String,
    /// Kind and id of what was deleted.
    deleted: Vec<(String, String)>,
}

/// The company.
pub(crate) struct Fake(pub(crate) Mutex<State>);

impl Fake {
    /// A company of that country with the accounts every company has.
    pub(crate) fn new(country: &str, several: bool) -> Self {
        let mut state = State {
            next: 1,
            country: country.to_owned(),
            several,
            page_max: 1_000,
            now: "2026-01-01T00:00:00Z".to_owned(),
            ..State::default()
        };
        for (name, kind, sub) in [
            ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
            ("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
            ("Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
            ("Sales", "Income", "SalesOfProductIncome"),
        ] {
            let body = json!({"Name": name, "AccountType": kind, "AccountSubType": sub, "Active": true});
            state.create("Account", body).unwrap();
        }
        state.create("TaxAgency", json!({"DisplayName": "Office", "Active": true})).unwrap();
        Self(Mutex::new(state))
    }

    pub(crate) fn count(&self, kind: &str) -> usize {
        self.0.lock().unwrap().kinds.get(kind).map_or(0, BTreeMap::len)
    }

    pub(crate) fn delete(&self, kind: &str, id: &str) {
        self.0.lock().unwrap().delete(kind, &json!({ "Id": id })).unwrap();
    }

    pub(crate) fn put(&self, kind: &str, body: Value) -> String {
        let created = self.0.lock().unwrap().create(kind, body).unwrap();
        created["Id"].as_str().unwrap().to_owned()
    }
}

fn refusal(code: u32, message: &str) -> Value {
    json!({"Error": [{"Message": message, "Detail": message, "code": code.to_string(), "element": ""}],
        "type": "ValidationFault"})
}

fn dec(value: &Value) -> Decimal {
    value.to_string().trim_matches('"').parse().unwrap_or_default()
}

fn num(amount: Decimal) -> Value {
    serde_json::from_str(&amount.normalize().to_string()).unwrap()
}

impl State {
    fn check(&self, kind: &str, body: &Value, own: Option<u64>) -> Result<(), Value> {
        let needs: &[&str] = match kind {
            "Invoice" | "Estimate" | "CreditMemo" | "Payment" => &["CustomerRef"],
            "Bill" | "VendorCredit" | "PurchaseOrder" | "BillPayment" => &["VendorRef"],
            "Purchase" => &["AccountRef", "PaymentType"],
            "RefundReceipt" | "Deposit" => &["DepositToAccountRef"],
            "Item" => &["Name", "Type", "IncomeAccountRef"],
            "Customer" | "Vendor" => &["DisplayName"],
            _ => &[],
        };
        for need in needs {
            if body.get(*need).is_none() {
                return Err(refusal(2020, &format!("Required parameter {need} is missing in the request")));
            }
        }
        let (spaces, field): (&[&str], _) = match kind {
            "Customer" | "Vendor" => (&["Customer", "Vendor", "Employee"], "DisplayName"),
            "Account" | "Item" | "TaxCode" | "Term" => (std::slice::from_ref(&kind), "Name"),
            _ => (&[], ""),
        };
        let taken = spaces.iter().filter_map(|kind| self.kinds.get(*kind)).flatten().any(|(id, object)| {
            let same =
                object[field].as_str().map(str::to_lowercase) == body[field].as_str().map(str::to_lowercase);
            Some(*id) != own && same
        });
        if taken {
            return Err(refusal(6240, "The name supplied already exists."));
        }
        if body["DocNumber"].as_str().is_some_and(|number| number.chars().count() > 21) {
            return Err(refusal(2050, "DocNumber is too long"));
        }
        let journal = |sign: &str| -> Decimal {
            let lines = body["Line"].as_array().into_iter().flatten();
            lines
                .filter(|l| l["JournalEntryLineDetail"]["PostingType"] == sign)
                .map(|l| dec(&l["Amount"]))
                .sum()
        };
        if kind == "JournalEntry" && journal("Debit") != journal("Credit") {
            return Err(refusal(2300, "debits and credits differ"));
        }
        Ok(())
    }

    fn finish(&self, kind: &str, mut body: Value, id: u64, token: u64) -> Value {
        let lines: Vec<Value> = body["Line"].as_array().cloned().unwrap_or_default();
        let counts = |line: &&Value| line["DetailType"] != "SubTotalLineDetail";
        let signed = |line: &Value| match line["DetailType"].as_str() {
            Some("DiscountLineDetail") => -dec(&line["Amount"]),
            _ => dec(&line["Amount"]),
        };
        let sum: Decimal = lines.iter().filter(counts).map(signed).sum();
        let computed = [
            "Invoice",
            "Estimate",
            "CreditMemo",
            "SalesReceipt",
            "RefundReceipt",
            "Bill",
            "VendorCredit",
            "PurchaseOrder",
            "Purchase",
            "Deposit",
        ];
        if computed.contains(&kind) {
            body["TotalAmt"] = num(sum + dec(&body["TxnTaxDetail"]["TotalTax"]));
        }
        body["Id"] = json!(id.to_string());
        body["SyncToken"] = json!(token.to_string());
        body["MetaData"] = json!({"CreateTime": "2026-01-01T00:00:00-08:00", "LastUpdatedTime": self.now});
        body["domain"] = json!("QBO");
        if ["Class", "Department", "Item"].contains(&kind) {
            let parent = body["ParentRef"]["value"]
                .as_str()
                .and_then(|id| self.kinds.get(kind)?.get(&id.parse().ok()?));
            let above = parent.map(|parent| format!("{}:", parent["FullyQualifiedName"].as_str().unwrap()));
            let name = format!("{}{}", above.unwrap_or_default(), body["Name"].as_str().unwrap_or_default());
            body["FullyQualifiedName"] = json!(name);
        }
        body
    }

    fn create(&mut self, kind: &str, body: Value) -> Result<Value, Value> {
        self.check(kind, &body, None)?;
        let id = self.next;
        self.next += 1;
        let object = self.finish(kind, body, id, 0);
        self.kinds.entry(kind.to_owned()).or_default().insert(id, object.clone());
        Ok(self.shown(kind, &object))
    }

    fn update(&mut self, kind: &str, body: Value) -> Result<Value, Value> {
        let id: u64 = body["Id"].as_str().unwrap_or_default().parse().unwrap_or_default();
        let Some(known) = self.kinds.get(kind).and_then(|objects| objects.get(&id)) else {
            return Err(refusal(610, "Object Not Found"));
        };
        if known["SyncToken"] != body["SyncToken"] {
            return Err(refusal(5010, "Stale Object Error"));
        }
        let token: u64 = known["SyncToken"].as_str().unwrap().parse().unwrap();
        self.check(kind, &body, Some(id))?;
        let object = self.finish(kind, body, id, token + 1);
        self.kinds.get_mut(kind).unwrap().insert(id, object.clone());
        Ok(self.shown(kind, &object))
    }

    fn delete(&mut self, kind: &str, body: &Value) -> Result<Value, Value> {
        let id: u64 = body["Id"].as_str().unwrap_or_default().parse().unwrap_or_default();
        match self.kinds.get_mut(kind).and_then(|objects| objects.remove(&id)) {
            Some(_) => {
                self.deleted.push((kind.to_owned(), id.to_string()));
                Ok(json!({"Id": id.to_string(), "status": "Deleted", "domain": "QBO"}))
            }
            None => Err(refusal(610, "Object Not Found")),
        }
    }

    /// What payments of both sides set against a document.
    fn applied(&self, kind: &str, id: &str) -> Decimal {
        let payments = ["Payment", "BillPayment"].iter().filter_map(|kind| self.kinds.get(*kind)).flatten();
        let lines = payments.flat_map(|(_, payment)| payment["Line"].as_array().cloned().unwrap_or_default());
        let links = |line: &Value| {
            line["LinkedTxn"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|l| l["TxnId"] == id && l["TxnType"] == kind)
        };
        lines.filter(links).map(|line| dec(&line["Amount"])).sum()
    }

    fn shown(&self, kind: &str, object: &Value) -> Value {
        let mut object = object.clone();
        let id = object["Id"].as_str().unwrap_or_default().to_owned();
        if ["Invoice", "Bill", "CreditMemo", "VendorCredit"].contains(&kind) {
            object["Balance"] = num(dec(&object["TotalAmt"]) - self.applied(kind, &id));
        }
        if kind == "Payment" {
            let effect = |line: &Value| {
                let credit = line["LinkedTxn"][0]["TxnType"] == "CreditMemo";
                if credit { dec(&line["Amount"]) } else { -dec(&line["Amount"]) }
            };
            let lines: Decimal = object["Line"].as_array().into_iter().flatten().map(effect).sum();
            object["UnappliedAmt"] = num(dec(&object["TotalAmt"]) + lines);
        }
        object
    }

    fn query(&self, select: &str) -> Value {
        let after = |word: &str| select.split_once(word).map(|(_, rest)| rest);
        let kind = after(" FROM ").unwrap().split(' ').next().unwrap();
        let condition =
            after(" WHERE ").map(|rest| rest.split(" ORDERBY").next().unwrap()).unwrap_or_default();
        let fits =
            |object: &Value| condition.split(" AND ").filter(|c| !c.is_empty()).all(|c| meets(object, c));
        let hidden = |object: &Value| object["Active"] == false && !condition.contains("Active");
        let rows: Vec<Value> = self
            .kinds
            .get(kind)
            .into_iter()
            .flatten()
            .filter(|(_, object)| fits(object) && !hidden(object))
            .map(|(_, object)| self.shown(kind, object))
            .collect();
        if select.contains("COUNT(*)") {
            return json!({"QueryResponse": {"totalCount": rows.len()}});
        }
        let number =
            |word: &str| after(word).map_or(1, |n| n.split(' ').next().unwrap().parse::<usize>().unwrap());
        let start = if self.endless { 0 } else { number("STARTPOSITION ") - 1 };
        let max = number("MAXRESULTS ").min(self.page_max);
        let page: Vec<_> = rows.into_iter().skip(start).take(max).collect();
        if page.is_empty() {
            return json!({"QueryResponse": {}});
        }
        json!({"QueryResponse": {kind: page, "startPosition": start + 1, "maxResults": max}})
    }

    fn batch(&mut self, body: &Value) -> Value {
        let items = body["BatchItemRequest"].as_array().unwrap().clone();
        assert!(items.len() <= 30, "a batch of {}", items.len());
        if self.trouble == Some(Trouble::Stale) {
            self.trouble = None;
            self.kinds
                .values_mut()
                .flat_map(BTreeMap::values_mut)
                .for_each(|object| object["SyncToken"] = json!("77"));
        }
        let mut answers = Vec::new();
        for item in items {
            let (kind, object) = item
                .as_object()
                .unwrap()
                .iter()
                .find(|(key, _)| *key != "bId" && *key != "operation")
                .unwrap();
            if self.trouble == Some(Trouble::ItemThrottled) {
                self.trouble = None;
                answers.push(json!({"bId": item["bId"], "Fault": refusal(3001, "ThrottleExceeded")}));
                continue;
            }
            let outcome = match item["operation"].as_str().unwrap() {
                "create" => self.create(kind, object.clone()),
                "update" => self.update(kind, object.clone()),
                _ => self.delete(kind, object),
            };
            answers.push(match outcome {
                Ok(object) => json!({"bId": item["bId"], kind: object}),
                Err(fault) => json!({"bId": item["bId"], "Fault": fault}),
            });
        }
        // The order is not said.
        answers.reverse();
        json!({"BatchItemResponse": answers})
    }

    fn tax_code(&mut self, body: &Value) -> Value {
        let mut sides = BTreeMap::from([("Sales", Vec::new()), ("Purchase", Vec::new())]);
        for detail in body["TaxRateDetails"].as_array().unwrap() {
            let rate = json!({"Name": detail["TaxRateName"], "RateValue": num(dec(&detail["RateValue"])), "Active": true});
            let rate = self.create("TaxRate", rate).unwrap();
            let side = detail["TaxApplicableOn"].as_str().unwrap();
            sides.get_mut(side).unwrap().push(json!({"TaxRateRef": {"value": rate["Id"]}, "TaxOrder": 0}));
        }
        let code = json!({"Name": body["TaxCode"], "Active": true,
            "SalesTaxRateList": {"TaxRateDetail": sides["Sales"]},
            "PurchaseTaxRateList": {"TaxRateDetail": sides["Purchase"]}});
        match self.create("TaxCode", code) {
            Ok(code) => json!({"TaxCode": body["TaxCode"], "TaxCodeId": code["Id"]}),
            Err(fault) => json!({"Fault": fault}),
        }
    }

    fn answer(&mut self, request: &Request) -> Result<(u16, Value), Fault> {
        let path = request.path.split_once("/v3/company/1/").expect("the company's path").1;
        assert!(path.contains("minorversion=75"), "{path}");
        let body = || serde_json::from_slice::<Value>(request.body.as_deref().unwrap()).unwrap();
        let endpoint = path.split(['?', '&']).next().unwrap();
        Ok((
            200,
            match endpoint {
                "companyinfo/1" => {
                    json!({"CompanyInfo": {"CompanyName": "Fake & Co", "Country": self.country}})
                }
                "preferences" => json!({"Preferences": {
                "CurrencyPrefs": {"HomeCurrency": {"value": if self.country == "US" { "USD" } else { "GBP" }},
                    "MultiCurrencyEnabled": self.several},
                "SalesFormsPrefs": {"CustomTxnNumbers": true}, "TaxPrefs": {"UsingSalesTax": true},
                "AccountingInfoPrefs": {"ClassTrackingPerTxnLine": true, "TrackDepartments": true}}}),
                "query" => {
                    let select = match request.method {
                        Method::Get => {
                            decode(path.split("query=").nth(1).unwrap().split('&').next().unwrap())
                        }
                        _ => String::from_utf8(request.body.clone().unwrap()).unwrap(),
                    };
                    self.calls.push(select.clone());
                    self.query(&select)
                }
                "batch" if self.trouble == Some(Trouble::Page) => {
                    self.trouble = None;
                    json!("<html>")
                }
                "batch" => {
                    let lost = self.trouble == Some(Trouble::AnswerLost);
                    let answer = self.batch(&body());
                    if lost {
                        self.trouble = None;
                        return Err(Fault::new(Code::TimedOut).reach(Reach::Unknown));
                    }
                    answer
                }
                "cdc" => {
                    let kind = path.split("entities=").nth(1).unwrap().split('&').next().unwrap();
                    let of_kind = self.deleted.iter().filter(|(of, _)| of == kind);
                    let rows: Vec<_> =
                        of_kind.map(|(_, id)| json!({"Id": id, "status": "Deleted"})).collect();
                    json!({"CDCResponse": [{"QueryResponse": [{kind: rows}]}]})
                }
                "taxservice/taxcode" => self.tax_code(&body()),
                "companycurrency" => {
                    json!({"CompanyCurrency": self.create("CompanyCurrency", body()).unwrap()})
                }
                other => return Ok((404, json!(format!("no {other}")))),
            },
        ))
    }
}

fn decode(text: &str) -> String {
    let pairs = format!("q={text}");
    form_urlencoded::parse(pairs.as_bytes()).next().unwrap().1.into_owned()
}

fn meets(object: &Value, condition: &str) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let plain = |literal: &str| literal.trim().trim_matches('\'').to_owned();
    if let Some((field, list)) = condition.split_once(" IN ") {
        let value = text(&object[field]);
        return list.trim_matches(['(', ')']).split(',').any(|literal| plain(literal) == value);
    }
    let field_of = |field: &str| match field.split_once('.') {
        Some((outer, inner)) => text(&object[outer][inner]),
        None => text(&object[field]),
    };
    for operator in [" >= ", " <= ", " = "] {
        if let Some((field, literal)) = condition.split_once(operator) {
            let (value, literal) = (field_of(field), plain(literal));
            return match operator {
                " >= " => value >= literal,
                " <= " => value <= literal,
                _ => value == literal,
            };
        }
    }
    panic!("what is {condition}?");
}

#[async_trait]
impl Wire for Fake {
    async fn call(&self, request: Request) -> Result<Response, Fault> {
        let mut state = self.0.lock().unwrap();
        let (status, body) = state.answer(&request)?;
        let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        Ok(Response { status, headers: Vec::new(), body: body.into_bytes() })
    }

    async fn download(&self, address: &str, _: u64) -> Result<Response, Fault> {
        let status = if address.ends_with("/file") { 200 } else { 404 };
        Ok(Response { status, headers: Vec::new(), body: b"twelve bytes".to_vec() })
    }
}
