//! Where a company is: which edition of a product it has, its currency and its taxes follow from it.

/// Where a company is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// United States.
    Us,
    /// United Kingdom.
    Uk,
    /// Australia.
    Au,
    /// Elsewhere, with the euro at home.
    Global,
}
