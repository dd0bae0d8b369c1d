//! The life cycle of a migration: who may start what and when, how long it is kept, and what the HTTP API answers.
//!
//! Everything here is plain logic over the ports, so that it is tested without a cloud:
//!
//! * [`Service`]: creates migrations, starts, watches, resumes, cancels and purges.
//! * [`Window`]: the hours in which a delta can be booked.
//! * [`signature`] and [`key`]: who may call.
//! * [`purchase`]: what the shop's webhook says.
//! * [`api`]: the HTTP API.
//! * [`Connection`]: a source or target with its credentials, as it is kept in a secret.

pub mod api;
mod booking;
mod connection;
pub mod key;
pub mod purchase;
mod purge;
mod runs;
mod service;
pub mod signature;
mod window;

pub use booking::{Booking, By, Due, Times};
pub use connection::{Connection, Side};
pub use runs::{Standing, Wanted};
pub use service::Service;
pub use window::Window;

/// A name for what a text says: a UUID that is always the same for the same text.
pub(crate) fn named(text: &str) -> String {
    let hash = blake3::hash(text.as_bytes()).to_hex();
    let part = |from: usize, to: usize| hash.chars().skip(from).take(to - from).collect::<String>();
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_a_uuid_and_always_the_same() {
        let name = super::named("event evt_1");
        assert_eq!(name, super::named("event evt_1"));
        assert_ne!(name, super::named("event evt_2"));
        let lengths: Vec<_> = name.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }
}
