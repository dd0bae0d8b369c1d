//! Which columns a query may give for each entity, and where each goes in the canonical record.

use carry_model::Entity;

/// How the value of a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text; numbers are taken as they are written.
    Text,
    /// Text of several lines, one entry each.
    Lines,
    /// The id of another record.
    Id,
    /// An amount of money that must not have more decimals than its currency.
    Money,
    /// A number with any decimals.
    Number,
    /// A whole number.
    Whole,
    /// A day; the time of day, if any, is left off.
    Day,
    /// True or false: 1, 0, true, false, t, f, yes, no.
    Flag,
    /// An ISO 4217 code.
    Currency,
    /// One of these words.
    Word(&'static [&'static str]),
}

impl Kind {
    /// May also be given in the smallest unit of its currency, in a column called like it with `_minor`.
    pub(super) const fn is_amount(self) -> bool {
        matches!(self, Self::Money | Self::Number)
    }
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// The column's name.
    pub(super) name: &'static str,
    /// Where it goes in the record; the name itself where it is empty.
    pub(super) path: &'static [&'static str],
    pub(super) kind: Kind,
    /// Must be there and not be null.
    pub(super) needed: bool,
}

/// Rows that belong to a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

/// The columns of an entity's query, and its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The record's body, as the model names it.
    pub(super) body: &'static str,
    pub(super) fields: &'static [Field],
    pub(super) parts: &'static [Part],
}

const fn opt(name: &'static str, kind: Kind) -> Field {
    Field { name, path: &[], kind, needed: false }
}

const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, path: &[], kind, needed: true }
}

const fn at(name: &'static str, path: &'static [&'static str], kind: Kind) -> Field {
    Field { name, path, kind, needed: false }
}

const fn must_at(name: &'static str, path: &'static [&'static str], kind: Kind) -> Field {
    Field { name, path, kind, needed: true }
}

/// What every query may give beside its entity's own columns.
pub(super) const COMMON: &[Field] = &[
    opt("id", Kind::Id),
    opt("number", Kind::Text),
    opt("created", Kind::Text),
    opt("modified", Kind::Text),
];

use Kind::{Currency, Day, Flag, Id, Lines, Money, Number, Text, Whole, Word};

const CLASSES: &[&str] = &[
    "bank",
    "receivable",
    "current_asset",
    "fixed_asset",
    "credit_card",
    "payable",
    "current_liability",
    "long_term_liability",
    "equity",
    "income",
    "other_income",
    "cost_of_sales",
    "expense",
    "other_expense",
];
const TAX_MODES: &[&str] = &["exclusive", "inclusive", "none"];
const STATUSES: &[&str] = &["draft", "open", "accepted", "declined", "closed", "voided"];
const SETTLED: &[&str] = &["invoice", "credit_note", "bill", "bill_credit"];
const RELATED: &[&str] =
    &["estimate", "sales_order", "purchase_order", "invoice", "bill", "credit_note", "bill_credit"];
const DIRECTIONS: &[&str] = &["in", "out"];

const COMPANY: Shape = Shape {
    body: "company",
    fields: &[must("name", Text), must("home_currency", Currency), opt("country", Text)],
    parts: &[],
};

const ACCOUNT: Shape = Shape {
    body: "account",
    fields: &[
        must("name", Text),
        must("class", Word(CLASSES)),
        opt("code", Text),
        opt("parent", Id),
        opt("currency", Currency),
        opt("description", Text),
        opt("active", Flag),
    ],
    parts: &[],
};

const TAX_RATE: Shape = Shape {
    body: "tax_rate",
    fields: &[must("name", Text), opt("code", Text), opt("percent", Number), opt("account", Id)],
    parts: &[Part {
        name: "components",
        fields: &[must("name", Text), must("percent", Number), opt("compound", Flag), opt("account", Id)],
    }],
};

const TERMS: Shape =
    Shape { body: "terms", fields: &[must("name", Text), opt("due_days", Whole)], parts: &[] };
const PAYMENT_METHOD: Shape = Shape { body: "payment_method", fields: &[must("name", Text)], parts: &[] };
const TRACKING: Shape = Shape {
    body: "tracking_category",
    fields: &[must("name", Text)],
    parts: &[Part { name: "options", fields: &[must("name", Text)] }],
};

const CONTACT: Shape = Shape {
    body: "contact",
    fields: &[
        must("name", Text),
        opt("customer", Flag),
        opt("supplier", Flag),
        opt("first_name", Text),
        opt("last_name", Text),
        opt("email", Text),
        opt("phone", Text),
        opt("account_number", Text),
        opt("tax_number", Text),
        at("billing_lines", &["billing", "lines"], Lines),
        at("billing_city", &["billing", "city"], Text),
        at("billing_region", &["billing", "region"], Text),
        at("billing_postal_code", &["billing", "postal_code"], Text),
        at("billing_country", &["billing", "country"], Text),
        at("shipping_lines", &["shipping", "lines"], Lines),
        at("shipping_city", &["shipping", "city"], Text),
        at("shipping_region", &["shipping", "region"], Text),
        at("shipping_postal_code", &["shipping", "postal_code"], Text),
        at("shipping_country", &["shipping", "country"], Text),
        opt("parent", Id),
        opt("currency", Currency),
        opt("note", Text),
        opt("archived", Flag),
    ],
    parts: &[],
};

const ITEM: Shape = Shape {
    body: "item",
    fields: &[
        must("name", Text),
        opt("code", Text),
        opt("description", Text),
        opt("price", Number),
        opt("cost", Number),
        opt("income_account", Id),
        opt("expense_account", Id),
        opt("tax_rate", Id),
        opt("service", Flag),
        opt("archived", Flag),
    ],
    parts: &[],
};

const PROJECT: Shape = Shape {
    body: "project",
    fields: &[must("name", Text), opt("code", Text), opt("contact", Id), opt("active", Flag)],
    parts: &[],
};

const LINE: &[Field] = &[
    must("net", Number),
    opt("item", Id),
    opt("description", Text),
    opt("quantity", Number),
    opt("unit_price", Number),
    opt("discount", Number),
    opt("tax_rate", Id),
    opt("tax", Number),
    opt("account", Id),
    opt("project", Id),
    at("tracking_category", &["tracking", "category"], Id),
    at("tracking_option", &["tracking", "option"], Text),
    at("tracking_2_category", &["tracking_2", "category"], Id),
    at("tracking_2_option", &["tracking_2", "option"], Text),
    opt("service_date", Day),
];

const DOCUMENT_PARTS: &[Part] = &[
    Part { name: "lines", fields: LINE },
    Part { name: "taxes", fields: &[must("amount", Money), opt("tax_rate", Id)] },
    Part { name: "related", fields: &[must("entity", Word(RELATED)), must_at("document", &["id"], Id)] },
];

macro_rules! document_fields {
    ($contact:expr) => {
        &[
            $contact,
            must("date", Day),
            must("total", Money),
            opt("due", Day),
            opt("currency", Currency),
            opt("rate", Number),
            opt("tax_mode", Word(TAX_MODES)),
            opt("outstanding", Money),
            opt("status", Word(STATUSES)),
            at("discount_amount", &["discount", "amount"], Number),
            at("discount_percent", &["discount", "percent"], Number),
            at("discount_account", &["discount", "account"], Id),
            opt("terms", Id),
            opt("reference", Text),
            opt("memo", Text),
            opt("project", Id),
            opt("paid_account", Id),
            opt("payment_method", Id),
        ]
    };
}

const DOCUMENT: Shape =
    Shape { body: "document", fields: document_fields!(must("contact", Id)), parts: DOCUMENT_PARTS };
/// A sale or purchase on the spot may be nobody's in particular.
const RECEIPT: Shape =
    Shape { body: "document", fields: document_fields!(opt("contact", Id)), parts: DOCUMENT_PARTS };

const OPEN_BALANCE: Shape = Shape {
    body: "open_balance",
    fields: &[
        must_at("entity", &["document", "entity"], Word(SETTLED)),
        must_at("document", &["document", "id"], Id),
        must("outstanding", Money),
        opt("currency", Currency),
    ],
    parts: &[],
};

const PAYMENT: Shape = Shape {
    body: "payment",
    fields: &[
        must("date", Day),
        must("amount", Money),
        opt("contact", Id),
        opt("currency", Currency),
        opt("rate", Number),
        opt("account", Id),
        opt("method", Id),
        opt("reference", Text),
        opt("memo", Text),
    ],
    parts: &[Part {
        name: "allocations",
        fields: &[
            must_at("entity", &["document", "entity"], Word(SETTLED)),
            must_at("document", &["document", "id"], Id),
            must("amount", Money),
        ],
    }],
};

const TRANSFER: Shape = Shape {
    body: "transfer",
    fields: &[
        must("date", Day),
        must("from", Id),
        must("to", Id),
        must("amount", Money),
        opt("currency", Currency),
        at("received", &["received", "amount"], Number),
        at("received_currency", &["received", "currency"], Currency),
        opt("rate", Number),
        opt("memo", Text),
    ],
    parts: &[],
};

const BANK_TRANSACTION: Shape = Shape {
    body: "bank_transaction",
    fields: &[
        must("date", Day),
        must("account", Id),
        must("direction", Word(DIRECTIONS)),
        must("total", Money),
        opt("contact", Id),
        opt("currency", Currency),
        opt("rate", Number),
        opt("memo", Text),
    ],
    parts: &[Part {
        name: "lines",
        fields: &[
            must("account", Id),
            must("net", Number),
            opt("tax_rate", Id),
            opt("tax", Number),
            opt("description", Text),
        ],
    }],
};

const JOURNAL: Shape = Shape {
    body: "journal",
    fields: &[must("date", Day), opt("currency", Currency), opt("rate", Number), opt("memo", Text)],
    parts: &[Part {
        name: "lines",
        fields: &[
            must("account", Id),
            // Either the signed amount, or debit and credit.
            opt("amount", Number),
            opt("debit", Number),
            opt("credit", Number),
            opt("contact", Id),
            opt("description", Text),
            at("tracking_category", &["tracking", "category"], Id),
            at("tracking_option", &["tracking", "option"], Text),
            at("tracking_2_category", &["tracking_2", "category"], Id),
            at("tracking_2_option", &["tracking_2", "option"], Text),
        ],
    }],
};

const ACTIVITY: Shape = Shape {
    body: "activity",
    fields: &[
        must("date", Day),
        must("subject", Text),
        opt("note", Text),
        opt("contact", Id),
        opt("project", Id),
        opt("item", Id),
        opt("staff", Text),
        opt("hours", Number),
        opt("rate", Number),
        opt("amount", Number),
        opt("currency", Currency),
        opt("billable", Flag),
        opt("invoice", Id),
    ],
    parts: &[],
};

const ATTACHMENT: Shape = Shape {
    body: "attachment",
    fields: &[
        must_at("entity", &["of", "entity"], Text),
        must_at("of", &["of", "id"], Id),
        must("name", Text),
        must("location", Text),
        opt("media_type", Text),
        opt("size_bytes", Whole),
        opt("sha256", Text),
    ],
    parts: &[],
};

/// The columns and parts of an entity.
pub(super) const fn shape(entity: Entity) -> &'static Shape {
    match entity {
        Entity::Company => &COMPANY,
        Entity::Account => &ACCOUNT,
        Entity::TaxRate => &TAX_RATE,
        Entity::Terms => &TERMS,
        Entity::PaymentMethod => &PAYMENT_METHOD,
        Entity::TrackingCategory => &TRACKING,
        Entity::Contact => &CONTACT,
        Entity::Item => &ITEM,
        Entity::Project => &PROJECT,
        Entity::Estimate
        | Entity::SalesOrder
        | Entity::PurchaseOrder
        | Entity::Invoice
        | Entity::Bill
        | Entity::CreditNote
        | Entity::BillCredit => &DOCUMENT,
        Entity::SalesReceipt | Entity::Expense | Entity::Refund => &RECEIPT,
        Entity::OpenBalance => &OPEN_BALANCE,
        Entity::Payment | Entity::BillPayment => &PAYMENT,
        Entity::Transfer => &TRANSFER,
        Entity::BankTransaction => &BANK_TRANSACTION,
        Entity::Journal => &JOURNAL,
        Entity::TimeActivity | Entity::ExpenseActivity | Entity::FeeActivity => &ACTIVITY,
        Entity::Attachment => &ATTACHMENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCS: &str = include_str!("../../../../../docs/sources-database.md");

    fn fields(fields: &[Field]) -> String {
        let name =
            |field: &Field| if field.needed { format!("**{}**", field.name) } else { field.name.to_owned() };
        fields.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// One row for all entities that have the same columns.
    fn rows() -> Vec<String> {
        let mut rows: Vec<(String, String)> = Vec::new();
        for entity in Entity::ALL {
            let shape = shape(*entity);
            let parts = shape.parts.iter().map(|part| format!("; `{}`: {}", part.name, fields(part.fields)));
            let columns = format!("{}{}", fields(shape.fields), parts.collect::<String>());
            match rows.iter_mut().find(|(_, known)| *known == columns) {
                Some((names, _)) => names.push_str(&format!(", `{}`", entity.name())),
                None => rows.push((format!("`{}`", entity.name()), columns)),
            }
        }
        rows.into_iter().map(|(names, columns)| format!("| {names} | {columns} |")).collect()
    }

    #[test]
    fn the_documentation_lists_every_field() {
        let missing: Vec<_> = rows().into_iter().filter(|row| !DOCS.contains(row.as_str())).collect();
        assert!(missing.is_empty(), "docs/sources-database.md lacks:\n{}", missing.join("\n"));
    }

    #[test]
    fn fields_are_told_apart() {
        for entity in Entity::ALL {
            let shape = shape(*entity);
            for fields in shape.parts.iter().map(|part| part.fields).chain([shape.fields]) {
                let mut names: Vec<_> = fields.iter().map(|field| field.name).collect();
                names.sort_unstable();
                names.dedup();
                assert_eq!(names.len(), fields.len(), "{entity}");
            }
        }
    }
}
