//! Lists: which rows, in which order, which page of them, with how much of each.

use std::cell::OnceCell;

use carry_model::Timestamp;
use uuid::Uuid;

use super::document::Detail;
use super::query::{self, Filter, Value};
use super::refusal::Refusal;
use super::when;
use crate::http::Request;
use crate::json::{Json, object};

/// Rows of a page unless the call says so, and at most.
const PAGE_SIZE: usize = 100;
const PAGE_SIZE_MAX: usize = 1000;
/// Rows a list that is not paged may come to.
const ROWS_MAX: usize = 100_000;

/// How an endpoint pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    /// Always everything.
    Never,
    /// A page if the call asks for one.
    OnDemand,
    /// Always a page.
    Always,
    /// Always a page of 100.
    Fixed,
}

/// One row of a list.
pub(super) struct Row<'a, T> {
    row: &'a T,
    updated: Timestamp,
    id: Uuid,
    /// Its `Status` and `Type` as it shows them, where they are known without showing it: most filters ask no more.
    known: [(&'static str, Option<&'static str>); 2],
}

impl<'a, T> Row<'a, T> {
    pub(super) fn new(row: &'a T, updated: Timestamp, id: Uuid) -> Self {
        Self { row, updated, id, known: [("Status", None), ("Type", None)] }
    }

    /// States its status, and its type if it has one.
    pub(super) fn stating(self, status: &'static str, kind: Option<&'static str>) -> Self {
        Self { known: [("Status", Some(status)), ("Type", kind)], ..self }
    }

    fn known(&self, path: &str) -> Option<Value> {
        let (_, value) = self.known.iter().find(|(name, _)| name.eq_ignore_ascii_case(path))?;
        value.map(|value| Value::Text(value.to_owned()))
    }
}

/// What a call wants to see of a list.
pub(super) struct Wanted<'a> {
    request: &'a Request,
    since: Option<Timestamp>,
    is_since_inclusive: bool,
    filter: Option<Filter>,
    order: Vec<(String, bool)>,
    page: Option<(usize, usize)>,
}

/// Rows of a list with what the reply says about its pages.
pub(super) struct Listed {
    pub(super) rows: Vec<Json>,
    pub(super) pagination: Option<Json>,
}

/// A parameter of the query, its name in any case of letters.
pub(super) fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let found = request.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// A parameter that is true or false; clients write `False` too.
pub(super) fn flag(request: &Request, name: &str) -> Option<bool> {
    parameter(request, name)?.to_ascii_lowercase().parse().ok()
}

/// The values of a parameter that is a list with commas.
pub(super) fn values(request: &Request, name: &str) -> Option<Vec<String>> {
    let text = parameter(request, name)?;
    Some(text.split(',').map(|value| value.trim().trim_matches('"').to_owned()).collect())
}

impl<'a> Wanted<'a> {
    pub(super) fn read(
        request: &'a Request,
        paging: Paging,
        is_since_inclusive: bool,
    ) -> Result<Self, Refusal> {
        let since = match request.header_value("if-modified-since") {
            Some(text) => Some(read_since(text)?),
            None => None,
        };
        let number =
            |name: &str| parameter(request, name).map(|text| text.parse::<i64>().unwrap_or(1).max(1));
        let number = |name: &str| number(name).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let size = match paging {
            Paging::Fixed => PAGE_SIZE,
            _ => number("pageSize").unwrap_or(PAGE_SIZE).min(PAGE_SIZE_MAX),
        };
        let page = match paging {
            Paging::Never => None,
            Paging::OnDemand => number("page").map(|page| (page, size)),
            Paging::Always | Paging::Fixed => Some((number("page").unwrap_or(1), size)),
        };
        Ok(Self {
            request,
            since,
            is_since_inclusive,
            filter: parameter(request, "where").map(Filter::parse).transpose()?,
            order: parameter(request, "order").map(query::order).transpose()?.unwrap_or_default(),
            page,
        })
    }

    /// Whether a row changed late enough to be shown; times are compared in whole seconds.
    fn is_recent(&self, updated: Timestamp) -> bool {
        self.since.is_none_or(|since| {
            let (updated, since) = (updated.as_second(), since.as_second());
            updated > since || (self.is_since_inclusive && updated == since)
        })
    }

    /// How much of each row is shown: lines only on pages.
    pub(super) fn detail(&self) -> Detail {
        if flag(self.request, "summaryOnly") == Some(true) {
            Detail::Summary
        } else if self.page.is_some() {
            Detail::Full
        } else {
            Detail::NoLines
        }
    }

    /// Picks, sorts and shows rows.
    pub(super) fn list<T>(
        &self,
        rows: impl Iterator<Item = Row<'a, T>>,
        show: impl Fn(&T, Detail) -> Json,
    ) -> Result<Listed, Refusal>
    where
        T: 'a,
    {
        let passes = |row: &Row<'a, T>, filter: &Filter| {
            let shown = OnceCell::new();
            let at = |path: &str| Value::at(shown.get_or_init(|| show(row.row, Detail::NoLines)), path);
            filter.passes(&|path: &str| row.known(path).unwrap_or_else(|| at(path)))
        };
        let filtered = rows
            .filter(|row| self.is_recent(row.updated))
            .filter(|row| self.filter.as_ref().is_none_or(|filter| passes(row, filter)));
        let mut rows: Vec<_> = filtered.collect();
        rows.sort_by_key(|row| (row.updated, row.id));
        if !self.order.is_empty() {
            let mut keyed: Vec<_> =
                rows.into_iter().map(|row| (show(row.row, Detail::NoLines), row)).collect();
            keyed.sort_by(|(a, _), (b, _)| query::compare(&self.order, a, b));
            rows = keyed.into_iter().map(|(_, row)| row).collect();
        }
        let count = rows.len();
        let Some((page, size)) = self.page else {
            if count > ROWS_MAX {
                return Err(Refusal::Rule(format!(
                    "The query matches {count} records, more than the {ROWS_MAX} that can be returned. Use paging."
                )));
            }
            let shown = rows.iter().map(|row| show(row.row, self.detail()));
            return Ok(Listed { rows: shown.collect(), pagination: None });
        };
        let shown = rows.iter().skip((page - 1).saturating_mul(size)).take(size);
        let shown = shown.map(|row| show(row.row, self.detail())).collect();
        let pagination = object! {
            "page" => page,
            "pageSize" => size,
            "pageCount" => count.div_ceil(size),
            "itemCount" => count,
        };
        Ok(Listed { rows: shown, pagination: Some(pagination) })
    }
}

/// `If-Modified-Since`, as ISO 8601 in UTC or as HTTP writes dates.
fn read_since(text: &str) -> Result<Timestamp, Refusal> {
    when::read_time(text)
        .or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
        .ok_or_else(|| Refusal::Query(format!("If-Modified-Since '{text}' is not a valid date")))
}
