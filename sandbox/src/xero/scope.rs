//! Which scope a call needs. Apps of before 2026 have broad scopes, later ones granular ones; both are taken.

/// Scopes that open an endpoint; a call that only reads may have the `.read` form.
fn needed(endpoint: &str) -> &'static [&'static str] {
    match endpoint {
        "Invoices" | "CreditNotes" | "Quotes" | "PurchaseOrders" => {
            &["accounting.invoices", "accounting.transactions"]
        }
        "Items" => &["accounting.invoices", "accounting.settings", "accounting.transactions"],
        "Payments" | "BatchPayments" | "Overpayments" | "Prepayments" => {
            &["accounting.payments", "accounting.transactions"]
        }
        "BankTransactions" | "BankTransfers" => &["accounting.banktransactions", "accounting.transactions"],
        "ManualJournals" => &["accounting.manualjournals", "accounting.transactions"],
        "Contacts" | "ContactGroups" => &["accounting.contacts"],
        "Reports" => &["accounting.reports"],
        _ => &["accounting.settings"],
    }
}

/// Whether the scopes granted open a call. A grant without any scope is one a test made for itself; it opens all.
pub(super) fn opens(granted: &str, method: &str, segments: &[&str]) -> bool {
    if granted.is_empty() {
        return true;
    }
    let endpoint = segments.first().copied().unwrap_or_default();
    let wanted: &[&str] = match segments.get(2) {
        Some(&"Attachments") => &["accounting.attachments"],
        _ => needed(endpoint),
    };
    let is_read = method == "GET";
    granted.split_whitespace().any(|scope| {
        wanted.iter().any(|wanted| {
            let is_report = *wanted == "accounting.reports" && scope.starts_with("accounting.reports.");
            scope == *wanted || is_report || (is_read && scope.strip_suffix(".read") == Some(wanted))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::opens;

    #[test]
    fn granular_and_broad_scopes_open_what_they_say() {
        for (granted, method, path, is_open) in [
            ("offline_access accounting.invoices", "POST", &["Invoices"][..], true),
            ("accounting.invoices.read", "POST", &["Invoices"], false),
            ("accounting.invoices.read", "GET", &["Invoices"], true),
            ("accounting.transactions", "PUT", &["Payments"], true),
            ("accounting.transactions", "GET", &["Contacts"], false),
            ("accounting.reports.aged.read", "GET", &["Reports", "AgedReceivablesByContact"], true),
            ("accounting.invoices", "PUT", &["Invoices", "1", "Attachments", "a.pdf"], false),
            ("accounting.settings.read", "GET", &["Organisation"], true),
            ("", "POST", &["Setup"], true),
        ] {
            assert_eq!(opens(granted, method, path), is_open, "{granted} {method} {path:?}");
        }
    }
}
