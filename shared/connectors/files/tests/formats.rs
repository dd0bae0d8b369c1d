//! Formats and habits of files that the sample books do not have.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod common;

use std::collections::BTreeMap;

use carry_connector::Severity;
use carry_files::FilesOptions;
use carry_model::{Body, Code, Entity, Payment};
use common::{Books, books, contact, document, finding, folder, journal, read_with, record, with};

#[test]
fn freshbooks_invoices_and_clients() {
    let invoices = "Client Name,Invoice #,Date Issued,Date Due,Invoice Status,Date Paid,Item Name,Item Description,Rate,Quantity,Discount Percentage,Line Subtotal,Tax 1 Type,Tax 1 Amount,Tax 2 Type,Tax 2 Amount,Line Total,Currency\n\
        Lopez & Co,0000017,2021-01-28,2021-02-27,paid,2021-02-01,Design,\"Logo, two drafts\",60.00,10,0,600.00,GST,30.00,PST,42.00,672.00,CAD\n\
        Lopez & Co,0000017,2021-01-28,2021-02-27,paid,2021-02-01,Print,,13.50,2,10,24.30,GST,1.22,,,25.52,CAD\n\
        Ann Ray,0000018,2021-02-13,2021-03-15,sent,,Advice,,100.00,1,0,100.00,,,,,100.00,CAD\n\
        Ann Ray,0000019,2021-02-14,2021-03-15,partial,,Advice,,100.00,1,0,100.00,,,,,100.00,CAD\n";
    let clients = "Organization,First Name,Last Name,Email,Phone,Street,City,Province/State,Country,Postal Code,Notes\n\
        Lopez & Co,Eva,Lopez,eva@lopez.example.com,555 0100,1 High St,Guelph,Ontario,Canada,N1H 1A1,\"pays late,\nbut pays\"\n";
    let books = books(&[("invoices.csv", invoices), ("clients.csv", clients)]);
    let invoice = document(&books, Entity::Invoice, "0000017");
    assert_eq!(invoice.total.to_string(), "697.52");
    assert_eq!(invoice.outstanding.unwrap().to_string(), "0");
    assert_eq!(invoice.lines[0].tax_rate.as_ref().unwrap().as_str(), "GST + PST");
    assert_eq!(invoice.lines[1].discount.unwrap().to_string(), "2.7");
    assert_eq!(document(&books, Entity::Invoice, "0000018").outstanding.unwrap().to_string(), "100.00");
    assert_eq!(books.out.rejects.len(), 1, "paid in part, nobody knows how much");
    assert_eq!(books.out.rejects[0].number.as_deref(), Some("0000019"));
    let lopez = contact(&books, "Lopez & Co");
    assert_eq!(lopez.note.as_deref(), Some("pays late,\nbut pays"));
    assert!(lopez.customer && !lopez.supplier);
    assert!(record(&books, Entity::Contact, "Ann Ray").implied);
}

const FRESHBOOKS_INVOICES: &str = "Client Name,Invoice #,Date Issued,Invoice Status,Rate,Quantity,Line Subtotal,Line Total,Currency\n\
    Ann,17,2021-01-28,paid,100.00,1,100.00,100.00,CAD\n\
    Bob,18,2021-01-29,paid,100.00,1,100.00,100.00,CAD\n\
    Bob,19,2021-01-30,partial,100.00,1,100.00,100.00,CAD\n";

const PAYMENTS_COLLECTED: &str = "Date,Client Name,Method,Description,Payment for,Number,Amount,Currency\n";

fn payments_of(books: &Books) -> Vec<(&str, &Payment)> {
    let payments = books.out.records.iter().filter_map(|record| match &record.body {
        Body::Payment(payment) => Some((record.id.as_str(), &**payment)),
        _ => None,
    });
    payments.collect()
}

#[test]
fn freshbooks_payments_settle_invoices_and_nothing_else() {
    let rows = "2021-02-01,Ann,Check,First half,Invoice,17,50.00,CAD\n\
        2021-02-01,Ann,Check,Second half,Invoice,17,50.00,CAD\n\
        2021-02-02,Bob,Cash,,Invoice,18,\"1,100.00\",CAD\n\
        2021-02-03,Bob,Cash,,Prepayment Credit,CR-1,30.00,CAD\n\
        2021-02-03,Bob,Cash,,Checkout Link,,30.00,CAD\n\
        2021-02-03,Bob,Cash,,Other Income,,30.00,CAD\n\
        2021-02-04,Bob,Credit,,Invoice,18,30.00*,CAD\n\
        2021-02-05,Bob,Cash,,Invoice,,30.00,CAD\n\
        2021-02-06,Bob,Cash,,Invoice,99,30.00,CAD\n\
        2021-02-07,Bob,Cash,\"torn,Invoice,18,1.00,CAD\n\
        ,,,,,CAD,\"1,410.00\",CAD\n\
        Total,,,,,,\"1,410.00\",CAD\n";
    let report = format!("Payments Collected\nJan 1 2021 to Feb 28 2021\n\n{PAYMENTS_COLLECTED}{rows}");
    let books = books(&[("invoices.csv", FRESHBOOKS_INVOICES), ("payments.csv", &report)]);
    let ids: Vec<_> = payments_of(&books).into_iter().map(|(id, _)| id).collect();
    let expected = ["2021-02-01 Ann 17 50.00", "2021-02-01 Ann 17 50.00#2", "2021-02-02 Bob 18 1,100.00"];
    assert_eq!(ids, expected, "ids of what the rows state");
    let (_, half) = payments_of(&books)[1];
    assert_eq!(half.allocations[0].document.id.as_str(), "17");
    assert_eq!(half.allocations[0].amount.to_string(), "50.00");
    assert_eq!((half.memo.as_deref(), half.currency.code()), (Some("Second half"), "CAD"));
    assert_eq!(half.method.as_ref().unwrap().as_str(), "Check");
    let refused: Vec<_> = books.out.rejects.iter().map(|r| (&*r.fault.field, r.fault.code)).collect();
    let expected = [
        ("Invoice Status", Code::FieldMissing),
        ("Payment for", Code::ValueUnknown),
        ("Payment for", Code::ValueUnknown),
        ("Payment for", Code::ValueUnknown),
        ("Amount", Code::ValueUnknown),
        ("Number", Code::FieldMissing),
        ("Number", Code::ReferenceMissing),
        ("", Code::RowMalformed),
        ("Payment for", Code::FieldMissing),
    ];
    assert_eq!(refused, expected, "and an invoice paid in part is refused still");
    assert_eq!(books.survey.counts[&Entity::Payment], 11);
}

#[test]
fn freshbooks_payments_of_overlapping_reports_are_carried_once() {
    let twice = "2021-02-01,Ann,Check,,Invoice,17,50.00,CAD\n".repeat(2);
    let january = format!("{PAYMENTS_COLLECTED}2021-01-31,Bob,Cash,,Invoice,18,60.00,CAD\n{twice}");
    let february = format!("{PAYMENTS_COLLECTED}{twice}2021-02-02,Bob,Cash,,Invoice,18,40.00,CAD\n");
    let books = books(&[
        ("invoices.csv", FRESHBOOKS_INVOICES),
        ("1.csv", january.as_str()),
        ("2.csv", february.as_str()),
    ]);
    let ids: Vec<_> = payments_of(&books).into_iter().map(|(id, _)| id).collect();
    let expected = [
        "2021-01-31 Bob 18 60.00",
        "2021-02-01 Ann 17 50.00",
        "2021-02-01 Ann 17 50.00#2",
        "2021-02-02 Bob 18 40.00",
    ];
    assert_eq!(ids, expected);
    assert_eq!(books.survey.counts[&Entity::Payment], 4);
    assert!(finding(&books, Severity::Warning, "2021-02-01 Ann 17 50.00"), "{:#?}", books.survey.findings);
}

#[test]
fn freshbooks_payments_keep_their_ids_after_any_interruption() {
    let mut text = PAYMENTS_COLLECTED.to_owned();
    let note = "x".repeat(400);
    for n in 0..6_000 {
        text.push_str(&format!("2021-02-01,Ann,Check,{note},Invoice,17,{}.00,CAD\n", n % 7));
    }
    resumes_after_any_batch(&[("payments.csv", &text)], Entity::Payment, 3);
}

#[test]
fn a_report_of_payments_with_another_header_is_not_guessed() {
    let text =
        PAYMENTS_COLLECTED.replace("Payment for", "Paid for") + "2021-02-01,Ann,,,Invoice,17,1.00,CAD\n";
    let books = books(&[("invoices.csv", FRESHBOOKS_INVOICES), ("payments.csv", &text)]);
    assert!(payments_of(&books).is_empty());
    assert!(finding(&books, Severity::Warning, "has no column Payment for"), "{:#?}", books.survey.findings);
}

#[test]
fn wave_transactions_become_journal_entries() {
    let transactions = "Transaction ID,Transaction Date,Account Name,Transaction Description,Transaction Line Description,Amount (One column), ,Debit Amount (Two Column Approach),Credit Amount (Two Column Approach),Other Accounts for this Transaction,Customer,Vendor,Invoice Number,Bill Number,Notes / Memo,Amount Before Sales Tax,Sales Tax Amount,Sales Tax Name,Transaction Date Added,Transaction Date Last Modified,Account Group,Account Type,Account ID\n\
        1488,2021-01-28,Accounts Receivable,Invoice 5,,1000,,1000.00,,Sales,Ada,,5,,,,,,2021-01-28,2021-01-28,Asset,Expected Payments from Customers,\n\
        1488,2021-01-28,Sales,Invoice 5,Consulting,1000,,,1000.00,Accounts Receivable,Ada,,5,,,,,,2021-01-28,2021-01-28,Income,Income,\n\
        1490,2021-01-29,Rent,Rent,,500,,500.00,,Cash,,Landlord,,,,,,,2021-01-29,2021-01-29,Expense,Operating Expense,\n\
        1490,2021-01-29,Cash,Rent,,-499,,,499.00,Rent,,Landlord,,,,,,,2021-01-29,2021-01-29,Asset,Cash and Bank,\n";
    let customers = "customer_name,email,contact_first_name,contact_last_name,customer_currency,account_number,phone\nAda,ada@example.com,Ada,L,USD,7,555\n";
    let books = books(&[("accounting.csv", transactions), ("customers.csv", customers)]);
    let entry = journal(&books, "1488");
    assert_eq!(entry.lines.len(), 2);
    assert_eq!(entry.lines[0].amount.to_string(), "1000.00");
    assert_eq!(entry.lines[0].contact.as_ref().unwrap().as_str(), "Ada");
    assert_eq!(books.out.rejects[0].fault.code, Code::JournalUnbalanced);
    assert_eq!(books.out.rejects[0].number.as_deref(), Some("1490"));
    let classes: BTreeMap<_, _> = books
        .survey
        .catalog
        .iter()
        .filter(|e| e.entity == Entity::Account)
        .map(|e| (e.name.as_str(), format!("{:?}", e.class.unwrap())))
        .collect();
    assert_eq!(classes["Sales"], "Income");
    assert_eq!(classes["Accounts Receivable"], "CurrentAsset");
    assert_eq!(classes["Cash"], "Bank");
}

#[test]
fn the_template_reads_what_its_page_explains() {
    let invoices = "Invoice number,Customer,Date,Due date,Currency,Total including tax,Still to be paid,Status,Line description,Quantity,Unit price,Line discount,Line net amount,Tax rate,Line tax amount,Account,Tracking category 1,Tracking option 1\n\
        R-1,Müller GmbH,31.01.2026,14.02.2026,EUR,\"1.190,00\",\"190,00\",open,Beratung,10,\"110,00\",\"100,00\",\"1.000,00\",MwSt 19 %,\"190,00\",8400,Region,Nord\n";
    let payments = "Payment number,Date,Customer,Paid into account,Applied to number,Amount applied\nZ-1,15.02.2026,Müller GmbH,1200,R-1,\"1.000,00\"\n";
    let accounts = "Account code,Account name,Account class\n8400,Erlöse,income\n1200,Bank,bank\n";
    let taxes = "Tax rate name,Per cent\nMwSt 19 %,19\n";
    let journals = "Journal number,Date,Account,Debit,Credit,Supplier\nJ1,01.01.2026,Bank,\"5,00\",,\n,,Erlöse,,\"5,00\",\n";
    let books = books(&[
        ("rechnungen.csv", invoices),
        ("zahlungen.csv", payments),
        ("konten.csv", accounts),
        ("steuern.csv", taxes),
        ("journal.csv", journals),
    ]);
    assert!(books.out.rejects.is_empty(), "{:#?}", books.out.rejects);
    let invoice = document(&books, Entity::Invoice, "R-1");
    assert_eq!(
        (invoice.total.to_string(), invoice.date.to_string()),
        ("1190.00".into(), "2026-01-31".into())
    );
    assert_eq!(
        invoice.lines[0].account.as_ref().unwrap().as_str(),
        "Erlöse",
        "a code stands for its account"
    );
    assert_eq!(invoice.lines[0].discount.unwrap().to_string(), "100.00");
    assert_eq!(invoice.sum_of_parts().unwrap(), invoice.total);
    let Body::Payment(payment) = &record(&books, Entity::Payment, "Z-1").body else { panic!() };
    assert_eq!((payment.allocations.len(), payment.amount.to_string()), (1, "1000.00".into()));
    assert_eq!(journal(&books, "J1").lines.len(), 2);
    assert!(
        finding(&books, Severity::Info, "journal.csv, column Date"),
        "an order taken from another column is said"
    );
}

#[test]
fn rows_of_a_document_may_lie_apart() {
    let header = "InvoiceNo,Customer,InvoiceDate,Item(Product/Service),ItemAmount,Currency\n";
    let mut text = header.to_owned();
    for n in 0..500 {
        text.push_str(&format!("{n},Customer {n},01/28/2026,First,10.00,USD\n"));
    }
    for n in (0..500).rev().step_by(2) {
        text.push_str(&format!("{n},,,Second,5.50,\n"));
    }
    text.push_str("7,Customer 7,01/28/2026,Third,1.00,USD\n");
    let books = books(&[("Invoices.csv", &text)]);
    assert!(books.out.rejects.is_empty());
    assert_eq!(books.out.records.iter().filter(|r| r.entity == Entity::Invoice).count(), 500);
    assert_eq!(document(&books, Entity::Invoice, "499").total.to_string(), "15.50");
    assert_eq!(document(&books, Entity::Invoice, "7").total.to_string(), "16.50");
    assert_eq!(document(&books, Entity::Invoice, "8").total.to_string(), "10.00");
}

#[test]
fn numbers_that_several_documents_bear_are_told_apart() {
    let invoices = "InvoiceNo,Customer,InvoiceDate,Item(Product/Service),ItemAmount,Currency\n\
        1,Ann,01/28/2026,X,10.00,USD\n1,Bob,01/28/2026,X,20.00,USD\n2,Ann,01/28/2026,X,30.00,USD\n";
    let payments = "Receive Payment #,Payment Date,Customer,Invoice Apply,Amount Received,Currency\n\
        P1,01/29/2026,Bob,1,20.00,USD\nP2,01/29/2026,Cy,1,5.00,USD\n";
    let books = books(&[("Invoices.csv", invoices), ("Payments.csv", payments)]);
    assert_eq!(document(&books, Entity::Invoice, "Ann/1").total.to_string(), "10.00");
    assert_eq!(document(&books, Entity::Invoice, "Bob/1").total.to_string(), "20.00");
    assert_eq!(document(&books, Entity::Invoice, "2").total.to_string(), "30.00");
    let Body::Payment(payment) = &record(&books, Entity::Payment, "P1").body else { panic!() };
    assert_eq!(payment.allocations[0].document.id.as_str(), "Bob/1");
    assert_eq!(books.out.rejects.len(), 1, "nobody can say which invoice Cy paid");
    assert_eq!(books.out.rejects[0].fault.code, Code::ReferenceMissing);
}

#[test]
fn one_file_may_hold_several_tables_with_titles() {
    let text = "Export of Lopez & Co,,\n\nCLIENTS,,\nOrganization,First Name,Last Name,Email\nAda,A,L,ada@example.com\nBob,B,M,bob@example.com\n\nINVOICES\n\
        Client Name,Invoice #,Date Issued,Invoice Status,Rate,Quantity,Line Subtotal,Line Total,Currency\n\
        Ada,1,Jan 28 2021,sent,\"1,020.00\",1,\"1,020.00\",\"1,020.00\",USD\n\
        Bob,2,Jan 29 2021,sent,$13.50 ,2,$27.00 ,$27.00 ,USD\n\
        TOTAL,,,,,,,\"1,047.00\",\n";
    let books = books(&[("all.csv", text)]);
    assert!(books.out.rejects.is_empty(), "{:#?}", books.out.rejects);
    let contacts = books.out.records.iter().filter(|r| r.entity == Entity::Contact).count();
    assert_eq!(contacts, 2, "the title INVOICES is no client");
    assert_eq!(books.survey.counts[&Entity::Contact], 2);
    assert_eq!(document(&books, Entity::Invoice, "1").total.to_string(), "1020.00");
    assert_eq!(document(&books, Entity::Invoice, "2").date.to_string(), "2021-01-29");
}

#[test]
fn an_order_that_nothing_tells_is_assumed_aloud_or_asked() {
    let quickbooks = "InvoiceNo,Customer,InvoiceDate,Item(Product/Service),ItemAmount,Currency\n1,Ann,01/02/2026,X,10.00,USD\n";
    let assumed = books(&[("Invoices.csv", quickbooks)]);
    assert_eq!(document(&assumed, Entity::Invoice, "1").date.to_string(), "2026-01-02");
    assert!(finding(&assumed, Severity::Warning, "month/day/year"));
    let set = with(&[("Invoices.csv", quickbooks)], &[("date_order", "dmy")]);
    assert_eq!(document(&set, Entity::Invoice, "1").date.to_string(), "2026-02-01");
    let freshbooks = "Client Name,Invoice #,Date Issued,Invoice Status,Rate,Quantity,Line Subtotal,Line Total,Currency\nAda,1,01/02/2026,sent,1,1,1,1,USD\n";
    let asked = books(&[("i.csv", freshbooks)]);
    assert!(finding(&asked, Severity::Blocking, "order of day and month"));
    let no_currency = "Client Name,Invoice #,Date Issued,Invoice Status,Rate,Quantity,Line Subtotal,Line Total\nAda,1,2026-01-02,sent,1,1,1,1\n";
    assert!(finding(&books(&[("i.csv", no_currency)]), Severity::Blocking, "currency"));
    let told = with(&[("i.csv", no_currency)], &[("home_currency", "NZD")]);
    assert_eq!(document(&told, Entity::Invoice, "1").currency.code(), "NZD");
}

#[test]
fn older_xero_exports_and_its_import_template() {
    let older = "ContactName,EmailAddress,POAddressLine1,POCity,PORegion,POPostalCode,POCountry,InvoiceNumber,Reference,InvoiceDate,DueDate,PlannedDate,Total,TaxTotal,InvoiceAmountPaid,InvoiceAmountDue,InventoryItemCode,Description,Quantity,UnitAmount,Discount,LineAmount,AccountCode,TaxType,TaxAmount,TrackingName1,TrackingOption1,TrackingName2,TrackingOption2,Currency,Type,Sent,Status\n\
        Ann,,,,,,,INV-1,,28/01/2021,28/02/2021,,120.00,20.00,20.00,100.00,,Work,1,100.00,,100.00,200,20% (VAT on Income),20.00,,,,,GBP,Sales invoice,Sent,Awaiting Payment\n\
        Ann,,,,,,,PRE-1,,28/01/2021,28/02/2021,,50.00,0,0,50.00,,Advance,1,50.00,,50.00,200,No VAT,0,,,,,GBP,Sales prepayment,Sent,Paid\n";
    let template = "*ContactName,EmailAddress,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,Total,InventoryItemCode,*Description,*Quantity,*UnitAmount,Discount,*AccountCode,*TaxType,TaxAmount,TrackingName1,TrackingOption1,TrackingName2,TrackingOption2,Currency,BrandingTheme\n\
        Bob,,T-1,,28/01/2021,28/02/2021,,,Work,3,33.335,10,200,20% (VAT on Income),,Region,North,,,GBP,Standard\n\
        Bob,,T-1,,28/01/2021,28/02/2021,,,Books,1,7.49,,200,Zero Rated Income,,,,,,GBP,Standard\n\
        Cy,,T-1,,28/01/2021,28/02/2021,,,Other,1,1.00,,200,No VAT,0.00,,,,,GBP,Standard\n";
    let books = books(&[("older.csv", older), ("template.csv", template)]);
    let invoice = document(&books, Entity::Invoice, "INV-1");
    assert_eq!(
        (invoice.total.to_string(), invoice.outstanding.unwrap().to_string()),
        ("120.00".into(), "100.00".into())
    );
    assert_eq!(books.out.rejects.len(), 1, "a kind that has no counterpart is not guessed");
    assert_eq!(books.out.rejects[0].fault.code, Code::ValueUnknown);
    // 3 x 33.335 less 10 % is 90.0045; 20 % of 90.00 is 18.00.
    assert_eq!(document(&books, Entity::Invoice, "Bob/T-1").total.to_string(), "115.49");
    assert_eq!(document(&books, Entity::Invoice, "Cy/T-1").total.to_string(), "1.00");
}

#[test]
fn what_stands_twice_is_carried_once() {
    let customers = "Customer full name,Phone numbers,Email,Full name,Bill address,Ship address\n\
        Acme,1,a@example.com,A,x,\nBolt,2,b@example.com,B,x,\nBolt,3,c@example.com,C,x,\n";
    let vendors = "Vendor,Phone numbers,Email,Full name,Address,Account #\nAcme,9,v@example.com,V,y,77\n";
    let header = "InvoiceNo,Customer,InvoiceDate,Item(Product/Service),ItemAmount,Currency\n";
    let january = format!(
        "{header}1,,,X,1.00,\n1,Acme,01/28/2026,X,10.00,USD\n2,Acme,01/29/2026,X,20.00,USD\n1,,,Y,5.00,\n"
    );
    let february = format!("{header}2,Acme,01/29/2026,X,20.00,USD\n3,Acme,02/01/2026,X,30.00,USD\n");
    let books = books(&[
        ("customers.csv", customers),
        ("vendors.csv", vendors),
        ("jan.csv", &january),
        ("february.csv", &february),
    ]);
    let acme = contact(&books, "Acme");
    assert!(acme.customer && acme.supplier);
    assert_eq!(acme.phone.as_deref(), Some("1"), "what the first list says");
    let rejects: Vec<_> = books.out.rejects.iter().map(|r| (r.place.line, r.fault.code)).collect();
    assert_eq!(rejects, [(4, Code::IdTwice)]);
    assert_eq!(document(&books, Entity::Invoice, "1").total.to_string(), "16.00", "parts in any order");
    assert_eq!(books.survey.counts[&Entity::Invoice], 3);
    assert_eq!(books.survey.counts[&Entity::Contact], 3, "two and a reject");
    assert_eq!(books.out.records.iter().filter(|r| r.entity == Entity::Invoice).count(), 3);
    assert!(finding(&books, Severity::Warning, "stand in two files"));
}

#[test]
fn currencies_beside_amounts_count() {
    let text = "InvoiceNo,Customer,InvoiceDate,Item(Product/Service),ItemAmount,Currency\n\
        1,Ann,01/28/2026,X,$10.00,USD\n2,Bob,01/28/2026,X,€20.00,USD\n3,Cy,01/28/2026,X,20.00 EUR,\n";
    let books = books(&[("Invoices.csv", text)]);
    assert_eq!(document(&books, Entity::Invoice, "1").currency.code(), "USD");
    assert_eq!(document(&books, Entity::Invoice, "3").currency.code(), "EUR");
    assert_eq!(books.out.rejects[0].fault.code, Code::CurrencyMixed);
}

#[test]
fn broken_rows_refuse_their_document_and_nothing_else() {
    let text = "InvoiceNo,Customer,InvoiceDate,Item(Product/Service),ItemAmount,Currency\n\
        1,Ann,01/28/2026,X,10.00,USD\n\
        1,,,\"5\" pipe,20.00,\n\
        1,,,\"open,20.00,\n\
        2,Bob,01/29/2026,X,30.00,USD\n\
        3,\"Cy,01/30/2026,X,40.00,USD\n\
        3,,,Y,1.00,\n\
        4,Dee,01/30/2026,X,50.00,USD\n";
    let books = books(&[("Invoices.csv", text)]);
    let numbers: Vec<_> =
        books.out.records.iter().filter(|r| r.entity == Entity::Invoice).map(|r| r.id.as_str()).collect();
    assert_eq!(numbers, ["2", "4"]);
    let rejects: Vec<_> = books.out.rejects.iter().map(|r| (r.place.line, r.fault.code)).collect();
    assert_eq!(rejects, [(4, Code::RowMalformed), (6, Code::RowMalformed)]);
    assert_eq!(books.survey.counts[&Entity::Invoice], 4);
}

#[test]
fn folders_without_tables_say_so() {
    let dir = folder(&[("notes.md", "# hello"), ("list.csv", "a,b\n1,2\n")]);
    let Err(fault) = read_with(dir.path(), FilesOptions::default()) else { panic!("a fault") };
    assert_eq!(fault.code, Code::SourceUnrecognised);
    let lookalikes = books(&[
        ("page.csv", "<!DOCTYPE html><table></table>"),
        ("old.xls", "\u{fffd}"),
        ("c.csv", "Organization,First Name,Last Name,Email\nAda,A,L,a@example.com\n"),
        ("almost.csv", "Organization,First Name,Surname,Email\nAda,A,L,a@example.com\n"),
    ]);
    assert!(finding(&lookalikes, Severity::Warning, "web page"));
    assert!(finding(&lookalikes, Severity::Warning, "has no column Last Name"));
}

#[test]
fn files_that_change_during_a_run_are_noticed() {
    use carry_connector::Reader;
    let text = "Organization,First Name,Last Name,Email\nAda,A,L,ada@example.com\n";
    let dir = folder(&[("clients.csv", text)]);
    common::block(async {
        let reader = carry_files::FilesReader::new(dir.path(), FilesOptions::default());
        let survey = reader.survey().await.unwrap();
        std::fs::write(dir.path().join("clients.csv"), format!("{text}Bob,B,M,b@example.com\n")).unwrap();
        let mut kept = common::Kept::default();
        let fault = reader.extract(&survey, &survey.partitions[0], None, &mut kept).await.unwrap_err();
        assert_eq!(fault.code, Code::FileUnreadable);
        std::fs::write(dir.path().join("clients.csv"), text.replace("Email", "EmailX")).unwrap();
        let fresh = carry_files::FilesReader::new(dir.path(), FilesOptions::default());
        assert!(fresh.extract(&survey, &survey.partitions[0], None, &mut kept).await.is_err());
    });
}

#[test]
fn extraction_resumes_after_any_batch() {
    let mut text = "InvoiceNo,Customer,InvoiceDate,Item(Product/Service),ItemAmount,Currency\n".to_owned();
    for n in 0..9000 {
        text.push_str(&format!("{n},\"Customer\n{n}\",01/28/2026,First,10.00,USD\n{n},,,Second,5.00,\n"));
    }
    resumes_after_any_batch(&[("Invoices.csv", &text)], Entity::Invoice, 4);
}

#[test]
fn parts_of_a_large_file_come_in_its_order_by_their_names() {
    use carry_connector::Reader;
    let mut text =
        String::from("Receive Payment #,Payment Date,Customer,Invoice Apply,Amount Received,Currency\n");
    let rows = 10 * carry_files::limits::PARTITION_ROWS + 1;
    for n in 0..rows {
        text.push_str(&format!("{n},01/28/2026,Ann,{n},1.00,USD\n"));
    }
    let dir = folder(&[("Received Payments.csv", &text)]);
    let reader = carry_files::FilesReader::new(dir.path(), FilesOptions::default());
    let survey = common::block(reader.survey()).unwrap();
    let parts = survey.partitions.iter().filter(|part| part.entity == Entity::Payment);
    let ids: Vec<_> = parts.map(|part| part.id.as_str()).collect();
    assert_eq!(ids.len(), 11);
    assert!(ids.is_sorted(), "staging lists them by name: {ids:?}");
}

/// What is left after any of at least that many batches is the same for another process.
fn resumes_after_any_batch(files: &[(&str, &str)], entity: Entity, batches: usize) {
    use carry_connector::Reader;
    let dir = folder(files);
    common::block(async {
        let reader = carry_files::FilesReader::new(dir.path(), FilesOptions::default());
        let survey = reader.survey().await.unwrap();
        let partition = survey.partitions.iter().find(|p| p.entity == entity).unwrap();
        let mut whole = common::Kept::default();
        reader.extract(&survey, partition, None, &mut whole).await.unwrap();
        assert!(whole.batches.len() >= batches);
        for at in 0..whole.batches.len() {
            let mut rest = common::Kept::default();
            let cursor = whole.batches[at].1.clone();
            // Another process: nothing is remembered.
            let fresh = carry_files::FilesReader::new(dir.path(), FilesOptions::default());
            fresh.extract(&survey, partition, cursor, &mut rest).await.unwrap();
            let (left, expected) = (&rest.batches, &whole.batches[at + 1..]);
            assert_eq!(left.len(), expected.len());
            assert!(left.iter().zip(expected).all(|(a, b)| a == b), "after batch {at}");
        }
    });
}
