//! Elements on their way to Xero: many in one call, each with an outcome of its own.

use carry_connector::{Adjustment, Method};
use carry_model::Fault;
use serde::{Deserialize, Serialize};

use super::Attempt;
use crate::client::Xero;

/// An element on its way.
pub(super) struct Going<E> {
    /// Place of its record in the batch.
    pub(super) place: usize,
    /// True where it is to be created, false where it is to be changed.
    pub(super) is_new: bool,
    pub(super) element: E,
    /// What is to be said of it.
    pub(super) notes: Vec<String>,
    /// What had to be booked otherwise than in the source.
    pub(super) adjustments: Vec<Adjustment>,
}

/// An element and what became of it: as Xero has it now, or why it was refused.
pub(super) type Sent<E, T> = Vec<(Going<E>, Result<T, Fault>)>;

impl Xero {
    /// Sends elements in one call; each comes back as Xero has it now, or with why it was refused.
    pub(super) async fn send_all<E: Serialize + Sync, T: for<'de> Deserialize<'de>>(
        &self,
        method: Method,
        endpoint: &'static str,
        elements: &[E],
    ) -> Result<Vec<Result<T, Fault>>, Fault> {
        // An outcome for each, and unit prices to four decimals.
        let query = [("summarizeErrors", "false".to_owned()), ("unitdp", "4".to_owned())];
        self.put(method, endpoint, endpoint, &elements, &query).await?.outcomes(elements.len())
    }

    /// Creates what is new and changes the rest. New elements go by PUT: a POST would change what is called alike.
    pub(super) async fn send_each<E: Serialize + Sync + Send, T: for<'de> Deserialize<'de> + Send>(
        &self,
        endpoint: &'static str,
        going: Vec<Going<E>>,
        attempt: &mut Attempt,
    ) -> Result<Sent<E, T>, Fault> {
        let (new, changed): (Vec<_>, Vec<_>) = going.into_iter().partition(|going| going.is_new);
        let mut sent = Vec::with_capacity(new.len() + changed.len());
        for (method, going) in [(Method::Put, new), (Method::Post, changed)] {
            if going.is_empty() {
                continue;
            }
            let elements: Vec<_> = going.iter().map(|going| &going.element).collect();
            let outcomes =
                self.send_all(method, endpoint, &elements).await.map_err(|f| attempt.broken_off(f))?;
            attempt.reached();
            sent.extend(going.into_iter().zip(outcomes));
        }
        Ok(sent)
    }
}
