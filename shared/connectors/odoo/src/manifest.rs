//! What Odoo can take, by the modules it has.

use carry_connector::home::HomeRounding;
use carry_connector::{EntitySupport, Incremental, Limits, Manifest, Support};
use carry_model::Entity;

const NO_SOURCE: &str = "Odoo is a target here, not yet a source";
const NO_SALE: &str = "Odoo's module Sales (sale) is not installed";
const NO_PURCHASE: &str = "Odoo's module Purchase (purchase) is not installed";
const NO_ANALYTIC: &str = "Analytic Accounting is switched off in Odoo, or the user may not use it";

/// Records in one import: each takes some tens of milliseconds, and Odoo ends a call after two minutes.
const LIST_BATCH: usize = 200;
const DOCUMENT_BATCH: usize = 100;

const fn target_only(support: EntitySupport) -> EntitySupport {
    EntitySupport { read: Support::No(NO_SOURCE), incremental: Incremental::Fingerprint, ..support }
}

const fn list(entity: Entity) -> EntitySupport {
    let support = target_only(EntitySupport::full(entity, LIST_BATCH));
    EntitySupport { own_numbers: false, ..support }
}

const fn document(entity: Entity) -> EntitySupport {
    target_only(EntitySupport::full(entity, DOCUMENT_BATCH))
}

const fn none(entity: Entity, why: &'static str) -> EntitySupport {
    EntitySupport::none(entity, why)
}

const fn when(is_there: bool, support: EntitySupport, why: &'static str) -> EntitySupport {
    if is_there { support } else { none(support.entity, why) }
}

const fn entities(sale: bool, purchase: bool, analytic: bool) -> [EntitySupport; 29] {
    [
        none(Entity::Company, "the company is the one that Odoo was set up with"),
        EntitySupport { own_numbers: true, ..list(Entity::Account) },
        list(Entity::TaxRate),
        list(Entity::Terms),
        none(
            Entity::PaymentMethod,
            "in Odoo a payment's method belongs to the journal of its bank account; map the method to a journal",
        ),
        when(analytic, list(Entity::TrackingCategory), NO_ANALYTIC),
        list(Entity::Contact),
        list(Entity::Item),
        when(analytic, list(Entity::Project), NO_ANALYTIC),
        when(sale, document(Entity::Estimate), NO_SALE),
        when(sale, document(Entity::SalesOrder), NO_SALE),
        when(purchase, document(Entity::PurchaseOrder), NO_PURCHASE),
        document(Entity::Invoice),
        document(Entity::Bill),
        document(Entity::SalesReceipt),
        document(Entity::Expense),
        document(Entity::CreditNote),
        document(Entity::BillCredit),
        document(Entity::Refund),
        none(Entity::OpenBalance, "an open balance is reached by settling its document"),
        document(Entity::Payment),
        document(Entity::BillPayment),
        document(Entity::Transfer),
        document(Entity::BankTransaction),
        document(Entity::Journal),
        none(Entity::TimeActivity, "time is kept in Odoo's module Timesheets, which is not written to"),
        none(
            Entity::ExpenseActivity,
            "Odoo passes costs on through its module Expenses, which is not written to",
        ),
        none(Entity::FeeActivity, "Odoo has no place for fees apart from invoices"),
        none(Entity::Attachment, "files are not staged, only named"),
    ]
}

const fn manifest(entities: &'static [EntitySupport]) -> Manifest {
    Manifest {
        system: "odoo",
        title: "Odoo",
        source: Support::No(NO_SOURCE),
        target: Support::Yes,
        entities,
        home: HomeRounding::Unknown,
        // One call after the other: numbers and ledgers are counters that calls would fight over.
        limits: Limits { in_flight: Some(1), ..Limits::NONE },
    }
}

macro_rules! manifests {
    ($($name:ident $entities:ident ($sale:literal, $purchase:literal, $analytic:literal);)*) => {
        $(
            static $entities: [EntitySupport; 29] = entities($sale, $purchase, $analytic);
            static $name: Manifest = manifest(&$entities);
        )*
        /// The manifest of an Odoo with these modules.
        pub(crate) fn of(sale: bool, purchase: bool, analytic: bool) -> &'static Manifest {
            match (sale, purchase, analytic) {
                $(($sale, $purchase, $analytic) => &$name,)*
            }
        }
    };
}

manifests! {
    ALL E_ALL (true, true, true);
    SP E_SP (true, true, false);
    SA E_SA (true, false, true);
    S E_S (true, false, false);
    PA E_PA (false, true, true);
    P E_P (false, true, false);
    A E_A (false, false, true);
    BARE E_BARE (false, false, false);
}

/// What an Odoo with every module it uses can do.
pub static MANIFEST: &Manifest = &ALL;

#[cfg(test)]
mod tests {
    use super::*;
    use carry_connector::Removal;

    #[test]
    fn every_entity_is_listed_once() {
        for entity in Entity::ALL {
            let listed = ALL.entities.iter().filter(|support| support.entity == *entity).count();
            assert_eq!(listed, 1, "{entity}");
        }
    }

    #[test]
    fn missing_modules_take_their_entities_along() {
        assert!(of(true, true, true).entity(Entity::Estimate).write.is_yes());
        assert!(matches!(of(false, true, true).entity(Entity::Estimate).remove, Removal::No(NO_SALE)));
        assert!(!of(true, true, false).entity(Entity::Project).write.is_yes());
    }
}
