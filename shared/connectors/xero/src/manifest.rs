//! What Xero can do, as its fact sheets state it.

use carry_connector::home::HomeRounding;
use carry_connector::{EntitySupport, Incremental, Limits, Manifest, Removal, Support};
use carry_model::Entity;

/// Elements of one write: what Xero advises.
pub(crate) const BATCH: usize = 50;

/// Why files stay.
pub(crate) const NO_FILE_REMOVED: &str =
    "Xero's API lets nobody remove a file: it has to be done by hand in Xero";

const NO_UPDATE: &str = "Xero's API does not change it once it is there";

const fn base(entity: Entity, remove: Removal) -> EntitySupport {
    EntitySupport { remove, incremental: Incremental::Modified, ..EntitySupport::full(entity, BATCH) }
}

const fn list(entity: Entity, remove: Removal) -> EntitySupport {
    EntitySupport { own_numbers: false, ..base(entity, remove) }
}

/// Read whole at every delta: short, and what was deleted from it is simply no longer there.
const fn whole(support: EntitySupport) -> EntitySupport {
    EntitySupport { incremental: Incremental::Fingerprint, ..support }
}

/// A payment is one element for each document it settles, and what is left over another: calls are filled from more
/// payments than fit into one.
const fn settling(entity: Entity) -> EntitySupport {
    EntitySupport { batch_size: 21 * BATCH, ..fixed(base(entity, Removal::Delete)) }
}

/// Something that is never changed in place.
const fn fixed(support: EntitySupport) -> EntitySupport {
    EntitySupport { update: Support::No(NO_UPDATE), own_numbers: false, ..support }
}

/// A document that Xero keeps as a bank transaction: written, but read as what it is there.
const fn as_bank_transaction(entity: Entity) -> EntitySupport {
    EntitySupport {
        read: Support::No("in Xero it is a bank transaction, and read as one"),
        own_numbers: false,
        ..base(entity, Removal::Delete)
    }
}

const fn none(entity: Entity, why: &'static str) -> EntitySupport {
    EntitySupport::none(entity, why)
}

static ENTITIES: [EntitySupport; 29] = [
    none(Entity::Company, "the organisation is the one that was connected"),
    whole(EntitySupport { own_numbers: true, ..list(Entity::Account, Removal::Archive) }),
    whole(list(Entity::TaxRate, Removal::Delete)),
    none(Entity::Terms, "Xero keeps terms on contacts only; a document's due date is carried"),
    none(Entity::PaymentMethod, "Xero has no list of payment methods"),
    whole(list(Entity::TrackingCategory, Removal::Delete)),
    list(Entity::Contact, Removal::Archive),
    whole(EntitySupport { own_numbers: true, ..list(Entity::Item, Removal::Delete) }),
    none(Entity::Project, "Xero keeps projects behind another interface, which is not used"),
    base(Entity::Estimate, Removal::Delete),
    none(Entity::SalesOrder, "Xero has no sales orders"),
    base(Entity::PurchaseOrder, Removal::Delete),
    base(Entity::Invoice, Removal::Void),
    base(Entity::Bill, Removal::Void),
    as_bank_transaction(Entity::SalesReceipt),
    as_bank_transaction(Entity::Expense),
    base(Entity::CreditNote, Removal::Void),
    base(Entity::BillCredit, Removal::Void),
    as_bank_transaction(Entity::Refund),
    none(Entity::OpenBalance, "a document states its own balance"),
    settling(Entity::Payment),
    settling(Entity::BillPayment),
    whole(fixed(base(Entity::Transfer, Removal::Delete))),
    EntitySupport { own_numbers: false, ..base(Entity::BankTransaction, Removal::Delete) },
    EntitySupport { own_numbers: false, ..base(Entity::Journal, Removal::Void) },
    none(Entity::TimeActivity, "Xero keeps time behind its projects interface, which is not used"),
    none(Entity::ExpenseActivity, "Xero has no costs to pass on but on bills"),
    none(Entity::FeeActivity, "Xero has no fees apart from invoices"),
    whole(EntitySupport {
        remove: Removal::No(NO_FILE_REMOVED),
        batch_size: BATCH,
        call_size: 1,
        own_numbers: false,
        ..base(Entity::Attachment, Removal::Delete)
    }),
];

/// Xero, both ways.
pub static MANIFEST: Manifest = Manifest {
    system: "xero",
    title: "Xero",
    source: Support::Yes,
    target: Support::Yes,
    entities: &ENTITIES,
    home: HomeRounding::EachAccount,
    limits: Limits {
        per_minute: Some(60),
        per_day: Some(5_000),
        app_per_minute: Some(10_000),
        in_flight: Some(5),
        page_size: Some(1_000),
        // The list of a record's files, and a file.
        calls_for_files: 2,
        ..Limits::NONE
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::WHOLE;

    #[test]
    fn what_is_read_whole_is_told_by_content() {
        for support in ENTITIES.iter().filter(|support| support.read == Support::Yes) {
            let by_content = support.incremental == Incremental::Fingerprint;
            assert_eq!(by_content, WHOLE.contains(&support.entity), "{:?}", support.entity);
        }
    }
}
