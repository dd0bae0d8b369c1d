//! Zoho Books: the files of its backup, which its export of one module writes too.

use carry_model::{Entity, Ledger};

use super::{Column, Documents, Field, Format, LineAmount, Shape, System, key, opt};

/// Zoho Books exports year-month-day whatever the organisation shows on screen.
static SYSTEM: System = System { id: "zoho", title: "Zoho Books", date_way: Some(0), number_way: Some(0) };

const INVOICES: &[Column] = &[
    key("Invoice Date", Field::Date),
    key("Invoice ID", Field::Ignored),
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

/// Columns of a document beside the invoice, led by those of its own.
macro_rules! document {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            opt("Reference#|Reference Number|PurchaseOrder", Field::Reference),
            opt("Currency Code", Field::Currency),
            opt("Exchange Rate", Field::ExchangeRate),
            opt("Entity Discount Amount", Field::Discount),
            opt("Item Desc|Description", Field::Description),
            opt("Quantity|QuantityOrdered", Field::Quantity),
            opt("Item Price|Rate", Field::Price),
            opt("Discount", Field::LineDiscount),
            opt("Discount Amount", Field::LineDiscountAmount),
            opt("Project Name", Field::Project),
            opt("Item Tax|Tax Name", Field::Tax),
            opt("Item Tax Amount|Tax Amount", Field::TaxAmount),
            opt("Account", Field::Account),
            opt("Adjustment", Field::Adjustment),
            opt("Notes|Vendor Notes", Field::Memo),
            OTHER,
        ]
    };
}

/// Columns of a payment, led by those of its own: one row per document that it is applied to, with the whole payment's
/// amount on each.
macro_rules! payment {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            key("Payment Number", Field::Number),
            key("Date|Payment Date", Field::Date),
            opt("Mode|Payment Mode", Field::PaymentMethod),
            opt("Description", Field::Memo),
            opt("Reference Number", Field::Reference),
            opt("Currency Code", Field::Currency),
            opt("Exchange Rate", Field::ExchangeRate),
            key("Amount", Field::Amount),
            opt("Unused Amount", Field::Unapplied),
            opt("Payment Status|Status", Field::Status),
            PAYMENT_OTHER,
        ]
    };
}

/// Columns of documents that say nothing that is carried.
const OTHER: Column = opt(
    "Company Name|Customer ID|Vendor ID|Branch ID|Branch Name|Template Name|Discount Type|Is Discount Before Tax\
     |Entity Discount Percent|Discount Account|Usage unit|Project ID|Product ID|Item Type|SKU|SubTotal|Tax ID\
     |Tax Percentage|Tax Type|Item Tax %|Item Tax Type|Item Exemption Code|HSN/SAC|Account Code|Adjustment Description\
     |Adjustment Account|Sales person|Payment Terms|Terms & Conditions|Subject|Place of Supply|Source of Supply\
     |Destination of Supply|GST Treatment|GST Identification Number (GSTIN)|Is Inclusive Tax|Is Billable\
     |Is Landed Cost|TDS Percent|TDS Account|TDSAmount|TDS Section|TDS Account Name|ITC Eligibility\
     |Reverse Charge Tax Name|Reverse Charge Tax Rate|Reverse Charge Tax Type|Applied Invoice Number\
     |Associated Invoice Number|Associated Invoice Date|Submitted By|Submitted Date\
     |Approved By|Approved Date|Created Time|Last Modified Time|Billing Attention|Billing Address|Billing Street2\
     |Billing City|Billing State|Billing Country|Billing Code|Billing Phone|Billing Fax|Shipping Attention\
     |Shipping Address|Shipping Street2|Shipping City|Shipping State|Shipping Country|Shipping Code|Shipping Phone\
     |Shipping Fax",
    Field::Ignored,
);

/// Columns of payments that say nothing that is carried.
const PAYMENT_OTHER: Column = opt(
    "CustomerID|Customer ID|Vendor ID|EmailID|Bank Charges|Payment Number Prefix|Payment Number Suffix|Payment Type\
     |Template Name|InvoicePayment ID|PIPayment ID|Bill ID|Withholding Tax Amount|Tax Account|Source of Supply\
     |Destination of Supply|Place of Supply|Description of Supply|GST Treatment|GST Identification Number (GSTIN)\
     |ReverseCharge Tax Percentage|ReverseCharge Tax Type|Reverse Charge Tax Amount|ReverseCharge Tax Name\
     |TDSAmount|TDS Section|TDS Account Name|Branch ID|Branch Name|Invoice Date|Bill Date|Created Time",
    Field::Ignored,
);

const CREDIT_NOTES: &[Column] = document!(
    key("Credit Note Date", Field::Date),
    key("CreditNotes ID|Credit Note ID", Field::Ignored),
    key("Credit Note Number", Field::Number),
    key("Credit Note Status", Field::Status),
    key("Customer Name", Field::Contact),
    opt("Item Name", Field::Item),
    key("Item Total", Field::LineAmount),
    key("Total", Field::Total),
    key("Balance", Field::Outstanding),
    opt("Shipping Charge", Field::Shipping),
    opt("Round Off", Field::Rounding),
);

const BILLS: &[Column] = document!(
    key("Bill Date", Field::Date),
    key("Bill ID", Field::Ignored),
    key("Bill Number", Field::Number),
    key("Bill Status", Field::Status),
    key("Vendor Name", Field::Contact),
    opt("Customer Name", Field::Ignored),
    opt("Due Date", Field::Due),
    opt("Item Name", Field::Item),
    key("Item Total", Field::LineAmount),
    key("Total", Field::Total),
    key("Balance", Field::Outstanding),
    opt("Round Off", Field::Rounding),
    opt("Payment Terms Label", Field::Terms),
);

const ESTIMATES: &[Column] = document!(
    key("Estimate Date", Field::Date),
    opt("Estimate ID", Field::Ignored),
    key("Estimate Number", Field::Number),
    key("Estimate Status", Field::Status),
    key("Customer Name", Field::Contact),
    opt("Expiry Date", Field::Due),
    key("Item Name", Field::Item),
    opt("Item Total", Field::LineAmount),
    opt("Total", Field::Total),
    opt("Shipping Charge", Field::Shipping),
    opt("Round Off", Field::Rounding),
);

const PURCHASE_ORDERS: &[Column] = document!(
    key("Purchase Order Date", Field::Date),
    opt("Purchase Order ID", Field::Ignored),
    key("Purchase Order Number", Field::Number),
    key("Purchase Order Status", Field::Status),
    key("Vendor Name", Field::Contact),
    opt("Delivery Date", Field::Due),
    key("Item Name", Field::Item),
    opt("Item Total", Field::LineAmount),
    opt("Total", Field::Total),
    opt("Payment Terms Label", Field::Terms),
);

const CUSTOMER_PAYMENTS: &[Column] = payment!(
    key("CustomerPayment ID", Field::Ignored),
    key("Customer Name", Field::Contact),
    opt("Deposit To|Deposit To Account", Field::PaidAccount),
    key("Invoice Number", Field::AppliedTo),
    key("Amount Applied to Invoice|Invoice Payment Applied Amount|Invoice Amount", Field::Applied),
);

const VENDOR_PAYMENTS: &[Column] = payment!(
    key("VendorPayment ID", Field::Ignored),
    key("Vendor Name", Field::Contact),
    opt("Paid Through|Paid Through Account", Field::PaidAccount),
    key("Bill Number", Field::AppliedTo),
    key("Bill Payment Applied Amount|Bill Amount", Field::Applied),
);

const ITEMS: &[Column] = &[
    key("Item ID", Field::Ignored),
    key("Item Name", Field::Name),
    key("Rate", Field::Price),
    opt("SKU", Field::Code),
    opt("Description", Field::Description),
    key("Product Type|Item Type", Field::Type),
    opt("Account", Field::IncomeAccount),
    opt("Tax Name", Field::Tax),
    opt("Purchase Rate|Purchase Price", Field::Cost),
    opt("Purchase Description", Field::PurchaseDescription),
    opt("Purchase Account", Field::ExpenseAccount),
    opt("Status", Field::Active),
    opt(
        "Account Code|Tax Percentage|Tax Type|Tax ID|Purchase Account Code|Inventory Account|Inventory Account Code\
         |Reorder Point|Reorder Level|Vendor|Usage unit|Unit Name|Opening Stock|Opening Stock Value|Stock On Hand\
         |HSN/SAC|UPC|EAN|ISBN|Part Number|Is Returnable Item|Brand|Manufacturer|Source|Reference ID|Last Sync Time\
         |Taxable|Exemption Reason|Is Combo Product|Warehouse Name",
        Field::Ignored,
    ),
];

const ACCOUNTS: &[Column] = &[
    key("Account ID", Field::Ignored),
    key("Account Name", Field::Name),
    key("Account Type", Field::Type),
    opt("Account Code|Account #", Field::Code),
    opt("Description", Field::Description),
    opt("Parent Account", Field::Parent),
    opt("Currency", Field::Currency),
    opt("Account Status|Status", Field::Active),
    opt("Is Mileage|Mileage Rate|Mileage Unit", Field::Ignored),
];

/// One row per posting of a journal entry, the entry's own fields on each.
const JOURNALS: &[Column] = &[
    key("Journal Date", Field::Date),
    key("Journal Number", Field::Number),
    opt("Status", Field::Status),
    opt("Reference Number", Field::Reference),
    opt("Notes", Field::Memo),
    opt("Currency|Currency Code", Field::Currency),
    opt("Exchange Rate", Field::ExchangeRate),
    key("Account", Field::Account),
    opt("Description", Field::Description),
    opt("Contact Name", Field::Contact),
    key("Debit", Field::Debit),
    key("Credit", Field::Credit),
    opt("Tax Amount", Field::TaxAmount),
    opt(
        "Journal Number Prefix|Journal Number Suffix|Journal Type|Journal Created By|Journal Entity Type\
         |Journal Transaction Type|Item Order|Account Code|Tax Name|Tax Type|Tax Percentage|Total|Project Name\
         |Location ID|Location Name|Branch ID|Branch Name",
        Field::Ignored,
    ),
];

/// One row per expense, or several for one that is split over accounts.
const EXPENSES: &[Column] = &[
    key("Expense Reference ID", Field::Number),
    key("Expense Date", Field::Date),
    opt("Vendor|Vendor Name", Field::Contact),
    key("Expense Account", Field::Account),
    key("Paid Through", Field::PaidAccount),
    opt("Expense Description", Field::Description),
    opt("Currency Code", Field::Currency),
    opt("Exchange Rate", Field::ExchangeRate),
    key("Expense Amount", Field::LineAmount),
    opt("Tax Name", Field::Tax),
    opt("Tax Amount", Field::TaxAmount),
    opt("Total", Field::Total),
    opt("Reference#|Reference Number", Field::Reference),
    opt("Project Name", Field::Project),
    opt(
        "Entry Number|Expense Account Code|Paid Through Account Code|Is Inclusive Tax|Tax Percentage|Tax Type|Tax ID\
         |Is Billable|Is Reimbursable|Customer Name|Mileage Rate|Distance|Start Odometer Reading\
         |End Odometer Reading|Mileage Unit|Mileage Type|Vehicle Name|Employee Email|Branch ID|Branch Name\
         |Location ID|Location Name|Claimant Email|Vendor Number|Company ID|Customer Number|Recurrence Name\
         |ExpenseReport Name|Item Exemption Code|ITC Eligibility|Expense Type|Supply Type|Reverse Charge Tax Name\
         |Reverse Charge Tax Rate|Reverse Charge Tax Type|HSN/SAC|GST Treatment|Destination of Supply\
         |Source of Supply|GST Identification Number (GSTIN)|CGST Rate %|SGST Rate %|IGST Rate %|CESS Rate %\
         |CGST(FCY)|SGST(FCY)|IGST(FCY)|CESS(FCY)|CGST|SGST|IGST|CESS",
        Field::Ignored,
    ),
];

/// Expenses: whether the amount includes the tax is not written uniformly, the total tells.
const OUTLAYS: Documents = Documents { line_amount: LineAmount::WithOrWithoutTax, ..Documents::USUAL };

/// Documents whose numbers are the supplier's.
const PURCHASES: Documents = Documents { supplier_numbers: true, ..Documents::USUAL };

pub(super) const FORMATS: &[Format] = &[
    SYSTEM.format("zoho-contacts", "contacts", Entity::Contact, Shape::Contacts(None), CONTACTS),
    SYSTEM.format("zoho-accounts", "chart of accounts", Entity::Account, Shape::Accounts, ACCOUNTS),
    SYSTEM.format("zoho-items", "items", Entity::Item, Shape::Items, ITEMS),
    SYSTEM.format(
        "zoho-estimates",
        "estimates",
        Entity::Estimate,
        Shape::Documents(Documents::USUAL),
        ESTIMATES,
    ),
    SYSTEM.format("zoho-invoices", "invoices", Entity::Invoice, Shape::Documents(Documents::USUAL), INVOICES),
    SYSTEM.format(
        "zoho-credit-notes",
        "credit notes",
        Entity::CreditNote,
        Shape::Documents(Documents::USUAL),
        CREDIT_NOTES,
    ),
    SYSTEM.format(
        "zoho-purchase-orders",
        "purchase orders",
        Entity::PurchaseOrder,
        Shape::Documents(Documents::USUAL),
        PURCHASE_ORDERS,
    ),
    SYSTEM.format("zoho-bills", "bills", Entity::Bill, Shape::Documents(PURCHASES), BILLS),
    SYSTEM.format(
        "zoho-customer-payments",
        "customer payments",
        Entity::Payment,
        Shape::Payments(Ledger::Receivable),
        CUSTOMER_PAYMENTS,
    ),
    SYSTEM.format(
        "zoho-vendor-payments",
        "vendor payments",
        Entity::BillPayment,
        Shape::Payments(Ledger::Payable),
        VENDOR_PAYMENTS,
    ),
    SYSTEM.format("zoho-expenses", "expenses", Entity::Expense, Shape::Documents(OUTLAYS), EXPENSES),
    SYSTEM.format("zoho-journals", "journal entries", Entity::Journal, Shape::Postings, JOURNALS),
];
