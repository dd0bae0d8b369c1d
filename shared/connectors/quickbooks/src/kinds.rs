//! The entities of the QuickBooks API, and what each is in the canonical model.

use carry_model::Entity;

macro_rules! kinds {
    ($($variant:ident = $path:literal, $label:literal, $entity:ident;)*) => {
        /// An entity of the QuickBooks API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Kind { $($variant,)* }

        impl Kind {
            /// All of them that are read, in load order.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As queries and answers name it: `Invoice`.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }

            /// As paths and target ids name it: `invoice`.
            pub(crate) const fn path(self) -> &'static str {
                match self { $(Self::$variant => $path,)* }
            }

            /// What logs call a query of it.
            pub(crate) const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// What its records mainly become.
            pub(crate) const fn entity(self) -> Entity {
                match self { $(Self::$variant => Entity::$entity,)* }
            }
        }
    };
}

kinds! {
    Account = "account", "query/account", Account;
    TaxCode = "taxcode", "query/taxcode", TaxRate;
    Term = "term", "query/term", Terms;
    PaymentMethod = "paymentmethod", "query/paymentmethod", PaymentMethod;
    Class = "class", "query/class", TrackingCategory;
    Department = "department", "query/department", TrackingCategory;
    Customer = "customer", "query/customer", Contact;
    Vendor = "vendor", "query/vendor", Contact;
    Item = "item", "query/item", Item;
    Estimate = "estimate", "query/estimate", Estimate;
    PurchaseOrder = "purchaseorder", "query/purchaseorder", PurchaseOrder;
    Invoice = "invoice", "query/invoice", Invoice;
    Bill = "bill", "query/bill", Bill;
    SalesReceipt = "salesreceipt", "query/salesreceipt", SalesReceipt;
    Purchase = "purchase", "query/purchase", Expense;
    CreditMemo = "creditmemo", "query/creditmemo", CreditNote;
    VendorCredit = "vendorcredit", "query/vendorcredit", BillCredit;
    RefundReceipt = "refundreceipt", "query/refundreceipt", Refund;
    Payment = "payment", "query/payment", Payment;
    BillPayment = "billpayment", "query/billpayment", BillPayment;
    Transfer = "transfer", "query/transfer", Transfer;
    Deposit = "deposit", "query/deposit", BankTransaction;
    JournalEntry = "journalentry", "query/journalentry", Journal;
    TimeActivity = "timeactivity", "query/timeactivity", TimeActivity;
    Attachable = "attachable", "query/attachable", Attachment;
}

impl Kind {
    /// The kind a query or a target id names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name || kind.path() == name)
    }

    /// The condition without which a query leaves records out: lists hide what is inactive, and a category groups
    /// items but is none.
    pub(crate) const fn condition(self) -> &'static str {
        match self {
            Self::Item => "Active IN (true,false) AND Type IN ('Service','NonInventory','Inventory','Group')",
            _ if self.is_list() => "Active IN (true,false)",
            _ => "",
        }
    }

    /// True where records are never deleted, only made inactive.
    pub(crate) const fn is_list(self) -> bool {
        matches!(
            self,
            Self::Account
                | Self::TaxCode
                | Self::Term
                | Self::PaymentMethod
                | Self::Class
                | Self::Department
                | Self::Customer
                | Self::Vendor
                | Self::Item
        )
    }
}
