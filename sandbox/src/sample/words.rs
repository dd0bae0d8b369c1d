//! Words of the sample companies: names as they stand in real books, with all that is odd about them.

/// First words of names.
pub(super) const FIRST: [&str; 40] = [
    "Amber",
    "Bluebell",
    "Cedar",
    "Dovetail",
    "Evergreen",
    "Foxglove",
    "Granite",
    "Harbour",
    "Ivory",
    "Juniper",
    "Kestrel",
    "Lantern",
    "Marigold",
    "Nettle",
    "Orchard",
    "Pebble",
    "Quarry",
    "Rowan",
    "Saffron",
    "Thistle",
    "Umber",
    "Verdant",
    "Willow",
    "Yarrow",
    "Zephyr",
    "Alder",
    "Bramble",
    "Copper",
    "Driftwood",
    "Ember",
    "Fernhill",
    "Gorse",
    "Hazel",
    "Indigo",
    "Jasper",
    "Kingfisher",
    "Linden",
    "Meadow",
    "Northgate",
    "Oakley",
];

/// Second words.
pub(super) const SECOND: [&str; 24] = [
    "Bakery",
    "Builders",
    "Catering",
    "Cleaning",
    "Couriers",
    "Dental",
    "Design",
    "Electrical",
    "Engineering",
    "Events",
    "Flooring",
    "Gardens",
    "Joinery",
    "Logistics",
    "Media",
    "Motors",
    "Optics",
    "Plumbing",
    "Printing",
    "Roofing",
    "Software",
    "Studios",
    "Textiles",
    "Veterinary",
];

/// What a company is.
pub(super) const FORMS: [&str; 8] = ["Ltd", "LLC", "Inc.", "& Co", "GmbH", "Pty Ltd", "Partners", "Group"];

/// Names that break what is written in a hurry: accents, quotes, scripts, lengths, near-duplicates.
pub(super) const ODD: [&str; 16] = [
    "Müller & Söhne GmbH",
    "O'Brien \"Bob\" Trading",
    "Ångström Åkeri AB",
    "株式会社 山田商店",
    "Ćevapčići d.o.o.",
    "Acme Ltd",
    "Acme Ltd.",
    "ACME Limited",
    "Dr. Zoë van der Berg-D'Angelo (Practice No. 2)",
    "100% Natural; Fresh, Local",
    "Smith, John",
    "Smith John",
    "c/o The Quite Exceptionally Long-Winded Holding Company of Upper and Lower Slaughter (in liquidation)",
    "-",
    "نور للتجارة",
    "Łódź Żelazo sp. z o.o. / Oddział 7",
];

/// Streets and towns.
pub(super) const STREETS: [&str; 6] =
    ["High Street", "Station Road", "Mill Lane", "Rue de l'Église", "Größe Straße", "Elm Avenue"];
pub(super) const TOWNS: [&str; 6] = ["Ashford", "Brookfield", "Cork", "Newtown", "Saint-Étienne", "Zürich"];

/// What is sold: code, name, price in cents.
pub(super) const ITEMS: [(&str, &str, i64); 12] = [
    ("CONS-HR", "Consulting, per hour", 14_500),
    ("CONS-DAY", "Consulting, per day", 98_000),
    ("SUPPORT-M", "Support, monthly", 24_900),
    ("SETUP", "Set-up fee", 45_000),
    ("TRAIN", "Training 3.5 h", 62_525),
    ("LIC/USR", "Licence per user & year", 11_988),
    ("HOST", "Hosting 10 GB", 1_999),
    ("PAPER A4", "Paper A4, 500 sheets", 649),
    ("CABLE-5M", "Cable 5 m \"flat\"", 1_250),
    ("TRAVEL", "Travel, per km", 42),
    ("WIDGET", "Widget, blue", 333),
    ("GIFT", "Gift card", 5_000),
];

/// What lines say.
pub(super) const DESCRIPTIONS: [&str; 8] = [
    "Work in progress, phase 2",
    "As agreed by phone (Tues.)",
    "Ref: PO#4711 / site \"B\"",
    "Déplacement + matériel",
    "Monthly retainer",
    "Rush delivery – 24 h",
    "Line one\nline two",
    "Replacement & fitting <urgent>",
];

/// What documents are reminded by.
pub(super) const NOTES: [&str; 5] = [
    "Customer disputes the 2nd line",
    "Paid by M. on account?",
    "€ quoted, see mail of the 3rd",
    "Do not chase before month's end",
    "50/50 with project \"Möwe\"",
];

/// What the company spends on.
pub(super) const SPENDING: [&str; 6] =
    ["Coffee & biscuits", "Train tickets", "Office rent", "Online adverts", "Printer toner", "Taxi"];
