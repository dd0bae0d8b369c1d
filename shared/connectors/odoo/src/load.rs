//! Importing records, one bad one not taking the others with it.

use carry_connector::Effect;
use carry_model::{Code, Fault, Reach};
use serde_json::{Value, json};

use crate::call::Call;
use crate::session::Odoo;
use crate::sheet::{Row, Table, tables};

/// What became of each record of a call: its id, or why not.
pub(crate) type Outcomes = Vec<Result<i64, Fault>>;

/// What an import of one table said.
enum Said {
    /// All are in, with these ids.
    All(Vec<i64>),
    /// None is in, on account of these records.
    Refused(Vec<(usize, Fault)>),
    /// None is in, and it is not told on account of which.
    Unclear(Fault),
}

impl Odoo {
    /// Imports records, each with its external id in the same transaction. A fault of the whole call is returned
    /// as such; what was imported before it stays and is found by its external ids.
    pub(crate) async fn load(&self, label: &'static str, rows: &[Row]) -> Result<Outcomes, Fault> {
        self.load_as(label, rows, Effect::Write).await
    }

    /// Imports records without lists: sent twice it leaves the same, for the external id makes it an update.
    pub(crate) async fn load_idempotent(&self, label: &'static str, rows: &[Row]) -> Result<Outcomes, Fault> {
        self.load_as(label, rows, Effect::IdempotentWrite).await
    }

    async fn load_as(&self, label: &'static str, rows: &[Row], effect: Effect) -> Result<Outcomes, Fault> {
        let missing = || Err(Fault::new(Code::Bug).detail("an import without an outcome"));
        let mut outcomes: Outcomes = rows.iter().map(|_| missing()).collect();
        let mut work: Vec<Vec<usize>> = vec![(0..rows.len()).collect()];
        while let Some(members) = work.pop() {
            for table in tables(rows, &members) {
                match self.load_table(label, &table, effect).await? {
                    Said::All(ids) => {
                        for (member, id) in table.members.iter().zip(ids) {
                            set(&mut outcomes, *member, Ok(id));
                        }
                    }
                    Said::Refused(refusals) => {
                        let bad: Vec<usize> = refusals.iter().map(|(member, _)| *member).collect();
                        for (member, fault) in refusals {
                            set(&mut outcomes, member, Err(fault));
                        }
                        work.push(table.members.iter().copied().filter(|m| !bad.contains(m)).collect());
                    }
                    Said::Unclear(fault) => match table.members.as_slice() {
                        [] => {}
                        [only] => set(&mut outcomes, *only, Err(fault)),
                        many => {
                            let (left, right) = many.split_at(many.len() / 2);
                            work.extend([left.to_vec(), right.to_vec()]);
                        }
                    },
                }
            }
        }
        Ok(outcomes)
    }

    async fn load_table(&self, label: &'static str, table: &Table, effect: Effect) -> Result<Said, Fault> {
        let (fields, data) = table.arguments();
        let mut call = Call::write(label).with("fields", fields).with("data", data);
        call.effect = effect;
        let answer = match self.call(call).await {
            Ok(answer) => answer,
            // An answered refusal was rolled back as a whole; anything else concerns the whole call.
            Err(fault) if fault.reach == Reach::Refused && is_refusal(&fault) => {
                return Ok(Said::Unclear(fault));
            }
            Err(fault) => return Err(fault),
        };
        Ok(said(&answer, table))
    }
}

fn is_refusal(fault: &Fault) -> bool {
    matches!(fault.kind(), carry_model::Kind::Rejected | carry_model::Kind::Integrity)
        || fault.code == Code::PeriodLocked
}

fn set(outcomes: &mut Outcomes, member: usize, outcome: Result<i64, Fault>) {
    if let Some(place) = outcomes.get_mut(member) {
        *place = outcome;
    }
}

fn said(answer: &Value, table: &Table) -> Said {
    if let Some(ids) = answer.get("ids").and_then(Value::as_array) {
        let ids: Vec<i64> = ids.iter().filter_map(Value::as_i64).collect();
        if ids.len() == table.members.len() {
            return Said::All(ids);
        }
        let fault = Fault::new(Code::AnswerUnreadable).reach(Reach::Unknown);
        return Said::Unclear(fault.detail("The importer answered with another number of ids."));
    }
    let none = Vec::new();
    let messages = answer.get("messages").and_then(Value::as_array).unwrap_or(&none);
    let mut refused: Vec<(usize, Fault)> = Vec::new();
    let mut unclear = Fault::new(Code::TargetRefused).reach(Reach::Refused);
    for message in messages.iter().filter(|message| message.get("type") != Some(&json!("warning"))) {
        let fault = of_message(message);
        let row =
            message.pointer("/rows/from").and_then(Value::as_u64).and_then(|row| usize::try_from(row).ok());
        match row.and_then(|row| table.record_of(row)) {
            Some(member) if refused.iter().all(|(known, _)| *known != member) => {
                refused.push((member, fault))
            }
            Some(_) => {}
            None => unclear = fault,
        }
    }
    if refused.is_empty() { Said::Unclear(unclear) } else { Said::Refused(refused) }
}

fn of_message(message: &Value) -> Fault {
    let text = message.get("message").and_then(Value::as_str).unwrap_or_default();
    let field = message.get("field_name").or_else(|| message.get("field")).and_then(Value::as_str);
    Fault::new(crate::fault::of_message(text))
        .field(field.unwrap_or_default())
        .raw(text)
        .reach(Reach::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let rows: Vec<Row> = (0..3).map(|n| Row::create(&format!("x_{n}")).with("name", "n")).collect();
        tables(&rows, &[0, 1, 2]).remove(0)
    }

    #[test]
    fn messages_lead_to_the_record_that_was_refused() {
        let answer = json!({"ids": false, "messages": [
            {"type": "error", "rows": {"from": 1, "to": 1}, "message": "No matching record", "field_name": "Account"},
        ]});
        match said(&answer, &table()) {
            Said::Refused(refused) => {
                assert_eq!(refused[0].0, 1);
                assert_eq!(&*refused[0].1.field, "Account");
            }
            _ => panic!("the record was named"),
        }
    }

    #[test]
    fn a_message_without_a_row_splits_the_table() {
        let answer = json!({"ids": false, "messages": [{"type": "error", "message": "Something"}]});
        assert!(matches!(said(&answer, &table()), Said::Unclear(_)));
        assert!(matches!(said(&json!({"ids": [4, 5, 6], "messages": []}), &table()), Said::All(_)));
    }
}
