//! Zoho Books: invoices and contacts.

use carry_model::Entity;

use super::{Column, Documents, Field, Format, Shape, System, key, opt};

/// Zoho Books exports year-month-day whatever the organisation shows on screen.
const SYSTEM: System = System { id: "zoho", title: "Zoho Books", date_way: Some(0), number_way: Some(0) };

const INVOICES: &[Column] = &[
    key("Invoice Date", Field::Date),
    key("Invoice ID", Field::Id),
    key("Invoice Number", Field::Number),
    key("Invoice Status", Field::Status),
    key("Customer Name", Field::Contact),
    opt("Due Date", Field::Due),
    opt("PurchaseOrder", Field::Reference),
    opt("Currency Code", Field::Currency),
    opt("Exchange Rate", Field::ExchangeRate),
    opt("Entity Discount Amount", Field::Discount),
    opt("Item Name", Field::Item),
    opt("Item Desc", Field::Description),
    opt("Quantity", Field::Quantity),
    opt("Item Price", Field::Price),
    opt("Discount", Field::LineDiscount),
    opt("Discount Amount", Field::LineDiscountAmount),
    opt("Project Name", Field::Project),
    key("Item Total", Field::LineAmount),
    opt("Item Tax", Field::Tax),
    opt("Item Tax Amount", Field::TaxAmount),
    opt("Account", Field::Account),
    key("Total", Field::Total),
    key("Balance", Field::Outstanding),
    opt("Shipping Charge", Field::Shipping),
    opt("Adjustment", Field::Adjustment),
    opt("Round Off", Field::Rounding),
    opt("Payment Terms Label", Field::Terms),
    opt("Notes", Field::Memo),
    opt(
        "Estimate Number|Company Name|Customer ID|Branch ID|Branch Name|Expected Payment Date|Template Name\
         |Discount Type|Is Discount Before Tax|Entity Discount Percent|Usage unit|Expense Reference ID|Project ID\
         |SubTotal|Adjustment Description|Sales person|Payment Terms|Last Payment Date|Terms & Conditions|Subject\
         |LateFee Name|LateFee Rate|LateFee Amount|LateFee Frequency|WriteOff Date|WriteOff Exchange Rate\
         |WriteOff Amount|Recurrence Name|PayPal|Authorize.Net|Google Checkout|Payflow Pro|Stripe|Paytm|2Checkout\
         |Braintree|Forte|WorldPay|Payments Pro|Square|WePay|Razorpay|ICICI EazyPay|GoCardless|Partial Payments\
         |Billing Attention|Billing Address|Billing Street2|Billing City|Billing State|Billing Country|Billing Code\
         |Billing Phone|Billing Fax|Shipping Attention|Shipping Address|Shipping Street2|Shipping City\
         |Shipping State|Shipping Country|Shipping Code|Shipping Phone|Shipping Fax|Item Tax %|Item Tax Type\
         |Product ID|Item Type|SKU|Account Code",
        Field::Ignored,
    ),
];

const CONTACTS: &[Column] = &[
    key("Display Name", Field::Name),
    key("Company Name", Field::Organisation),
    key("EmailID", Field::Email),
    opt("First Name", Field::FirstName),
    opt("Last Name", Field::LastName),
    opt("Phone", Field::Phone),
    opt("MobilePhone", Field::Mobile),
    opt("Currency Code", Field::Currency),
    opt("Notes", Field::Memo),
    opt("Status", Field::Active),
    key("Customer ID|Contact ID", Field::Id),
    opt("Billing Address", Field::Bill1),
    opt("Billing Street2", Field::Bill2),
    opt("Billing City", Field::BillCity),
    opt("Billing State", Field::BillRegion),
    opt("Billing Code", Field::BillPostal),
    opt("Billing Country", Field::BillCountry),
    opt("Shipping Address", Field::Ship1),
    opt("Shipping Street2", Field::Ship2),
    opt("Shipping City", Field::ShipCity),
    opt("Shipping State", Field::ShipRegion),
    opt("Shipping Code", Field::ShipPostal),
    opt("Shipping Country", Field::ShipCountry),
    opt("GST Identification Number (GSTIN)|VAT Reg. No|Tax Number", Field::TaxNumber),
    opt("Contact Type", Field::Type),
    opt(
        "Created Time|Last Modified Time|Salutation|Website|Credit Limit|Customer Sub Type|Billing Attention\
         |Billing Phone|Billing Fax|Shipping Attention|Shipping Phone|Shipping Fax|Skype Identity|Facebook|Twitter\
         |Department|Designation|Price List|Payment Terms|Payment Terms Label|Last Sync Time|Owner Name\
         |Primary Contact ID|Contact Name|Contact Address ID|Source|Billing County|Shipping County",
        Field::Ignored,
    ),
];

pub(super) const FORMATS: &[Format] = &[
    Format {
        id: "zoho-contacts",
        system: &SYSTEM,
        title: "contacts",
        entity: Entity::Contact,
        shape: Shape::Contacts(None),
        columns: CONTACTS,
    },
    Format {
        id: "zoho-invoices",
        system: &SYSTEM,
        title: "invoices",
        entity: Entity::Invoice,
        shape: Shape::Documents(Documents::USUAL),
        columns: INVOICES,
    },
];
