use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHashMap;

/// Names kept at hand; past that they are asked for again.
const AT_HAND_MAX: usize = 4_096;

/// Texts that many links share (runs, files): each is kept once, in a table of its own, and known by its number.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: FxHashMap<String, i64>,
    texts: FxHashMap<i64, String>,
}

impl Names {
    /// The number of a text, or None where it has none yet.
    pub(crate) fn find(&mut self, connection: &Connection, text: &str) -> rusqlite::Result<Option<i64>> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(Some(*number));
        }
        let mut select = connection.prepare_cached("select number from names where text = ?1")?;
        let number = select.query_row([text], |row| row.get(0)).optional()?;
        if let Some(number) = number {
            self.learn(number, text.to_owned());
        }
        Ok(number)
    }

    /// The number of a text, given to it where it has none yet.
    pub(crate) fn number(&mut self, connection: &Connection, text: &str) -> rusqlite::Result<i64> {
        if let Some(number) = self.find(connection, text)? {
            return Ok(number);
        }
        connection.prepare_cached("insert into names (text) values (?1)")?.execute([text])?;
        let number = connection.last_insert_rowid();
        self.learn(number, text.to_owned());
        Ok(number)
    }

    /// The text of a number.
    pub(crate) fn text(&mut self, connection: &Connection, number: i64) -> rusqlite::Result<String> {
        if let Some(text) = self.texts.get(&number) {
            return Ok(text.clone());
        }
        let mut select = connection.prepare_cached("select text from names where number = ?1")?;
        let text: String = select.query_row([number], |row| row.get(0))?;
        self.learn(number, text.clone());
        Ok(text)
    }

    /// Forgets what is at hand: numbers given in a transaction that was taken back are none.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    fn learn(&mut self, number: i64, text: String) {
        if self.texts.len() >= AT_HAND_MAX {
            self.forget();
        }
        self.numbers.insert(text.clone(), number);
        self.texts.insert(number, text);
    }
}
