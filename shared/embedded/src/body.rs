//! The part of a link that no statement asks for, in few bytes.

use carry_model::{
    Allocation, Currency, Date, Decimal, Fingerprint, Place, RecordKey, RunId, SourceId, TargetId,
};
use carry_ports::{Link, LinkState, More};
use serde::{Deserialize, Serialize};

use crate::numbered::{number_of, numbered};

/// What a link holds apart from the columns of its row, as it is kept. Its texts are those of the link, or of the bytes
/// it is read from. Whoever changes it raises the version of the schema.
#[derive(Debug, Serialize, Deserialize)]
struct Body<'a> {
    change: u8,
    target: Option<&'a str>,
    number: Number<'a>,
    target_number: Number<'a>,
    fingerprint: [u8; 16],
    contact: Option<&'a str>,
    date: Option<(i16, i8, i8)>,
    currency: Option<&'a str>,
    rate: Option<Exact>,
    total: Option<Exact>,
    lines: (u64, u64),
    #[serde(borrow)]
    allocations: Vec<(u8, &'a str, Exact)>,
    /// JSON of the rest of [`More`], where there is any.
    more: Option<&'a str>,
}

/// A number; nearly every one is the record's id.
#[derive(Debug, Serialize, Deserialize)]
enum Number<'a> {
    None,
    Id,
    Other(&'a str),
}

/// A decimal's digits, and how many of them are decimals.
#[derive(Debug, Serialize, Deserialize)]
struct Exact(i128, u32);

/// Some value is none that this program writes.
#[derive(Debug)]
pub(crate) struct Unreadable;

/// What the columns of a link's row hold.
pub(crate) struct Columns {
    pub(crate) key: RecordKey,
    pub(crate) state: LinkState,
    pub(crate) run: RunId,
    pub(crate) file: String,
    pub(crate) outstanding: Option<Decimal>,
    pub(crate) applied: Decimal,
}

/// The bytes of a link's body, in memory that is used again.
pub(crate) fn write(link: &Link, mut memory: Vec<u8>) -> Result<Vec<u8>, Unreadable> {
    let id = link.key.id.as_str();
    let rest = rest(&link.more).map_err(|_| Unreadable)?;
    let allocations = link.more.allocations.iter();
    let allocations = allocations.map(|Allocation { document, amount }| {
        (number_of(document.entity), document.id.as_str(), Exact::from(*amount))
    });
    let body = Body {
        change: number_of(link.change),
        target: link.target.as_ref().map(TargetId::as_str),
        number: Number::of(link.number.as_deref(), id),
        target_number: Number::of(link.target_number.as_deref(), id),
        fingerprint: link.fingerprint.to_bytes(),
        contact: link.contact.as_ref().map(SourceId::as_str),
        date: link.date.map(|date| (date.year(), date.month(), date.day())),
        currency: link.currency.as_ref().map(Currency::code),
        rate: link.rate.map(Exact::from),
        total: link.total.map(Exact::from),
        lines: (link.more.place.line, link.more.place.last_line),
        allocations: allocations.collect(),
        more: rest.as_deref(),
    };
    memory.clear();
    postcard::to_extend(&body, memory).map_err(|_| Unreadable)
}

/// The link of that row whose body has these bytes.
pub(crate) fn read(bytes: &[u8], columns: Columns) -> Result<Link, Unreadable> {
    let body: Body<'_> = postcard::from_bytes(bytes).map_err(|_| Unreadable)?;
    let Columns { key, state, run, file, outstanding, applied } = columns;
    let more: More = match body.more {
        Some(json) => serde_json::from_str(json).map_err(|_| Unreadable)?,
        None => More::default(),
    };
    let allocation = |(entity, id, amount): (u8, &str, Exact)| {
        let document = RecordKey::new(numbered(entity).ok_or(Unreadable)?, id);
        Ok(Allocation { document, amount: amount.decimal()? })
    };
    let date = |(year, month, day)| Date::new(year, month, day).map_err(|_| Unreadable);
    Ok(Link {
        state,
        change: numbered(body.change).ok_or(Unreadable)?,
        target: body.target.map(TargetId::from),
        number: body.number.text(&key.id),
        target_number: body.target_number.text(&key.id),
        fingerprint: Fingerprint::from_bytes(body.fingerprint),
        run,
        contact: body.contact.map(SourceId::from),
        date: body.date.map(date).transpose()?,
        currency: body.currency.map(str::parse).transpose().map_err(|_| Unreadable)?,
        rate: body.rate.map(Exact::decimal).transpose()?,
        total: body.total.map(Exact::decimal).transpose()?,
        outstanding,
        applied,
        more: More {
            allocations: body.allocations.into_iter().map(allocation).collect::<Result<_, _>>()?,
            place: Place { file, line: body.lines.0, last_line: body.lines.1 },
            ..more
        },
        key,
    })
}

/// The rest of `more` as JSON, without what the body and the row have; nothing where there is nothing in it.
fn rest(more: &More) -> serde_json::Result<Option<String>> {
    let More { draft, allocations: _, adjustments, notes, fault, place: _ } = more;
    if !draft && adjustments.is_empty() && notes.is_empty() && fault.is_none() {
        return Ok(None);
    }
    let rest = More { place: Place::default(), allocations: Vec::new(), ..more.clone() };
    serde_json::to_string(&rest).map(Some)
}

impl<'a> Number<'a> {
    fn of(number: Option<&'a str>, id: &str) -> Self {
        match number {
            None => Self::None,
            Some(number) if number == id => Self::Id,
            Some(other) => Self::Other(other),
        }
    }

    fn text(self, id: &SourceId) -> Option<String> {
        match self {
            Self::None => None,
            Self::Id => Some(id.as_str().to_owned()),
            Self::Other(other) => Some(other.to_owned()),
        }
    }
}

impl From<Decimal> for Exact {
    fn from(number: Decimal) -> Self {
        Self(number.mantissa(), number.scale())
    }
}

impl Exact {
    fn decimal(self) -> Result<Decimal, Unreadable> {
        Decimal::try_from_i128_with_scale(self.0, self.1).map_err(|_| Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use carry_model::{Code, Entity, Fault};
    use carry_ports::Change;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    fn link() -> Link {
        let part = |entity, id: &str, amount: &str| Allocation {
            document: RecordKey::new(entity, id),
            amount: decimal(amount),
        };
        Link {
            key: RecordKey::new(Entity::Payment, "P-7"),
            state: LinkState::Done,
            change: Change::Updated,
            target: Some(TargetId::new("9001")),
            number: Some("P-7".to_owned()),
            target_number: Some("PAY/7".to_owned()),
            fingerprint: Fingerprint::from_bytes([7; 16]),
            run: RunId::from("run"),
            contact: Some(SourceId::from("Ünal & Söhne")),
            date: Some(Date::constant(2026, 2, 28)),
            currency: Some("CAD".parse().unwrap()),
            rate: Some(decimal("0.7312500")),
            total: Some(decimal("-0.50")),
            outstanding: None,
            applied: Decimal::ZERO,
            more: More {
                draft: true,
                allocations: vec![
                    part(Entity::Invoice, "1048", "20.00"),
                    part(Entity::CreditNote, "\"10,49\"", "79228162514264337593543950335"),
                    part(Entity::Invoice, "", "-0.0000000000000000000000000001"),
                ],
                fault: Some(Fault::new(Code::IdTwice).detail("Both are in this batch.")),
                place: Place { file: "Received Payments.csv".to_owned(), line: 7, last_line: u64::MAX },
                ..More::default()
            },
        }
    }

    fn columns(link: &Link) -> Columns {
        Columns {
            key: link.key.clone(),
            state: link.state,
            run: link.run.clone(),
            file: link.more.place.file.clone(),
            outstanding: link.outstanding,
            applied: link.applied,
        }
    }

    fn there_and_back(link: &Link) -> String {
        let bytes = write(link, b"something else".to_vec()).unwrap();
        format!("{:?}", read(&bytes, columns(link)).unwrap())
    }

    #[test]
    fn a_link_comes_back_to_the_last_digit() {
        let full = link();
        assert_eq!(there_and_back(&full), format!("{full:?}"));
        let short = Link {
            target: None,
            number: None,
            target_number: None,
            contact: None,
            date: None,
            currency: None,
            rate: None,
            total: None,
            more: More::default(),
            ..link()
        };
        assert_eq!(there_and_back(&short), format!("{short:?}"));
    }

    #[test]
    fn a_body_means_what_it_meant_in_this_version() {
        let then = [
            "01",
            "01",
            "04",
            "39303031",
            "01",
            "02",
            "05",
            "5041592f37",
            "07070707070707070707070707070707",
        ];
        let bytes = write(&link(), Vec::new()).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(
            hex.starts_with(&then.concat()),
            "it changed: raise SCHEMA_VERSION and change it here: {hex}"
        );
    }

    #[test]
    fn what_is_no_body_is_no_link() {
        let link = link();
        let bytes = write(&link, Vec::new()).unwrap();
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length], columns(&link)).is_err(), "{length}");
        }
        assert!(read(&[0xff; 64], columns(&link)).is_err());
    }
}
