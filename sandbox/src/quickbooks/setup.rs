//! A new company: its chart of accounts, tax rates, preferences and the lists it comes with.

use carry_model::{Decimal, Timestamp};

use super::account;
use super::books::Books;
use super::kind::Kind;
use super::tax;
use crate::json::{Json, object};
use crate::region::Region;

/// Name, type and subtype of each account that a company comes with.
const CHART: [(&str, &str, &str); 27] = [
    ("Checking", "Bank", "Checking"),
    ("Savings", "Bank", "Savings"),
    ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("Inventory Asset", "Other Current Asset", "Inventory"),
    ("Prepaid Expenses", "Other Current Asset", "PrepaidExpenses"),
    ("Uncategorized Asset", "Other Current Asset", "OtherCurrentAssets"),
    ("Machinery and Equipment", "Fixed Asset", "MachineryAndEquipment"),
    ("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    ("Mastercard", "Credit Card", "CreditCard"),
    ("Loan Payable", "Other Current Liability", "LoanPayable"),
    ("Notes Payable", "Long Term Liability", "NotesPayable"),
    ("Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("Retained Earnings", "Equity", "RetainedEarnings"),
    ("Owner's Investment", "Equity", "OwnersEquity"),
    ("Services", "Income", "ServiceFeeIncome"),
    ("Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("Discounts given", "Income", "DiscountsRefundsGiven"),
    ("Uncategorized Income", "Income", "OtherPrimaryIncome"),
    ("Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("Advertising", "Expense", "AdvertisingPromotional"),
    ("Bank Charges", "Expense", "BankCharges"),
    ("Office Expenses", "Expense", "OfficeGeneralAdministrativeExpenses"),
    ("Rent or Lease", "Expense", "RentOrLeaseOfBuildings"),
    ("Travel", "Expense", "Travel"),
    ("Uncategorized Expense", "Expense", "OtherMiscellaneousServiceCost"),
    ("Exchange Gain or Loss", "Other Expense", "ExchangeGainOrLoss"),
];

/// A company that has what every new one has, and nothing else.
pub(super) fn company(region: Region, now: Timestamp) -> Books {
    let (name, country, home, tax_account) = match region {
        Region::Us => ("Larch & Pine LLC", "US", "USD", "Sales Tax Payable"),
        Region::Uk => ("Larch & Pine Ltd", "GB", "GBP", "VAT Control"),
        Region::Au => ("Larch & Pine Pty Ltd", "AU", "AUD", "GST Liabilities Payable"),
        Region::Global => ("Larch & Pine DAC", "IE", "EUR", "VAT Control"),
    };
    let mut books = Books::new(region, home, now);
    books.add(Kind::CompanyInfo, information(&books, name, country));
    books.add(Kind::Preferences, preferences(&books));
    for (name, kind, subtype) in CHART {
        add_account(&mut books, name, kind, subtype);
    }
    add_account(&mut books, tax_account, "Other Current Liability", "GlobalTaxPayable");
    if books.is_multicurrency {
        books.add(Kind::CompanyCurrency, object! { "Code" => home, "Name" => home, "Active" => true });
    }
    lists(&mut books);
    taxes(&mut books);
    books
}

fn add_account(books: &mut Books, name: &str, kind: &str, subtype: &str) {
    let mut body = object! {
        "Name" => name,
        "AccountType" => kind,
        "AccountSubType" => subtype,
        "CurrencyRef" => object! { "value" => &books.home },
    };
    account::complete(books, &mut body);
    books.add(Kind::Account, body);
}

fn lists(books: &mut Books) {
    for (name, days) in [("Due on receipt", 0_usize), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60)] {
        let body = object! { "Name" => name, "Active" => true, "Type" => "STANDARD", "DueDays" => days };
        books.add(Kind::Term, body);
    }
    for (name, kind) in [("Cash", "NON_CREDIT_CARD"), ("Check", "NON_CREDIT_CARD"), ("Visa", "CREDIT_CARD")] {
        books.add(Kind::PaymentMethod, object! { "Name" => name, "Active" => true, "Type" => kind });
    }
    let income = books.system("ServiceFeeIncome").to_owned();
    for name in ["Services", "Hours"] {
        let item = object! {
            "Name" => name,
            "FullyQualifiedName" => name,
            "Active" => true,
            "Taxable" => false,
            "Type" => "Service",
            "UnitPrice" => Decimal::ZERO,
            "IncomeAccountRef" => object! { "value" => &income, "name" => "Services" },
            "TrackQtyOnHand" => false,
        };
        books.add(Kind::Item, item);
    }
}

/// Name, percentage, and whether the rate is of sales, of purchases.
fn taxes(books: &mut Books) {
    let (agency, codes): (_, &[(&str, i64, u32)]) = match books.region {
        Region::Us => ("California Department of Tax and Fee Administration", &[]),
        Region::Uk => (
            "HM Revenue & Customs (VAT)",
            &[("20.0% S", 20, 0), ("5.0% R", 5, 0), ("0.0% Z", 0, 0), ("Exempt", 0, 0), ("No VAT", 0, 0)],
        ),
        Region::Au => (
            "Australian Taxation Office",
            &[("GST", 10, 0), ("GST free", 0, 0), ("Input tax", 0, 0), ("Out of Scope", 0, 0)],
        ),
        Region::Global => (
            "Revenue Commissioners",
            &[
                ("23.0% S", 23, 0),
                ("13.5% R", 135, 1),
                ("9.0% SR", 9, 0),
                ("0.0% Z", 0, 0),
                ("Exempt", 0, 0),
                ("No VAT", 0, 0),
            ],
        ),
    };
    let agency = books.add(
        Kind::TaxAgency,
        object! { "DisplayName" => agency, "TaxTrackedOnSales" => true, "TaxTrackedOnPurchases" => true },
    );
    if books.region == Region::Us {
        // What lines say in the United States: two codes without rates.
        for name in ["TAX", "NON"] {
            let mut body = tax::code(name, &[], &[]);
            body.set("Taxable", name == "TAX");
            body.set("TaxGroup", false);
            books.add_as(Kind::TaxCode, name, body);
        }
        let rate = tax::add_rate(books, "California", Decimal::from(8), &agency);
        books.add_as(Kind::TaxCode, "2", tax::code("California", &[rate], &[]));
        return;
    }
    for (name, digits, scale) in codes {
        let percent = Decimal::new(*digits, *scale);
        let sales = tax::add_rate(books, &format!("{name} (Sales)"), percent, &agency);
        let purchases = tax::add_rate(books, &format!("{name} (Purchases)"), percent, &agency);
        books.add(Kind::TaxCode, tax::code(name, &[sales], &[purchases]));
    }
}

fn pair(name: &str, value: &str) -> Json {
    object! { "Name" => name, "Value" => value }
}

fn information(books: &Books, name: &str, country: &str) -> Json {
    object! {
        "CompanyName" => name,
        "LegalName" => name,
        "CompanyAddr" => object! { "Id" => "1", "Line1" => "1 Main Street", "City" => "Springfield", "Country" => country },
        "Email" => object! { "Address" => "books@larchandpine.example" },
        "CompanyStartDate" => books.today().to_string(),
        "FiscalYearStartMonth" => "January",
        "Country" => country,
        "SupportedLanguages" => "en",
        "DefaultTimeZone" => "UTC",
        "NameValue" => vec![
            pair("NeoEnabled", "true"),
            pair("IndustryType", "Professional, Scientific, and Technical Services"),
            pair("SubscriptionStatus", "PAID"),
            pair("OfferingSku", books.plan.sku()),
            pair("PayrollFeature", "false"),
            pair("AccountantFeature", "false"),
        ],
    }
}

fn preferences(books: &Books) -> Json {
    let is_us = books.region == Region::Us;
    let mut tax = object! { "UsingSalesTax" => true };
    if is_us {
        tax.set("PartnerTaxEnabled", true);
        tax.set("TaxGroupCodeRef", object! { "value" => "2" });
    }
    object! {
        "AccountingInfoPrefs" => object! {
            "FirstMonthOfFiscalYear" => "January",
            "UseAccountNumbers" => true,
            "TaxYearMonth" => "January",
            "ClassTrackingPerTxn" => false,
            "ClassTrackingPerTxnLine" => true,
            "TrackDepartments" => true,
            "DepartmentTerminology" => "Location",
            "TaxForm" => "6",
            "CustomerTerminology" => "Customers",
        },
        "ProductAndServicesPrefs" => object! {
            "ForSales" => true,
            "ForPurchase" => true,
            "QuantityWithPriceAndRate" => true,
            "QuantityOnHand" => true,
        },
        "SalesFormsPrefs" => object! {
            "CustomTxnNumbers" => true,
            "AllowDeposit" => true,
            "AllowDiscount" => true,
            "AllowEstimates" => true,
            "AllowServiceDate" => true,
            "AllowShipping" => false,
            "AutoApplyCredit" => false,
            "AutoApplyPayments" => false,
            "DefaultTerms" => object! { "value" => "3" },
            "ETransactionEnabledStatus" => "NotApplicable",
            "UsingPriceLevels" => false,
            "UsingProgressInvoicing" => false,
        },
        "EmailMessagesPrefs" => object! {},
        "VendorAndPurchasesPrefs" => object! {
            "TrackingByCustomer" => true,
            "BillableExpenseTracking" => false,
            "POCustomField" => Vec::<Json>::new(),
        },
        "TimeTrackingPrefs" => object! {
            "UseServices" => true,
            "BillCustomers" => true,
            "ShowBillRateToAll" => false,
            "WorkWeekStartDate" => "Monday",
            "MarkTimeEntriesBillable" => true,
        },
        "TaxPrefs" => tax,
        "CurrencyPrefs" => object! {
            "MultiCurrencyEnabled" => books.is_multicurrency,
            "HomeCurrency" => object! { "value" => &books.home },
        },
        "ReportPrefs" => object! { "ReportBasis" => "Accrual", "CalcAgingReportFromTxnDate" => false },
        "OtherPrefs" => object! { "NameValue" => vec![
            pair("SalesFormsPrefs.DefaultItem", "1"),
            pair("VendorAndPurchasesPrefs.UseCustomTxnNumbers", "true"),
            pair("WarnDuplicateJournalNumber", "true"),
            pair("TimeTrackingFeatureEnabled", "true"),
        ] },
    }
}
