//! The mapping file: TOML with one query for each entity. `docs/sources-database.md` describes it for people.

use std::collections::BTreeMap;

use carry_connector::UnlistedBalance;
use carry_model::{Code, Currency, Entity, Fault};
use serde::{Deserialize, Serialize};

use super::shape::{COMMON, Field, shape};
use super::sql::Query;

/// Longest mapping file, in bytes.
pub const MAPPING_BYTES_MAX: usize = 1024 * 1024;
/// Most queries of a mapping file.
pub const QUERIES_MAX: usize = 200;

/// `[source]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    /// The database's address; the command line may give it instead.
    pub(super) url: Option<String>,
    /// The business's name; a `[company]` query may give it instead.
    pub(super) company: Option<String>,
    /// The ledger's currency; a `[company]` query may give it instead.
    pub(super) home_currency: Option<Currency>,
    #[serde(default)]
    pub(super) unlisted_receivable: UnlistedBalance,
    #[serde(default)]
    pub(super) unlisted_payable: UnlistedBalance,
}

/// What the values of a key column are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeyKind {
    /// Whole numbers.
    #[default]
    Integer,
    /// Texts.
    Text,
}

/// An entity's query, as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    query: String,
    /// Entities that share the query, which tells them apart by `:entity`.
    entities: Option<Vec<String>>,
    #[serde(default = "default_key")]
    key: String,
    #[serde(default)]
    key_kind: KeyKind,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    ignore: Vec<String>,
}

fn default_key() -> String {
    "id".to_owned()
}

/// A part's query, as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPart {
    query: String,
    parent: String,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    ignore: Vec<String>,
}

/// Which column each field is read from.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) fields: &'static [Field],
    /// Fields that do not belong to the record's body.
    common: &'static [Field],
    /// Field to column, where they are called differently.
    renamed: BTreeMap<String, String>,
    ignored: Vec<String>,
}

impl Columns {
    /// The column that a field is read from, lower case.
    pub(super) fn of(&self, field: &str) -> String {
        self.renamed.get(field).map_or_else(|| field.to_owned(), |column| column.to_lowercase())
    }

    /// The column that holds an amount as a whole number of its currency's smallest unit, lower case.
    pub(super) fn minor(&self, field: &str) -> String {
        format!("{}_minor", self.of(field))
    }

    /// A fault ([`Code::MappingInvalid`]) where the query gives a column that is no field, or lacks one that is
    /// needed. `key` is the column that the reader itself uses.
    pub(super) fn check(&self, given: &[String], key: &str, place: &str) -> Result<(), Fault> {
        let given: Vec<_> = given.iter().map(|column| column.to_lowercase()).collect();
        let known = || self.fields.iter().chain(self.common).map(|field| field.name);
        for column in &given {
            let minor = |field: &Field| field.kind.is_amount() && self.minor(field.name) == *column;
            let used = known().any(|field| self.of(field) == *column) || self.fields.iter().any(minor);
            if !used
                && column != key
                && !self.ignored.iter().any(|ignored| ignored.eq_ignore_ascii_case(column))
            {
                let list: Vec<_> = known().collect();
                return Err(invalid(place, format!("The query gives a column '{column}' that is no field."))
                    .field(column)
                    .hint(format!(
                        "Rename it with AS, or list it under ignore. Fields: {}.",
                        list.join(", ")
                    )));
            }
        }
        let lacks = |field: &Field| {
            let in_units = given.contains(&self.of(field.name));
            let in_smallest_units = field.kind.is_amount() && given.contains(&self.minor(field.name));
            !in_units && !in_smallest_units
        };
        if let Some(field) = self.fields.iter().find(|field| field.needed && lacks(field)) {
            return Err(invalid(
                place,
                format!("The query gives no column '{}', which is needed.", self.of(field.name)),
            )
            .field(field.name)
            .hint(format!("Select it, such as: SELECT your_column AS {}.", field.name)));
        }
        Ok(())
    }
}

/// Rows that belong to the records of a query.
#[derive(Clone, Debug)]
pub(super) struct PartQuery {
    pub(super) name: &'static str,
    pub(super) query: Query,
    /// The column that holds the key of the record a row belongs to.
    pub(super) parent: String,
    pub(super) columns: Columns,
}

/// The query of an entity.
#[derive(Clone, Debug)]
pub(super) struct EntityQuery {
    /// The partition's id: `invoice`, or `contact.2` for an entity's second query.
    pub(super) id: String,
    pub(super) entity: Entity,
    pub(super) query: Query,
    pub(super) key: String,
    pub(super) key_kind: KeyKind,
    pub(super) columns: Columns,
    pub(super) parts: Vec<PartQuery>,
}

/// A mapping file that has been read and checked.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(super) source: Source,
    pub(super) company: Option<EntityQuery>,
    pub(super) queries: Vec<EntityQuery>,
    file: toml::Table,
}

impl Mapping {
    /// Reads a mapping file. A fault ([`Code::MappingInvalid`]) names the section and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() > MAPPING_BYTES_MAX {
            return Err(Fault::new(Code::InputTooLarge)
                .detail(format!("A mapping file has at most {MAPPING_BYTES_MAX} bytes.")));
        }
        let file: toml::Table = toml::from_str(text)
            .map_err(|e| Fault::new(Code::MappingInvalid).detail("It is no valid TOML.").caused_by(e))?;
        let mut mapping = Self {
            source: read("source", toml::Table::new())?,
            company: None,
            queries: Vec::new(),
            file: file.clone(),
        };
        for (section, value) in file {
            match (section.as_str(), value) {
                ("source", toml::Value::Table(table)) => mapping.source = read("source", table)?,
                (_, toml::Value::Table(table)) => mapping.add(&section, table)?,
                (_, toml::Value::Array(tables)) => {
                    for table in tables {
                        let toml::Value::Table(table) = table else {
                            return Err(invalid(&section, "Only tables may stand here."));
                        };
                        mapping.add(&section, table)?;
                    }
                }
                _ => return Err(invalid(&section, "Only a table with a query may stand here.")),
            }
        }
        mapping.complete()
    }

    /// The address that the file itself names.
    pub fn url(&self) -> Option<&str> {
        self.source.url.as_deref()
    }

    /// The file without the address, which may hold a password: it can be staged.
    pub(super) fn without_address(&self) -> Result<String, Fault> {
        let mut file = self.file.clone();
        if let Some(toml::Value::Table(source)) = file.get_mut("source") {
            source.remove("url");
        }
        toml::to_string(&file).map_err(|e| Fault::new(Code::Bug).caused_by(e))
    }

    fn add(&mut self, section: &str, mut table: toml::Table) -> Result<(), Fault> {
        let mut parts = BTreeMap::new();
        // Every table inside a section is a part, but for the renamed columns.
        for (name, value) in std::mem::take(&mut table) {
            match value {
                toml::Value::Table(part) if name != "columns" => {
                    let written: WrittenPart = read(&format!("{section}.{name}"), part)?;
                    parts.insert(name, written);
                }
                other => {
                    table.insert(name, other);
                }
            }
        }
        let written: Written = read(section, table)?;
        let names = written.entities.clone().unwrap_or_else(|| vec![section.to_owned()]);
        for name in names {
            let entity: Entity = name.parse().map_err(|known: String| invalid(section, known))?;
            let before = self.queries.iter().filter(|query| query.entity == entity).count();
            let name = entity.name();
            let id = if before == 0 { name.to_owned() } else { format!("{name}.{}", before + 1) };
            let query = entity_query(id, entity, &written, &parts)?;
            if entity != Entity::Company {
                self.queries.push(query);
            } else if self.company.replace(query).is_some() {
                return Err(invalid(section, "There is one company."));
            }
        }
        Ok(())
    }

    fn complete(mut self) -> Result<Self, Fault> {
        if self.queries.is_empty() || self.queries.len() > QUERIES_MAX {
            return Err(invalid(
                "file",
                format!("It has {} queries; 1 to {QUERIES_MAX} may be there.", self.queries.len()),
            ));
        }
        if self.company.is_none() && (self.source.company.is_none() || self.source.home_currency.is_none()) {
            return Err(invalid("source", "The business's name or home currency is missing.")
                .hint("State company and home_currency under [source], or write a [company] query that gives name and home_currency."));
        }
        self.queries.sort_by_key(|query| query.entity);
        Ok(self)
    }
}

fn read<T: serde::de::DeserializeOwned>(section: &str, table: toml::Table) -> Result<T, Fault> {
    toml::Value::Table(table).try_into().map_err(|e| invalid(section, "It cannot be read.").caused_by(e))
}

fn entity_query(
    id: String,
    entity: Entity,
    written: &Written,
    written_parts: &BTreeMap<String, WrittenPart>,
) -> Result<EntityQuery, Fault> {
    let shape = shape(entity);
    let mut parts = Vec::new();
    for (name, part) in written_parts {
        let place = format!("{id}.{name}");
        let known = shape.parts.iter().find(|part| part.name == *name).ok_or_else(|| {
            let list: Vec<_> = shape.parts.iter().map(|part| part.name).collect();
            let hint = if list.is_empty() {
                "It has none.".to_owned()
            } else {
                format!("It has: {}.", list.join(", "))
            };
            invalid(&id, format!("There is no part '{name}'.")).field(name).hint(hint)
        })?;
        parts.push(PartQuery {
            name: known.name,
            query: Query::parse(&part.query, &["keys"]).map_err(|fault| in_place(fault, &place))?,
            parent: part.parent.to_lowercase(),
            columns: columns(known.fields, &[], &part.columns, &part.ignore, &place)?,
        });
    }
    let parameters: &[&str] = if entity == Entity::Company { &[] } else { &["after", "limit"] };
    Ok(EntityQuery {
        entity,
        query: Query::parse(&written.query, parameters).map_err(|fault| in_place(fault, &id))?,
        key: written.key.to_lowercase(),
        key_kind: written.key_kind,
        columns: columns(shape.fields, COMMON, &written.columns, &written.ignore, &id)?,
        parts,
        id,
    })
}

fn columns(
    fields: &'static [Field],
    common: &'static [Field],
    renamed: &BTreeMap<String, String>,
    ignored: &[String],
    place: &str,
) -> Result<Columns, Fault> {
    let known = |name: &String| fields.iter().chain(common).any(|field| field.name == name);
    if let Some(unknown) = renamed.keys().find(|name| !known(name)) {
        let list: Vec<_> = fields.iter().map(|field| field.name).collect();
        return Err(invalid(place, format!("There is no field '{unknown}'."))
            .field(unknown)
            .hint(format!("Fields: {}.", list.join(", "))));
    }
    Ok(Columns { fields, common, renamed: renamed.clone(), ignored: ignored.to_vec() })
}

/// A fault of the mapping file in that section.
pub(super) fn invalid(section: &str, detail: impl std::fmt::Display) -> Fault {
    Fault::new(Code::MappingInvalid).detail(format!("[{section}] {detail}"))
}

/// Names the section that a fault happened in.
pub(super) fn in_place(fault: Fault, section: &str) -> Fault {
    let detail = format!("[{section}] {}", fault.detail);
    fault.detail(detail.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOURCE: &str = "[source]\ncompany = \"A\"\nhome_currency = \"EUR\"\n";
    const TERMS: &str =
        "[terms]\nquery = \"SELECT id, name FROM t WHERE id > :after ORDER BY id LIMIT :limit\"\n";

    #[test]
    fn a_mapping_is_read() {
        let lines = "[invoice]\nkey_kind = \"text\"\nquery = \"SELECT :after, :limit\"\ncolumns = {date = \"Issued\"}\n\
             [invoice.lines]\nparent = \"inv\"\nquery = \"SELECT :keys\"\n";
        let mapping =
            Mapping::parse(&format!("{SOURCE}{lines}{}", TERMS.replace("[terms]", "[[terms]]").repeat(2)))
                .unwrap();
        let ids: Vec<_> = mapping.queries.iter().map(|query| query.id.as_str()).collect();
        assert_eq!(ids, ["terms", "terms.2", "invoice"]);
        let invoice = &mapping.queries[2];
        assert_eq!(
            (invoice.key_kind, invoice.columns.of("date"), invoice.parts.len()),
            (KeyKind::Text, "issued".into(), 1)
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, why) in [
            ("[source", "no valid TOML"),
            (TERMS, "home currency is missing"),
            (SOURCE, "0 queries"),
            (&format!("{SOURCE}{TERMS}[invoices2]\nquery = \"x\""), "no entity is called 'invoices2'"),
            (&format!("{SOURCE}{TERMS}part = 1"), "[terms] It cannot be read"),
            (
                &format!("{SOURCE}{TERMS}[terms.lines]\nparent=\"x\"\nquery=\"SELECT :keys\""),
                "no part 'lines'",
            ),
            (&format!("{SOURCE}{TERMS}[terms.columns]\ntotal=\"x\""), "no field 'total'"),
            (&format!("{SOURCE}[terms]\nquery = \"DELETE FROM t\""), "[terms] Only a query"),
            (&format!("{SOURCE}[terms]\nkey = \"a\""), "[terms] It cannot be read"),
            (&format!("{SOURCE}{TERMS}terms2 = 1\n[source]"), "no valid TOML"),
        ] {
            let fault = Mapping::parse(text).unwrap_err();
            assert_eq!(fault.code, Code::MappingInvalid, "{text}");
            assert!(fault.detail.contains(why), "{text}: {fault:?}");
        }
    }

    #[test]
    fn columns_are_checked_by_name() {
        let mapping = Mapping::parse(&format!("{SOURCE}{TERMS}ignore = [\"X\"]")).unwrap();
        let columns = &mapping.queries[0].columns;
        let check = |given: &[&str]| {
            columns.check(&given.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>(), "id", "terms")
        };
        assert!(check(&["ID", "Name", "x", "due_days", "number"]).is_ok());
        let text = format!("{SOURCE}[invoice]\nquery = \"SELECT :after, :limit\"\n");
        let invoice = Mapping::parse(&text).unwrap().queries[0].columns.clone();
        let given = ["id", "contact", "date", "total_minor"].map(str::to_owned);
        assert!(invoice.check(&given, "id", "invoice").is_ok(), "cents will do for an amount");
        assert_eq!(&*check(&["id", "name", "nome"]).unwrap_err().field, "nome");
        assert_eq!(&*check(&["id", "due_days"]).unwrap_err().field, "name");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}", cut in 0_usize..400) {
            drop(Mapping::parse(&text));
            let whole = format!("{SOURCE}{TERMS}[terms.columns]\nname = \"x\"\n");
            drop(Mapping::parse(&whole.chars().take(cut).collect::<String>()));
        }
    }
}
