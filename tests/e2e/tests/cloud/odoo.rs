//! Books into a real Odoo, through the flow.

use crate::account::{Account, carry_command};
use crate::support::odoo::{Odoo, check};
use crate::support::{Done, Place};
use crate::{flow, journal};

#[test]
fn sample_books_come_out_in_odoo_as_on_one_machine() {
    let Some(_) = Account::open() else { return };
    let Some(alone) = Odoo::up("cloud_alone", "GBP") else { return };
    let Some(odoo) = Odoo::up("cloud_flow", "GBP") else { return };
    let place = Place::with("xero");
    let local = Done::of(alone.carry(&place, "full", "books", &[]).output().unwrap());
    let spec = odoo.spec();
    let mut command = carry_command(&place, "odoo", &["full", "--from", "books", "--to", &spec]);
    let command = command.env("ODOO_API_KEY", odoo.variable("ODOO_API_KEY"));
    let cloud = Done::of(command.output().unwrap()).expect(local.code).json();
    let local = local.json();
    check(&odoo, "xero", &cloud);
    assert_eq!(odoo.documents(), alone.documents());
    flow::assert_same_result(&cloud, &local);
    journal::assert_same(&place.path("state"), &local, &cloud);
}
