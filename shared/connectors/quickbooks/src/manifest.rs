//! What QuickBooks Online can do.

use carry_connector::home::HomeRounding;
use carry_connector::{EntitySupport, Incremental, Limits, Manifest, Removal, Support};
use carry_model::Entity;

use crate::company::BATCH;

const NO_ORDERS: &str = "QuickBooks Online has no sales orders";
const NO_TAX_CHANGE: &str = "QuickBooks Online lets nobody change or remove tax codes over its API";
const NO_COSTS: &str = "QuickBooks Online keeps costs to pass on as lines of bills and expenses";

/// Files of one batch, each of which is a call.
const FILES_AT_ONCE: usize = 10;

/// Deleted when removed.
const fn transaction(entity: Entity) -> EntitySupport {
    EntitySupport { incremental: Incremental::Modified, ..EntitySupport::full(entity, BATCH) }
}

/// Read whole at every delta: its members only make sense together, or nobody lists which were deleted.
const fn whole(support: EntitySupport) -> EntitySupport {
    EntitySupport { incremental: Incremental::Fingerprint, ..support }
}

/// Made inactive when removed, and named by itself.
const fn list(entity: Entity) -> EntitySupport {
    EntitySupport { remove: Removal::Archive, own_numbers: true, ..transaction(entity) }
}

/// A record that may be two in QuickBooks, or one that goes by itself because its number is given twice: calls are
/// filled from more records than fit into one.
const fn filling(support: EntitySupport) -> EntitySupport {
    EntitySupport { batch_size: 5 * BATCH, ..support }
}

/// Without a number of its own.
const fn unnumbered(entity: Entity) -> EntitySupport {
    EntitySupport { own_numbers: false, ..transaction(entity) }
}

static ENTITIES: [EntitySupport; 29] = [
    EntitySupport::none(Entity::Company, "told by the survey; the company is the one that was set up"),
    list(Entity::Account),
    EntitySupport {
        update: Support::No(NO_TAX_CHANGE),
        remove: Removal::No(NO_TAX_CHANGE),
        ..whole(list(Entity::TaxRate))
    },
    list(Entity::Terms),
    list(Entity::PaymentMethod),
    whole(list(Entity::TrackingCategory)),
    filling(list(Entity::Contact)),
    list(Entity::Item),
    list(Entity::Project),
    transaction(Entity::Estimate),
    EntitySupport::none(Entity::SalesOrder, NO_ORDERS),
    transaction(Entity::PurchaseOrder),
    transaction(Entity::Invoice),
    filling(transaction(Entity::Bill)),
    transaction(Entity::SalesReceipt),
    transaction(Entity::Expense),
    transaction(Entity::CreditNote),
    transaction(Entity::BillCredit),
    transaction(Entity::Refund),
    EntitySupport::none(Entity::OpenBalance, "every document states its own"),
    unnumbered(Entity::Payment),
    filling(unnumbered(Entity::BillPayment)),
    unnumbered(Entity::Transfer),
    unnumbered(Entity::BankTransaction),
    transaction(Entity::Journal),
    whole(unnumbered(Entity::TimeActivity)),
    EntitySupport::none(Entity::ExpenseActivity, NO_COSTS),
    EntitySupport::none(Entity::FeeActivity, "QuickBooks Online has no place for fees apart from invoices"),
    whole(EntitySupport { batch_size: FILES_AT_ONCE, call_size: 1, ..unnumbered(Entity::Attachment) }),
];

/// QuickBooks Online, both ways. Limits are those Intuit publishes for one company and application.
pub static MANIFEST: Manifest = Manifest {
    system: "quickbooks",
    title: "QuickBooks Online",
    source: Support::Yes,
    target: Support::Yes,
    entities: &ENTITIES,
    home: HomeRounding::EachLine,
    limits: Limits {
        per_minute: Some(500),
        per_minute_of: &[("batch", 120)],
        per_second: Some(10),
        in_flight: Some(10),
        page_size: Some(1_000),
        ..Limits::NONE
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entity_is_listed_once() {
        for entity in Entity::ALL {
            let listed = ENTITIES.iter().filter(|support| support.entity == *entity).count();
            assert_eq!(listed, 1, "{entity}");
        }
    }
}
