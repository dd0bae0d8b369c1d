//! What the source can do.

use carry_connector::home::HomeRounding;
use carry_connector::{EntitySupport, Limits, Manifest, Support};
use carry_model::Entity;

const SOURCE_ONLY: &str = "files are a source only";

const fn read(entity: Entity) -> EntitySupport {
    EntitySupport::read_only(entity, SOURCE_ONLY)
}

const fn no(entity: Entity) -> EntitySupport {
    EntitySupport::none(entity, "none of the known exports holds them")
}

/// Of folders of exported files.
pub const MANIFEST: Manifest = Manifest {
    system: "files",
    title: "CSV and XLSX files",
    source: Support::Yes,
    target: Support::No(SOURCE_ONLY),
    entities: &[
        EntitySupport::none(Entity::Company, "told by the survey, not a record of its own"),
        read(Entity::Account),
        read(Entity::TaxRate),
        read(Entity::Terms),
        read(Entity::PaymentMethod),
        read(Entity::TrackingCategory),
        read(Entity::Contact),
        read(Entity::Item),
        read(Entity::Project),
        read(Entity::Estimate),
        read(Entity::SalesOrder),
        read(Entity::PurchaseOrder),
        read(Entity::Invoice),
        read(Entity::Bill),
        read(Entity::SalesReceipt),
        read(Entity::Expense),
        read(Entity::CreditNote),
        read(Entity::BillCredit),
        read(Entity::Refund),
        read(Entity::OpenBalance),
        read(Entity::Payment),
        read(Entity::BillPayment),
        read(Entity::Transfer),
        read(Entity::BankTransaction),
        read(Entity::Journal),
        no(Entity::TimeActivity),
        no(Entity::ExpenseActivity),
        no(Entity::FeeActivity),
        no(Entity::Attachment),
    ],
    home: HomeRounding::Unknown,
    limits: Limits::NONE,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entity_is_spoken_of() {
        for entity in Entity::ALL {
            assert!(MANIFEST.entities.iter().any(|support| support.entity == *entity), "{entity}");
        }
    }
}
