//! How a company is set up as a target, and what of it a person should know before anything is written.

use carry_connector::{Finding, Preflight, Severity, Writer};
use carry_model::{Company, Fault};

use crate::kinds::Kind;
use crate::session::QuickBooks;

fn finding(severity: Severity, place: &str, text: &str, hint: &str) -> Finding {
    Finding { severity, place: place.to_owned(), text: text.to_owned(), hint: hint.to_owned(), count: None }
}

impl QuickBooks {
    /// Looks at plan, numbering, tax, currencies, tracking, automation and closing date. Writes nothing.
    pub(crate) async fn look_before(&self) -> Result<Preflight, Fault> {
        let mut findings = self.settings();
        // As they are now: somebody may have worked there since they were read.
        self.look_anew().await;
        let names = self.company.count(Kind::Customer, Kind::Customer.condition()).await?
            + self.company.count(Kind::Vendor, Kind::Vendor.condition()).await?;
        if names > 0 {
            let text = "Customers and vendors are there already. A name that is taken gets a suffix.";
            findings.push(Finding { count: Some(names), ..finding(Severity::Info, "names", text, "") });
        }
        let currencies = (!self.preferences.currency_prefs.multi_currency_enabled).then(|| vec![self.home]);
        Ok(Preflight {
            company: Some(Company {
                name: self.info.company_name.clone(),
                home_currency: self.home,
                country: self.info.country.clone(),
            }),
            currencies,
            lock_date: self.preferences.accounting_info_prefs.book_close_date,
            findings,
        })
    }

    fn settings(&self) -> Vec<Finding> {
        let preferences = &self.preferences;
        let plan = self.named("OfferingSku").unwrap_or("plan unknown");
        let about = format!("The company '{}' ({plan}).", self.info.company_name);
        let mut findings = vec![finding(Severity::Info, "QuickBooks Online", &about, "")];
        let mut add = |is: bool, severity, place, text: &str, hint: &str| {
            if is {
                findings.push(finding(severity, place, text, hint));
            }
        };
        let plan = plan.to_lowercase();
        add(
            plan.contains("simple") || plan.contains("start"),
            Severity::Warning,
            "plan",
            "This plan has no bills, purchase orders, classes and items on purchases.",
            "Change to Essentials or Plus for the time of the migration.",
        );
        add(
            self.named("SubscriptionStatus").is_some_and(|status| {
                let status = status.to_lowercase();
                status.contains("expired") || status.contains("cancel")
            }),
            Severity::Blocking,
            "subscription",
            "The subscription has ended: the company can only be read.",
            "Renew the subscription, then start again.",
        );
        add(
            !preferences.sales_forms_prefs.custom_txn_numbers,
            Severity::Warning,
            "document numbers",
            "QuickBooks numbers sales documents itself. Numbers are sent and kept, and may meet its own later on.",
            "Switch on custom transaction numbers (Account and settings, Sales) before the run.",
        );
        let closed = preferences.accounting_info_prefs.book_close_date;
        if let Some(closed) = closed {
            let text = format!("The books are closed up to {closed}: earlier records are refused.");
            add(true, Severity::Warning, "closing date", &text, "Take the closing date away for the run.");
        }
        add(
            !preferences.tax_prefs.using_sales_tax,
            Severity::Warning,
            "tax",
            "Tax is switched off. Documents with tax go with the tax as a line of their own.",
            "Set sales tax up in QuickBooks before the run: it cannot be switched on from outside.",
        );
        add(
            preferences.tax_prefs.partner_tax_enabled,
            Severity::Info,
            "automated sales tax",
            "QuickBooks works tax out from addresses. The tax as stated in the source is sent and kept.",
            "",
        );
        add(
            !preferences.currency_prefs.multi_currency_enabled,
            Severity::Info,
            "currencies",
            "Only the home currency is switched on: documents in another one are refused.",
            "Switch on Multicurrency (it cannot be switched off again) if the books hold foreign documents.",
        );
        add(
            preferences.sales_forms_prefs.auto_apply_credit,
            Severity::Warning,
            "automation",
            "QuickBooks applies credits by itself, which moves open balances.",
            "Switch off 'Automatically apply credits' (Account and settings, Advanced) for the run.",
        );
        let accounting = &preferences.accounting_info_prefs;
        add(
            !(accounting.class_tracking_per_txn || accounting.class_tracking_per_txn_line),
            Severity::Info,
            "classes",
            "Class tracking is switched off: tracking by class is not carried.",
            "Switch on class tracking (needs the plan Plus) if it is wanted.",
        );
        add(
            !accounting.track_departments,
            Severity::Info,
            "locations",
            "Location tracking is switched off: tracking by location is not carried.",
            "",
        );
        let reminders = preferences.other_prefs.name_value.iter().any(|pair| {
            pair.name.to_lowercase().contains("reminder") && pair.value.as_deref() == Some("true")
        });
        add(
            reminders,
            Severity::Warning,
            "reminders",
            "QuickBooks may mail reminders of overdue invoices to customers.",
            "Switch automatic invoice reminders off until the run has been checked.",
        );
        findings
    }

    fn named(&self, name: &str) -> Option<&str> {
        self.info.name_value.iter().find(|pair| pair.name == name)?.value.as_deref()
    }
}
