-- The universal database: the books of a business in plain relational tables.
--
-- Conventions
--   id            integer key of this database; what other tables refer to.
--   source_id     what the source called the record; unique within its kind.
--   source_number number or name people know it by at the source.
--   *_minor       money in the smallest unit of the row's currency (cents); currencies.minor_digits says how many
--                 decimals that is. Sums are exact in every SQL engine.
--   *_home_minor  the same amount in the home currency's smallest unit, at the rate of its own document; null
--                 where the row is in the home currency already, or where its rate is not known.
--   exact         JSON object {column: text} of those amounts of the row that the source wrote otherwise than the
--                 smallest unit says (12.5, or 3.333 of a currency with two decimals). Null where there are none.
--                 Parts of a document that are finer than the smallest unit are rounded so that their sum is exact.
--   quantities, unit prices, rates and per cents are exact decimals.
--   dates are YYYY-MM-DD, times RFC 3339.
--   where a column of a large table knows a few words, its check compares them one by one: SQLite would build a
--   small index of an IN list for every row.
--   fingerprint, source_created, source_modified, implied (nothing in the source says so but a reference),
--   place_* and raw (the source's own slice, verbatim) say where a row comes from.

CREATE TABLE books (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    schema_version INTEGER NOT NULL,
    home_currency  TEXT,                   -- the currency the ledger is kept in
    as_of          TEXT                    -- day the ageing views are worked out for; null means today
);

CREATE TABLE currencies (
    code         TEXT PRIMARY KEY,         -- ISO 4217
    minor_digits INTEGER NOT NULL          -- 2 for EUR, 0 for JPY, 3 for KWD
) WITHOUT ROWID;

-- Keys are given once: a key that was removed is not given to another record.
CREATE TABLE id_counters (
    table_name TEXT PRIMARY KEY,
    last_id    INTEGER NOT NULL
) WITHOUT ROWID;

-- What each kind of document does to the ledger. line_sign: 1 where its lines are debits, -1 credits, 0 none.
CREATE TABLE document_kinds (
    kind      TEXT PRIMARY KEY,
    side      TEXT NOT NULL CHECK (side IN ('sales', 'purchases')),
    ledger    TEXT CHECK (ledger IN ('receivable', 'payable')),  -- null: leaves no open balance
    raises    INTEGER NOT NULL,            -- 1 raises the ledger's balance, -1 lowers it, 0 neither
    line_sign INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO document_kinds (kind, side, ledger, raises, line_sign) VALUES
    ('estimate',       'sales',     NULL,          0,  0),
    ('sales_order',    'sales',     NULL,          0,  0),
    ('purchase_order', 'purchases', NULL,          0,  0),
    ('invoice',        'sales',     'receivable',  1, -1),
    ('bill',           'purchases', 'payable',     1,  1),
    ('sales_receipt',  'sales',     NULL,          0, -1),
    ('expense',        'purchases', NULL,          0,  1),
    ('credit_note',    'sales',     'receivable', -1,  1),
    ('bill_credit',    'purchases', 'payable',    -1, -1),
    ('refund',         'sales',     NULL,          0,  1);

CREATE TABLE companies (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    name            TEXT NOT NULL,
    home_currency   TEXT NOT NULL REFERENCES currencies,
    country         TEXT,                  -- ISO 3166, two letters
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    code            TEXT,
    name            TEXT NOT NULL,
    class           TEXT NOT NULL CHECK (class IN ('bank', 'receivable', 'current_asset', 'fixed_asset',
                        'credit_card', 'payable', 'current_liability', 'long_term_liability', 'equity', 'income',
                        'other_income', 'cost_of_sales', 'expense', 'other_expense')),
    parent_id       INTEGER REFERENCES accounts,
    currency        TEXT REFERENCES currencies,  -- null: not bound to one
    description     TEXT,
    active          INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE tax_rates (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    name            TEXT NOT NULL,
    code            TEXT,
    percent         TEXT,                  -- 19 for 19 %; null where the source states none
    account_id      INTEGER REFERENCES accounts,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE tax_components (
    tax_rate_id     INTEGER NOT NULL REFERENCES tax_rates ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    name            TEXT NOT NULL,
    percent         TEXT NOT NULL,
    compound        INTEGER NOT NULL CHECK (compound IN (0, 1)),  -- charged on net plus the components before it
    account_id      INTEGER REFERENCES accounts,
    PRIMARY KEY (tax_rate_id, position)
) WITHOUT ROWID;

CREATE TABLE terms (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    name            TEXT NOT NULL,
    due_days        INTEGER,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE payment_methods (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    name            TEXT NOT NULL,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE tracking_categories (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    name            TEXT NOT NULL,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE tracking_options (
    category_id     INTEGER NOT NULL REFERENCES tracking_categories ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    name            TEXT NOT NULL,
    PRIMARY KEY (category_id, position)
) WITHOUT ROWID;

CREATE TABLE contacts (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    name            TEXT NOT NULL,
    customer        INTEGER NOT NULL CHECK (customer IN (0, 1)),
    supplier        INTEGER NOT NULL CHECK (supplier IN (0, 1)),
    first_name      TEXT,
    last_name       TEXT,
    email           TEXT,
    phone           TEXT,
    account_number  TEXT,
    tax_number      TEXT,
    parent_id       INTEGER REFERENCES contacts,
    currency        TEXT REFERENCES currencies,
    note            TEXT,
    archived        INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE contact_addresses (
    contact_id      INTEGER NOT NULL REFERENCES contacts ON DELETE CASCADE,
    role            TEXT NOT NULL CHECK (role IN ('billing', 'shipping')),
    street          TEXT NOT NULL,         -- JSON array of the lines
    city            TEXT,
    region          TEXT,
    postal_code     TEXT,
    country         TEXT,
    PRIMARY KEY (contact_id, role)
) WITHOUT ROWID;

CREATE TABLE items (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    name            TEXT NOT NULL,
    code            TEXT,
    description     TEXT,
    price           TEXT,                  -- of one, net, home currency
    cost            TEXT,
    income_account_id  INTEGER REFERENCES accounts,
    expense_account_id INTEGER REFERENCES accounts,
    tax_rate_id     INTEGER REFERENCES tax_rates,
    service         INTEGER CHECK (service IN (0, 1)),  -- null: not known
    archived        INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE projects (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    name            TEXT NOT NULL,
    code            TEXT,
    contact_id      INTEGER REFERENCES contacts,
    active          INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

-- Estimates, orders, invoices, bills, receipts, expenses, credits and refunds. Amounts are positive in the
-- document's own sense. total_minor and outstanding_minor are what the source states; the views below work the
-- same two figures out from lines, taxes, discount and allocations.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    kind            TEXT NOT NULL REFERENCES document_kinds,
    source_id TEXT NOT NULL, source_number TEXT,
    contact_id      INTEGER REFERENCES contacts,
    date            TEXT NOT NULL,
    due             TEXT,
    currency        TEXT NOT NULL REFERENCES currencies,
    rate            TEXT,                  -- home units for one unit of currency; null in the home currency
    tax_mode        TEXT NOT NULL CHECK (tax_mode = 'exclusive' OR tax_mode = 'inclusive' OR tax_mode = 'none'),
    total_minor     INTEGER NOT NULL,
    outstanding_minor INTEGER,             -- null where the source states none
    status          TEXT NOT NULL CHECK (status = 'open' OR status = 'draft' OR status = 'voided'
                        OR status = 'accepted' OR status = 'declined' OR status = 'closed'),
    discount_minor  INTEGER,               -- on the whole, not yet taken off any line
    discount_home_minor INTEGER,
    discount_percent TEXT,
    discount_account_id INTEGER REFERENCES accounts,
    terms_id        INTEGER REFERENCES terms,
    reference       TEXT,                  -- the other side's
    memo            TEXT,
    project_id      INTEGER REFERENCES projects,
    paid_account_id INTEGER REFERENCES accounts,
    payment_method_id INTEGER REFERENCES payment_methods,
    exact           TEXT,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT,
    UNIQUE (kind, source_id)
);

CREATE TABLE document_lines (
    document_id     INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    position        INTEGER NOT NULL,      -- from 1
    item_id         INTEGER REFERENCES items,
    description     TEXT,
    quantity        TEXT,
    unit_price      TEXT,                  -- as stated, with tax where the document is inclusive
    discount_minor  INTEGER,               -- already taken off net_minor
    net_minor       INTEGER NOT NULL,      -- before tax, after discount
    net_home_minor  INTEGER,
    tax_rate_id     INTEGER REFERENCES tax_rates,
    tax_minor       INTEGER,               -- null where tax is stated for the whole document only
    tax_home_minor  INTEGER,
    account_id      INTEGER REFERENCES accounts,
    project_id      INTEGER REFERENCES projects,
    service_date    TEXT,
    exact           TEXT,
    PRIMARY KEY (document_id, position)
) WITHOUT ROWID;

CREATE TABLE document_line_tracking (
    document_id     INTEGER NOT NULL,
    line            INTEGER NOT NULL,
    position        INTEGER NOT NULL,
    category_id     INTEGER NOT NULL REFERENCES tracking_categories,
    option          TEXT NOT NULL,
    PRIMARY KEY (document_id, line, position),
    FOREIGN KEY (document_id, line) REFERENCES document_lines ON DELETE CASCADE
) WITHOUT ROWID;

-- Tax stated for the whole document rather than its lines.
CREATE TABLE document_taxes (
    document_id     INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    tax_rate_id     INTEGER REFERENCES tax_rates,
    amount_minor    INTEGER NOT NULL,
    amount_home_minor INTEGER,
    exact           TEXT,
    PRIMARY KEY (document_id, position)
) WITHOUT ROWID;

-- What a document came from or belongs to, in the source's ids.
CREATE TABLE document_related (
    document_id     INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    related_entity  TEXT NOT NULL,
    related_source_id TEXT NOT NULL,
    PRIMARY KEY (document_id, position)
) WITHOUT ROWID;

-- Customers' payments ('payment') and payments to suppliers ('bill_payment').
-- amount + credits used = documents settled + unapplied.
CREATE TABLE payments (
    id INTEGER PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('payment', 'bill_payment')),
    source_id TEXT NOT NULL, source_number TEXT,
    contact_id      INTEGER REFERENCES contacts,
    date            TEXT NOT NULL,
    currency        TEXT NOT NULL REFERENCES currencies,
    rate            TEXT,
    amount_minor    INTEGER NOT NULL,      -- money that changed hands; negative where it went the other way
    amount_home_minor INTEGER,
    ledger_home_minor INTEGER,             -- its allocations at the rates of their documents, the rest at its own
    account_id      INTEGER REFERENCES accounts,
    payment_method_id INTEGER REFERENCES payment_methods,
    reference       TEXT,
    memo            TEXT,
    exact           TEXT,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT,
    UNIQUE (kind, source_id)
);

-- By how much a payment lowers what is open on a document, positive for invoices and credits alike.
CREATE TABLE allocations (
    payment_id      INTEGER NOT NULL REFERENCES payments ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    document_id     INTEGER NOT NULL REFERENCES documents,
    amount_minor    INTEGER NOT NULL,      -- in the payment's currency
    exact           TEXT,
    PRIMARY KEY (payment_id, position)
) WITHOUT ROWID;

CREATE INDEX allocations_by_document ON allocations (document_id);

CREATE TABLE transfers (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    date            TEXT NOT NULL,
    from_account_id INTEGER NOT NULL REFERENCES accounts,
    to_account_id   INTEGER NOT NULL REFERENCES accounts,
    currency        TEXT NOT NULL REFERENCES currencies,
    rate            TEXT,
    amount_minor    INTEGER NOT NULL,      -- what left
    amount_home_minor INTEGER,
    received_minor  INTEGER,               -- what arrived, where it is in another currency
    received_currency TEXT REFERENCES currencies,
    memo            TEXT,
    exact           TEXT,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE bank_transactions (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    date            TEXT NOT NULL,
    account_id      INTEGER NOT NULL REFERENCES accounts,
    direction       TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    contact_id      INTEGER REFERENCES contacts,
    currency        TEXT NOT NULL REFERENCES currencies,
    rate            TEXT,
    total_minor     INTEGER NOT NULL,
    total_home_minor INTEGER,
    memo            TEXT,
    exact           TEXT,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE bank_transaction_lines (
    bank_transaction_id INTEGER NOT NULL REFERENCES bank_transactions ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    account_id      INTEGER NOT NULL REFERENCES accounts,
    net_minor       INTEGER NOT NULL,
    net_home_minor  INTEGER,
    tax_rate_id     INTEGER REFERENCES tax_rates,
    tax_minor       INTEGER,
    tax_home_minor  INTEGER,
    description     TEXT,
    exact           TEXT,
    PRIMARY KEY (bank_transaction_id, position)
) WITHOUT ROWID;

CREATE TABLE journals (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    date            TEXT NOT NULL,
    currency        TEXT NOT NULL REFERENCES currencies,
    rate            TEXT,
    memo            TEXT,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

CREATE TABLE journal_lines (
    journal_id      INTEGER NOT NULL REFERENCES journals ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    account_id      INTEGER NOT NULL REFERENCES accounts,
    amount_minor    INTEGER NOT NULL,      -- debit positive, credit negative
    amount_home_minor INTEGER,
    contact_id      INTEGER REFERENCES contacts,
    description     TEXT,
    exact           TEXT,
    PRIMARY KEY (journal_id, position)
) WITHOUT ROWID;

CREATE TABLE journal_line_tracking (
    journal_id      INTEGER NOT NULL,
    line            INTEGER NOT NULL,
    position        INTEGER NOT NULL,
    category_id     INTEGER NOT NULL REFERENCES tracking_categories,
    option          TEXT NOT NULL,
    PRIMARY KEY (journal_id, line, position),
    FOREIGN KEY (journal_id, line) REFERENCES journal_lines ON DELETE CASCADE
) WITHOUT ROWID;

-- Time worked, costs to pass on, fees to charge.
CREATE TABLE activities (
    id INTEGER PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('time_activity', 'expense_activity', 'fee_activity')),
    source_id TEXT NOT NULL, source_number TEXT,
    date            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    note            TEXT,
    contact_id      INTEGER REFERENCES contacts,
    project_id      INTEGER REFERENCES projects,
    item_id         INTEGER REFERENCES items,
    staff           TEXT,
    hours           TEXT,
    rate            TEXT,                  -- price of an hour or of one
    amount_minor    INTEGER,
    currency        TEXT NOT NULL REFERENCES currencies,
    billable        INTEGER NOT NULL CHECK (billable IN (0, 1)),
    invoice_id      INTEGER REFERENCES documents ON DELETE SET NULL,
    exact           TEXT,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT,
    UNIQUE (kind, source_id)
);

CREATE INDEX activities_by_invoice ON activities (invoice_id);

-- Files of any record; what they are attached to is named in the source's ids.
CREATE TABLE attachments (
    id INTEGER PRIMARY KEY, source_id TEXT NOT NULL UNIQUE, source_number TEXT,
    of_entity       TEXT NOT NULL,
    of_source_id    TEXT NOT NULL,
    name            TEXT NOT NULL,
    media_type      TEXT,
    size_bytes      INTEGER,
    hash            TEXT,                  -- SHA-256 of the content, hexadecimal
    location        TEXT NOT NULL,
    fingerprint TEXT, source_created TEXT, source_modified TEXT, implied INTEGER NOT NULL DEFAULT 0,
    place_file TEXT, place_line INTEGER, place_last_line INTEGER, raw TEXT
);

-- Source rows that could not be carried, each with the reason and what to do about it.
CREATE TABLE rejects (
    id              INTEGER PRIMARY KEY,
    entity          TEXT NOT NULL,
    source_id       TEXT NOT NULL,         -- '' where it could not be told
    source_number   TEXT,
    place_file      TEXT NOT NULL,
    place_line      INTEGER NOT NULL,
    place_last_line INTEGER NOT NULL,
    code            TEXT NOT NULL,         -- CF2001
    sentence        TEXT NOT NULL,
    remedy          TEXT NOT NULL,
    field           TEXT NOT NULL,
    text            TEXT NOT NULL,
    raw_message     TEXT NOT NULL,
    raw             TEXT NOT NULL,
    UNIQUE (entity, source_id, place_file, place_line, code, field)
);

-- Views ------------------------------------------------------------------------------------------------------

-- What the parts of every document and its allocations come to.
CREATE VIEW document_sums AS
SELECT d.id, d.kind, d.currency, d.contact_id, d.status,
       coalesce((SELECT sum(l.net_minor + coalesce(l.tax_minor, 0)) FROM document_lines l
                 WHERE l.document_id = d.id), 0)
         + coalesce((SELECT sum(t.amount_minor) FROM document_taxes t WHERE t.document_id = d.id), 0)
         - coalesce(d.discount_minor, 0) AS total_minor,
       CASE WHEN d.rate IS NOT NULL THEN
           coalesce((SELECT sum(l.net_home_minor + coalesce(l.tax_home_minor, 0)) FROM document_lines l
                     WHERE l.document_id = d.id), 0)
             + coalesce((SELECT sum(t.amount_home_minor) FROM document_taxes t WHERE t.document_id = d.id), 0)
             - coalesce(d.discount_home_minor, 0) END AS total_home_minor,
       coalesce((SELECT sum(a.amount_minor) FROM allocations a WHERE a.document_id = d.id), 0) AS allocated_minor
FROM documents d;

-- Total and outstanding of every document, worked out. Drafts, void documents and those that move no ledger leave
-- nothing open.
CREATE VIEW document_balances AS
SELECT s.id, s.kind, s.currency, s.contact_id, s.total_minor, s.total_home_minor, s.allocated_minor,
       CASE WHEN k.ledger IS NULL OR s.status IN ('draft', 'voided') THEN 0
            ELSE s.total_minor - s.allocated_minor END AS outstanding_minor
FROM document_sums s JOIN document_kinds k ON k.kind = s.kind;

-- What customers were charged: the two figures worked out, beside those that the source states.
CREATE VIEW invoices AS
SELECT d.id, d.source_id, d.source_number AS number, d.date, d.due, d.status, d.contact_id, c.name AS contact,
       d.currency, m.minor_digits, b.total_minor, b.outstanding_minor,
       d.total_minor AS stated_total_minor, d.outstanding_minor AS stated_outstanding_minor
FROM documents d JOIN document_balances b ON b.id = d.id JOIN currencies m ON m.code = d.currency
LEFT JOIN contacts c ON c.id = d.contact_id
WHERE d.kind = 'invoice';

-- What suppliers charged.
CREATE VIEW bills AS
SELECT d.id, d.source_id, d.source_number AS number, d.date, d.due, d.status, d.contact_id, c.name AS contact,
       d.currency, m.minor_digits, b.total_minor, b.outstanding_minor,
       d.total_minor AS stated_total_minor, d.outstanding_minor AS stated_outstanding_minor
FROM documents d JOIN document_balances b ON b.id = d.id JOIN currencies m ON m.code = d.currency
LEFT JOIN contacts c ON c.id = d.contact_id
WHERE d.kind = 'bill';

-- What is left of every payment: its amount plus the credits it uses less the documents it settles.
CREATE VIEW payment_balances AS
SELECT p.id, p.kind, p.contact_id, p.currency, p.date, p.amount_minor,
       p.amount_minor - coalesce((SELECT sum(a.amount_minor * CASE WHEN k.raises < 0 THEN -1 ELSE 1 END)
           FROM allocations a JOIN documents d ON d.id = a.document_id JOIN document_kinds k ON k.kind = d.kind
           WHERE a.payment_id = p.id), 0) AS unapplied_minor
FROM payments p;

-- The day the ageing views are worked out for: books.as_of, else today.
CREATE VIEW ageing_day AS
SELECT coalesce((SELECT as_of FROM books WHERE id = 1), date('now')) AS day;

-- Everything that is open, signed in the ledger's sense, with its age in days on the ageing day. Invoices and
-- bills age from the day they fall due (their date where they state none), credits and unapplied payments from
-- their date. What is dated after the ageing day counts as current.
CREATE VIEW open_items AS
SELECT k.ledger, d.kind, d.id, d.contact_id, d.currency,
       k.raises * b.outstanding_minor AS outstanding_minor,
       CAST(julianday(a.day) - julianday(CASE WHEN k.raises > 0 THEN coalesce(d.due, d.date) ELSE d.date END)
            AS INTEGER) AS age_days
FROM documents d JOIN document_kinds k ON k.kind = d.kind JOIN document_balances b ON b.id = d.id
CROSS JOIN ageing_day a
WHERE k.ledger IS NOT NULL AND b.outstanding_minor <> 0
UNION ALL
SELECT CASE p.kind WHEN 'payment' THEN 'receivable' ELSE 'payable' END, p.kind, p.id, p.contact_id, p.currency,
       -p.unapplied_minor, CAST(julianday(a.day) - julianday(p.date) AS INTEGER)
FROM payment_balances p CROSS JOIN ageing_day a
WHERE p.unapplied_minor <> 0;

-- What each customer owes, per currency, by days overdue.
CREATE VIEW ar_ageing AS
SELECT o.contact_id, c.name AS contact, o.currency, m.minor_digits,
       sum(CASE WHEN o.age_days <= 0 THEN o.outstanding_minor ELSE 0 END) AS current_minor,
       sum(CASE WHEN o.age_days BETWEEN 1 AND 30 THEN o.outstanding_minor ELSE 0 END) AS days_1_30_minor,
       sum(CASE WHEN o.age_days BETWEEN 31 AND 60 THEN o.outstanding_minor ELSE 0 END) AS days_31_60_minor,
       sum(CASE WHEN o.age_days BETWEEN 61 AND 90 THEN o.outstanding_minor ELSE 0 END) AS days_61_90_minor,
       sum(CASE WHEN o.age_days > 90 THEN o.outstanding_minor ELSE 0 END) AS days_over_90_minor,
       sum(o.outstanding_minor) AS total_minor
FROM open_items o JOIN currencies m ON m.code = o.currency LEFT JOIN contacts c ON c.id = o.contact_id
WHERE o.ledger = 'receivable'
GROUP BY o.contact_id, c.name, o.currency, m.minor_digits;

-- What is owed to each supplier, per currency, by days overdue.
CREATE VIEW ap_ageing AS
SELECT o.contact_id, c.name AS contact, o.currency, m.minor_digits,
       sum(CASE WHEN o.age_days <= 0 THEN o.outstanding_minor ELSE 0 END) AS current_minor,
       sum(CASE WHEN o.age_days BETWEEN 1 AND 30 THEN o.outstanding_minor ELSE 0 END) AS days_1_30_minor,
       sum(CASE WHEN o.age_days BETWEEN 31 AND 60 THEN o.outstanding_minor ELSE 0 END) AS days_31_60_minor,
       sum(CASE WHEN o.age_days BETWEEN 61 AND 90 THEN o.outstanding_minor ELSE 0 END) AS days_61_90_minor,
       sum(CASE WHEN o.age_days > 90 THEN o.outstanding_minor ELSE 0 END) AS days_over_90_minor,
       sum(o.outstanding_minor) AS total_minor
FROM open_items o JOIN currencies m ON m.code = o.currency LEFT JOIN contacts c ON c.id = o.contact_id
WHERE o.ledger = 'payable'
GROUP BY o.contact_id, c.name, o.currency, m.minor_digits;

-- The control account of each ledger in each currency: the account of that class bound to the currency, else one
-- bound to none, else the first.
CREATE VIEW control_accounts AS
SELECT m.code AS currency, l.ledger,
       coalesce((SELECT min(a.id) FROM accounts a WHERE a.class = l.ledger AND a.currency = m.code),
                (SELECT min(a.id) FROM accounts a WHERE a.class = l.ledger AND a.currency IS NULL),
                (SELECT min(a.id) FROM accounts a WHERE a.class = l.ledger)) AS account_id
FROM currencies m CROSS JOIN (SELECT 'receivable' AS ledger UNION ALL SELECT 'payable') l;

-- The account a tax rate is booked to; of a rate of several parts, its first part's.
CREATE VIEW tax_accounts AS
SELECT t.id AS tax_rate_id,
       coalesce(t.account_id, (SELECT c.account_id FROM tax_components c
                               WHERE c.tax_rate_id = t.id AND c.account_id IS NOT NULL
                               ORDER BY c.position LIMIT 1)) AS account_id
FROM tax_rates t;

-- The double entry behind everything: debits positive. Drafts, void documents, estimates and orders post nothing.
-- account_id is null where the books name no account; role then says what the amount is. home_minor is null
-- where the rate to the home currency is not known.
CREATE VIEW postings AS
SELECT d.kind AS entity, d.id AS record_id, d.date, 'line' AS role, d.contact_id, d.currency,
       coalesce(l.account_id, CASE k.side WHEN 'sales' THEN i.income_account_id ELSE i.expense_account_id END)
         AS account_id,
       k.line_sign * l.net_minor AS amount_minor,
       k.line_sign * CASE WHEN d.currency = h.home_currency THEN l.net_minor ELSE l.net_home_minor END AS home_minor
FROM document_lines l JOIN documents d ON d.id = l.document_id JOIN document_kinds k ON k.kind = d.kind
CROSS JOIN books h LEFT JOIN items i ON i.id = l.item_id
WHERE k.line_sign <> 0 AND d.status NOT IN ('draft', 'voided')
UNION ALL
SELECT d.kind, d.id, d.date, 'tax', d.contact_id, d.currency, x.account_id, k.line_sign * l.tax_minor,
       k.line_sign * CASE WHEN d.currency = h.home_currency THEN l.tax_minor ELSE l.tax_home_minor END
FROM document_lines l JOIN documents d ON d.id = l.document_id JOIN document_kinds k ON k.kind = d.kind
CROSS JOIN books h LEFT JOIN tax_accounts x ON x.tax_rate_id = l.tax_rate_id
WHERE l.tax_minor IS NOT NULL AND k.line_sign <> 0 AND d.status NOT IN ('draft', 'voided')
UNION ALL
SELECT d.kind, d.id, d.date, 'tax', d.contact_id, d.currency, x.account_id, k.line_sign * t.amount_minor,
       k.line_sign * CASE WHEN d.currency = h.home_currency THEN t.amount_minor ELSE t.amount_home_minor END
FROM document_taxes t JOIN documents d ON d.id = t.document_id JOIN document_kinds k ON k.kind = d.kind
CROSS JOIN books h LEFT JOIN tax_accounts x ON x.tax_rate_id = t.tax_rate_id
WHERE k.line_sign <> 0 AND d.status NOT IN ('draft', 'voided')
UNION ALL
SELECT d.kind, d.id, d.date, 'discount', d.contact_id, d.currency, d.discount_account_id,
       -k.line_sign * d.discount_minor,
       -k.line_sign * CASE WHEN d.currency = h.home_currency THEN d.discount_minor ELSE d.discount_home_minor END
FROM documents d JOIN document_kinds k ON k.kind = d.kind CROSS JOIN books h
WHERE d.discount_minor IS NOT NULL AND k.line_sign <> 0 AND d.status NOT IN ('draft', 'voided')
UNION ALL
SELECT d.kind, d.id, d.date, coalesce(k.ledger, 'bank'), d.contact_id, d.currency,
       CASE WHEN k.ledger IS NULL THEN d.paid_account_id ELSE g.account_id END,
       -k.line_sign * b.total_minor,
       -k.line_sign * CASE WHEN d.currency = h.home_currency THEN b.total_minor ELSE b.total_home_minor END
FROM documents d JOIN document_kinds k ON k.kind = d.kind JOIN document_balances b ON b.id = d.id
CROSS JOIN books h LEFT JOIN control_accounts g ON g.currency = d.currency AND g.ledger = k.ledger
WHERE k.line_sign <> 0 AND d.status NOT IN ('draft', 'voided')
UNION ALL
SELECT p.kind, p.id, p.date, 'bank', p.contact_id, p.currency, p.account_id,
       CASE p.kind WHEN 'payment' THEN 1 ELSE -1 END * p.amount_minor,
       CASE p.kind WHEN 'payment' THEN 1 ELSE -1 END
         * CASE WHEN p.currency = h.home_currency THEN p.amount_minor ELSE p.amount_home_minor END
FROM payments p CROSS JOIN books h
UNION ALL
SELECT p.kind, p.id, p.date, g.ledger, p.contact_id, p.currency, g.account_id,
       CASE p.kind WHEN 'payment' THEN -1 ELSE 1 END * p.amount_minor,
       CASE p.kind WHEN 'payment' THEN -1 ELSE 1 END
         * CASE WHEN p.currency = h.home_currency THEN p.amount_minor ELSE p.ledger_home_minor END
FROM payments p CROSS JOIN books h
JOIN control_accounts g ON g.currency = p.currency
     AND g.ledger = CASE p.kind WHEN 'payment' THEN 'receivable' ELSE 'payable' END
UNION ALL
SELECT p.kind, p.id, p.date, 'exchange', p.contact_id, p.currency, NULL, 0,
       CASE p.kind WHEN 'payment' THEN 1 ELSE -1 END * (p.ledger_home_minor - p.amount_home_minor)
FROM payments p CROSS JOIN books h
WHERE p.currency <> h.home_currency AND p.ledger_home_minor <> p.amount_home_minor
UNION ALL
SELECT 'transfer', t.id, t.date, 'bank', NULL, t.currency, t.from_account_id, -t.amount_minor,
       -CASE WHEN t.currency = h.home_currency THEN t.amount_minor ELSE t.amount_home_minor END
FROM transfers t CROSS JOIN books h
UNION ALL
SELECT 'transfer', t.id, t.date, 'bank', NULL, coalesce(t.received_currency, t.currency), t.to_account_id,
       coalesce(t.received_minor, t.amount_minor),
       CASE WHEN t.currency = h.home_currency THEN t.amount_minor ELSE t.amount_home_minor END
FROM transfers t CROSS JOIN books h
UNION ALL
SELECT 'transfer', t.id, t.date, 'exchange', NULL, t.currency, NULL, t.amount_minor,
       CASE WHEN t.currency = h.home_currency THEN t.amount_minor ELSE t.amount_home_minor END
FROM transfers t CROSS JOIN books h WHERE t.received_minor IS NOT NULL
UNION ALL
SELECT 'transfer', t.id, t.date, 'exchange', NULL, t.received_currency, NULL, -t.received_minor,
       -CASE WHEN t.currency = h.home_currency THEN t.amount_minor ELSE t.amount_home_minor END
FROM transfers t CROSS JOIN books h WHERE t.received_minor IS NOT NULL
UNION ALL
SELECT 'bank_transaction', t.id, t.date, 'bank', t.contact_id, t.currency, t.account_id,
       CASE t.direction WHEN 'in' THEN 1 ELSE -1 END * t.total_minor,
       CASE t.direction WHEN 'in' THEN 1 ELSE -1 END
         * CASE WHEN t.currency = h.home_currency THEN t.total_minor ELSE t.total_home_minor END
FROM bank_transactions t CROSS JOIN books h
UNION ALL
SELECT 'bank_transaction', t.id, t.date, 'line', t.contact_id, t.currency, l.account_id,
       CASE t.direction WHEN 'in' THEN -1 ELSE 1 END * l.net_minor,
       CASE t.direction WHEN 'in' THEN -1 ELSE 1 END
         * CASE WHEN t.currency = h.home_currency THEN l.net_minor ELSE l.net_home_minor END
FROM bank_transaction_lines l JOIN bank_transactions t ON t.id = l.bank_transaction_id CROSS JOIN books h
UNION ALL
SELECT 'bank_transaction', t.id, t.date, 'tax', t.contact_id, t.currency, x.account_id,
       CASE t.direction WHEN 'in' THEN -1 ELSE 1 END * l.tax_minor,
       CASE t.direction WHEN 'in' THEN -1 ELSE 1 END
         * CASE WHEN t.currency = h.home_currency THEN l.tax_minor ELSE l.tax_home_minor END
FROM bank_transaction_lines l JOIN bank_transactions t ON t.id = l.bank_transaction_id CROSS JOIN books h
LEFT JOIN tax_accounts x ON x.tax_rate_id = l.tax_rate_id
WHERE l.tax_minor IS NOT NULL
UNION ALL
-- What a bank transaction's parts leave of its stated total.
SELECT 'bank_transaction', r.id, r.date, 'difference', r.contact_id, r.currency, NULL, r.rest, r.home_rest
FROM (SELECT t.id, t.date, t.contact_id, t.currency,
             CASE t.direction WHEN 'in' THEN -1 ELSE 1 END * (t.total_minor - coalesce((
                 SELECT sum(l.net_minor + coalesce(l.tax_minor, 0)) FROM bank_transaction_lines l
                 WHERE l.bank_transaction_id = t.id), 0)) AS rest,
             CASE t.direction WHEN 'in' THEN -1 ELSE 1 END
               * CASE WHEN t.currency = h.home_currency THEN t.total_minor - coalesce((
                   SELECT sum(l.net_minor + coalesce(l.tax_minor, 0)) FROM bank_transaction_lines l
                   WHERE l.bank_transaction_id = t.id), 0)
                 ELSE t.total_home_minor - coalesce((
                   SELECT sum(l.net_home_minor + coalesce(l.tax_home_minor, 0)) FROM bank_transaction_lines l
                   WHERE l.bank_transaction_id = t.id), 0) END AS home_rest
      FROM bank_transactions t CROSS JOIN books h) r
WHERE r.rest <> 0 OR r.home_rest <> 0
UNION ALL
SELECT 'journal', j.id, j.date, 'line', l.contact_id, j.currency, l.account_id, l.amount_minor,
       CASE WHEN j.currency = h.home_currency THEN l.amount_minor ELSE l.amount_home_minor END
FROM journal_lines l JOIN journals j ON j.id = l.journal_id CROSS JOIN books h;

-- Every account's balance per currency. Debits are positive; each currency adds up to zero, and so does the home
-- column as long as unrated_postings is zero. Where no account is known, name says in brackets what it is.
CREATE VIEW trial_balance AS
SELECT p.account_id, a.code, coalesce(a.name, '(' || p.role || ')') AS name, a.class, p.currency, m.minor_digits,
       sum(CASE WHEN p.amount_minor > 0 THEN p.amount_minor ELSE 0 END) AS debit_minor,
       sum(CASE WHEN p.amount_minor < 0 THEN -p.amount_minor ELSE 0 END) AS credit_minor,
       sum(p.amount_minor) AS balance_minor,
       h.home_currency, coalesce(sum(p.home_minor), 0) AS home_balance_minor,
       sum(CASE WHEN p.home_minor IS NULL AND p.amount_minor <> 0 THEN 1 ELSE 0 END) AS unrated_postings
FROM postings p CROSS JOIN books h JOIN currencies m ON m.code = p.currency
LEFT JOIN accounts a ON a.id = p.account_id
GROUP BY p.account_id, a.code, coalesce(a.name, '(' || p.role || ')'), a.class, p.currency, m.minor_digits,
         h.home_currency;

-- Every account's balance in the home currency.
CREATE VIEW trial_balance_home AS
SELECT t.account_id, t.code, t.name, t.class, t.home_currency,
       CASE WHEN sum(t.home_balance_minor) > 0 THEN sum(t.home_balance_minor) ELSE 0 END AS debit_minor,
       CASE WHEN sum(t.home_balance_minor) < 0 THEN -sum(t.home_balance_minor) ELSE 0 END AS credit_minor,
       sum(t.unrated_postings) AS unrated_postings
FROM trial_balance t
GROUP BY t.account_id, t.code, t.name, t.class, t.home_currency;
