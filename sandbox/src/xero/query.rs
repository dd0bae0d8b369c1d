//! The filter language of `where`, and `order`.

use std::cmp::Ordering;

use carry_model::{Decimal, Timestamp};
use jiff::tz::TimeZone;

use super::refusal::Refusal;
use super::when;
use crate::json::{Json, decimal};

/// How deep parentheses may nest, and how long an expression may be.
const DEPTH_MAX: usize = 64;
const LENGTH_MAX: usize = 16_000;

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare(Operand, Operator, Operand),
    /// Something that is true or false by itself.
    Holds(Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Literal(Value),
    Field(String),
    /// A method of another operand: `Name.Contains("x")`.
    Method(Box<Operand>, Method, Option<Value>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Contains,
    StartsWith,
    EndsWith,
    ToLower,
    ToUpper,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    Time(Timestamp),
}

impl Value {
    /// What a row shows at a path. Of a nullable date or id, `.Value` is the same.
    pub(super) fn at(row: &Json, path: &str) -> Self {
        Self::of(row.at(path).or_else(|| path.strip_suffix(".Value").and_then(|path| row.at(path))))
    }

    fn of(json: Option<&Json>) -> Self {
        match json {
            Some(Json::Bool(value)) => Self::Bool(*value),
            Some(Json::Number(number)) => Self::Number(*number),
            Some(Json::Text(text)) if text.starts_with("/Date(") => {
                when::read_time(text).map_or(Self::Null, Self::Time)
            }
            Some(Json::Text(text)) => Self::Text(text.clone()),
            _ => Self::Null,
        }
    }

    /// Nothing for values that cannot be compared.
    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => Some(a.cmp(b)),
            (Self::Time(a), Self::Time(b)) => Some(a.cmp(b)),
            (Self::Time(a), Self::Text(b)) => when::read_time(b).map(|b| a.cmp(&b)),
            (Self::Text(a), Self::Time(b)) => when::read_time(a).map(|a| a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.to_lowercase().cmp(&b.to_lowercase())),
            _ => None,
        }
    }
}

impl Filter {
    /// Reads an expression.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > LENGTH_MAX {
            return Err(Refusal::Query("The expression is too long".to_owned()));
        }
        let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
        let filter = parser.any()?;
        match parser.next() {
            None => Ok(filter),
            Some(token) => Err(Refusal::Query(format!("Syntax error at '{}'", token.shown()))),
        }
    }

    /// Whether a row passes; `field` tells the value that it has at a path.
    pub(super) fn passes(&self, field: &impl Fn(&str) -> Value) -> bool {
        match self {
            Self::And(a, b) => a.passes(field) && b.passes(field),
            Self::Or(a, b) => a.passes(field) || b.passes(field),
            Self::Not(inner) => !inner.passes(field),
            Self::Holds(operand) => operand.value(field) == Value::Bool(true),
            Self::Compare(a, operator, b) => {
                let found = a.value(field).compare(&b.value(field));
                match operator {
                    Operator::Equal => found == Some(Ordering::Equal),
                    Operator::Unequal => found != Some(Ordering::Equal),
                    Operator::Less => found == Some(Ordering::Less),
                    Operator::LessOrEqual => found.is_some_and(Ordering::is_le),
                    Operator::Greater => found == Some(Ordering::Greater),
                    Operator::GreaterOrEqual => found.is_some_and(Ordering::is_ge),
                }
            }
        }
    }
}

impl Operand {
    fn value(&self, field: &impl Fn(&str) -> Value) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Field(path) => field(path),
            Self::Method(on, method, argument) => {
                let Value::Text(text) = on.value(field) else { return Value::Null };
                let lower = text.to_lowercase();
                let part = match argument {
                    Some(Value::Text(part)) => part.to_lowercase(),
                    _ => String::new(),
                };
                match method {
                    Method::Contains => Value::Bool(lower.contains(&part)),
                    Method::StartsWith => Value::Bool(lower.starts_with(&part)),
                    Method::EndsWith => Value::Bool(lower.ends_with(&part)),
                    Method::ToLower => Value::Text(lower),
                    Method::ToUpper => Value::Text(text.to_uppercase()),
                }
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(Decimal),
    Symbol(&'static str),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(text) | Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Symbol(symbol) => (*symbol).to_owned(),
        }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

const SYMBOLS: [&str; 16] =
    ["==", "!=", "<>", ">=", "<=", "&&", "||", "=", "<", ">", "!", "(", ")", ",", ".", "-"];

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first == '"' {
            quoted(rest)?
        } else if first.is_ascii_digit() {
            let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let number = rest.get(..length).and_then(decimal);
            (Token::Number(number.ok_or_else(|| Refusal::Query("Invalid number".to_owned()))?), length)
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            (Token::Word(rest.get(..length).unwrap_or_default().to_owned()), length)
        } else {
            let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
            let symbol = symbol.ok_or_else(|| Refusal::Query(format!("Syntax error '{first}'")))?;
            (Token::Symbol(symbol), symbol.len())
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// A text in double quotes; a quote inside is doubled or follows a backslash.
fn quoted(text: &str) -> Result<(Token, usize), Refusal> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek()) {
            ('\\' | '"', Some((_, next @ ('"' | '\\')))) if c == '\\' || *next == '"' => {
                value.push(*next);
                chars.next();
            }
            ('"', _) => return Ok((Token::Text(value), at + 1)),
            _ => value.push(c),
        }
    }
    Err(Refusal::Query("Unterminated string literal".to_owned()))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, symbols: &[&str]) -> bool {
        let found = self.peek().is_some_and(|token| {
            symbols.iter().any(|symbol| token.is_word(symbol) || *token == Token::Symbol(known(symbol)))
        });
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Refusal> {
        if self.takes(&[symbol]) { Ok(()) } else { Err(Refusal::Query(format!("'{symbol}' expected"))) }
    }

    fn any(&mut self) -> Result<Filter, Refusal> {
        let mut filter = self.all()?;
        while self.takes(&["OR", "||"]) {
            filter = Filter::Or(Box::new(filter), Box::new(self.all()?));
        }
        Ok(filter)
    }

    fn all(&mut self) -> Result<Filter, Refusal> {
        let mut filter = self.one()?;
        while self.takes(&["AND", "&&"]) {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Refusal::Query("The expression nests too deep".to_owned()));
        }
        let filter = if self.takes(&["NOT", "!"]) {
            Filter::Not(Box::new(self.one()?))
        } else if self.takes(&["("]) {
            let inner = self.any()?;
            self.expect(")")?;
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn comparison(&mut self) -> Result<Filter, Refusal> {
        let left = self.operand()?;
        let operators = [
            (["==", "="], Operator::Equal),
            (["!=", "<>"], Operator::Unequal),
            (["<=", "<="], Operator::LessOrEqual),
            ([">=", ">="], Operator::GreaterOrEqual),
            (["<", "<"], Operator::Less),
            ([">", ">"], Operator::Greater),
        ];
        for (symbols, operator) in operators {
            if self.takes(&symbols) {
                return Ok(Filter::Compare(left, operator, self.operand()?));
            }
        }
        Ok(Filter::Holds(left))
    }

    fn operand(&mut self) -> Result<Operand, Refusal> {
        let operand = match self.next() {
            Some(Token::Text(text)) => Operand::Literal(Value::Text(text)),
            Some(Token::Number(number)) => Operand::Literal(Value::Number(number)),
            Some(Token::Symbol("-")) => match self.next() {
                Some(Token::Number(number)) => Operand::Literal(Value::Number(-number)),
                _ => return Err(Refusal::Query("A number was expected".to_owned())),
            },
            Some(Token::Word(word)) => self.named(word)?,
            Some(token) => return Err(Refusal::Query(format!("Syntax error at '{}'", token.shown()))),
            None => return Err(Refusal::Query("Expression expected".to_owned())),
        };
        self.methods(operand)
    }

    /// A literal word, a function, or the path of a field.
    fn named(&mut self, word: String) -> Result<Operand, Refusal> {
        match word.to_ascii_lowercase().as_str() {
            "null" => return Ok(Operand::Literal(Value::Null)),
            "true" => return Ok(Operand::Literal(Value::Bool(true))),
            "false" => return Ok(Operand::Literal(Value::Bool(false))),
            "datetime" => return self.date_time(),
            "guid" => {
                if self.takes(&["."]) {
                    self.next();
                }
                return Ok(Operand::Literal(self.argument()?));
            }
            _ => {}
        }
        let mut path = word;
        while self.peek() == Some(&Token::Symbol(".")) {
            match self.tokens.get(self.at + 1) {
                Some(Token::Word(name)) if method(name).is_none() => {
                    path = format!("{path}.{name}");
                    self.at += 2;
                }
                _ => break,
            }
        }
        Ok(Operand::Field(path))
    }

    fn methods(&mut self, mut operand: Operand) -> Result<Operand, Refusal> {
        while self.takes(&["."]) {
            let Some(Token::Word(name)) = self.next() else {
                return Err(Refusal::Query("Identifier expected".to_owned()));
            };
            let method = method(&name)
                .ok_or_else(|| Refusal::Query(format!("No property or field '{name}' exists")))?;
            let argument = match method {
                Method::ToLower | Method::ToUpper => {
                    self.expect("(")?;
                    self.expect(")")?;
                    None
                }
                _ => Some(self.argument()?),
            };
            operand = Operand::Method(Box::new(operand), method, argument);
        }
        Ok(operand)
    }

    /// One text in parentheses.
    fn argument(&mut self) -> Result<Value, Refusal> {
        self.expect("(")?;
        let Some(Token::Text(text)) = self.next() else {
            return Err(Refusal::Query("A text was expected".to_owned()));
        };
        self.expect(")")?;
        Ok(Value::Text(text))
    }

    /// `DateTime(2026,01,31)`, with hour, minute and second if wanted, or `DateTime.Parse("2026-01-31")`.
    fn date_time(&mut self) -> Result<Operand, Refusal> {
        let wrong = || Refusal::Query("Invalid DateTime".to_owned());
        if self.takes(&["."]) {
            self.next();
            let Value::Text(text) = self.argument()? else { return Err(wrong()) };
            return when::read_time(&text).map(|time| Operand::Literal(Value::Time(time))).ok_or_else(wrong);
        }
        self.expect("(")?;
        let mut parts = Vec::new();
        loop {
            match self.next() {
                Some(Token::Number(number)) => parts.push(i16::try_from(number).map_err(|_| wrong())?),
                _ => return Err(wrong()),
            }
            if !self.takes(&[","]) {
                break;
            }
        }
        self.expect(")")?;
        let part = |at: usize| parts.get(at).copied().unwrap_or(0);
        let small = |at: usize| i8::try_from(part(at)).map_err(|_| wrong());
        let moment =
            jiff::civil::DateTime::new(part(0), small(1)?, small(2)?, small(3)?, small(4)?, small(5)?, 0);
        let zoned = moment.and_then(|moment| moment.to_zoned(TimeZone::UTC)).map_err(|_| wrong())?;
        Ok(Operand::Literal(Value::Time(zoned.timestamp())))
    }
}

fn known(symbol: &str) -> &'static str {
    SYMBOLS.into_iter().find(|known| *known == symbol).unwrap_or("")
}

fn method(name: &str) -> Option<Method> {
    match name.to_ascii_lowercase().as_str() {
        "contains" => Some(Method::Contains),
        "startswith" => Some(Method::StartsWith),
        "endswith" => Some(Method::EndsWith),
        "tolower" => Some(Method::ToLower),
        "toupper" => Some(Method::ToUpper),
        _ => None,
    }
}

/// What rows are sorted by: fields, each ascending unless it says `DESC`.
pub(super) fn order(text: &str) -> Result<Vec<(String, bool)>, Refusal> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let mut words = part.split_whitespace();
            let field = words.next().unwrap_or_default().to_owned();
            match words.next().map(str::to_ascii_uppercase).as_deref() {
                None | Some("ASC" | "ASCENDING") => Ok((field, false)),
                Some("DESC" | "DESCENDING") => Ok((field, true)),
                Some(other) => Err(Refusal::Query(format!("Syntax error at '{other}'"))),
            }
        })
        .collect()
}

/// Which of two rows comes first; values that are absent come first.
pub(super) fn compare(order: &[(String, bool)], a: &Json, b: &Json) -> Ordering {
    let mut sorted = order.iter().map(|(field, is_descending)| {
        let (a, b) = (Value::of(a.at(field)), Value::of(b.at(field)));
        let ordering = match (&a, &b) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Less,
            (_, Value::Null) => Ordering::Greater,
            _ => a.compare(&b).unwrap_or(Ordering::Equal),
        };
        if *is_descending { ordering.reverse() } else { ordering }
    });
    sorted.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Json {
        Json::parse(
            br#"{"Type":"ACCREC","Status":"AUTHORISED","Total":100.50,"Date":"/Date(1769817600000+0000)/",
                "Contact":{"ContactID":"11111111-2222-4333-8444-555555555555","Name":"City \"Limo\" Taxis"},
                "HasAttachments":false,"Number":"INV-1"}"#,
        )
        .unwrap()
    }

    #[test]
    fn filters_pass_what_they_say() {
        for (text, passes) in [
            (r#"Type=="ACCREC" AND Status=="AUTHORISED""#, true),
            (r#"Type=="ACCPAY" OR Status=="authorised""#, true),
            (r#"Type=="ACCPAY" OR Status=="PAID" AND Total>1"#, false),
            (r#"(Type=="ACCPAY" OR Status=="AUTHORISED") && Total >= 100.5"#, true),
            ("Total > 100.50", false),
            ("Total>-1", true),
            ("Date >= DateTime(2026,01,31)", true),
            ("Date >= DateTime(2026, 02, 01)", false),
            (r#"Date < DateTime.Parse("2026-02-01")"#, true),
            (r#"Contact.ContactID==guid("11111111-2222-4333-8444-555555555555")"#, true),
            (r#"Contact.ContactID=Guid("11111111-2222-4333-8444-555555555556")"#, false),
            (r#"Contact.Name.Contains("limo")"#, true),
            (r#"Contact.Name.ToLower().StartsWith("city")"#, true),
            (r#"Contact.Name.EndsWith("x") OR !(Type != "ACCREC")"#, true),
            (r#"Contact.Name == "City ""Limo"" Taxis""#, true),
            (r#"Contact.Name == "City \"Limo\" Taxis""#, true),
            ("Reference == null AND Number != null", true),
            ("HasAttachments == false AND NOT HasAttachments", true),
        ] {
            assert_eq!(
                Filter::parse(text).unwrap().passes(&|path: &str| Value::at(&row(), path)),
                passes,
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let deep = format!("{}Total>1{}", "(".repeat(100), ")".repeat(100));
        for text in [
            "",
            "Type==",
            r#"Type=="ACCREC"#,
            "Total > 1 Total",
            "Date >= DateTime(2026,13,45)",
            r#"Name.Foo("x")"#,
            "Type == \u{1F600}",
            "guid(1)",
            deep.as_str(),
        ] {
            assert!(matches!(Filter::parse(text), Err(Refusal::Query(_))), "{text}");
        }
    }

    #[test]
    fn rows_sort_by_several_fields() {
        let row = |text: &str| Json::parse(text.as_bytes()).unwrap();
        let (a, b) = (row(r#"{"Name":"a","Total":10}"#), row(r#"{"Name":"A","Total":9.5}"#));
        assert_eq!(compare(&order("Name, Total DESC").unwrap(), &a, &b), Ordering::Less);
        assert_eq!(compare(&order("Total asc").unwrap(), &a, &b), Ordering::Greater);
        assert!(order("Total sideways").is_err());
    }
}
