//! Account types, there and back.

use carry_model::AccountClass;

/// The class of one of QuickBooks' account types; None for what is off the balance sheet.
pub(crate) fn class(account_type: &str) -> Option<AccountClass> {
    Some(match account_type {
        "Bank" => AccountClass::Bank,
        "Accounts Receivable" => AccountClass::Receivable,
        "Other Current Asset" => AccountClass::CurrentAsset,
        "Fixed Asset" | "Other Asset" => AccountClass::FixedAsset,
        "Credit Card" => AccountClass::CreditCard,
        "Accounts Payable" => AccountClass::Payable,
        "Other Current Liability" => AccountClass::CurrentLiability,
        "Long Term Liability" => AccountClass::LongTermLiability,
        "Equity" => AccountClass::Equity,
        "Income" => AccountClass::Income,
        "Other Income" => AccountClass::OtherIncome,
        "Cost of Goods Sold" => AccountClass::CostOfSales,
        "Expense" => AccountClass::Expense,
        "Other Expense" => AccountClass::OtherExpense,
        _ => return None,
    })
}

/// QuickBooks' type for a class.
pub(crate) const fn account_type(class: AccountClass) -> &'static str {
    match class {
        AccountClass::Bank => "Bank",
        AccountClass::Receivable => "Accounts Receivable",
        AccountClass::CurrentAsset => "Other Current Asset",
        AccountClass::FixedAsset => "Fixed Asset",
        AccountClass::CreditCard => "Credit Card",
        AccountClass::Payable => "Accounts Payable",
        AccountClass::CurrentLiability => "Other Current Liability",
        AccountClass::LongTermLiability => "Long Term Liability",
        AccountClass::Equity => "Equity",
        AccountClass::Income => "Income",
        AccountClass::OtherIncome => "Other Income",
        AccountClass::CostOfSales => "Cost of Goods Sold",
        AccountClass::Expense => "Expense",
        AccountClass::OtherExpense => "Other Expense",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_survive_the_way_there_and_back() {
        use AccountClass::*;
        for wanted in [
            Bank,
            Receivable,
            CurrentAsset,
            FixedAsset,
            CreditCard,
            Payable,
            CurrentLiability,
            LongTermLiability,
            Equity,
            Income,
            OtherIncome,
            CostOfSales,
            Expense,
            OtherExpense,
        ] {
            assert_eq!(class(account_type(wanted)), Some(wanted));
        }
        assert_eq!(class("Non-Posting"), None);
    }
}
