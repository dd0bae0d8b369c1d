"""Larkspur Landscaping LLC, Santa Rosa: the invented lists behind the QuickBooks sample."""

COMPANY = "Larkspur Landscaping LLC"

# name, currency, e-mail, phone, person, street lines; sub-customers are Parent:Child.
CUSTOMERS = [
    ("Alder & Ash Property Group", "USD", "office@alderash.example.com", "(555) 010-1101", "Renata Alder", ["410 Mendocino Ave", "Suite 200", "Santa Rosa, CA 95401"]),
    ("Brightwater HOA", "USD", "board@brightwater.example.org", "(555) 010-1102", "Tomas Ferrin", ["1 Brightwater Ln", "Windsor, CA 95492"]),
    ("Brightwater HOA:Clubhouse", "USD", "club@brightwater.example.org", "(555) 010-1103", "", ["3 Brightwater Ln", "Windsor, CA 95492"]),
    ("Brightwater HOA:Pool Deck", "USD", "", "", "", ["5 Brightwater Ln", "Windsor, CA 95492"]),
    ("Calloway, Ines", "USD", "ines.calloway@example.com", "(555) 010-1104", "Ines Calloway", ["88 Fountain Grove Pkwy", "Santa Rosa, CA 95403"]),
    ("Cedar Ridge Farm", "USD", "hello@cedarridge.example.com", "(555) 010-1105", "Wade Okafor", ["RR 2 Box 19", "Sebastopol, CA 95472"]),
    ("Dry Creek Vineyards", "USD", "ap@drycreek.example.com", "(555) 010-1106", "Lucia Marchetti", ["4500 Dry Creek Rd", "Healdsburg, CA 95448"]),
    ("Dry Creek Vineyards:Tasting Room", "USD", "ap@drycreek.example.com", "", "", ["4512 Dry Creek Rd", "Healdsburg, CA 95448"]),
    ("Élodie Marchand", "EUR", "elodie.marchand@example.com", "+33 5 55 01 01 07", "Élodie Marchand", ["14 rue des Tilleuls", "87000 Limoges", "France"]),
    ("Fennel & Thyme Bistro", "USD", "books@fennelthyme.example.com", "(555) 010-1108", "Pia Lund", ["22 Railroad Sq", "Santa Rosa, CA 95401"]),
    ("Gustafson \"Gus\" Builders", "USD", "gus@gbuild.example.com", "(555) 010-1109", "Gus Gustafson", ["7001 Redwood Hwy", "Rohnert Park, CA 94928"]),
    ("Harrow School District", "USD", "payables@harrow.example.org", "(555) 010-1110", "Dana Whit", ["900 Harrow St", "Reno, NV 89501"]),
    ("Island Gardens Ltd.", "CAD", "accounts@islandgardens.example.com", "+1 250 555 0111", "Morgan Tse", ["310 Dallas Rd", "Victoria BC V8V 1B3", "Canada"]),
    ("Juniper Court Apartments", "USD", "mgr@junipercourt.example.com", "(555) 010-1112", "Sol Abrams", ["65 Juniper Ct", "Reno, NV 89502"]),
    ("Kestrel Winery, Inc.", "USD", "finance@kestrel.example.com", "(555) 010-1113", "Bea Kessler", ["12 Kestrel Way", "Geyserville, CA 95441"]),
    ("Lakeview Hospitality Corp.", "CAD", "ap@lakeviewhosp.example.com", "+1 416 555 0114", "Owen Brathwaite", ["200 Queens Quay W", "Toronto ON M5J 2Y5", "Canada"]),
    ("Marlow Estate", "USD", "estate@marlow.example.com", "(555) 010-1115", "Iris Marlow", ["1 Marlow Dr", "Kenwood, CA 95452"]),
    ("Nakamura Residence", "USD", "ken.nakamura@example.com", "(555) 010-1116", "Ken Nakamura", ["41 Alta Vista Ave", "Santa Rosa, CA 95404"]),
    ("Oak Hollow Cemetery", "USD", "sexton@oakhollow.example.org", "(555) 010-1117", "", ["Oak Hollow Rd", "Petaluma, CA 94952"]),
    ("Pemberton Trust", "CAD", "trust@pemberton.example.com", "+1 604 555 0118", "Gail Pemberton", ["77 Frontier St", "Pemberton BC V0N 2L0", "Canada"]),
    ("Quail Run Golf Club", "USD", "greens@quailrun.example.com", "(555) 010-1119", "Art Delgado", ["9 Fairway Cir", "Reno, NV 89511"]),
    ("Rosewood Senior Living", "USD", "billing@rosewood.example.com", "(555) 010-1120", "May Linden", ["1500 Rosewood Blvd", "Santa Rosa, CA 95409"]),
    ("Schloss Garten GmbH", "EUR", "buchhaltung@schlossgarten.example.com", "+49 30 5550121", "Jürgen Weiß", ["Gartenstraße 7", "10115 Berlin", "Germany"]),
    ("Tidepool Cafe", "USD", "tidepool@example.com", "(555) 010-1122", "Remy Costa", ["800 Bay Flat Rd", "Bodega Bay, CA 94923"]),
    ("Umber Studio", "USD", "studio@umber.example.com", "(555) 010-1123", "Noor Haddad", ["18 4th St", "Santa Rosa, CA 95401"]),
    ("Vasquez Family", "USD", "vasquez@example.com", "(555) 010-1124", "Marisol Vasquez", ["2230 Bennett Valley Rd", "Santa Rosa, CA 95405"]),
]

# name, currency, e-mail, phone, person, street lines, account number
VENDORS = [
    ("Blue Heron Insurance", "USD", "service@blueheron.example.com", "(555) 010-2201", "", ["PO Box 900", "Sacramento, CA 95812"], "BH-77120"),
    ("Coastal Fuel & Oil", "USD", "ar@coastalfuel.example.com", "(555) 010-2202", "", ["12 Harbor Rd", "Petaluma, CA 94952"], "004417"),
    ("Evergreen Wholesale Nursery", "USD", "orders@evergreen.example.com", "(555) 010-2203", "Paul Inoue", ["77 Nursery Ln", "Watsonville, CA 95076"], "LARK01"),
    ("Fraser Valley Stone", "CAD", "billing@fraserstone.example.com", "+1 604 555 0204", "Kirsten Boyd", ["88 Quarry Rd", "Abbotsford BC V2S 1A1", "Canada"], ""),
    ("Granite Rock Supply", "USD", "ar@graniterock.example.com", "(555) 010-2205", "", ["5 Quarry Ct", "Santa Rosa, CA 95407"], "20093"),
    ("Hollis & Crane LLP", "USD", "accounts@holliscrane.example.com", "(555) 010-2206", "Ned Hollis", ["1 Courthouse Sq", "Santa Rosa, CA 95404"], ""),
    ("Irrigation Depot", "USD", "credit@irrigationdepot.example.com", "(555) 010-2207", "", ["300 Industrial Dr", "Rohnert Park, CA 94928"], "00051"),
    ("Meadow Tools B.V.", "EUR", "invoices@meadowtools.example.com", "+31 20 555 0208", "Sanne de Wit", ["Keizersgracht 1", "1015 Amsterdam", "Netherlands"], ""),
    ("North Bay Equipment Rental", "USD", "rental@northbay.example.com", "(555) 010-2209", "", ["41 Todd Rd", "Santa Rosa, CA 95407"], "NB-3310"),
    ("Pacific Green Utilities", "USD", "", "(555) 010-2210", "", ["PO Box 1", "San Rafael, CA 94901"], "8810-22-9"),
    ("Redwood Mulch Co.", "USD", "sales@redwoodmulch.example.com", "(555) 010-2211", "Jo Petrak", ["Mill St", "Cloverdale, CA 95425"], ""),
    ("Sierra Payroll Services", "USD", "support@sierrapayroll.example.com", "(555) 010-2212", "", ["10 Ridgeview", "Reno, NV 89519"], "SPS1182"),
]

# name, number, type, detail type, description
ACCOUNTS = [
    ("Checking", "1000", "Bank", "Checking", "Operating account"),
    ("Savings", "1010", "Bank", "Savings", "Reserve for equipment"),
    ("CAD Checking", "1020", "Bank", "Checking", "Canadian dollars"),
    ("Accounts Receivable (A/R)", "1100", "Accounts receivable (A/R)", "Accounts Receivable (A/R)", ""),
    ("Accounts Receivable (A/R) - CAD", "1101", "Accounts receivable (A/R)", "Accounts Receivable (A/R)", ""),
    ("Accounts Receivable (A/R) - EUR", "1102", "Accounts receivable (A/R)", "Accounts Receivable (A/R)", ""),
    ("Undeposited Funds", "1200", "Other Current Assets", "Undeposited Funds", ""),
    ("Inventory Asset", "1300", "Other Current Assets", "Inventory", ""),
    ("Truck", "1500", "Fixed Assets", "Vehicles", ""),
    ("Truck:Original Cost", "1510", "Fixed Assets", "Vehicles", ""),
    ("Truck:Depreciation", "1520", "Fixed Assets", "Accumulated Depreciation", ""),
    ("Accounts Payable (A/P)", "2000", "Accounts payable (A/P)", "Accounts Payable (A/P)", ""),
    ("Accounts Payable (A/P) - CAD", "2001", "Accounts payable (A/P)", "Accounts Payable (A/P)", ""),
    ("Accounts Payable (A/P) - EUR", "2002", "Accounts payable (A/P)", "Accounts Payable (A/P)", ""),
    ("Business Visa", "2100", "Credit Card", "Credit Card", ""),
    ("Sales Tax Payable", "2200", "Other Current Liabilities", "Sales Tax Payable", ""),
    ("GST/HST Payable", "2210", "Other Current Liabilities", "Sales Tax Payable", "Canadian sales tax"),
    ("Equipment Loan", "2500", "Long Term Liabilities", "Notes Payable", ""),
    ("Opening Balance Equity", "3000", "Equity", "Opening Balance Equity", ""),
    ("Owner's Equity", "3100", "Equity", "Owner's Equity", ""),
    ("Retained Earnings", "3200", "Equity", "Retained Earnings", ""),
    ("Landscaping Services", "4000", "Income", "Service/Fee Income", ""),
    ("Landscaping Services:Design", "4010", "Income", "Service/Fee Income", "Plans and drawings"),
    ("Landscaping Services:Maintenance", "4020", "Income", "Service/Fee Income", ""),
    ("Landscaping Services:Job Materials", "4030", "Income", "Sales of Product Income", "Plants, stone, soil"),
    ("Discounts given", "4900", "Income", "Discounts/Refunds Given", ""),
    ("Cost of Goods Sold", "5000", "Cost of Goods Sold", "Supplies & Materials - COGS", ""),
    ("Job Expenses", "6000", "Expenses", "Other Miscellaneous Service Cost", ""),
    ("Job Expenses:Equipment Rental", "6010", "Expenses", "Equipment Rental", ""),
    ("Fuel", "6100", "Expenses", "Auto", ""),
    ("Insurance", "6200", "Expenses", "Insurance", ""),
    ("Legal & Professional Fees", "6300", "Expenses", "Legal & Professional Fees", ""),
    ("Rent or Lease", "6400", "Expenses", "Rent or Lease of Buildings", ""),
    ("Utilities", "6500", "Expenses", "Utilities", ""),
    ("Payroll Expenses", "6600", "Expenses", "Payroll Expenses", ""),
    ("Bank Charges & Fees", "6700", "Expenses", "Bank Charges", ""),
    ("Depreciation", "6800", "Other Expense", "Depreciation", ""),
    ("Interest Earned", "7000", "Other Income", "Interest Earned", ""),
    ("Exchange Gain or Loss", "7900", "Other Expense", "Exchange Gain or Loss", ""),
]

# name, type, SKU, description, price, cost, income account, expense account, taxable
ITEMS = [
    ("Design:Garden plan", "Service", "", "Planting plan, drawn to scale", "450.00", "", "Landscaping Services:Design", "", "no"),
    ("Design:Site visit", "Service", "", "Hourly, on site", "95.00", "", "Landscaping Services:Design", "", "no"),
    ("Maintenance:Lawn mowing", "Service", "", "Weekly mowing, per visit", "62.50", "", "Landscaping Services:Maintenance", "", "no"),
    ("Maintenance:Pruning", "Service", "", "Hourly", "78.00", "", "Landscaping Services:Maintenance", "", "no"),
    ("Maintenance:Tree removal", "Service", "", "Per tree, with stump", "1,250.00", "", "Landscaping Services:Maintenance", "", "no"),
    ("Maintenance:Irrigation check", "Service", "", "Hourly", "84.75", "", "Landscaping Services:Maintenance", "", "no"),
    ("Bark mulch", "Non-inventory", "00710", "Redwood bark, cubic yard", "48.90", "27.15", "Landscaping Services:Job Materials", "Cost of Goods Sold", "yes"),
    ("Topsoil", "Non-inventory", "00711", "Screened, cubic yard", "39.25", "21.00", "Landscaping Services:Job Materials", "Cost of Goods Sold", "yes"),
    ("Flagstone", "Non-inventory", "ST-200", "Per square foot", "7.85", "4.10", "Landscaping Services:Job Materials", "Cost of Goods Sold", "yes"),
    ("Drip line 1/2\"", "Inventory", "IR-050", "Per foot", "0.68", "0.31", "Landscaping Services:Job Materials", "Cost of Goods Sold", "yes"),
    ("Sprinkler head", "Inventory", "IR-111", "Pop-up, 4 inch", "6.49", "2.95", "Landscaping Services:Job Materials", "Cost of Goods Sold", "yes"),
    ("Coast live oak, 15 gal", "Inventory", "PL-015", "Quercus agrifolia", "145.00", "79.50", "Landscaping Services:Job Materials", "Cost of Goods Sold", "yes"),
    ("Lavender, 1 gal", "Inventory", "PL-101", "Lavandula \"Provence\"", "11.95", "5.20", "Landscaping Services:Job Materials", "Cost of Goods Sold", "yes"),
    ("Japanese maple, 24 in box", "Inventory", "PL-240", "Acer palmatum", "389.00", "214.00", "Landscaping Services:Job Materials", "Cost of Goods Sold", "yes"),
    ("Discount", "Service", "", "Courtesy discount", "0.00", "", "Discounts given", "", "no"),
]

# Sales tax codes with their per cent; NON is untaxed.
TAX_CODES = {
    "Santa Rosa 9.25%": "9.25",
    "Sonoma County 8.5%": "8.5",
    "Washoe NV 8.265%": "8.265",
    "HST ON 13%": "13",
    "GST 5%": "5",
    "NON": "0",
}

# US dollars for one unit, per quarter from October 2025 on.
RATES = {
    "CAD": ["0.718245", "0.7096", "0.724881", "0.73157"],
    "EUR": ["1.0859", "1.112034", "1.09715", "1.1268"],
}

MEMOS = [
    "Thank you for your business!",
    "Crew of 3, two days.\nGate code on file.",
    "Work order attached.\nPlease pay within terms;\nlate fee 1.5 % a month.",
    "Replaces quote of last fall",
    "Irrigation zone 4, \"north\" side",
]
