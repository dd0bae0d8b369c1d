//! The only list of connectors: from a connection text to a source or a target.
//!
//! [`open_source`] and [`open_target`] understand what a person writes after `--from` and `--to`; [`manifests`] lists
//! every system there is; [`support_matrix`] makes the page `docs/connectors.md` of them; [`portable_source`] and
//! [`portable_target`] say what another machine needs to open the same.
//!
//! Adding a connector: a line in [`manifests`], a scheme in `spec.rs`, an arm in `open.rs`.

mod elsewhere;
mod matrix;
mod offline;
mod open;
mod platform;
mod spec;

use carry_connector::{Manifest, Survey, Transformer};
use carry_model::{Code, Fault};

pub use carry_database::universal::UniversalWriter;
pub use elsewhere::{Portable, UPLOADS, placed, portable_source, portable_target, target_manifest};
pub use matrix::support_matrix;
pub use offline::Offline;
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

/// What makes sense of a system's raw rows, by the survey alone: no connection, no credentials.
pub fn transformer(system: &str, survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
    let is = |manifest: &Manifest| manifest.system == system;
    if is(&carry_files::MANIFEST) {
        carry_files::transformer(survey)
    } else if is(&carry_database::gnucash::MANIFEST) {
        carry_database::gnucash::transformer(survey)
    } else if is(&carry_database::mapped::MANIFEST) {
        carry_database::mapped::transformer(survey)
    } else if is(&carry_database::universal::MANIFEST) {
        carry_database::universal::transformer(survey)
    } else if is(&carry_quickbooks::MANIFEST) {
        carry_quickbooks::transformer(survey)
    } else if is(&carry_xero::MANIFEST) {
        carry_xero::transformer(survey)
    } else {
        Err(Fault::new(Code::Bug).detail("A side of the migration was asked that is not open."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_known_by_its_survey() {
        let company = serde_json::json!({"name": "Larkspur", "home_currency": "CAD"});
        let survey = serde_json::json!({
            "company": company, "counts": {}, "partitions": [], "findings": [], "catalog": [], "profile": null,
        });
        let survey: Survey = serde_json::from_value(survey).unwrap();
        for manifest in manifests().into_iter().filter(|manifest| manifest.source.is_yes()) {
            let known = transformer(manifest.system, &survey);
            assert!(known.err().is_none_or(|fault| fault.code != Code::Bug), "{}", manifest.system);
        }
    }
}
