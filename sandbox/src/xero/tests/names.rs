use super::{Client, text};

#[test]
fn contact_names_are_unique_among_the_active() {
    let mut client = Client::new();
    let ann = client.put("Contacts", r#"{"Name":"Acme"}"#);
    let told = client.refused("PUT", "Contacts", r#"{"Contacts":[{"Name":"ACME"}]}"#);
    assert!(told.starts_with("The contact name ACME is already assigned to another contact."), "{told}");
    let same = client.post("Contacts", r#"{"Name":"Acme","EmailAddress":"a@example.com"}"#);
    assert_eq!(text(&same, "ContactID"), text(&ann, "ContactID"));
    let id = text(&ann, "ContactID");
    client.post(&format!("Contacts/{id}"), r#"{"ContactStatus":"ARCHIVED"}"#);
    let new = client.put("Contacts", r#"{"Name":"Acme"}"#);
    assert_ne!(text(&new, "ContactID"), id);
    let listed = |client: &mut Client, query: &str| {
        client.get(&format!("Contacts{query}")).get("Contacts").unwrap().as_array().unwrap().len()
    };
    assert_eq!((listed(&mut client, ""), listed(&mut client, "?includeArchived=true")), (1, 2));
    let invoice = format!(
        r#"{{"Type":"ACCREC","Contact":{{"ContactID":"{id}"}},"LineItems":[{{"Description":"x","UnitAmount":1}}]}}"#
    );
    assert_eq!(
        client.refused("PUT", "Invoices", &invoice),
        "The contact must be un-archived before creating new invoices or credit notes"
    );
}

#[test]
fn what_contacts_may_not_say() {
    let mut client = Client::new();
    client.put("Contacts", r#"{"Name":"Bob","ContactNumber":"C1"}"#);
    for (body, message) in [
        (r#"{"Name":"a <b>"}"#.to_owned(), "characters < or >"),
        (r#"{"Name":" a"}"#.to_owned(), "leading, trailing or double"),
        (r#"{"Name":"a  b"}"#.to_owned(), "leading, trailing or double"),
        (format!(r#"{{"Name":"{}"}}"#, "n".repeat(256)), "maximum length of 255"),
        (r#"{"Name":"Cid","ContactNumber":"C1"}"#.to_owned(), "Another contact has this contact number"),
        (r#"{"EmailAddress":"x"}"#.to_owned(), "must contain at least 1 of the following elements"),
        (r#"{"Name":"Cid","EmailAddress":"nobody"}"#.to_owned(), "Email address must be valid"),
        (format!(r#"{{"Name":"Cid","ContactPersons":[{}]}}"#, ["{}"; 6].join(",")), "maximum of 5"),
    ] {
        let told = client.refused("PUT", "Contacts", &body);
        assert!(told.contains(message), "{body}: {told}");
    }
}

#[test]
fn documents_make_a_contact_customer_or_supplier() {
    let mut client = Client::new();
    let id = client.invoice("Ann", "A-1", "100");
    let contact = text(&client.read("Invoices", &id), "Contact.ContactID");
    let shown = client.read("Contacts", &contact);
    assert_eq!(["IsCustomer", "IsSupplier"].map(|name| text(&shown, name)), ["true", "false"]);
    assert_eq!(text(&shown, "Balances.AccountsReceivable.Outstanding"), "100.00");
    assert_eq!(text(&shown, "Balances.AccountsReceivable.Overdue"), "100.00");
}

#[test]
fn a_contact_inside_a_document_is_changed_by_what_comes_with_its_id() {
    let mut client = Client::new();
    let body = r#"{"Name":"Ann","ContactPersons":[{"FirstName":"A"}]}"#;
    let id = text(&client.put("Contacts", body), "ContactID");
    let invoice = |contact: &str| {
        format!(
            r#"{{"Type":"ACCREC","Contact":{contact},"LineItems":[{{"Description":"x","UnitAmount":1}}]}}"#
        )
    };
    client.put("Invoices", &invoice(&format!(r#"{{"ContactID":"{id}"}}"#)));
    let persons = |client: &mut Client| {
        client.read("Contacts", &id).get("ContactPersons").unwrap().as_array().unwrap().len()
    };
    assert_eq!(persons(&mut client), 1);
    client.put("Invoices", &invoice(&format!(r#"{{"ContactID":"{id}","FirstName":"Anna"}}"#)));
    assert_eq!(persons(&mut client), 0);
    let order = r#"{"Contact":{"Name":"Nobody yet"},"LineItems":[{"Description":"x","UnitAmount":1}]}"#;
    assert!(client.refused("PUT", "PurchaseOrders", order).contains("could not be found"));
}

#[test]
fn groups_hold_contacts() {
    let mut client = Client::new();
    let contact = text(&client.put("Contacts", r#"{"Name":"Ann"}"#), "ContactID");
    let group = text(&client.put("ContactGroups", r#"{"ContactGroups":[{"Name":"VIP"}]}"#), "ContactGroupID");
    assert_eq!(client.refused("PUT", "ContactGroups", r#"{"Name":"VIP"}"#), "Please enter a unique Name.");
    let members = format!("ContactGroups/{group}/Contacts");
    client.put(&members, &format!(r#"{{"Contacts":[{{"ContactID":"{contact}"}}]}}"#));
    let count = |client: &mut Client| {
        client.read("ContactGroups", &group).get("Contacts").unwrap().as_array().unwrap().len()
    };
    assert_eq!(count(&mut client), 1);
    assert_eq!(client.call("DELETE", &format!("{members}/{contact}"), "").status, 204);
    assert_eq!(count(&mut client), 0);
}

#[test]
fn accounts_are_unique_and_go_only_when_nothing_uses_them() {
    let mut client = Client::new();
    let account = client.put("Accounts", r#"{"Code":"201x","Name":"Other Sales","Type":"SALES"}"#);
    assert_eq!(text(&account, "Class"), "REVENUE");
    for (body, message) in [
        (r#"{"Code":"201x","Name":"n","Type":"SALES"}"#, "Please enter a unique Code."),
        (r#"{"Code":"202","Name":"Other Sales","Type":"SALES"}"#, "Please enter a unique Name."),
        (r#"{"Code":"12345678901","Name":"n","Type":"SALES"}"#, "between 1 and 10 characters"),
        (r#"{"Code":"1","Name":"n","Type":"NOPE"}"#, "'NOPE' is not a valid Type"),
        (r#"{"Code":"1","Name":"n","Type":"BANK"}"#, "Bank account number must be specified"),
    ] {
        let told = client.refused("PUT", "Accounts", body);
        assert!(told.contains(message), "{body}: {told}");
    }
    let two =
        r#"{"Accounts":[{"Code":"1","Name":"a","Type":"SALES"},{"Code":"2","Name":"b","Type":"SALES"}]}"#;
    assert_eq!(text(&client.call("PUT", "Accounts", two).body, "Type"), "PostDataInvalidException");
    let id = text(&account, "AccountID");
    assert_eq!(client.call("DELETE", &format!("Accounts/{id}"), "").status, 200);
    client.invoice("Ann", "A-1", "1");
    let find = |client: &mut Client, code: &str| {
        let body = client.get(&format!("Accounts?where=Code%3D%3D%22{code}%22"));
        body.get("Accounts").unwrap().as_array().unwrap()[0].clone()
    };
    let used = text(&find(&mut client, "200"), "AccountID");
    assert!(client.refused("DELETE", &format!("Accounts/{used}"), "").contains("Archive it"));
    client.post(&format!("Accounts/{used}"), r#"{"Status":"ARCHIVED"}"#);
    let debtors = find(&mut client, "610");
    assert_eq!(text(&debtors, "SystemAccount"), "DEBTORS");
    let debtors = text(&debtors, "AccountID");
    assert!(client.refused("DELETE", &format!("Accounts/{debtors}"), "").contains("System accounts"));
    assert!(
        client.refused("POST", &format!("Accounts/{debtors}"), r#"{"Code":"9"}"#).contains("system account")
    );
}

#[test]
fn items_are_found_by_code_and_fill_lines() {
    let mut client = Client::new();
    let item = r#"{"Code":"HOUR","Name":"An hour","Description":"Work by the hour",
        "SalesDetails":{"UnitPrice":80.125,"AccountCode":"200","TaxType":"OUTPUT2"}}"#;
    let id = text(&client.put("Items", item), "ItemID");
    assert_eq!(client.refused("PUT", "Items", item), "Price List Item with Code 'HOUR' already exists");
    assert_eq!(text(&client.post("Items?unitdp=4", item), "SalesDetails.UnitPrice"), "80.125");
    let long = item.replace("HOUR", &"H".repeat(31));
    assert!(client.refused("PUT", "Items", &long).contains("maximum length of 30"));
    let invoice = client.put(
        "Invoices",
        r#"{"Type":"ACCREC","Contact":{"Name":"Ann"},"LineItems":[{"ItemCode":"HOUR","Quantity":2}]}"#,
    );
    assert_eq!(text(&invoice, "Total"), "192.30");
    assert_eq!(
        text(&invoice.get("LineItems").unwrap().as_array().unwrap()[0], "Description"),
        "Work by the hour"
    );
    assert!(client.refused("DELETE", &format!("Items/{id}"), "").contains("used in transactions"));
    let spare = text(&client.put("Items", r#"{"Code":"SPARE"}"#), "ItemID");
    assert_eq!(client.call("DELETE", &format!("Items/{spare}"), "").status, 204);
}

#[test]
fn tax_rates_get_a_type_and_are_archived_once_used() {
    let mut client = Client::new();
    let body = r#"{"TaxRates":[{"Name":"City tax","ReportTaxType":"OUTPUT","TaxComponents":[
        {"Name":"a","Rate":5},{"Name":"b","Rate":10,"IsCompound":true}]}]}"#;
    let rate = client.put("TaxRates", body);
    assert_eq!((text(&rate, "TaxType"), text(&rate, "EffectiveRate")), ("TAX001".into(), "15.5000".into()));
    assert_eq!(text(&rate, "CanApplyToExpenses"), "false");
    client.refused("PUT", "TaxRates", body);
    client.put(
        "Invoices",
        r#"{"Type":"ACCREC","Contact":{"Name":"Ann"},
            "LineItems":[{"Description":"x","UnitAmount":100,"AccountCode":"200","TaxType":"TAX001"}]}"#,
    );
    let status = |status: &str| format!(r#"{{"TaxType":"TAX001","Status":"{status}"}}"#);
    assert!(client.refused("POST", "TaxRates", &status("DELETED")).contains("archive it"));
    assert_eq!(text(&client.post("TaxRates", &status("ARCHIVED")), "Status"), "ARCHIVED");
    assert!(client.refused("POST", "TaxRates", r#"{"TaxType":"OUTPUT2","Name":"x"}"#).contains("System"));
}

#[test]
fn two_tracking_categories_at_a_time_and_two_per_line() {
    let mut client = Client::new();
    let region = text(&client.put("TrackingCategories", r#"{"Name":"Region"}"#), "TrackingCategoryID");
    client.put(&format!("TrackingCategories/{region}/Options"), r#"{"Name":"North"}"#);
    client.put("TrackingCategories", r#"{"Name":"Crew"}"#);
    assert!(client.refused("PUT", "TrackingCategories", r#"{"Name":"Third"}"#).contains("2 active"));
    let line = r#"{"Description":"x","UnitAmount":1,"Tracking":[{"Name":"Region","Option":"North"}]}"#;
    let invoice = format!(r#"{{"Type":"ACCREC","Contact":{{"Name":"Ann"}},"LineItems":[{line}]}}"#);
    let written = client.put("Invoices", &invoice);
    let tracking = &written.get("LineItems").unwrap().as_array().unwrap()[0].get("Tracking").unwrap();
    assert_eq!(text(&tracking.as_array().unwrap()[0], "TrackingCategoryID"), region);
    let three = invoice.replace(
        r#"{"Name":"Region","Option":"North"}"#,
        &[r#"{"Name":"Region","Option":"North"}"#; 3].join(","),
    );
    assert!(client.refused("PUT", "Invoices", &three).contains("maximum of 2"));
    let gone = client.call("DELETE", &format!("TrackingCategories/{region}"), "");
    assert_eq!(text(&gone.rows()[0], "Status"), "ARCHIVED", "it is used");
}
