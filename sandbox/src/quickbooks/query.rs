//! The query language: `SELECT * FROM Invoice WHERE Balance > '0' ORDERBY TxnDate STARTPOSITION 1 MAXRESULTS 10`.

use std::cmp::Ordering;

use carry_model::{Decimal, Timestamp};

use super::kind::Kind;
use super::refusal::{Refusal, refusal};
use crate::json::{Json, decimal};

/// Longest query.
const LENGTH_MAX: usize = 100_000;
/// Rows of a page, unless the query says otherwise, and at most.
const PAGE: usize = 100;
const PAGE_MAX: usize = 1000;

/// A query.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    pub(super) kind: Kind,
    pub(super) is_count: bool,
    pub(super) conditions: Vec<Condition>,
    /// A field, and whether it sorts downwards.
    pub(super) order: Vec<(String, bool)>,
    /// From 1.
    pub(super) start: usize,
    pub(super) max: usize,
}

/// One comparison; all of a query's must hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) field: String,
    pub(super) operator: Operator,
    pub(super) values: Vec<Literal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    In,
    Like,
}

/// A value as the query writes it; what it is follows from the field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Literal(String);

fn unreadable(why: impl std::fmt::Display) -> Refusal {
    refusal("4000", "Error parsing query", format!("QueryParserError: {why}"))
}

fn invalid(why: impl std::fmt::Display) -> Refusal {
    refusal("4001", "Invalid query", format!("QueryValidationError: {why}"))
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A keyword, a name or a bare value.
    Word(String),
    Text(String),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 8] = ["<=", ">=", "=", "<", ">", "(", ")", ","];

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let (text, after) = quoted(rest).ok_or_else(|| unreadable("a text is not closed"))?;
            tokens.push(Token::Text(text));
            rest = after.trim_start();
            continue;
        }
        if let Some((symbol, after)) =
            SYMBOLS.into_iter().find_map(|symbol| rest.strip_prefix(symbol).map(|after| (symbol, after)))
        {
            tokens.push(Token::Symbol(symbol));
            rest = after.trim_start();
            continue;
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '*' | '-' | '+' | ':');
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest
            .split_at_checked(end)
            .filter(|(word, _)| !word.is_empty())
            .ok_or_else(|| unreadable(format!("Encountered \" {first} \" where it was not expected")))?;
        tokens.push(Token::Word(word.to_owned()));
        rest = after.trim_start();
    }
    Ok(tokens)
}

/// A text in single quotes, with `\'` for a quote, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Steps over a keyword, in any case of letters.
    fn takes(&mut self, word: &str) -> bool {
        let is_it = matches!(self.tokens.get(self.at), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        self.at += usize::from(is_it);
        is_it
    }

    fn takes_symbol(&mut self, symbol: &str) -> bool {
        let is_it = matches!(self.tokens.get(self.at), Some(Token::Symbol(s)) if *s == symbol);
        self.at += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, word: &str) -> Result<(), Refusal> {
        if self.takes(word) { Ok(()) } else { Err(unreadable(format!("{word} was expected"))) }
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), Refusal> {
        if self.takes_symbol(symbol) { Ok(()) } else { Err(unreadable(format!("'{symbol}' was expected"))) }
    }

    fn word(&mut self, what: &str) -> Result<String, Refusal> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err(unreadable(format!("{what} was expected"))),
        }
    }

    fn number(&mut self, what: &str) -> Result<usize, Refusal> {
        match self.next() {
            Some(Token::Word(text) | Token::Text(text)) => {
                text.parse().map_err(|_| unreadable(format!("{what} must be a number, not {text}")))
            }
            _ => Err(unreadable(format!("{what} must be a number"))),
        }
    }

    fn value(&mut self) -> Result<Literal, Refusal> {
        match self.next() {
            Some(Token::Word(text) | Token::Text(text)) => Ok(Literal(text)),
            _ => Err(unreadable("a value was expected")),
        }
    }

    fn condition(&mut self) -> Result<Condition, Refusal> {
        let field = self.word("A property")?;
        let operator = match self.next() {
            Some(Token::Symbol("=")) => Operator::Equal,
            Some(Token::Symbol("<")) => Operator::Less,
            Some(Token::Symbol(">")) => Operator::Greater,
            Some(Token::Symbol("<=")) => Operator::LessOrEqual,
            Some(Token::Symbol(">=")) => Operator::GreaterOrEqual,
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("in") => Operator::In,
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("like") => Operator::Like,
            _ => return Err(unreadable(format!("an operator was expected after {field}"))),
        };
        if operator != Operator::In {
            return Ok(Condition { field, operator, values: vec![self.value()?] });
        }
        self.expect_symbol("(")?;
        let mut values = vec![self.value()?];
        while self.takes_symbol(",") {
            values.push(self.value()?);
        }
        self.expect_symbol(")")?;
        Ok(Condition { field, operator, values })
    }

    fn order(&mut self) -> Result<Vec<(String, bool)>, Refusal> {
        let mut order = Vec::new();
        loop {
            let field = self.word("A property")?;
            let is_descending = self.takes("desc");
            if !is_descending {
                self.takes("asc");
            }
            order.push((field, is_descending));
            if !self.takes_symbol(",") {
                return Ok(order);
            }
        }
    }
}

impl Query {
    /// Reads a query.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > LENGTH_MAX {
            return Err(unreadable("the query is too long"));
        }
        let mut parser = Parser { tokens: tokens(text)?, at: 0 };
        parser.expect("select")?;
        let is_count = parser.takes("count");
        if is_count {
            parser.expect_symbol("(")?;
            parser.expect("*")?;
            parser.expect_symbol(")")?;
        } else {
            parser.expect("*")?;
        }
        parser.expect("from")?;
        let name = parser.word("An entity")?;
        let kind = Kind::named(&name).ok_or_else(|| invalid(format!("{name} is not a valid entity")))?;
        let mut query =
            Self { kind, is_count, conditions: Vec::new(), order: Vec::new(), start: 1, max: PAGE };
        if parser.takes("where") {
            query.conditions.push(parser.condition()?);
            while parser.takes("and") {
                query.conditions.push(parser.condition()?);
            }
        }
        query.rest(parser)?;
        Ok(query)
    }

    /// Order and page, in any order.
    fn rest(&mut self, mut parser: Parser) -> Result<(), Refusal> {
        loop {
            if parser.takes("orderby") {
                self.order = parser.order()?;
            } else if parser.takes("order") {
                parser.expect("by")?;
                self.order = parser.order()?;
            } else if parser.takes("startposition") {
                self.start = parser.number("STARTPOSITION")?;
            } else if parser.takes("maxresults") {
                self.max = parser.number("MAXRESULTS")?;
            } else {
                break;
            }
        }
        if let Some(token) = parser.next() {
            return Err(unreadable(format!("Encountered \" {token:?} \" where it was not expected")));
        }
        if self.start == 0 || self.max == 0 || self.max > PAGE_MAX {
            return Err(invalid(format!(
                "value out of range: STARTPOSITION from 1, MAXRESULTS from 1 to {PAGE_MAX}"
            )));
        }
        Ok(())
    }

    /// Whether the query itself says which rows it wants by whether they are in use.
    pub(super) fn names_active(&self) -> bool {
        self.conditions.iter().any(|condition| condition.field.eq_ignore_ascii_case("Active"))
    }
}

impl Condition {
    /// Whether a value of the field meets the condition; an absent one meets none.
    pub(super) fn holds(&self, value: Option<&Json>) -> bool {
        let Some(value) = value.filter(|value| **value != Json::Null) else { return false };
        let compared = |literal: &Literal| compare(value, literal);
        let first = self.values.first();
        let is =
            |wanted: &[Ordering]| first.and_then(compared).is_some_and(|ordering| wanted.contains(&ordering));
        match self.operator {
            Operator::Equal => is(&[Ordering::Equal]),
            Operator::Less => is(&[Ordering::Less]),
            Operator::Greater => is(&[Ordering::Greater]),
            Operator::LessOrEqual => is(&[Ordering::Less, Ordering::Equal]),
            Operator::GreaterOrEqual => is(&[Ordering::Greater, Ordering::Equal]),
            Operator::In => self.values.iter().any(|value| compared(value) == Some(Ordering::Equal)),
            Operator::Like => first.is_some_and(|pattern| {
                value.as_str().is_some_and(|text| is_like(&text.to_lowercase(), &pattern.0.to_lowercase()))
            }),
        }
    }
}

/// How a field compares to what the query says: as what the field is.
fn compare(value: &Json, Literal(literal): &Literal) -> Option<Ordering> {
    match value {
        Json::Bool(value) => Some(value.cmp(&literal.eq_ignore_ascii_case("true"))),
        Json::Number(value) => decimal(literal).map(|literal| value.cmp(&literal)),
        Json::Text(value) => Some(compare_texts(value, literal)),
        Json::Object(_) => compare(value.get("value")?, &Literal(literal.clone())),
        Json::List(_) | Json::Null => None,
    }
}

/// Texts compare as numbers or moments where both are that, else without regard to the case of letters.
pub(super) fn compare_texts(a: &str, b: &str) -> Ordering {
    let number = |text: &str| text.bytes().all(|c| c.is_ascii_digit()).then(|| decimal(text)).flatten();
    let moment = |text: &str| text.contains('T').then(|| text.parse::<Timestamp>().ok()).flatten();
    let numbers: Option<(Decimal, Decimal)> = number(a).zip(number(b));
    if let Some((a, b)) = numbers {
        return a.cmp(&b);
    }
    if let Some((a, b)) = moment(a).zip(moment(b)) {
        return a.cmp(&b);
    }
    a.to_lowercase().cmp(&b.to_lowercase())
}

/// Whether a text is like a pattern, in which `%` stands for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('%');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part).and_then(|at| rest.get(at + part.len()..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_write() {
        let query = Query::parse(
            "SELECT * FROM Invoice WHERE TxnDate >= '2026-01-01' AND DocNumber IN ('a\\'b', 'c') ORDERBY TxnDate DESC, Id \
             STARTPOSITION 11 MAXRESULTS 1000",
        )
        .unwrap();
        assert_eq!((query.kind, query.start, query.max), (Kind::Invoice, 11, 1000));
        assert_eq!(query.order, [("TxnDate".to_owned(), true), ("Id".to_owned(), false)]);
        assert_eq!(query.conditions[1].values, [Literal("a'b".to_owned()), Literal("c".to_owned())]);
        let lower = Query::parse("select * from customer maxresults 5 startposition 2").unwrap();
        assert_eq!((lower.kind, lower.start, lower.max), (Kind::Customer, 2, 5));
        assert!(Query::parse("Select Count(*) From Customer Where Active In (true,false)").unwrap().is_count);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (text, code) in [
            ("", "4000"),
            ("SELECT Id FROM Invoice", "4000"),
            ("SELECT * FROM Invoices", "4001"),
            ("SELECT * FROM Invoice WHERE A = '1' OR B = '2'", "4000"),
            ("SELECT * FROM Invoice WHERE DocNumber = 'x", "4000"),
            ("SELECT * FROM Invoice WHERE DocNumber != 'x'", "4000"),
            ("SELECT * FROM Invoice MAXRESULTS 1001", "4001"),
            ("SELECT * FROM Invoice STARTPOSITION 0", "4001"),
        ] {
            assert_eq!(Query::parse(text).unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn conditions_compare_as_the_field_is() {
        let holds = |condition: &str, value: Json| {
            let query = Query::parse(&format!("select * from Invoice where {condition}")).unwrap();
            query.conditions[0].holds(Some(&value))
        };
        assert!(holds("Id > '9'", "10".into()));
        assert!(holds("Balance > '9.5'", Decimal::from(10).into()));
        assert!(holds("DisplayName LIKE '%OR%s'", "Doris".into()));
        assert!(!holds("DisplayName LIKE 'or%'", "Doris".into()));
        assert!(holds("DisplayName = 'doris'", "Doris".into()));
        assert!(holds(
            "MetaData.LastUpdatedTime > '2026-01-01T00:00:00Z'",
            "2025-12-31T17:00:00-08:00".into()
        ));
        assert!(holds("Active IN (true,false)", false.into()));
    }
}
