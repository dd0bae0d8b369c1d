//! Where a company is: which edition of a product it has, its currency and its taxes follow from it.

use clap::ValueEnum;

/// Where a company is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Region {
    /// United States
    Us,
    /// United Kingdom
    Uk,
    /// Australia
    Au,
    /// Elsewhere, with the euro at home
    #[value(name = "eu")]
    Global,
}
