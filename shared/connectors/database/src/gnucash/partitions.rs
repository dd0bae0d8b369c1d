//! What is extracted together: a table and the rows of other tables that belong to each of its rows.
//!
//! Every query gives the key of the object first (`parent`), in ascending order, so that the parts of an object
//! are found by walking all of them once, side by side.

use carry_model::{Currency, Entity};

use crate::conn::Dialect;

/// A sort of object of a book.
pub(super) struct Kind {
    /// The partition's id.
    pub(super) id: &'static str,
    /// What it mainly becomes.
    pub(super) entity: Entity,
    /// The table that [`carry_model::Place`] names.
    pub(super) table: &'static str,
    /// Entities whose counts add up to its rows.
    pub(super) counted: &'static [Entity],
    /// The objects. `{after}` stands for the condition that leaves out what was read already.
    pub(super) objects: &'static str,
    /// Name and query of each part.
    pub(super) parts: &'static [(&'static str, &'static str)],
}

/// Writes a query out for a dialect: `resumed` tells whether it starts after a key that is bound as the first
/// parameter.
pub(super) fn sql(
    template: &str,
    dialect: Dialect,
    resumed: bool,
    templates: &str,
    home: Currency,
) -> String {
    let mut out = template.replace("{priced}", PRICED).replace("{home}", home.code());
    out = out.replace("{templates}", &templates.replace('\'', "''"));
    while let Some((before, rest)) = out.split_once("{after:") {
        let Some((column, after)) = rest.split_once('}') else { break };
        let condition = if resumed {
            format!("{column} > {}", dialect.parameter(1))
        } else {
            format!("{column} IS NOT NULL")
        };
        out = format!("{before}{condition}{after}");
    }
    out
}

/// The book's last price, up to the day of a transaction, between the transaction's currency and the home currency;
/// GnuCash enters it in either direction.
const PRICED: &str = "JOIN commodities h ON h.namespace = 'CURRENCY' AND h.mnemonic = '{home}' \
     JOIN prices p ON p.guid = (SELECT q.guid FROM prices q \
       WHERE ((q.commodity_guid = t.currency_guid AND q.currency_guid = h.guid) \
           OR (q.commodity_guid = h.guid AND q.currency_guid = t.currency_guid)) \
         AND substr(cast(q.date AS char(19)), 1, 10) <= substr(cast(t.post_date AS char(19)), 1, 10) \
       ORDER BY q.date DESC, q.guid LIMIT 1)";

/// Everything a book is extracted as.
pub(super) const PARTITIONS: &[Kind] = &[
    Kind {
        id: "accounts",
        entity: Entity::Account,
        table: "accounts",
        counted: &[Entity::Account],
        objects: "SELECT a.guid AS parent, a.guid, a.name, a.account_type, a.parent_guid, a.code, a.description, a.hidden, a.placeholder, \
             c.namespace AS space, c.mnemonic \
           FROM accounts a LEFT JOIN commodities c ON c.guid = a.commodity_guid \
           WHERE {after:a.guid} AND a.guid NOT IN (SELECT root_account_guid FROM books) \
             AND a.guid <> '{templates}' AND (a.parent_guid IS NULL OR a.parent_guid <> '{templates}') ORDER BY a.guid",
        parts: &[],
    },
    Kind {
        id: "tax_rates",
        entity: Entity::TaxRate,
        table: "taxtables",
        counted: &[Entity::TaxRate],
        objects: "SELECT t.guid AS parent, t.guid, t.name, t.invisible, t.parent AS copied_from FROM taxtables t WHERE {after:t.guid} ORDER BY t.guid",
        parts: &[(
            "taxes",
            "SELECT e.taxtable AS parent, e.account, e.amount_num, e.amount_denom, e.type AS kind FROM taxtable_entries e \
             WHERE {after:e.taxtable} ORDER BY e.taxtable, e.id",
        )],
    },
    Kind {
        id: "terms",
        entity: Entity::Terms,
        table: "billterms",
        counted: &[Entity::Terms],
        objects: "SELECT b.guid AS parent, b.guid, b.name, b.description, b.invisible, b.parent AS copied_from, b.type AS kind, b.duedays \
           FROM billterms b WHERE {after:b.guid} ORDER BY b.guid",
        parts: &[],
    },
    Kind {
        id: "customers",
        entity: Entity::Contact,
        table: "customers",
        counted: &[],
        objects: "SELECT u.guid AS parent, u.*, c.namespace AS space, c.mnemonic FROM customers u \
           LEFT JOIN commodities c ON c.guid = u.currency WHERE {after:u.guid} ORDER BY u.guid",
        parts: &[],
    },
    Kind {
        id: "vendors",
        entity: Entity::Contact,
        table: "vendors",
        counted: &[],
        objects: "SELECT v.guid AS parent, v.*, c.namespace AS space, c.mnemonic FROM vendors v \
           LEFT JOIN commodities c ON c.guid = v.currency WHERE {after:v.guid} ORDER BY v.guid",
        parts: &[],
    },
    Kind {
        id: "jobs",
        entity: Entity::Project,
        table: "jobs",
        counted: &[Entity::Project],
        objects: "SELECT j.guid AS parent, j.guid, j.id, j.name, j.reference, j.active, j.owner_type, j.owner_guid FROM jobs j \
           WHERE {after:j.guid} ORDER BY j.guid",
        parts: &[],
    },
    Kind {
        id: "documents",
        entity: Entity::Invoice,
        table: "invoices",
        counted: &[Entity::Invoice, Entity::CreditNote, Entity::Bill, Entity::BillCredit],
        objects: "SELECT i.guid AS parent, i.guid, i.id, i.date_opened, i.date_posted, i.notes, i.billing_id, i.terms, \
             i.owner_type, i.owner_guid, j.owner_type AS job_owner_type, j.owner_guid AS job_owner_guid, \
             (SELECT count(*) FROM customers u WHERE u.guid = coalesce(j.owner_guid, i.owner_guid)) AS customers, \
             (SELECT count(*) FROM vendors v WHERE v.guid = coalesce(j.owner_guid, i.owner_guid)) AS vendors, \
             c.namespace AS space, c.mnemonic, c.fraction, \
             i.post_txn, i.post_lot, i.post_acc, t.post_date, tc.mnemonic AS posted_currency, \
             (SELECT max(s.int64_val) FROM slots s WHERE s.obj_guid = i.guid AND s.name = 'credit-note') AS credit_note, \
             (SELECT max(s.gdate_val) FROM slots s WHERE s.obj_guid = i.post_txn AND s.name = 'date-posted') AS posted_day, \
             (SELECT max(s.gdate_val) FROM slots s WHERE s.obj_guid = i.post_txn AND s.name = 'trans-date-due') AS due_day, \
             (SELECT max(s.timespec_val) FROM slots s WHERE s.obj_guid = i.post_txn AND s.name = 'trans-date-due') AS due_time \
           FROM invoices i LEFT JOIN commodities c ON c.guid = i.currency \
             LEFT JOIN jobs j ON i.owner_type = 3 AND j.guid = i.owner_guid \
             LEFT JOIN transactions t ON t.guid = i.post_txn LEFT JOIN commodities tc ON tc.guid = t.currency_guid \
           WHERE {after:i.guid} ORDER BY i.guid",
        parts: &[
            (
                "sales",
                "SELECT e.invoice AS parent, e.guid, e.date AS day, e.description, e.action, e.notes, e.quantity_num, e.quantity_denom, \
                   e.i_acct AS account, e.i_price_num AS price_num, e.i_price_denom AS price_denom, \
                   e.i_discount_num AS discount_num, e.i_discount_denom AS discount_denom, e.i_disc_type AS discount_type, \
                   e.i_disc_how AS discount_how, e.i_taxable AS taxable, e.i_taxincluded AS tax_included, e.i_taxtable AS tax_table \
                 FROM entries e WHERE {after:e.invoice} ORDER BY e.invoice, e.date, e.date_entered, e.guid",
            ),
            (
                "purchases",
                "SELECT e.bill AS parent, e.guid, e.date AS day, e.description, e.action, e.notes, e.quantity_num, e.quantity_denom, \
                   e.b_acct AS account, e.b_price_num AS price_num, e.b_price_denom AS price_denom, \
                   e.b_taxable AS taxable, e.b_taxincluded AS tax_included, e.b_taxtable AS tax_table, e.billto_type, e.billto_guid \
                 FROM entries e WHERE {after:e.bill} ORDER BY e.bill, e.date, e.date_entered, e.guid",
            ),
            (
                "posting",
                "SELECT i.guid AS parent, s.guid, s.account_guid, s.lot_guid, s.value_num, s.value_denom, s.quantity_num, s.quantity_denom \
                 FROM invoices i JOIN splits s ON s.tx_guid = i.post_txn WHERE {after:i.guid} ORDER BY i.guid, s.guid",
            ),
            (
                "lot",
                "SELECT i.guid AS parent, s.guid, s.tx_guid, s.quantity_num, s.quantity_denom \
                 FROM invoices i JOIN splits s ON s.lot_guid = i.post_lot WHERE {after:i.guid} ORDER BY i.guid, s.guid",
            ),
            (
                "prices",
                "SELECT i.guid AS parent, p.value_num, p.value_denom, p.commodity_guid <> t.currency_guid AS inverse \
                 FROM invoices i JOIN transactions t ON t.guid = i.post_txn JOIN commodities c ON c.guid = t.currency_guid {priced} \
                 WHERE {after:i.guid} AND c.mnemonic <> '{home}' ORDER BY i.guid",
            ),
        ],
    },
    Kind {
        id: "transactions",
        entity: Entity::Journal,
        table: "transactions",
        counted: &[Entity::Payment, Entity::BillPayment, Entity::Transfer, Entity::Journal],
        objects: "SELECT t.guid AS parent, t.guid, t.num, t.post_date, t.description, c.namespace AS space, c.mnemonic, \
             (SELECT max(s.gdate_val) FROM slots s WHERE s.obj_guid = t.guid AND s.name = 'date-posted') AS posted_day, \
             (SELECT max(s.string_val) FROM slots s WHERE s.obj_guid = t.guid AND s.name = 'notes') AS notes, \
             (SELECT max(s.string_val) FROM slots s WHERE s.obj_guid = t.guid AND s.name = 'void-reason') AS void_reason \
           FROM transactions t LEFT JOIN commodities c ON c.guid = t.currency_guid \
           WHERE {after:t.guid} AND t.guid NOT IN (SELECT post_txn FROM invoices WHERE post_txn IS NOT NULL) \
             AND t.guid NOT IN (SELECT s.tx_guid FROM splits s JOIN accounts a ON a.guid = s.account_guid WHERE a.parent_guid = '{templates}') \
           ORDER BY t.guid",
        parts: &[
            (
                "splits",
                "SELECT s.tx_guid AS parent, s.guid, s.account_guid, s.memo, s.value_num, s.value_denom, s.quantity_num, s.quantity_denom, \
                   s.lot_guid, i.guid AS document, coalesce(j.owner_type, i.owner_type) AS document_owner_type, \
                   coalesce(j.owner_guid, i.owner_guid) AS document_owner, \
                   CASE WHEN i.guid IS NOT NULL THEN (SELECT max(k.int64_val) FROM slots k WHERE k.obj_guid = i.guid AND k.name = 'credit-note') END AS credit_note, \
                   CASE WHEN i.guid IS NOT NULL THEN (SELECT sum(CASE WHEN p.account_guid <> i.post_acc OR p.lot_guid IS NULL OR p.lot_guid <> i.post_lot THEN 0 \
                       WHEN p.value_num > 0 THEN 1 WHEN p.value_num < 0 THEN -1 ELSE 0 END) \
                     FROM splits p WHERE p.tx_guid = i.post_txn) END AS direction, \
                   CASE WHEN s.lot_guid IS NOT NULL THEN (SELECT max(o.int64_val) FROM slots f JOIN slots o ON o.obj_guid = f.guid_val AND o.name = 'gncOwner/owner-type' \
                     WHERE f.obj_guid = s.lot_guid AND f.name = 'gncOwner') END AS lot_owner_type, \
                   CASE WHEN s.lot_guid IS NOT NULL THEN (SELECT max(o.guid_val) FROM slots f JOIN slots o ON o.obj_guid = f.guid_val AND o.name = 'gncOwner/owner-guid' \
                     WHERE f.obj_guid = s.lot_guid AND f.name = 'gncOwner') END AS lot_owner, \
                   CASE WHEN s.lot_guid IS NOT NULL THEN (SELECT max(lj.owner_guid) FROM slots f JOIN slots o ON o.obj_guid = f.guid_val AND o.name = 'gncOwner/owner-guid' \
                     JOIN jobs lj ON lj.guid = o.guid_val WHERE f.obj_guid = s.lot_guid AND f.name = 'gncOwner') END AS lot_job_owner \
                 FROM splits s LEFT JOIN invoices i ON i.post_lot = s.lot_guid \
                   LEFT JOIN jobs j ON i.owner_type = 3 AND j.guid = i.owner_guid \
                 WHERE {after:s.tx_guid} ORDER BY s.tx_guid, s.guid",
            ),
            (
                "prices",
                "SELECT t.guid AS parent, p.value_num, p.value_denom, p.commodity_guid <> t.currency_guid AS inverse \
                 FROM transactions t JOIN commodities c ON c.guid = t.currency_guid {priced} \
                 WHERE {after:t.guid} AND c.mnemonic <> '{home}' ORDER BY t.guid",
            ),
        ],
    },
];

/// The sort of object that a partition holds.
pub(super) fn kind_of(partition: &str) -> Option<&'static Kind> {
    PARTITIONS.iter().find(|kind| kind.id == partition)
}
