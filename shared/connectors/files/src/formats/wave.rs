//! Wave: accounting transactions and customers.

use carry_model::{Entity, Ledger};

use super::{Column, Field, Format, Shape, System, key, opt};

static SYSTEM: System = System { id: "wave", title: "Wave", date_way: Some(0), number_way: Some(0) };

const TRANSACTIONS: &[Column] = &[
    key("Transaction ID", Field::Number),
    key("Transaction Date", Field::Date),
    key("Account Name", Field::Account),
    opt("Transaction Description", Field::Memo),
    opt("Transaction Line Description", Field::Description),
    opt("Amount (One column)", Field::Amount),
    key("Debit Amount (Two Column Approach)", Field::Debit),
    key("Credit Amount (Two Column Approach)", Field::Credit),
    opt("Customer", Field::Customer),
    opt("Vendor", Field::Supplier),
    opt("Account Group", Field::DetailType),
    opt("Account Type", Field::Type),
    opt(
        "Other Accounts for this Transaction|Invoice Number|Bill Number|Notes / Memo|Amount Before Sales Tax\
         |Sales Tax Amount|Sales Tax Name|Transaction Date Added|Transaction Date Last Modified|Account ID",
        Field::Ignored,
    ),
];

const CUSTOMERS: &[Column] = &[
    key("customer_name", Field::Name),
    key("email", Field::Email),
    key("contact_first_name", Field::FirstName),
    opt("contact_last_name", Field::LastName),
    opt("customer_currency", Field::Currency),
    opt("account_number", Field::AccountNumber),
    opt("phone", Field::Phone),
    opt("mobile", Field::Mobile),
    opt("billing_address1|address_line_1|address1", Field::Bill1),
    opt("billing_address2|address_line_2|address2", Field::Bill2),
    opt("billing_city|city", Field::BillCity),
    opt("billing_province|province_state|province/state", Field::BillRegion),
    opt("billing_country|country", Field::BillCountry),
    opt("billing_postal|postal_code_zip_code|postal_code/zip_code", Field::BillPostal),
    opt("shipping_address1|ship-to_address_line_1", Field::Ship1),
    opt("shipping_address2|ship-to_address_line_2", Field::Ship2),
    opt("shipping_city|ship-to_city", Field::ShipCity),
    opt("shipping_province|ship-to_province_state|ship-to_province/state", Field::ShipRegion),
    opt("shipping_country|ship-to_country", Field::ShipCountry),
    opt("shipping_postal|ship-to_postal_code_zip_code|ship-to_postal_code/zip_code", Field::ShipPostal),
    opt("fax|toll_free|website|ship-to_contact|ship-to_phone|delivery_instructions", Field::Ignored),
];

pub(super) const FORMATS: &[Format] = &[
    SYSTEM.format(
        "wave-customers",
        "customers",
        Entity::Contact,
        Shape::Contacts(Some(Ledger::Receivable)),
        CUSTOMERS,
    ),
    SYSTEM.format(
        "wave-transactions",
        "accounting transactions",
        Entity::Journal,
        Shape::Postings,
        TRANSACTIONS,
    ),
];
