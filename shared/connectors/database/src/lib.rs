//! Databases as source and target: GnuCash books, any schema by a mapping file, the universal database.

pub mod conn;
mod fields;
pub mod gnucash;
pub mod mapped;
pub mod universal;
