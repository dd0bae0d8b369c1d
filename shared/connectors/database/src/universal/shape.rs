//! The tables of the universal database as the program sees them: one list that writing and reading share.
//! `schema.sqlite.sql` and `schema.postgres.sql` say what they mean; a test holds the two against this list.

use carry_model::Entity;

/// How a column is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Integer; money in minor units.
    Int,
    /// Truth value: 0 or 1 in SQLite.
    Flag,
    /// Text.
    Text,
    /// Exact decimal: text in SQLite, numeric in PostgreSQL.
    Decimal,
    /// Civil date: text in SQLite.
    Date,
    /// Integer key of another table; reading gives the source id found there as `<column>` and, where the other
    /// table holds several kinds, its kind as `<column>_kind`.
    Ref(Table),
}

use Kind::{Date, Decimal, Flag, Int, Ref, Text};

/// A column: its name and kind.
pub(super) type Column = (&'static str, Kind);

/// What is special about a table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// Records of one entity.
    Single,
    /// Records of several entities, told apart by a column `kind` that holds [`Entity::name`].
    Several,
    /// Parts of a record: the table they belong to, their column for its key, and the columns that order them.
    Part(Table, &'static str, &'static str),
}

/// A table's shape; `id`, `kind`, source columns and the columns on provenance go without saying.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) columns: &'static [Column],
}

/// The columns every record begins with, after `id` and where there is one `kind`.
pub(super) const HEAD: &[Column] = &[("source_id", Text), ("source_number", Text)];

/// The columns every record ends with.
pub(super) const TAIL: &[Column] = &[
    ("fingerprint", Text),
    ("source_created", Text),
    ("source_modified", Text),
    ("implied", Flag),
    ("place_file", Text),
    ("place_line", Int),
    ("place_last_line", Int),
    ("raw", Text),
];

macro_rules! tables {
    ($($variant:ident = $name:literal, $role:expr, [$(($column:literal, $kind:expr)),* $(,)?];)*) => {
        /// The tables, parents before their parts and before what refers to them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum Table {
            $($variant,)*
        }

        impl Table {
            /// Every table.
            pub(super) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// What it looks like.
            pub(super) const fn shape(self) -> &'static Shape {
                match self {
                    $(Self::$variant => &Shape { name: $name, role: $role, columns: &[$(($column, $kind)),*] },)*
                }
            }
        }
    };
}

tables! {
    Companies = "companies", Role::Single,
        [("name", Text), ("home_currency", Text), ("country", Text)];
    Accounts = "accounts", Role::Single,
        [("code", Text), ("name", Text), ("class", Text), ("parent_id", Ref(Table::Accounts)), ("currency", Text),
         ("description", Text), ("active", Flag)];
    TaxRates = "tax_rates", Role::Single,
        [("name", Text), ("code", Text), ("percent", Decimal), ("account_id", Ref(Table::Accounts))];
    TaxComponents = "tax_components", Role::Part(Table::TaxRates, "tax_rate_id", "position"),
        [("tax_rate_id", Int), ("position", Int), ("name", Text), ("percent", Decimal), ("compound", Flag),
         ("account_id", Ref(Table::Accounts))];
    Terms = "terms", Role::Single, [("name", Text), ("due_days", Int)];
    PaymentMethods = "payment_methods", Role::Single, [("name", Text)];
    TrackingCategories = "tracking_categories", Role::Single, [("name", Text)];
    TrackingOptions = "tracking_options", Role::Part(Table::TrackingCategories, "category_id", "position"),
        [("category_id", Int), ("position", Int), ("name", Text)];
    Contacts = "contacts", Role::Single,
        [("name", Text), ("customer", Flag), ("supplier", Flag), ("first_name", Text), ("last_name", Text),
         ("email", Text), ("phone", Text), ("account_number", Text), ("tax_number", Text),
         ("parent_id", Ref(Table::Contacts)), ("currency", Text), ("note", Text), ("archived", Flag)];
    ContactAddresses = "contact_addresses", Role::Part(Table::Contacts, "contact_id", "role"),
        [("contact_id", Int), ("role", Text), ("street", Text), ("city", Text), ("region", Text),
         ("postal_code", Text), ("country", Text)];
    Items = "items", Role::Single,
        [("name", Text), ("code", Text), ("description", Text), ("price", Decimal), ("cost", Decimal),
         ("income_account_id", Ref(Table::Accounts)), ("expense_account_id", Ref(Table::Accounts)),
         ("tax_rate_id", Ref(Table::TaxRates)), ("service", Flag), ("archived", Flag)];
    Projects = "projects", Role::Single,
        [("name", Text), ("code", Text), ("contact_id", Ref(Table::Contacts)), ("active", Flag)];
    Documents = "documents",
        Role::Several,
        [("contact_id", Ref(Table::Contacts)), ("date", Date), ("due", Date), ("currency", Text),
         ("rate", Decimal), ("tax_mode", Text), ("total_minor", Int), ("outstanding_minor", Int), ("status", Text),
         ("discount_minor", Int), ("discount_home_minor", Int), ("discount_percent", Decimal),
         ("discount_account_id", Ref(Table::Accounts)),
         ("terms_id", Ref(Table::Terms)), ("reference", Text), ("memo", Text),
         ("project_id", Ref(Table::Projects)), ("paid_account_id", Ref(Table::Accounts)),
         ("payment_method_id", Ref(Table::PaymentMethods)), ("exact", Text)];
    DocumentLines = "document_lines", Role::Part(Table::Documents, "document_id", "position"),
        [("document_id", Int), ("position", Int), ("item_id", Ref(Table::Items)), ("description", Text),
         ("quantity", Decimal), ("unit_price", Decimal), ("discount_minor", Int), ("net_minor", Int),
         ("net_home_minor", Int), ("tax_rate_id", Ref(Table::TaxRates)), ("tax_minor", Int),
         ("tax_home_minor", Int), ("account_id", Ref(Table::Accounts)), ("project_id", Ref(Table::Projects)),
         ("service_date", Date), ("exact", Text)];
    DocumentLineTracking = "document_line_tracking", Role::Part(Table::Documents, "document_id", "line, position"),
        [("document_id", Int), ("line", Int), ("position", Int), ("category_id", Ref(Table::TrackingCategories)),
         ("option", Text)];
    DocumentTaxes = "document_taxes", Role::Part(Table::Documents, "document_id", "position"),
        [("document_id", Int), ("position", Int), ("tax_rate_id", Ref(Table::TaxRates)), ("amount_minor", Int),
         ("amount_home_minor", Int), ("exact", Text)];
    DocumentRelated = "document_related", Role::Part(Table::Documents, "document_id", "position"),
        [("document_id", Int), ("position", Int), ("related_entity", Text), ("related_source_id", Text)];
    Payments = "payments", Role::Several,
        [("contact_id", Ref(Table::Contacts)), ("date", Date), ("currency", Text), ("rate", Decimal),
         ("amount_minor", Int), ("amount_home_minor", Int), ("ledger_home_minor", Int),
         ("account_id", Ref(Table::Accounts)), ("payment_method_id", Ref(Table::PaymentMethods)),
         ("reference", Text), ("memo", Text), ("exact", Text)];
    Allocations = "allocations", Role::Part(Table::Payments, "payment_id", "position"),
        [("payment_id", Int), ("position", Int), ("document_id", Ref(Table::Documents)), ("amount_minor", Int),
         ("exact", Text)];
    Transfers = "transfers", Role::Single,
        [("date", Date), ("from_account_id", Ref(Table::Accounts)), ("to_account_id", Ref(Table::Accounts)),
         ("currency", Text), ("rate", Decimal), ("amount_minor", Int), ("amount_home_minor", Int),
         ("received_minor", Int), ("received_currency", Text), ("memo", Text), ("exact", Text)];
    BankTransactions = "bank_transactions", Role::Single,
        [("date", Date), ("account_id", Ref(Table::Accounts)), ("direction", Text),
         ("contact_id", Ref(Table::Contacts)), ("currency", Text), ("rate", Decimal), ("total_minor", Int),
         ("total_home_minor", Int), ("memo", Text), ("exact", Text)];
    BankTransactionLines = "bank_transaction_lines",
        Role::Part(Table::BankTransactions, "bank_transaction_id", "position"),
        [("bank_transaction_id", Int), ("position", Int), ("account_id", Ref(Table::Accounts)), ("net_minor", Int),
         ("net_home_minor", Int), ("tax_rate_id", Ref(Table::TaxRates)), ("tax_minor", Int),
         ("tax_home_minor", Int), ("description", Text), ("exact", Text)];
    Journals = "journals", Role::Single,
        [("date", Date), ("currency", Text), ("rate", Decimal), ("memo", Text)];
    JournalLines = "journal_lines", Role::Part(Table::Journals, "journal_id", "position"),
        [("journal_id", Int), ("position", Int), ("account_id", Ref(Table::Accounts)), ("amount_minor", Int),
         ("amount_home_minor", Int), ("contact_id", Ref(Table::Contacts)), ("description", Text), ("exact", Text)];
    JournalLineTracking = "journal_line_tracking", Role::Part(Table::Journals, "journal_id", "line, position"),
        [("journal_id", Int), ("line", Int), ("position", Int), ("category_id", Ref(Table::TrackingCategories)),
         ("option", Text)];
    Activities = "activities",
        Role::Several,
        [("date", Date), ("subject", Text), ("note", Text), ("contact_id", Ref(Table::Contacts)),
         ("project_id", Ref(Table::Projects)), ("item_id", Ref(Table::Items)), ("staff", Text), ("hours", Decimal),
         ("rate", Decimal), ("amount_minor", Int), ("currency", Text), ("billable", Flag),
         ("invoice_id", Ref(Table::Documents)), ("exact", Text)];
    Attachments = "attachments", Role::Single,
        [("of_entity", Text), ("of_source_id", Text), ("name", Text), ("media_type", Text), ("size_bytes", Int),
         ("hash", Text), ("location", Text)];
}

impl Table {
    /// The table that records of an entity are kept in; None for open balances, which are worked out.
    pub(super) const fn of(entity: Entity) -> Option<Self> {
        Some(match entity {
            Entity::Company => Self::Companies,
            Entity::Account => Self::Accounts,
            Entity::TaxRate => Self::TaxRates,
            Entity::Terms => Self::Terms,
            Entity::PaymentMethod => Self::PaymentMethods,
            Entity::TrackingCategory => Self::TrackingCategories,
            Entity::Contact => Self::Contacts,
            Entity::Item => Self::Items,
            Entity::Project => Self::Projects,
            Entity::Estimate
            | Entity::SalesOrder
            | Entity::PurchaseOrder
            | Entity::Invoice
            | Entity::Bill
            | Entity::SalesReceipt
            | Entity::Expense
            | Entity::CreditNote
            | Entity::BillCredit
            | Entity::Refund => Self::Documents,
            Entity::OpenBalance => return None,
            Entity::Payment | Entity::BillPayment => Self::Payments,
            Entity::Transfer => Self::Transfers,
            Entity::BankTransaction => Self::BankTransactions,
            Entity::Journal => Self::Journals,
            Entity::TimeActivity | Entity::ExpenseActivity | Entity::FeeActivity => Self::Activities,
            Entity::Attachment => Self::Attachments,
        })
    }

    /// Its name in SQL.
    pub(super) const fn name(self) -> &'static str {
        self.shape().name
    }

    /// True where a column `kind` tells its entities apart.
    pub(super) const fn has_kind(self) -> bool {
        matches!(self.shape().role, Role::Several)
    }

    /// The tables that hold the parts of its records, with the column that refers to it.
    pub(super) fn parts(self) -> impl Iterator<Item = (Self, &'static str)> {
        Self::ALL.iter().filter_map(move |table| match table.shape().role {
            Role::Part(owner, column, _) if owner == self => Some((*table, column)),
            _ => None,
        })
    }

    /// Every column in the order in which rows are written and read.
    pub(super) fn columns(self) -> impl Iterator<Item = Column> {
        let (kind, record): (&[Column], bool) = match self.shape().role {
            Role::Part(..) => (&[], false),
            Role::Single => (&[("id", Int)], true),
            Role::Several => (&[("id", Int), ("kind", Text)], true),
        };
        let (head, tail) = if record { (HEAD, TAIL) } else { (&[] as &[Column], &[] as &[Column]) };
        kind.iter().chain(head).chain(self.shape().columns).chain(tail).copied()
    }
}
