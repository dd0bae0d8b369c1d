//! Queries as a person wrote them, with named parameters, made ready for a dialect.

use carry_model::{Code, Fault};

use crate::conn::{Dialect, Value};

/// The parameter that holds the stable name of the entity a query is run for.
pub(super) const ENTITY: &str = "entity";

/// A piece of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `:name`
    Named(String),
}

/// A single query with named parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pieces: Vec<Piece>,
}

impl Query {
    /// Reads a query that must name all of the `needed` parameters and may name `:entity`.
    ///
    /// A fault ([`Code::MappingInvalid`]) names what is wrong: no query, more than one statement, an unknown or
    /// missing parameter, a literal that does not end.
    pub(super) fn parse(text: &str, needed: &[&str]) -> Result<Self, Fault> {
        let pieces = pieces(text)?;
        let mut words = pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            Piece::Named(_) => None,
        });
        let first = words.next().map(|text| without_comments(text)).unwrap_or_default();
        let first: String =
            first.trim_start_matches(['(', ' ']).chars().take_while(char::is_ascii_alphabetic).collect();
        if !["select", "with"].contains(&first.to_ascii_lowercase().as_str()) {
            return Err(invalid("Only a query may stand here.", "Begin it with SELECT or WITH.", text));
        }
        for piece in &pieces {
            if let Piece::Named(name) = piece
                && name != ENTITY
                && !needed.contains(&name.as_str())
            {
                let hint = format!(
                    "It may use {}; write a colon in a text as part of a quoted text.",
                    listed(needed)
                );
                return Err(invalid(&format!("The query uses a parameter :{name}."), &hint, text));
            }
        }
        for name in needed {
            if !pieces.contains(&Piece::Named((*name).to_owned())) {
                let hint = match *name {
                    "keys" => "Write it like: SELECT ... WHERE parent_id IN (:keys) ORDER BY parent_id",
                    _ => "Write it like: SELECT ... WHERE id > :after ORDER BY id LIMIT :limit",
                };
                return Err(invalid(&format!("The query does not use :{name}."), hint, text));
            }
        }
        Ok(Self { pieces })
    }

    /// The query in a dialect, with its parameters in the order they are bound. `values` gives the values of a
    /// parameter; several of them are listed with commas between.
    pub(super) fn bind<'v>(
        &self,
        dialect: Dialect,
        values: impl Fn(&str) -> &'v [Value],
    ) -> (String, Vec<Value>) {
        let (mut sql, mut bound) = (String::new(), Vec::new());
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => sql.push_str(text),
                Piece::Named(name) => {
                    for (at, value) in values(name).iter().enumerate() {
                        bound.push(value.clone());
                        sql.push_str(if at == 0 { "" } else { ", " });
                        sql.push_str(&dialect.parameter(bound.len()));
                    }
                }
            }
        }
        (sql, bound)
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!(":{name}")).collect::<Vec<_>>().join(" and ")
}

fn invalid(detail: &str, hint: &str, text: &str) -> Fault {
    Fault::new(Code::MappingInvalid).detail(detail).hint(hint).text(text)
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code));
    let mut rest = lines.collect::<Vec<_>>().join(" ");
    while let Some((before, after)) = rest.split_once("/*") {
        let after = after.split_once("*/").map_or("", |(_, after)| after);
        rest = format!("{before} {after}");
    }
    rest.trim_start().to_owned()
}

/// Splits at named parameters, outside of literals, quoted names and comments. `::` is PostgreSQL's cast.
fn pieces(text: &str) -> Result<Vec<Piece>, Fault> {
    let text = text.trim().trim_end_matches(';').trim_end();
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        plain.push(char);
        match char {
            '\'' | '"' | '`' => quoted(char, &mut chars, &mut plain, text)?,
            '-' if chars.peek() == Some(&'-') => until(&mut chars, &mut plain, "\n"),
            '/' if chars.peek() == Some(&'*') => until(&mut chars, &mut plain, "*/"),
            ';' => {
                return Err(invalid("There is more than one statement.", "Keep a single query.", text));
            }
            ':' if chars.peek() == Some(&':') => plain.extend(chars.next()),
            ':' if chars.peek().is_some_and(|next| next.is_ascii_alphabetic()) => {
                plain.pop();
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
                let mut name = String::new();
                while let Some(next) = chars.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
                    name.push(next);
                }
                pieces.push(Piece::Named(name));
            }
            _ => {}
        }
    }
    pieces.push(Piece::Text(plain));
    Ok(pieces)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn quoted(quote: char, chars: &mut Chars<'_>, plain: &mut String, text: &str) -> Result<(), Fault> {
    for char in chars.by_ref() {
        plain.push(char);
        if char == quote {
            // A doubled quote opens the literal again at once, which comes to the same.
            return Ok(());
        }
    }
    Err(invalid(&format!("A quote {quote} is not closed."), "Close it.", text))
}

fn until(chars: &mut Chars<'_>, plain: &mut String, end: &str) {
    for char in chars.by_ref() {
        plain.push(char);
        if plain.ends_with(end) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGED: &[&str] = &["after", "limit"];

    fn bound(text: &str, dialect: Dialect) -> (String, usize) {
        let values = [Value::Int(1), Value::Int(2)];
        let (sql, bound) = Query::parse(text, PAGED)
            .unwrap()
            .bind(dialect, |name| if name == "after" { &values[..1] } else { &values });
        (sql, bound.len())
    }

    #[test]
    fn parameters_are_bound_in_every_dialect() {
        let text = "SELECT ':x', a::text FROM t -- :y\n WHERE id > :after /* :z */ LIMIT :limit;";
        assert_eq!(
            bound(text, Dialect::Sqlite).0,
            "SELECT ':x', a::text FROM t -- :y\n WHERE id > ?1 /* :z */ LIMIT ?2, ?3"
        );
        assert_eq!(
            bound(text, Dialect::Postgres).0,
            "SELECT ':x', a::text FROM t -- :y\n WHERE id > $1 /* :z */ LIMIT $2, $3"
        );
        assert_eq!(bound("select :after, :after, :limit", Dialect::MySql), ("select ?, ?, ?, ?".into(), 4));
        assert_eq!(bound("-- why\n(SELECT 'it''s' WHERE :after < :limit)", Dialect::MySql).1, 3);
    }

    #[test]
    fn everything_but_a_single_query_is_refused() {
        for (text, why) in [
            ("DELETE FROM t WHERE id > :after LIMIT :limit", "Only a query"),
            ("", "Only a query"),
            ("/* SELECT */ UPDATE t SET a = :after, b = :limit", "Only a query"),
            ("SELECT :after; DROP TABLE t; SELECT :limit", "more than one statement"),
            ("SELECT :after", "does not use :limit"),
            ("SELECT :after, :limit, :other", "uses a parameter :other"),
            ("SELECT ':after, :limit", "not closed"),
        ] {
            let fault = Query::parse(text, PAGED).unwrap_err();
            assert_eq!(fault.code, Code::MappingInvalid);
            assert!(fault.detail.contains(why), "{text}: {fault:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[ -~\\näß:;'\"`/*-]{0,60}") {
            if let Ok(query) = Query::parse(&text, PAGED) {
                let values = [Value::Null];
                drop(query.bind(Dialect::Sqlite, |_| &values));
            }
        }
    }
}
