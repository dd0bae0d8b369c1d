//! Exports of Zoho Books.
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

use carry_connector::Severity;
use carry_model::{Body, Code, Decimal, Entity, Status};
use common::{Books, books, contact, document, finding, record};

#[test]
fn zoho_invoices_state_total_and_balance() {
    let header = "Invoice Date,Invoice ID,Invoice Number,Estimate Number,Invoice Status,Customer Name,Company Name,Customer ID,Due Date,PurchaseOrder,Currency Code,Exchange Rate,Entity Discount Amount,Item Name,Item Desc,Quantity,Item Price,Discount,Discount Amount,Item Total,SubTotal,Total,Balance,Shipping Charge,Adjustment,Round Off,Payment Terms Label,Notes,LateFee Name\n";
    let rows = "2021-01-28,90300000079429,INV-000001,,Overdue,Ms. Mary,Bowman,903000000792,2021-02-12,PO-3,EUR,1.181500,0.00,Chair,Oak,3,40.00,0,0.00,120.00,170.00,189.30,89.30,15.00,4.30,0.00,Net 15,Thanks,\n\
        2021-01-28,90300000079429,INV-000001,,Overdue,Ms. Mary,Bowman,903000000792,2021-02-12,PO-3,EUR,1.181500,0.00,Desk,,1,50.00,0,0.00,50.00,170.00,189.30,89.30,15.00,4.30,0.00,Net 15,Thanks,\n\
        2021-01-29,90300000079430,INV-000002,,Void,Ms. Mary,Bowman,903000000792,2021-02-12,,USD,1.000000,0.00,Desk,,1,50.00,0,0.00,50.00,50.00,50.00,0.00,0,0,0,,,\n";
    let contacts = "Created Time,Display Name,Company Name,Salutation,First Name,Last Name,Phone,Currency Code,Notes,Status,Billing Address,Billing City,EmailID,MobilePhone,Customer ID\n\
        2020-01-01 10:00:00,Ms. Mary,Bowman,Ms.,Mary,Bowman,555,EUR,,Inactive,1 Road,Riga,mary@bowman.example.com,,903000000792\n";
    let books = books(&[("Invoice.csv", &format!("{header}{rows}")), ("Contacts.csv", contacts)]);
    let invoice = document(&books, Entity::Invoice, "INV-000001");
    assert_eq!(
        (invoice.total.to_string(), invoice.outstanding.unwrap().to_string()),
        ("189.30".into(), "89.30".into())
    );
    assert_eq!(invoice.sum_of_parts().unwrap(), invoice.total, "shipping and adjustment are lines");
    assert_eq!(invoice.rate.unwrap().to_string(), "1.181500");
    assert_eq!(invoice.due.unwrap().to_string(), "2021-02-12");
    assert_eq!(document(&books, Entity::Invoice, "INV-000002").status, Status::Voided);
    assert!(contact(&books, "Ms. Mary").archived);
    assert!(contact(&books, "Ms. Mary").customer, "invoices tell the role");
}

#[test]
fn zoho_backups_hold_payments_bills_and_credit_notes() {
    let invoices = "Invoice Date,Invoice ID,Invoice Number,Invoice Status,Customer Name,Currency Code,Exchange Rate,Item Name,Quantity,Item Price,Item Total,Item Tax,Item Tax Amount,Account,Total,Balance\n\
        2026-01-05,I1,INV-1,Closed,Harbour Cafe,USD,15.42,Service,1,100.00,100.00,GST 8%,8.00,Sales,108.00,0.00\n\
        2026-01-06,I2,INV-2,PartiallyPaid,Island Builder,MVR,1,Part,1,900.00,900.00,,,Sales,900.00,500.00\n";
    let payments = "Payment Number,CustomerPayment ID,Date,Customer Name,Mode,Currency Code,Exchange Rate,Amount,Unused Amount,Bank Charges,Deposit To,Invoice Number,Amount Applied to Invoice\n\
        1,P1,2026-01-20,Harbour Cafe,Cheque,USD,15.5,108.00,0,0,Dollar Account,INV-1,108.00\n\
        2,P2,2026-01-21,Island Builder,Cash,MVR,1,450.00,50.00,0,Current Account,INV-2,400.00\n\
        3,P3,2026-01-22,Island Builder,Cash,MVR,1,70.00,70.00,0,Current Account,,\n";
    let bills = "Bill Date,Bill ID,Bill Number,Bill Status,Vendor Name,Due Date,Currency Code,Exchange Rate,Item Name,Account,Description,Quantity,Rate,Tax Name,Tax Amount,Item Total,SubTotal,Entity Discount Amount,Total,Balance,Adjustment,Vendor Notes\n\
        2026-01-08,B1,S-9,Overdue,Paper Supplier,2026-02-08,MVR,1,Paper,Office Supplies,A4,5,100.00,GST 8%,40.00,500.00,500.00,0,541.00,541.00,1.00,\n";
    let paid_bills = "Payment Number,VendorPayment ID,Date,Vendor Name,Mode,Currency Code,Exchange Rate,Amount,Unused Amount,Paid Through,Bill ID,Bill Number,Bill Amount,Payment Status\n\
        1,V1,2026-01-25,Paper Supplier,Cash,MVR,1,541.00,541.00,Current Account,B1,S-9,541.00,Paid\n\
        2,V2,2026-01-26,Paper Supplier,Cash,MVR,1,541.00,0,Current Account,B1,S-9,541.00,Draft\n\
        3,V3,2026-01-27,Paper Supplier,Cash,MVR,1,41.00,0,Current Account,B1,S-9,41.00,Paid\n";
    let credits = "Credit Note Date,CreditNotes ID,Credit Note Number,Credit Note Status,Customer Name,Currency Code,Exchange Rate,Item Name,Item Total,Account,Total,Balance,Applied Invoice Number\n\
        2026-01-30,C1,CN-1,Open,Island Builder,MVR,1,Part,25.00,Sales,25.00,25.00,\n";
    let accounts = "Account ID,Account Name,Account Code,Account Type,Parent Account,Currency,Account Status\n\
        1,Sales,4000,Income,,MVR,Active\n2,Office Supplies,6000,Expense,,MVR,Active\n3,Current Account,1000,Bank,,MVR,Active\n\
        4,Dollar Account,1001,Bank,,USD,Inactive\n5,GST paid,1500,Input Tax,,MVR,Active\n";
    let items = "Item ID,Item Name,SKU,Description,Rate,Account,Tax Name,Product Type,Status,Purchase Rate,Purchase Account\n\
        7,Service,SV,By the hour,USD 100.00,Sales,GST 8%,service,Active,,\n8,Paper,PA,,MVR 120.00,Sales,,goods,Inactive,MVR 100.00,Office Supplies\n";
    let books = books(&[
        ("Invoice.csv", invoices),
        ("Customer_Payment.csv", payments),
        ("Bill.csv", bills),
        ("Vendor_Payment.csv", paid_bills),
        ("Credit_Note.csv", credits),
        ("Chart_of_Accounts.csv", accounts),
        ("Item.csv", items),
    ]);

    let payment = |entity, id: &str| match &record(&books, entity, id).body {
        Body::Payment(payment) => payment.clone(),
        other => panic!("{other:?}"),
    };
    let dollars = payment(Entity::Payment, "1");
    assert_eq!(
        (dollars.amount.to_string(), dollars.rate.unwrap().to_string()),
        ("108.00".into(), "15.5".into())
    );
    assert_eq!(dollars.allocations[0].document.id.as_str(), "INV-1");
    let partly = payment(Entity::Payment, "2");
    assert_eq!(
        (partly.amount.to_string(), partly.allocations[0].amount.to_string()),
        ("450.00".into(), "400.00".into())
    );
    let advance = payment(Entity::Payment, "3");
    assert_eq!((advance.amount.to_string(), advance.allocations.len()), ("70.00".into(), 0));

    let bill = document(&books, Entity::Bill, "Paper Supplier/S-9");
    assert_eq!(
        (bill.total.to_string(), bill.outstanding.unwrap().to_string()),
        ("541.00".into(), "541.00".into())
    );
    assert_eq!(bill.sum_of_parts().unwrap(), bill.total, "tax and adjustment are in it");
    let taken_off = payment(Entity::BillPayment, "1");
    assert!(taken_off.allocations.is_empty(), "all of it is stated as unused");
    let part = payment(Entity::BillPayment, "3");
    assert_eq!(part.allocations[0].document.id.as_str(), "Paper Supplier/S-9");
    assert_eq!(books.out.rejects.len(), 1, "{:#?}", books.out.rejects);
    assert_eq!(books.out.rejects[0].number.as_deref(), Some("2"), "a draft moved no money");

    assert_eq!(document(&books, Entity::CreditNote, "CN-1").outstanding.unwrap().to_string(), "25.00");
    let Body::Item(paper) = &record(&books, Entity::Item, "Paper").body else { panic!() };
    assert_eq!((paper.cost.unwrap().to_string(), paper.archived), ("100.00".into(), true));
    let Body::Account(dollar) = &record(&books, Entity::Account, "Dollar Account").body else { panic!() };
    assert_eq!((dollar.code.as_deref(), dollar.active), (Some("1001"), false));
    assert_eq!(
        books.survey.findings.iter().filter(|f| f.severity == Severity::Warning).count(),
        0,
        "{:#?}",
        books.survey.findings
    );
}

#[test]
fn zoho_journals_are_read_posting_by_posting() {
    let journals = "Journal Date,Journal Number,Journal Number Prefix,Journal Number Suffix,Journal Created By,Journal Type,Status,Reference Number,Notes,Item Order,Tax Name,Tax Percentage,Tax Amount,Account,Account Code,Contact Name,Currency,Exchange Rate,Description,Debit,Credit,Total\n\
        2026-02-01,JE-1,JE-,1,Ann,both,published,R-1,Rent accrued,1,,,,Rent,6100,,EUR,1,February,800.00,,800.00\n\
        2026-02-01,JE-1,JE-,1,Ann,both,published,R-1,Rent accrued,2,,,,Accrued,2100,Hall Ltd,EUR,1,,,800.00,800.00\n\
        2026-02-02,JE-2,JE-,2,Ann,both,draft,,,1,,,,Rent,6100,,EUR,1,,5.00,,5.00\n\
        2026-02-02,JE-2,JE-,2,Ann,both,draft,,,2,,,,Accrued,2100,,EUR,1,,,5.00,5.00\n\
        2026-02-03,JE-3,JE-,3,Ann,both,published,,,1,VAT,19,1.90,Rent,6100,,EUR,1,,10.00,,11.90\n\
        2026-02-03,JE-3,JE-,3,Ann,both,published,,,2,,,,Accrued,2100,,EUR,1,,,11.90,11.90\n";
    let accounts = "Account ID,Account Name,Account Code,Account Type,Parent Account,Currency,Account Status\n\
        1,Rent,6100,Expense,,EUR,Active\n2,Accrued,2100,Other Current Liability,,EUR,Active\n";
    let books = books(&[("Journal.csv", journals), ("Chart_of_Accounts.csv", accounts)]);
    let Body::Journal(entry) = &record(&books, Entity::Journal, "JE-1").body else { panic!() };
    let amounts: Vec<_> = entry.lines.iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(amounts, ["800.00", "-800.00"]);
    assert_eq!((entry.date.to_string(), entry.memo.as_deref()), ("2026-02-01".into(), Some("Rent accrued")));
    assert_eq!(entry.lines[1].contact.as_ref().unwrap().as_str(), "Hall Ltd");
    let refused: Vec<_> = books.out.rejects.iter().map(|r| (r.number.as_deref(), r.fault.code)).collect();
    let expected = [(Some("JE-2"), Code::DraftNotCarried), (Some("JE-3"), Code::JournalUnbalanced)];
    assert_eq!(refused, expected, "a draft posts nothing, and the tax of JE-3 is posted elsewhere");
}

#[test]
fn zoho_expenses_say_what_was_spent_with_and_without_their_tax() {
    let expenses = "Entry Number,Expense Date,Expense Description,Expense Account,Paid Through,Vendor,Currency Code,Exchange Rate,Is Inclusive Tax,Expense Amount,Tax Name,Tax Amount,Total,Expense Reference ID,Reference#,Customer Name,Mileage Type\n\
        1,2026-02-10,Cleaning kit,Office Supplies,Current Account,Lens Shop,EUR,1,false,40.00,VAT,3.20,43.20,E1,R-77,,NonMileage\n\
        2,2026-02-11,Paper,Office Supplies,Current Account,Lens Shop,EUR,1,true,43.20,VAT,3.20,43.20,E2,,,NonMileage\n\
        3,2026-02-12,Monthly fee,Bank Charges,Current Account,,EUR,1,false,12.00,,,12.00,E3,,,NonMileage\n\
        4,2026-02-13,Odd,Bank Charges,Current Account,,EUR,1,false,12.00,VAT,1.00,15.00,E4,,,NonMileage\n";
    let accounts = "Account ID,Account Name,Account Code,Account Type,Parent Account,Currency,Account Status\n\
        1,Office Supplies,6000,Expense,,EUR,Active\n2,Current Account,1000,Bank,,EUR,Active\n\
        3,Bank Charges,6100,Expense,,EUR,Active\n";
    let books = books(&[("Expense.csv", expenses), ("Chart_of_Accounts.csv", accounts)]);
    for id in ["E1", "E2"] {
        let expense = document(&books, Entity::Expense, id);
        let [line] = expense.lines.as_slice() else { panic!("{expense:?}") };
        let amounts = [line.net, line.tax.unwrap(), expense.total].map(|amount| amount.to_string());
        assert_eq!(amounts, ["40.00", "3.20", "43.20"], "{id}");
        assert_eq!(expense.contact.as_ref().unwrap().as_str(), "Lens Shop");
        assert_eq!(expense.paid_account.as_ref().unwrap().as_str(), "Current Account");
        assert_eq!(expense.sum_of_parts().unwrap(), expense.total);
    }
    assert!(contact(&books, "Lens Shop").supplier);
    let fee = document(&books, Entity::Expense, "E3");
    assert_eq!((fee.contact.as_ref(), fee.total.to_string()), (None, "12.00".into()));
    let refused: Vec<_> = books.out.rejects.iter().map(|r| (r.number.as_deref(), r.fault.code)).collect();
    assert_eq!(
        refused,
        [(Some("E4"), Code::AmountUnreadable)],
        "neither the total nor the total without tax"
    );
}

/// An expense of two rows: of each, amount, tax and total.
fn two_rows(rows: [&str; 2]) -> Books {
    let [first, second] = rows;
    books(&[(
        "Expense.csv",
        &format!(
            "Expense Date,Expense Account,Paid Through,Vendor,Currency Code,Expense Amount,Tax Amount,Total,Expense Reference ID,Exchange Rate\n\
            2026-02-13,Office Supplies,Current Account,Lens Shop,EUR,{first},E1,\n\
            2026-02-13,Bank Charges,Current Account,Lens Shop,EUR,{second},E1,\n"
        ),
    )])
}

#[test]
fn zoho_expenses_of_several_rows_are_what_their_numbers_prove() {
    // Of each row amount, tax, total; then the lines without tax, the tax and the total of the expense.
    let proven = [
        ("the whole's total, no tax", ["10.00,,30.00", "20.00,,30.00"], ["10.00", "20.00"], "0", "30.00"),
        ("with tax", ["11.00,1.00,33.00", "22.00,2.00,33.00"], ["10.00", "20.00"], "3.00", "33.00"),
        ("without tax", ["10.00,1.00,33.00", "20.00,2.00,33.00"], ["10.00", "20.00"], "3.00", "33.00"),
        ("on the first row only", ["10.00,,30.00", "20.00,,"], ["10.00", "20.00"], "0", "30.00"),
        ("one row is all of it", ["30.00,,30.00", "0.00,,30.00"], ["30.00", "0"], "0", "30.00"),
        ("each its own total", ["10.00,,10.00", "20.00,,20.00"], ["10.00", "20.00"], "0", "30.00"),
        ("own, with tax", ["11.00,1.00,11.00", "22.00,2.00,22.00"], ["10.00", "20.00"], "3.00", "33.00"),
        ("own, without tax", ["10.00,1.00,11.00", "20.00,2.00,22.00"], ["10.00", "20.00"], "3.00", "33.00"),
        ("own, either way", ["10.00,1.00,11.00", "22.00,2.00,22.00"], ["10.00", "20.00"], "3.00", "33.00"),
    ];
    for (what, rows, nets, tax, total) in proven {
        let books = two_rows(rows);
        let expense = document(&books, Entity::Expense, "E1");
        let found: Vec<_> = expense.lines.iter().map(|line| line.net.to_string()).collect();
        assert_eq!(found, nets, "{what}");
        let taxes: Decimal = expense.lines.iter().filter_map(|line| line.tax).sum();
        assert_eq!((taxes.to_string().as_str(), expense.total.to_string().as_str()), (tax, total), "{what}");
        assert_eq!(expense.sum_of_parts().unwrap(), expense.total, "{what}: nothing is left to adjust");
    }
    let refused = [
        ("one total, other sum", ["10.00,,31.00", "20.00,,31.00"]),
        ("partly with tax", ["11.00,1.00,33.00", "20.00,2.00,33.00"]),
        ("the whole's or each its own", ["5.00,5.00,10.00", "5.00,5.00,10.00"]),
        ("two of one total, or one of two rows", ["10.00,,10.00", "10.00,,10.00"]),
        ("zeros", ["0.00,,0.00", "0.00,,0.00"]),
        ("taxes that cancel out", ["10.00,1.00,30.00", "20.00,-1.00,30.00"]),
        ("one row does not fit", ["10.00,,10.00", "20.00,,21.00"]),
        ("no total", ["10.00,,", "20.00,,"]),
        ("a total is missing", ["10.00,,10.00", "20.00,,"]),
        ("an amount is missing", ["30.00,,30.00", ",,30.00"]),
    ];
    for (what, rows) in refused {
        let books = two_rows(rows);
        let rejects: Vec<_> = books.out.rejects.iter().map(|r| (r.number.as_deref(), r.fault.code)).collect();
        assert_eq!(rejects, [(Some("E1"), Code::AmountUnreadable)], "{what}");
    }
}

#[test]
fn zoho_expenses_of_several_rows_are_of_one_account_and_currency() {
    let header = "Expense Date,Expense Account,Paid Through,Vendor,Currency Code,Exchange Rate,Expense Amount,Total,Expense Reference ID\n";
    let second_rows = [
        ("Till,Lens Shop,EUR,1", "Paid Through"),
        ("Bank,Lens Shop,USD,1", "Currency Code"),
        ("Bank,Lens Shop,EUR,1.1", "Exchange Rate"),
    ];
    for (row, column) in second_rows {
        let text = format!(
            "{header}2026-02-13,Fees,Bank,Lens Shop,EUR,1,10.00,10.00,E1\n2026-02-13,Fees,{row},20.00,20.00,E1\n"
        );
        let books = books(&[("Expense.csv", &text)]);
        let fields: Vec<_> = books.out.rejects.iter().map(|r| &*r.fault.field).collect();
        assert_eq!(fields, [column], "{:#?}", books.out.rejects);
    }
}

#[test]
fn zoho_expense_columns_of_real_exports_are_known() {
    let header = "Expense Date,Expense Account,Paid Through,Vendor,Claimant Email,Vendor Number,Company ID,Customer Number,Recurrence Name,ExpenseReport Name,Item Exemption Code,ITC Eligibility,Expense Type,Supply Type,Location Name,Reverse Charge Tax Name,Reverse Charge Tax Rate,Reverse Charge Tax Type,HSN/SAC,GST Treatment,Destination of Supply,Source of Supply,GST Identification Number (GSTIN),CGST Rate %,SGST Rate %,IGST Rate %,CESS Rate %,CGST(FCY),SGST(FCY),IGST(FCY),CESS(FCY),CGST,SGST,IGST,CESS,Currency Code,Expense Amount,Total,Expense Reference ID";
    let blank = "x,".repeat(31);
    let text = format!("{header}\n2026-02-13,Fees,Bank,Lens Shop,{blank}EUR,10.00,10.00,E1\n");
    let books = books(&[("Expense.csv", &text)]);
    assert_eq!(document(&books, Entity::Expense, "E1").total.to_string(), "10.00");
    assert!(!finding(&books, Severity::Warning, "is not known"), "{:#?}", books.survey.findings);
}

#[test]
fn zoho_quotes_and_orders_are_read() {
    let estimates = "Estimate Date,Estimate ID,Estimate Number,Estimate Status,Customer Name,Expiry Date,Item Name,Quantity,Item Price,Account\n\
        2026-01-02,Q1,QT-9,accepted,Harbour Cafe,2026-02-02,Service,2,40.00,Sales\n";
    let orders = "Purchase Order Date,Purchase Order ID,Purchase Order Number,Purchase Order Status,Vendor Name,Item Name,QuantityOrdered,Item Price,Account\n\
        2026-01-03,PO1,PO-7,billed,Paper Supplier,Paper,5,100.00,Office Supplies\n";
    let books = books(&[("Estimate.csv", estimates), ("Purchase_Order.csv", orders)]);
    assert!(books.out.rejects.is_empty(), "{:#?}", books.out.rejects);
    let quote = document(&books, Entity::Estimate, "QT-9");
    assert_eq!((quote.total.to_string(), quote.status), ("80.00".into(), Status::Accepted));
    let order = document(&books, Entity::PurchaseOrder, "PO-7");
    assert_eq!((order.total.to_string(), order.status), ("500.00".into(), Status::Closed));
}
