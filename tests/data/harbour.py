"""Harbour & Finch Ltd, Whitby: the invented lists behind the Xero sample."""

COMPANY = "Harbour & Finch Ltd"

# name, account number, e-mail, first, last, address line, city, region, post code, country, phone, VAT number, currency
CONTACTS = [
    ("Abbey Street Deli", "ABB001", "orders@abbeydeli.example.com", "Nell", "Pryce", "4 Abbey Street", "Whitby", "North Yorkshire", "YO22 4DE", "United Kingdom", "01947 555 0101", "GB 111 2223 01", "GBP"),
    ("Bramble & Rye Bakery", "BRA002", "accounts@bramblerye.example.com", "Tom", "Askew", "12 Mill Lane", "York", "", "YO1 7AA", "United Kingdom", "01904 555 0102", "", "GBP"),
    ("Café Zoë", "CAF003", "zoe@cafezoe.example.com", "Zoë", "Lambert", "8 Flowergate", "Whitby", "", "YO21 3BA", "United Kingdom", "", "", "GBP"),
    ("Crowther, Blythe and Sons", "", "office@crowtherblythe.example.com", "Ed", "Crowther", "Unit 3\nDock End", "Hull", "East Riding", "HU1 2AB", "United Kingdom", "01482 555 0104", "GB 111 2223 04", "GBP"),
    ("Dunmore Hotels Group", "DUN005", "payables@dunmore.example.com", "", "", "Castle Terrace", "Edinburgh", "", "EH1 2DP", "United Kingdom", "0131 555 0105", "GB 111 2223 05", "GBP"),
    ("Ebb & Flow Yoga", "EBB006", "hello@ebbflow.example.com", "Mina", "Shah", "2 Sandsend Road", "Whitby", "", "YO21 3EL", "United Kingdom", "", "", "GBP"),
    ("Fjordlys AS", "FJO007", "faktura@fjordlys.example.com", "Håkon", "Ødegård", "Bryggen 7", "Bergen", "", "5003", "Norway", "+47 55 55 01 07", "", "EUR"),
    ("Glasgow Print Works", "", "studio@glasgowprint.example.com", "Isla", "Moir", "77 Argyle Street", "Glasgow", "", "G2 8BJ", "United Kingdom", "0141 555 0108", "GB 111 2223 08", "GBP"),
    ("Hôtel du Vieux Port", "HOT009", "compta@vieuxport.example.com", "Chloé", "Garnier", "3 quai du Port", "Marseille", "", "13002", "France", "+33 4 55 55 01 09", "FR 40 111222309", "EUR"),
    ("Inglenook Interiors", "ING010", "ingrid@inglenook.example.com", "Ingrid", "Vale", "51 Micklegate", "York", "", "YO1 6LJ", "United Kingdom", "", "", "GBP"),
    ("Jetty Surf School", "JET011", "jetty@example.com", "Callum", "Reid", "North Promenade", "Scarborough", "", "YO12 7HZ", "United Kingdom", "01723 555 0111", "", "GBP"),
    ("Kittiwake Gallery", "KIT012", "gallery@kittiwake.example.org", "", "", "9 Church Street", "Whitby", "", "YO22 4BH", "United Kingdom", "", "", "GBP"),
    ("Lighthouse Trust", "LIG013", "trust@lighthouse.example.org", "Agnes", "Bell", "Pier Road", "Whitby", "", "YO21 3PU", "United Kingdom", "01947 555 0113", "", "GBP"),
    ("Maritime Museum of the North", "MAR014", "finance@mmn.example.org", "Rhys", "Owen", "1 Dockside", "Hartlepool", "", "TS24 0XZ", "United Kingdom", "01429 555 0114", "GB 111 2223 14", "GBP"),
    ("Newport Decor, Inc.", "NEW015", "ap@newportdecor.example.com", "Dale", "Hutton", "400 Thames St", "Newport", "RI", "02840", "United States", "+1 401 555 0115", "", "USD"),
    ("Oyster Bay Trading LLC", "OYS016", "books@oysterbay.example.com", "Jen", "Castell", "88 South St", "Oyster Bay", "NY", "11771", "United States", "+1 516 555 0116", "", "USD"),
    ("Quayside Print Ltd", "QUA017", "hello@quaysideprint.example.com", "Sam", "Moss", "5 Quayside", "Newcastle", "", "NE1 3DX", "United Kingdom", "0191 555 0117", "GB 111 2223 17", "GBP"),
    ("Robin Hood’s Bay Holidays", "ROB018", "stay@rhbholidays.example.com", "Gwen", "Storm", "The Dock", "Robin Hood’s Bay", "", "YO22 4SJ", "United Kingdom", "", "", "GBP"),
    # suppliers
    ("Ackroyd Energy", "", "billing@ackroydenergy.example.com", "", "", "PO Box 10", "Leeds", "", "LS1 1AA", "United Kingdom", "0113 555 0219", "GB 111 2223 19", "GBP"),
    ("Björk & Söhne GmbH", "", "rechnung@bjoerk.example.com", "Jürgen", "Björk", "Hafenstraße 12", "Hamburg", "", "20457", "Germany", "+49 40 555 0220", "DE 111222320", "EUR"),
    ("Céramiques Lefèvre", "", "contact@lefevre.example.com", "Hélène", "Lefèvre", "21 rue de la Poterie", "Vallauris", "", "06220", "France", "", "FR 21 111222321", "EUR"),
    ("Dale Freight", "", "accounts@dalefreight.example.com", "", "", "Ind. Estate 4", "Teesside", "", "TS6 6UD", "United Kingdom", "", "GB 111 2223 22", "GBP"),
    ("Esk Valley Rates Office", "", "rates@eskvalley.example.org", "", "", "Town Hall", "Whitby", "", "YO21 1DB", "United Kingdom", "", "", "GBP"),
    ("Fenwick & Naylor Solicitors", "", "fees@fenwicknaylor.example.com", "Ruth", "Naylor", "30 Park Row", "Leeds", "", "LS1 5JD", "United Kingdom", "", "GB 111 2223 24", "GBP"),
    ("Moor & Coast Candle Supplies", "", "sales@moorcoast.example.com", "", "", "Unit 9 Enterprise Way", "Pickering", "", "YO18 7NA", "United Kingdom", "01751 555 0225", "GB 111 2223 25", "GBP"),
    ("Papier Müller", "", "info@papiermueller.example.com", "Käthe", "Müller", "Ringstraße 3", "Köln", "", "50667", "Germany", "", "DE 111222326", "EUR"),
    ("Telemark Broadband", "", "bills@telemarkbb.example.com", "", "", "1 Exchange Place", "Manchester", "", "M2 4ER", "United Kingdom", "0161 555 0227", "GB 111 2223 27", "GBP"),
]

# Archived in Xero: the contacts export leaves it out, its invoices do not.
ARCHIVED = "Old Mill Tearoom"

# code, name, type, tax code, description, dashboard, expense claims, enable payments
ACCOUNTS = [
    ("090", "Business Bank Account", "Bank", "No VAT", "", "Yes", "No", "No"),
    ("091", "Business Savings Account", "Bank", "No VAT", "", "Yes", "No", "No"),
    ("092", "Euro Account", "Bank", "No VAT", "Held in EUR", "Yes", "No", "No"),
    ("200", "Sales", "Revenue", "20% (VAT on Income)", "Goods and services", "No", "No", "No"),
    ("210", "Export Sales", "Revenue", "Zero Rated Income", "Outside the United Kingdom", "No", "No", "No"),
    ("220", "Workshops", "Revenue", "Exempt Income", "Education", "No", "No", "No"),
    ("270", "Interest Income", "Revenue", "No VAT", "", "No", "No", "No"),
    ("310", "Cost of Goods Sold", "Direct Costs", "20% (VAT on Expenses)", "", "No", "No", "No"),
    ("325", "Direct Wages", "Direct Costs", "No VAT", "", "No", "No", "No"),
    ("400", "Advertising & Marketing", "Overhead", "20% (VAT on Expenses)", "", "No", "Yes", "No"),
    ("404", "Bank Fees", "Overhead", "No VAT", "", "No", "No", "No"),
    ("425", "Postage, Freight & Courier", "Overhead", "20% (VAT on Expenses)", "", "No", "Yes", "No"),
    ("433", "Insurance", "Overhead", "Exempt Expenses", "", "No", "No", "No"),
    ("441", "Legal Expenses", "Overhead", "20% (VAT on Expenses)", "", "No", "No", "No"),
    ("445", "Light, Power, Heating", "Overhead", "5% (VAT on Expenses)", "", "No", "No", "No"),
    ("464", "Rates", "Overhead", "No VAT", "Business rates", "No", "No", "No"),
    ("489", "Telephone & Internet", "Overhead", "20% (VAT on Expenses)", "", "No", "Yes", "No"),
    ("497", "Bank Revaluations", "Overhead", "No VAT", "", "No", "No", "No"),
    ("610", "Accounts Receivable", "Accounts Receivable", "No VAT", "What customers owe", "No", "No", "No"),
    ("630", "Inventory", "Inventory", "No VAT", "", "No", "No", "No"),
    ("710", "Office Equipment", "Fixed Asset", "20% (VAT on Expenses)", "", "No", "No", "No"),
    ("800", "Accounts Payable", "Accounts Payable", "No VAT", "What is owed to suppliers", "No", "No", "No"),
    ("820", "VAT", "VAT", "No VAT", "", "No", "No", "No"),
    ("825", "PAYE Payable", "Current Liability", "No VAT", "", "No", "No", "No"),
    ("835", "Directors’ Loan Account", "Current Liability", "No VAT", "", "No", "No", "Yes"),
    ("860", "Rounding", "Rounding", "No VAT", "", "No", "No", "No"),
    ("900", "Loan", "Non-current Liability", "No VAT", "", "No", "No", "No"),
    ("950", "Capital - Ordinary Shares", "Equity", "No VAT", "", "No", "No", "No"),
    ("960", "Retained Earnings", "Retained Earnings", "No VAT", "", "No", "No", "No"),
]

# code, name, purchase description, unit price, account, tax, sales description, unit price, account, tax
ITEMS = [
    ("CAN-01", "Candle, beeswax", "Candle blank", "3.1000", "310", "20% (VAT on Expenses)", "Beeswax candle, 200 g", "9.5000", "200", "20% (VAT on Income)"),
    ("CAN-02", "Candle, sea fig", "Candle blank", "3.2500", "310", "20% (VAT on Expenses)", "Sea fig candle, 200 g", "11.2500", "200", "20% (VAT on Income)"),
    ("MUG-BL", "Mug, harbour blue", "Stoneware mug", "4.8000", "310", "20% (VAT on Expenses)", "Stoneware mug, harbour blue", "14.0000", "200", "20% (VAT on Income)"),
    ("0007", "Tea towel", "Linen, blank", "2.0500", "310", "20% (VAT on Expenses)", "Tea towel, screen printed", "7.7500", "200", "20% (VAT on Income)"),
    ("BOOK-1", "Coast walks, paperback", "Printing", "2.9000", "310", "Zero Rated Expenses", "Coast walks, paperback", "8.9900", "200", "Zero Rated Income"),
    ("WKSHOP", "Candle workshop", "", "", "", "", "Candle workshop, per person", "42.5000", "220", "Exempt Income"),
    ("KINDLE", "Kindling and logs", "Logs, kiln dried", "4.0000", "310", "5% (VAT on Expenses)", "Kindling and logs, net", "6.3333", "200", "5% (VAT on Income)"),
    ("PRINT-A3", "Art print A3", "Giclée print", "6.4000", "310", "20% (VAT on Expenses)", "Art print A3, Whitby “Old Town”", "28.0000", "200", "20% (VAT on Income)"),
    ("SHIP", "Carriage", "", "", "", "", "Carriage", "12.5000", "200", "20% (VAT on Income)"),
]

# Per cent of the taxes on documents.
TAXES = {
    "20% (VAT on Income)": "20", "5% (VAT on Income)": "5", "Zero Rated Income": "0", "Exempt Income": "0", "No VAT": "0",
    "20% (VAT on Expenses)": "20", "5% (VAT on Expenses)": "5", "Zero Rated Expenses": "0", "Exempt Expenses": "0",
}

# supplier -> [(account, description, tax, lowest and highest pence)]
PURCHASES = {
    "Ackroyd Energy": [("445", "Electricity, workshop", "5% (VAT on Expenses)", 6000, 24000), ("445", "Standing charge", "5% (VAT on Expenses)", 1500, 1900)],
    "Björk & Söhne GmbH": [("310", "Dochte und Gläser – Größe M", "Zero Rated Expenses", 20000, 90000)],
    "Céramiques Lefèvre": [("310", "Bols émaillés", "Zero Rated Expenses", 30000, 120000), ("425", "Port", "Zero Rated Expenses", 2500, 9000)],
    "Dale Freight": [("425", "Pallet, next day (£38.50 each)", "20% (VAT on Expenses)", 3850, 23100)],
    "Esk Valley Rates Office": [("464", "Business rates, instalment", "No VAT", 31200, 31200)],
    "Fenwick & Naylor Solicitors": [("441", "Lease review – “time engaged”", "20% (VAT on Expenses)", 25000, 98000)],
    "Moor & Coast Candle Supplies": [("310", "Wax, 25 kg", "20% (VAT on Expenses)", 8000, 42000), ("310", "Café crème fragrance", "20% (VAT on Expenses)", 2200, 9900), ("400", "Booklet", "Zero Rated Expenses", 900, 2500)],
    "Papier Müller": [("310", "Geschenkpapier", "Zero Rated Expenses", 8000, 36000)],
    "Quayside Print Ltd": [("310", "Art prints", "20% (VAT on Expenses)", 12000, 64000), ("400", "Leaflets", "Zero Rated Expenses", 4000, 15000)],
    "Telemark Broadband": [("489", "Broadband and calls", "20% (VAT on Expenses)", 4200, 6100)],
}
