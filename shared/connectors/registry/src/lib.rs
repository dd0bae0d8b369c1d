//! The only list of connectors: from a connection text to a source or a target.
//!
//! [`open_source`] and [`open_target`] understand what a person writes after `--from` and `--to`; [`manifests`] lists
//! every system there is; [`support_matrix`] makes the page `docs/connectors.md` of them.
//!
//! Adding a connector: a line in [`manifests`], a scheme in `spec.rs`, an arm in `open.rs`.

mod matrix;
mod open;
mod platform;
mod spec;

use carry_connector::Manifest;

pub use carry_database::universal::UniversalWriter;
pub use matrix::support_matrix;
pub use open::{
    Access, Source, SourceSettings, Target, company_of, is_new, open_source, open_target, stored,
};
pub use platform::{PLATFORMS, Platform, app, companies, grant_name, platform};

/// The target of choice on one machine: a universal database.
pub const DEFAULT_TARGET: &Manifest = &carry_database::universal::MANIFEST;

/// Every system, sources first.
pub fn manifests() -> Vec<&'static Manifest> {
    vec![
        &carry_files::MANIFEST,
        const { &carry_database::gnucash::MANIFEST },
        const { &carry_database::mapped::MANIFEST },
        &carry_database::universal::MANIFEST,
        carry_odoo::MANIFEST,
        &carry_quickbooks::MANIFEST,
        &carry_xero::MANIFEST,
    ]
}
