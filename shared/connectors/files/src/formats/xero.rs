//! Xero: the invoice export (new and older form) and import template, contacts, chart of accounts, items.

use carry_model::Entity;

use super::{Column, Documents, Field, Format, Shape, System, key, opt};

/// Written as the organisation's country does; day/month/year in most countries that use it.
static SYSTEM: System = System { id: "xero", title: "Xero", date_way: Some(1), number_way: Some(0) };

const DOCUMENTS: Documents = Documents { credits_negative: true, ..Documents::USUAL };

const TEMPLATE_DOCUMENTS: Documents = Documents { tax_worked_out: true, ..DOCUMENTS };

const INVOICES: &[Column] = &[
    key("ContactName", Field::Contact),
    opt("EmailAddress", Field::Email),
    opt("POAddressLine1", Field::Bill1),
    opt("POAddressLine2", Field::Bill2),
    opt("POAddressLine3", Field::Bill3),
    opt("POAddressLine4", Field::Bill4),
    opt("POCity", Field::BillCity),
    opt("PORegion", Field::BillRegion),
    opt("POPostalCode", Field::BillPostal),
    opt("POCountry", Field::BillCountry),
    opt("SAAddressLine1", Field::Ship1),
    opt("SAAddressLine2", Field::Ship2),
    opt("SAAddressLine3", Field::Ship3),
    opt("SAAddressLine4", Field::Ship4),
    opt("SACity", Field::ShipCity),
    opt("SARegion", Field::ShipRegion),
    opt("SAPostalCode", Field::ShipPostal),
    opt("SACountry", Field::ShipCountry),
    key("InvoiceNumber", Field::Number),
    opt("Reference", Field::Reference),
    key("InvoiceDate", Field::Date),
    key("DueDate", Field::Due),
    opt("PlannedDate", Field::Ignored),
    key("Total", Field::Total),
    opt("TaxTotal", Field::TaxTotal),
    key("InvoiceAmountPaid", Field::Paid),
    key("InvoiceAmountDue", Field::Outstanding),
    opt("InventoryItemCode", Field::Item),
    opt("Description", Field::Description),
    opt("Quantity", Field::Quantity),
    opt("UnitAmount", Field::Price),
    opt("Discount", Field::LineDiscount),
    key("LineAmount", Field::LineAmount),
    opt("AccountCode", Field::Account),
    opt("TaxType", Field::Tax),
    opt("TaxAmount", Field::TaxAmount),
    opt("TrackingName1", Field::Tracking1),
    opt("TrackingOption1", Field::Option1),
    opt("TrackingName2", Field::Tracking2),
    opt("TrackingOption2", Field::Option2),
    opt("Currency", Field::Currency),
    opt("Type", Field::Kind),
    opt("Sent", Field::Ignored),
    opt("Status", Field::Status),
];

/// The import template: amounts follow from quantity and price.
const TEMPLATE: &[Column] = &[
    key("ContactName", Field::Contact),
    opt("EmailAddress", Field::Email),
    opt("POAddressLine1", Field::Bill1),
    opt("POAddressLine2", Field::Bill2),
    opt("POAddressLine3", Field::Bill3),
    opt("POAddressLine4", Field::Bill4),
    opt("POCity", Field::BillCity),
    opt("PORegion", Field::BillRegion),
    opt("POPostalCode", Field::BillPostal),
    opt("POCountry", Field::BillCountry),
    key("InvoiceNumber", Field::Number),
    opt("Reference", Field::Reference),
    key("InvoiceDate", Field::Date),
    key("DueDate", Field::Due),
    opt("Total", Field::Total),
    opt("InventoryItemCode", Field::Item),
    opt("Description", Field::Description),
    key("Quantity", Field::Quantity),
    key("UnitAmount", Field::Price),
    opt("Discount", Field::LineDiscount),
    key("AccountCode", Field::Account),
    key("TaxType", Field::Tax),
    opt("TaxAmount", Field::TaxAmount),
    opt("TrackingName1", Field::Tracking1),
    opt("TrackingOption1", Field::Option1),
    opt("TrackingName2", Field::Tracking2),
    opt("TrackingOption2", Field::Option2),
    opt("Currency", Field::Currency),
    opt("BrandingTheme", Field::Ignored),
];

const CONTACTS: &[Column] = &[
    key("ContactName", Field::Name),
    key("AccountNumber", Field::AccountNumber),
    opt("EmailAddress", Field::Email),
    key("FirstName", Field::FirstName),
    key("LastName", Field::LastName),
    opt("POAttentionTo|SAAttentionTo", Field::Ignored),
    opt("POAddressLine1", Field::Bill1),
    opt("POAddressLine2", Field::Bill2),
    opt("POAddressLine3", Field::Bill3),
    opt("POAddressLine4", Field::Bill4),
    opt("POCity", Field::BillCity),
    opt("PORegion", Field::BillRegion),
    opt("POPostalCode", Field::BillPostal),
    opt("POCountry", Field::BillCountry),
    opt("SAAddressLine1", Field::Ship1),
    opt("SAAddressLine2", Field::Ship2),
    opt("SAAddressLine3", Field::Ship3),
    opt("SAAddressLine4", Field::Ship4),
    opt("SACity", Field::ShipCity),
    opt("SARegion", Field::ShipRegion),
    opt("SAPostalCode", Field::ShipPostal),
    opt("SACountry", Field::ShipCountry),
    opt("PhoneNumber", Field::Phone),
    opt("MobileNumber", Field::Mobile),
    opt("TaxNumber", Field::TaxNumber),
    opt(
        "FaxNumber|DDINumber|SkypeName|BankAccountName|BankAccountNumber|BankAccountParticulars|Website|LegalName\
         |CompanyNumber|Discount|AccountsReceivableTaxCodeName|AccountsPayableTaxCodeName|DueDateBillDay\
         |DueDateBillTerm|DueDateSalesDay|DueDateSalesTerm|SalesAccount|PurchasesAccount|TrackingName1\
         |SalesTrackingOption1|PurchasesTrackingOption1|TrackingName2|SalesTrackingOption2\
         |PurchasesTrackingOption2|BrandingTheme|DefaultTaxBills|DefaultTaxSales\
         |Person1FirstName|Person1LastName|Person1Email|Person1IncludeInEmail\
         |Person2FirstName|Person2LastName|Person2Email|Person2IncludeInEmail\
         |Person3FirstName|Person3LastName|Person3Email|Person3IncludeInEmail\
         |Person4FirstName|Person4LastName|Person4Email|Person4IncludeInEmail\
         |Person5FirstName|Person5LastName|Person5Email|Person5IncludeInEmail",
        Field::Ignored,
    ),
];

const ACCOUNTS: &[Column] = &[
    key("Code", Field::Code),
    key("Name", Field::Name),
    key("Type", Field::Type),
    key("Tax Code", Field::Ignored),
    opt("Description", Field::Description),
    opt("Dashboard|Expense Claims|Enable Payments|Balance", Field::Ignored),
    opt("Currency", Field::Currency),
];

const ITEMS: &[Column] = &[
    key("ItemCode", Field::Code),
    opt("ItemName", Field::Name),
    opt("PurchasesDescription", Field::PurchaseDescription),
    key("PurchasesUnitPrice", Field::Cost),
    opt("PurchasesAccount", Field::ExpenseAccount),
    opt("PurchasesTaxRate", Field::Ignored),
    opt("SalesDescription", Field::Description),
    key("SalesUnitPrice", Field::Price),
    opt("SalesAccount", Field::IncomeAccount),
    opt("SalesTaxRate", Field::Tax),
    opt("InventoryAssetAccount|CostOfGoodsSoldAccount|Status", Field::Ignored),
];

pub(super) const FORMATS: &[Format] = &[
    SYSTEM.format("xero-contacts", "contacts", Entity::Contact, Shape::Contacts(None), CONTACTS),
    SYSTEM.format("xero-accounts", "chart of accounts", Entity::Account, Shape::Accounts, ACCOUNTS),
    SYSTEM.format("xero-items", "items", Entity::Item, Shape::Items, ITEMS),
    SYSTEM.format(
        "xero-invoices",
        "invoices and bills",
        Entity::Invoice,
        Shape::Documents(DOCUMENTS),
        INVOICES,
    ),
    SYSTEM.format(
        "xero-template",
        "invoice import template",
        Entity::Invoice,
        Shape::Documents(TEMPLATE_DOCUMENTS),
        TEMPLATE,
    ),
];
