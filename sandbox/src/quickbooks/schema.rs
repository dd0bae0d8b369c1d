//! Which fields an object may be sent with, and what each may hold.

use super::kind::Kind::{self, *};
use super::refusal::{
    Refusal, bad_characters, bad_choice, bad_date, bad_number, refusal, required, too_long, unknown_property,
};
use carry_model::Decimal;

use crate::json::Json;

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A text of at most so many characters.
    Text(usize),
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A day.
    Date,
    /// A reference to an object of a kind.
    To(Kind),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An object or a list; whoever uses it looks into it.
    Part,
}

/// No number is as large.
pub(super) const NUMBER_MAX: Decimal = Decimal::from_parts(0xA4C6_8000, 0x0003_8D7E, 0, false, 0);

use Shape::{Choice, Date, Flag, Number, Part, Text, To};

type Fields = &'static [(&'static str, Shape)];

/// Fields of every transaction.
const TRANSACTION: Fields = &[
    ("TxnDate", Date),
    ("PrivateNote", Text(4000)),
    ("CurrencyRef", Part),
    ("ExchangeRate", Number),
    ("DepartmentRef", To(Department)),
    ("Line", Part),
    ("TxnTaxDetail", Part),
    ("TxnSource", Text(100)),
    ("CustomField", Part),
    ("TransactionLocationType", Text(100)),
];

/// Fields of transactions that have a number.
const NUMBERED: Fields = &[("DocNumber", Text(21)), ("LinkedTxn", Part)];

const TAXED: Fields = &[("GlobalTaxCalculation", Choice(&["TaxExcluded", "TaxInclusive", "NotApplicable"]))];

const SALE: Fields = &[
    ("CustomerRef", To(Customer)),
    ("CustomerMemo", Part),
    ("BillAddr", Part),
    ("ShipAddr", Part),
    ("ShipFromAddr", Part),
    ("BillEmail", Part),
    ("BillEmailCc", Part),
    ("BillEmailBcc", Part),
    ("ClassRef", To(Class)),
    ("SalesTermRef", To(Term)),
    ("DueDate", Date),
    ("ShipDate", Date),
    ("ShipMethodRef", Part),
    ("TrackingNum", Text(31)),
    ("PrintStatus", Text(30)),
    ("EmailStatus", Text(30)),
    ("ApplyTaxAfterDiscount", Flag),
    ("AllowIPNPayment", Flag),
    ("AllowOnlinePayment", Flag),
    ("AllowOnlineCreditCardPayment", Flag),
    ("AllowOnlineACHPayment", Flag),
    ("PaymentMethodRef", To(PaymentMethod)),
    ("PaymentRefNum", Text(21)),
    ("DepositToAccountRef", To(Account)),
    ("ARAccountRef", To(Account)),
    ("TxnStatus", Choice(&["Pending", "Accepted", "Closed", "Rejected"])),
    ("AcceptedBy", Text(100)),
    ("AcceptedDate", Date),
    ("ExpirationDate", Date),
    ("FreeFormAddress", Flag),
];

const EXPENSE: Fields = &[
    ("VendorRef", To(Vendor)),
    ("APAccountRef", To(Account)),
    ("SalesTermRef", To(Term)),
    ("DueDate", Date),
    ("ClassRef", To(Class)),
    ("VendorAddr", Part),
    ("ShipAddr", Part),
    ("ShipMethodRef", Part),
    ("POStatus", Choice(&["Open", "Closed"])),
    ("POEmail", Part),
    ("Memo", Text(4000)),
    ("PaymentType", Choice(&["Cash", "Check", "CreditCard"])),
    ("AccountRef", To(Account)),
    ("EntityRef", Part),
    ("Credit", Flag),
    ("PaymentMethodRef", To(PaymentMethod)),
    ("PrintStatus", Text(30)),
    ("RemitToAddr", Part),
    ("EmailStatus", Text(30)),
    ("IncludeInAnnualTPAR", Flag),
];

const NAME: Fields = &[
    ("DisplayName", Text(500)),
    ("Title", Text(16)),
    ("GivenName", Text(100)),
    ("MiddleName", Text(100)),
    ("FamilyName", Text(100)),
    ("Suffix", Text(16)),
    ("CompanyName", Text(100)),
    ("PrintOnCheckName", Text(110)),
    ("Active", Flag),
    ("PrimaryPhone", Part),
    ("AlternatePhone", Part),
    ("Mobile", Part),
    ("Fax", Part),
    ("PrimaryEmailAddr", Part),
    ("WebAddr", Part),
    ("CurrencyRef", Part),
    ("BusinessNumber", Text(20)),
    ("GSTIN", Text(15)),
    ("GSTRegistrationType", Text(15)),
];

const CUSTOMER: Fields = &[
    ("Taxable", Flag),
    ("DefaultTaxCodeRef", To(TaxCode)),
    ("BillAddr", Part),
    ("ShipAddr", Part),
    ("Notes", Text(2000)),
    ("Job", Flag),
    ("BillWithParent", Flag),
    ("IsProject", Flag),
    ("ParentRef", To(Customer)),
    ("SalesTermRef", To(Term)),
    ("PaymentMethodRef", To(PaymentMethod)),
    ("PreferredDeliveryMethod", Text(30)),
    ("ResaleNum", Text(16)),
    ("PrimaryTaxIdentifier", Text(20)),
    ("SecondaryTaxIdentifier", Text(20)),
    ("TaxExemptionReasonId", Number),
    ("ARAccountRef", To(Account)),
    ("CustomerTypeRef", Part),
];

const VENDOR: Fields = &[
    ("BillAddr", Part),
    ("AcctNum", Text(100)),
    ("Vendor1099", Flag),
    ("TaxIdentifier", Text(20)),
    ("TermRef", To(Term)),
    ("APAccountRef", To(Account)),
    ("BillRate", Number),
    ("CostRate", Number),
    ("TaxReportingBasis", Text(20)),
    ("HasTPAR", Flag),
    ("T4AEligible", Flag),
    ("T5018Eligible", Flag),
    ("VendorPaymentBankDetail", Part),
    ("OtherContactInfo", Part),
];

const EMPLOYEE: Fields = &[
    ("PrimaryAddr", Part),
    ("SSN", Text(100)),
    ("BillableTime", Flag),
    ("BillRate", Number),
    ("CostRate", Number),
    ("EmployeeNumber", Text(100)),
    ("HiredDate", Date),
    ("ReleasedDate", Date),
    ("BirthDate", Date),
    ("Gender", Text(10)),
];

const ACCOUNT: Fields = &[
    ("Name", Text(100)),
    ("AcctNum", Text(20)),
    ("Description", Text(100)),
    ("AccountType", Text(100)),
    ("AccountSubType", Text(100)),
    ("Active", Flag),
    ("SubAccount", Flag),
    ("ParentRef", To(Account)),
    ("CurrencyRef", Part),
    ("TaxCodeRef", To(TaxCode)),
    ("TxnLocationType", Text(100)),
    ("AccountAlias", Text(100)),
];

const ITEM: Fields = &[
    ("Name", Text(100)),
    ("Sku", Text(100)),
    ("Description", Text(4000)),
    ("PurchaseDesc", Text(1000)),
    ("Active", Flag),
    ("SubItem", Flag),
    ("ParentRef", To(Item)),
    ("Taxable", Flag),
    ("SalesTaxIncluded", Flag),
    ("PurchaseTaxIncluded", Flag),
    ("UnitPrice", Number),
    ("PurchaseCost", Number),
    ("Type", Choice(&["Inventory", "Service", "NonInventory", "Category", "Group"])),
    ("IncomeAccountRef", To(Account)),
    ("ExpenseAccountRef", To(Account)),
    ("AssetAccountRef", To(Account)),
    ("TrackQtyOnHand", Flag),
    ("QtyOnHand", Number),
    ("InvStartDate", Date),
    ("ReorderPoint", Number),
    ("SalesTaxCodeRef", To(TaxCode)),
    ("PurchaseTaxCodeRef", To(TaxCode)),
    ("ClassRef", To(Class)),
    ("PrefVendorRef", To(Vendor)),
    ("TaxClassificationRef", Part),
    ("ItemCategoryType", Text(30)),
];

const NAMED_LIST: Fields = &[("Name", Text(100)), ("Active", Flag)];

const TERM: Fields = &[
    ("Name", Text(31)),
    ("Active", Flag),
    ("Type", Text(30)),
    ("DiscountPercent", Number),
    ("DueDays", Number),
    ("DiscountDays", Number),
    ("DayOfMonthDue", Number),
    ("DueNextMonthDays", Number),
    ("DiscountDayOfMonth", Number),
];

const PAYMENT: Fields = &[
    ("CustomerRef", To(Customer)),
    ("TotalAmt", Number),
    ("DepositToAccountRef", To(Account)),
    ("ARAccountRef", To(Account)),
    ("PaymentMethodRef", To(PaymentMethod)),
    ("PaymentRefNum", Text(21)),
    ("ProcessPayment", Flag),
    ("CreditCardPayment", Part),
];

const BILL_PAYMENT: Fields = &[
    ("VendorRef", To(Vendor)),
    ("TotalAmt", Number),
    ("PayType", Choice(&["Check", "CreditCard"])),
    ("CheckPayment", Part),
    ("CreditCardPayment", Part),
    ("APAccountRef", To(Account)),
    ("ProcessBillPayment", Flag),
];

const JOURNAL: Fields = &[("Adjustment", Flag)];
const DEPOSIT: Fields = &[("DepositToAccountRef", To(Account)), ("CashBack", Part)];
const TRANSFER: Fields =
    &[("FromAccountRef", To(Account)), ("ToAccountRef", To(Account)), ("Amount", Number)];

const CARD_PAYMENT: Fields = &[
    ("CreditCardAccountRef", To(Account)),
    ("BankAccountRef", To(Account)),
    ("Amount", Number),
    ("CheckNum", Text(21)),
    ("Memo", Text(4000)),
    ("VendorRef", To(Vendor)),
    ("PrintStatus", Text(30)),
];

const TIME: Fields = &[
    ("TxnDate", Date),
    ("NameOf", Choice(&["Employee", "Vendor"])),
    ("EmployeeRef", To(Employee)),
    ("VendorRef", To(Vendor)),
    ("CustomerRef", To(Customer)),
    ("ProjectRef", To(Customer)),
    ("ItemRef", To(Item)),
    ("ClassRef", To(Class)),
    ("DepartmentRef", To(Department)),
    ("BillableStatus", Choice(&["Billable", "NotBillable", "HasBeenBilled"])),
    ("Taxable", Flag),
    ("HourlyRate", Number),
    ("CostRate", Number),
    ("Hours", Number),
    ("Minutes", Number),
    ("Seconds", Number),
    ("BreakHours", Number),
    ("BreakMinutes", Number),
    ("StartTime", Text(40)),
    ("EndTime", Text(40)),
    ("Description", Text(4000)),
];

const ATTACHABLE: Fields = &[
    ("FileName", Text(1000)),
    ("Note", Text(2000)),
    ("Category", Text(100)),
    ("ContentType", Text(100)),
    ("PlaceName", Text(2000)),
    ("Lat", Text(100)),
    ("Long", Text(100)),
    ("Tag", Text(2000)),
    ("AttachableRef", Part),
];

/// Fields that replies carry and calls may send back; they are never taken.
const READ_ONLY: [&str; 35] = [
    "Id",
    "SyncToken",
    "MetaData",
    "domain",
    "sparse",
    "status",
    "TotalAmt",
    "Balance",
    "HomeBalance",
    "HomeTotalAmt",
    "UnappliedAmt",
    "RemainingCredit",
    "FullyQualifiedName",
    "Classification",
    "CurrentBalance",
    "CurrentBalanceWithSubAccounts",
    "BalanceWithJobs",
    "OpenBalanceDate",
    "OpenBalance",
    "Level",
    "InvoiceLink",
    "V4IDPseudonym",
    "RecurDataRef",
    "ClientEntityId",
    "DeliveryInfo",
    "HomeCurrencyRef",
    "ListObjsRef",
    "LinkedTxn",
    "ClientCompanyId",
    "ThumbnailTempDownloadUri",
    "TempDownloadUri",
    "FileAccessUri",
    "ThumbnailFileAccessUri",
    "Size",
    "ManuallyClosed",
];

fn tables(kind: Kind) -> Vec<Fields> {
    match kind {
        Invoice | Estimate | SalesReceipt | RefundReceipt | CreditMemo => {
            vec![TRANSACTION, NUMBERED, TAXED, SALE]
        }
        Bill | VendorCredit | Purchase | PurchaseOrder => vec![TRANSACTION, NUMBERED, TAXED, EXPENSE],
        Payment => vec![TRANSACTION, PAYMENT, &[("LinkedTxn", Part)]],
        BillPayment => vec![TRANSACTION, NUMBERED, BILL_PAYMENT],
        JournalEntry => vec![TRANSACTION, NUMBERED, TAXED, JOURNAL],
        Deposit => vec![TRANSACTION, TAXED, DEPOSIT, &[("DocNumber", Text(21))]],
        Transfer => vec![TRANSACTION, TRANSFER],
        CreditCardPayment => vec![TRANSACTION, CARD_PAYMENT],
        TimeActivity => vec![TIME],
        Customer => vec![NAME, CUSTOMER],
        Vendor => vec![NAME, VENDOR],
        Employee => vec![NAME, EMPLOYEE],
        Account => vec![ACCOUNT],
        Item => vec![ITEM],
        Class => vec![NAMED_LIST, &[("SubClass", Flag), ("ParentRef", To(Class))]],
        Department => {
            vec![NAMED_LIST, &[("SubDepartment", Flag), ("ParentRef", To(Department)), ("Address", Part)]]
        }
        Term => vec![TERM],
        PaymentMethod => {
            vec![&[
                ("Name", Text(31)),
                ("Active", Flag),
                ("Type", Choice(&["CREDIT_CARD", "NON_CREDIT_CARD"])),
            ]]
        }
        CompanyCurrency => {
            vec![&[("Code", Text(3)), ("Name", Text(100)), ("Active", Flag), ("CustomField", Part)]]
        }
        TaxAgency => vec![&[
            ("DisplayName", Text(100)),
            ("TaxRegistrationNumber", Text(100)),
            ("TaxTrackedOnSales", Flag),
            ("TaxTrackedOnPurchases", Flag),
        ]],
        Attachable => vec![ATTACHABLE],
        ExchangeRate => {
            vec![&[
                ("SourceCurrencyCode", Text(3)),
                ("TargetCurrencyCode", Text(3)),
                ("Rate", Number),
                ("AsOfDate", Date),
            ]]
        }
        CompanyInfo | Preferences | TaxCode | TaxRate => Vec::new(),
    }
}

/// The fields of `sent` that may be written, each checked by its shape; nulls are kept, they clear a field.
pub(super) fn writable(kind: Kind, sent: &Json) -> Result<Json, Refusal> {
    let fields = sent.as_object().ok_or_else(|| required(kind.name()))?;
    in_range(sent)?;
    let tables = tables(kind);
    let mut kept = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let shape =
            tables.iter().copied().flatten().find(|(known, _)| known == name).map(|(_, shape)| *shape);
        match shape {
            Some(shape) => {
                check(name, shape, value)?;
                kept.push((name.clone(), value.clone()));
            }
            None if READ_ONLY.contains(&name.as_str()) => {}
            None => return Err(unknown_property(name)),
        }
    }
    Ok(Json::Object(kept))
}

/// Refuses numbers that no amount, quantity or rate can be, wherever they stand.
fn in_range(json: &Json) -> Result<(), Refusal> {
    match json {
        Json::Number(number) if number.abs() >= NUMBER_MAX => {
            Err(refusal("2110", "Invalid Number Range", "A number has more than 15 digits"))
        }
        Json::List(items) => items.iter().try_for_each(in_range),
        Json::Object(fields) => fields.iter().try_for_each(|(_, value)| in_range(value)),
        _ => Ok(()),
    }
}

fn check(name: &str, shape: Shape, value: &Json) -> Result<(), Refusal> {
    match (shape, value) {
        (_, Json::Null) => Ok(()),
        (Text(max), Json::Text(text)) => text_of(name, max, text),
        (Text(_), _) => Err(unknown_property(name)),
        (Number, Json::Number(_)) => Ok(()),
        (Number, Json::Text(text)) if crate::json::decimal(text).is_some() => Ok(()),
        (Number, _) => Err(bad_number(name)),
        (Flag, Json::Bool(_)) => Ok(()),
        (Flag, _) => Err(unknown_property(name)),
        (Date, Json::Text(text)) if text.parse::<carry_model::Date>().is_ok() => Ok(()),
        (Date, value) => Err(bad_date(name, value.as_str().unwrap_or_default())),
        (To(_), Json::Object(_)) => Ok(()),
        (To(_), _) => Err(unknown_property(name)),
        (Choice(words), Json::Text(text)) if words.contains(&text.as_str()) => Ok(()),
        (Choice(_), value) => Err(bad_choice(name, value.as_str().unwrap_or_default())),
        (Part, Json::Object(_) | Json::List(_)) => Ok(()),
        (Part, _) => Err(unknown_property(name)),
    }
}

/// A text that is not too long and holds no control characters.
pub(super) fn text_of(name: &str, max: usize, text: &str) -> Result<(), Refusal> {
    let supplied = text.chars().count();
    if supplied > max {
        return Err(too_long(name, max, supplied));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(bad_characters(name));
    }
    Ok(())
}

/// The references of a kind's fields: which field leads to an object of which kind.
pub(super) fn references(kind: Kind) -> Vec<(&'static str, Kind)> {
    let fields = tables(kind).into_iter().flatten();
    fields
        .filter_map(|(name, shape)| match shape {
            To(target) => Some((*name, *target)),
            _ => None,
        })
        .collect()
}
