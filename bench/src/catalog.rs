//! What the company sells and the accounts it books to.

use rust_decimal::Decimal;

use crate::error::GenerateError;
use crate::expected::{Expected, Totals};
use crate::money::{Minor, grouped};
use crate::table::Table;

/// One product or service: name, type, SKU prefix, description, price in cents, cost in cents, income account,
/// whether it is taxed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Item {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) price: Minor,
    pub(crate) taxable: bool,
    /// Sold by the hour or by the metre, so that quantities have decimals.
    pub(crate) divisible: bool,
    income: &'static str,
}

const fn item(
    name: &'static str,
    description: &'static str,
    cents: i64,
    income: &'static str,
    taxable: bool,
    divisible: bool,
) -> Item {
    Item { name, description, price: Minor(cents), taxable, divisible, income }
}

const SERVICES: &str = "Services";
const PRODUCTS: &str = "Sales of product income";
const RENTAL: &str = "Equipment rental";

/// Everything on sale.
pub(crate) const ITEMS: &[Item] = &[
    item("Labour", "Skilled labour", 9_500, SERVICES, false, true),
    item("Labour:Apprentice", "Apprentice labour", 5_250, SERVICES, false, true),
    item("Labour:Overtime", "Labour on weekends", 14_250, SERVICES, false, true),
    item("Site visit", "Site visit", 12_000, SERVICES, false, false),
    item("Design", "Design hours", 13_575, SERVICES, false, true),
    item("Inspection", "Safety inspection", 22_500, SERVICES, false, false),
    item("Permit", "Permit handling", 18_000, SERVICES, false, false),
    item("Delivery", "Local delivery", 4_500, SERVICES, true, false),
    item("Disposal", "Waste disposal", 7_999, SERVICES, true, false),
    item("Maintenance", "Maintenance plan", 29_900, SERVICES, true, false),
    item("Pump 1/2 HP", "Submersible pump 1/2 HP", 24_999, PRODUCTS, true, false),
    item("Pump 1 HP", "Submersible pump 1 HP", 41_950, PRODUCTS, true, false),
    item("Copper pipe", "Copper pipe 3/4\" per ft", 389, PRODUCTS, true, true),
    item("PEX pipe", "PEX pipe 1/2\" per ft", 67, PRODUCTS, true, true),
    item("Valve", "Ball valve, brass", 1_895, PRODUCTS, true, false),
    item("Fitting", "Elbow fitting", 275, PRODUCTS, true, false),
    item("Cable 12/2", "Cable 12/2 per ft", 112, PRODUCTS, true, true),
    item("Breaker", "Breaker 20 A", 1_149, PRODUCTS, true, false),
    item("Panel", "Panel 100 A, 20 spaces", 18_675, PRODUCTS, true, false),
    item("LED fixture", "LED fixture, 4 ft", 5_433, PRODUCTS, true, false),
    item("Paint", "Interior paint, 1 gal", 4_298, PRODUCTS, true, false),
    item("Lumber", "Lumber 2x4x8", 645, PRODUCTS, true, false),
    item("Plywood", "Plywood 3/4\" sheet", 5_870, PRODUCTS, true, false),
    item("Fasteners", "Fasteners, box", 1_267, PRODUCTS, true, false),
    item("Gravel", "Gravel per tonne", 3_850, PRODUCTS, true, true),
    item("Concrete mix", "Concrete mix 80 lb", 729, PRODUCTS, true, false),
    item("Scaffold", "Scaffold rental per day", 6_500, RENTAL, true, false),
    item("Lift", "Scissor lift per day", 18_900, RENTAL, true, false),
    item("Generator", "Generator per day", 9_825, RENTAL, true, false),
    item("Trailer", "Trailer per day", 5_500, RENTAL, true, false),
];

/// Writes `Products and Services.csv` in the layout of the QuickBooks list.
pub(crate) fn write_items(mut table: Table) -> Result<(), GenerateError> {
    for (place, item) in ITEMS.iter().enumerate() {
        let kind = if item.income == PRODUCTS { "Noninventory" } else { "Service" };
        let cost = Minor::times_hundredths(item.price, 62);
        table.text(item.name).text(kind).show(format_args!("SKU-{:04}", place + 1));
        table.text(item.description).show(grouped(item.price.decimal())).show(grouped(cost.decimal()));
        table.text(item.income).text("Cost of goods sold").text(if item.taxable { "yes" } else { "no" });
        table.end_row()?;
    }
    table.finish()
}

/// The account that takes what is received in a currency.
pub(crate) fn deposit_account(currency: &str) -> &'static str {
    if currency == "CAD" { "Chequing CAD" } else { "Undeposited Funds" }
}

/// Writes `Account List.csv`: receivables and deposits with the balances the documents add up to, and accounts
/// of profit and loss without a balance, as QuickBooks lists them.
pub(crate) fn write_accounts(mut table: Table, expected: &Expected) -> Result<(), GenerateError> {
    let of = |currency: &str, figure: fn(&Totals) -> Decimal| {
        expected.currencies.get(currency).map(figure).map(grouped).unwrap_or_default()
    };
    let receivable_usd = of("USD", |totals| totals.outstanding);
    let receivable_cad = of("CAD", |totals| totals.outstanding);
    let received_usd = of("USD", |totals| totals.received);
    let received_cad = of("CAD", |totals| totals.received);
    let rows: [[&str; 6]; 10] = [
        [deposit_account("CAD"), "1010", "Bank", "Checking", "Canadian dollar account", &received_cad],
        [
            "Accounts Receivable (A/R)",
            "1200",
            "Accounts receivable (A/R)",
            "Accounts Receivable (A/R)",
            "",
            &receivable_usd,
        ],
        [
            "Accounts Receivable (A/R) - CAD",
            "1201",
            "Accounts receivable (A/R)",
            "Accounts Receivable (A/R)",
            "",
            &receivable_cad,
        ],
        [
            deposit_account("USD"),
            "1499",
            "Other Current Assets",
            "Undeposited Funds",
            "Received, not yet deposited",
            &received_usd,
        ],
        ["Sales Tax Payable", "2200", "Other Current Liabilities", "Sales Tax Payable", "", ""],
        [PRODUCTS, "4000", "Income", "Sales of Product Income", "", ""],
        [SERVICES, "4100", "Income", "Service/Fee Income", "", ""],
        [RENTAL, "4200", "Income", "Service/Fee Income", "Tools and machines by the day", ""],
        ["Cost of goods sold", "5000", "Cost of Goods Sold", "Supplies & Materials - COGS", "", ""],
        ["Exchange Gain or Loss", "8000", "Other Expense", "Exchange Gain or Loss", "", ""],
    ];
    for row in rows {
        row.iter().for_each(|field| {
            table.text(field);
        });
        table.end_row()?;
    }
    table.finish()
}
