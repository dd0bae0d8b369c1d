//! What a column can mean.

use serde::{Deserialize, Serialize};

/// How the cells of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// As they are.
    Text,
    /// Dates.
    Date,
    /// Amounts, quantities, rates.
    Number,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $kind:ident,)*) => {
        /// What a column means, whatever it is called.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Field {
            $($(#[$doc])* $name,)*
        }

        impl Field {
            /// Number of fields.
            pub const COUNT: usize = [$(Self::$name),*].len();

            /// How its cells are written.
            pub fn kind(self) -> FieldKind {
                match self { $(Self::$name => FieldKind::$kind,)* }
            }
        }
    };
}

fields! {
    /// Known, and not carried.
    Ignored: Text,
    /// Number of a document, payment or transaction.
    Number: Text,
    /// The system's own id.
    Id: Text,
    /// Kind of document or transaction.
    Kind: Text,
    /// Draft, paid, void, ...
    Status: Text,
    /// Customer or supplier, by name.
    Contact: Text,
    /// Customer, where a row has both roles.
    Customer: Text,
    /// Supplier, where a row has both roles.
    Supplier: Text,
    /// Date of the document.
    Date: Date,
    /// When it falls due or expires.
    Due: Date,
    /// Terms of payment.
    Terms: Text,
    /// Free text of a document.
    Memo: Text,
    /// Reference of the other side.
    Reference: Text,
    /// Currency code.
    Currency: Text,
    /// Home units for one unit of the currency.
    ExchangeRate: Number,
    /// Total of the document with tax.
    Total: Number,
    /// Tax of the whole document.
    TaxTotal: Number,
    /// What was paid.
    Paid: Number,
    /// What is still to be paid.
    Outstanding: Number,
    /// Product or service by name or code.
    Item: Text,
    /// Text of a line.
    Description: Text,
    /// Quantity.
    Quantity: Number,
    /// Price of one.
    Price: Number,
    /// Amount of the line.
    LineAmount: Number,
    /// Discount of the line.
    LineDiscount: Number,
    /// Discount of the line as an amount, beside a percentage.
    LineDiscountAmount: Number,
    /// Discount of the whole document, an amount.
    Discount: Number,
    /// Shipping charge of the whole document.
    Shipping: Number,
    /// Adjustment of the whole document.
    Adjustment: Number,
    /// Rounding of the whole document.
    Rounding: Number,
    /// Tax of a line, by name.
    Tax: Text,
    /// Tax of a line.
    TaxAmount: Number,
    /// Second tax of a line, by name.
    Tax2: Text,
    /// Second tax of a line.
    Tax2Amount: Number,
    /// Account of a line, by name or code.
    Account: Text,
    /// When the service was rendered.
    ServiceDate: Date,
    /// Location, a tracking category.
    Location: Text,
    /// Class, a tracking category.
    Class: Text,
    /// Name of the first tracking category.
    Tracking1: Text,
    /// Option of the first tracking category.
    Option1: Text,
    /// Name of the second tracking category.
    Tracking2: Text,
    /// Option of the second tracking category.
    Option2: Text,
    /// Project, job or matter.
    Project: Text,
    /// How it was paid.
    PaymentMethod: Text,
    /// Account the money moved in or out of.
    PaidAccount: Text,
    /// Number of the document a payment is applied to.
    AppliedTo: Text,
    /// Kind of the document a payment is applied to.
    AppliedKind: Text,
    /// Amount of the payment, or of one application of it.
    Amount: Number,
    /// Amount applied to the row's document, where [`Field::Amount`] is the whole payment's on each row.
    Applied: Number,
    /// What of the whole payment is applied to nothing.
    Unapplied: Number,
    /// Open amount in a report.
    Open: Number,
    /// Running balance in a report.
    Running: Number,
    /// Group column of a report, without a name.
    Group: Text,
    /// Debit.
    Debit: Number,
    /// Credit.
    Credit: Number,
    /// Name in a list.
    Name: Text,
    /// Code in a list.
    Code: Text,
    /// Parent in a list.
    Parent: Text,
    /// Type in a list.
    Type: Text,
    /// Finer type in a list.
    DetailType: Text,
    /// Whether it is in use.
    Active: Text,
    /// Per cent of a tax rate.
    Percent: Number,
    /// Purchase price of one.
    Cost: Number,
    /// Account of sales.
    IncomeAccount: Text,
    /// Account of purchases.
    ExpenseAccount: Text,
    /// Text for purchases.
    PurchaseDescription: Text,
    /// Contact person's whole name.
    Person: Text,
    /// First name.
    FirstName: Text,
    /// Family name.
    LastName: Text,
    /// Company of a contact, where the name is another.
    Organisation: Text,
    /// E-mail.
    Email: Text,
    /// Telephone.
    Phone: Text,
    /// Mobile telephone.
    Mobile: Text,
    /// Number the business gave the contact.
    AccountNumber: Text,
    /// Tax registration.
    TaxNumber: Text,
    /// Whether it is a customer.
    IsCustomer: Text,
    /// Whether it is a supplier.
    IsSupplier: Text,
    /// Billing address in one cell.
    BillAddress: Text,
    /// First line of the billing address.
    Bill1: Text,
    /// Second line.
    Bill2: Text,
    /// Third line.
    Bill3: Text,
    /// Fourth line.
    Bill4: Text,
    /// Town.
    BillCity: Text,
    /// State or county.
    BillRegion: Text,
    /// Postal code.
    BillPostal: Text,
    /// Country.
    BillCountry: Text,
    /// Shipping address in one cell.
    ShipAddress: Text,
    /// First line of the shipping address.
    Ship1: Text,
    /// Second line.
    Ship2: Text,
    /// Third line.
    Ship3: Text,
    /// Fourth line.
    Ship4: Text,
    /// Town.
    ShipCity: Text,
    /// State or county.
    ShipRegion: Text,
    /// Postal code.
    ShipPostal: Text,
    /// Country.
    ShipCountry: Text,
}
