use serde_json::{Map, Value, json};

/// Most states an execution goes through before something must be wrong.
const STEPS_MAX: usize = 10_000;

/// A call of a function, as the flow makes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Called {
    /// `load`, `report`, ...
    pub function: String,
    /// Its event.
    pub event: Value,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// At a Succeed state, or at the end of a child.
    Succeeded,
    /// At a Fail state of that error, or at an error that nothing caught.
    Failed(String),
}

type Answer<'a> = dyn FnMut(&Called) -> Result<Value, String> + 'a;
type Listed<'a> = dyn FnMut(&str) -> Vec<Value> + 'a;

/// An execution of the flow with functions of the test's own.
pub struct Interpreter<'a> {
    /// Answers a call, or fails it with the name of an error.
    pub answer: Box<Answer<'a>>,
    /// The list that lies under a key.
    pub list: Box<Listed<'a>>,
    /// Every call, in order.
    pub calls: Vec<Called>,
    /// The states gone through, in order.
    pub path: Vec<String>,
    /// Seconds of each wait.
    pub waits: Vec<Value>,
    /// Largest input of a state, in bytes.
    pub payload_max: usize,
}

impl<'a> Interpreter<'a> {
    pub fn new(
        answer: impl FnMut(&Called) -> Result<Value, String> + 'a,
        list: impl FnMut(&str) -> Vec<Value> + 'a,
    ) -> Self {
        Self {
            answer: Box::new(answer),
            list: Box::new(list),
            calls: Vec::new(),
            path: Vec::new(),
            waits: Vec::new(),
            payload_max: 0,
        }
    }

    /// Runs a machine to its end.
    pub fn run(&mut self, machine: &Value, mut input: Value) -> End {
        let mut name = machine["StartAt"].as_str().unwrap().to_owned();
        for _ in 0..STEPS_MAX {
            let state = &machine["States"][&name];
            assert!(state.is_object(), "there is no state {name}");
            self.path.push(name.clone());
            self.payload_max = self.payload_max.max(input.to_string().len());
            let next = match self.step(state, &mut input) {
                Ok(next) => next,
                Err(error) => {
                    let Some(rule) = caught(state, &error) else { return End::Failed(error) };
                    let cause = json!({"Error": error, "Cause": ""});
                    put(&mut input, rule["ResultPath"].as_str().unwrap(), cause);
                    rule["Next"].as_str().map(str::to_owned)
                }
            };
            match (state["Type"].as_str().unwrap(), next) {
                ("Fail", _) => return End::Failed(state["Error"].as_str().unwrap().to_owned()),
                (_, None) => return End::Succeeded,
                (_, Some(next)) => name = next,
            }
        }
        panic!("the execution does not end: {:?}", &self.path[self.path.len() - 20..])
    }

    /// The state that follows; None at an end.
    fn step(&mut self, state: &Value, input: &mut Value) -> Result<Option<String>, String> {
        let next = state["Next"].as_str().map(str::to_owned);
        match state["Type"].as_str().unwrap() {
            "Task" => {
                let parameters = filled(&state["Parameters"], input, None)?;
                let result = self.call(state, &parameters)?;
                let result = match state.get("ResultSelector") {
                    Some(selector) => filled(selector, &json!({"Payload": result}), None)?,
                    None => json!({"Payload": result}),
                };
                keep(state, input, result);
            }
            "Map" => self.map(state, input)?,
            "Pass" => {
                let result = match (state.get("Result"), state["InputPath"].as_str()) {
                    (Some(result), _) => result.clone(),
                    (None, Some(path)) => found(input, path)?,
                    (None, None) => input.clone(),
                };
                keep(state, input, result);
            }
            "Choice" => {
                for rule in state["Choices"].as_array().unwrap() {
                    if holds(rule, input)? {
                        return Ok(rule["Next"].as_str().map(str::to_owned));
                    }
                }
                return Ok(Some(state["Default"].as_str().unwrap().to_owned()));
            }
            "Wait" => self.waits.push(found(input, state["SecondsPath"].as_str().unwrap())?),
            "Succeed" | "Fail" => {}
            other => panic!("a state of the sort {other} is not in the portable subset"),
        }
        Ok(next)
    }

    /// Calls a function as often as the state retries its error.
    fn call(&mut self, state: &Value, parameters: &Value) -> Result<Value, String> {
        let function = parameters["FunctionName"].as_str().unwrap().to_owned();
        let called = Called { function, event: parameters["Payload"].clone() };
        let mut tries = 0;
        loop {
            self.calls.push(called.clone());
            let error = match (self.answer)(&called) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let rules = state["Retry"].as_array().into_iter().flatten();
            let tries_max =
                rules.filter(|rule| matches(rule, &error)).find_map(|rule| rule["MaxAttempts"].as_u64());
            if tries >= tries_max.unwrap_or_default() {
                return Err(error);
            }
            tries += 1;
        }
    }

    fn map(&mut self, state: &Value, input: &mut Value) -> Result<(), String> {
        let reader = filled(&state["ItemReader"]["Parameters"], input, None)?;
        let items = (self.list)(reader["Key"].as_str().unwrap());
        for item in items {
            let child = filled(&state["ItemSelector"], input, Some(&item))?;
            if let End::Failed(_) = self.run(&state["ItemProcessor"], child) {
                return Err("States.ExceedToleratedFailureThreshold".to_owned());
            }
        }
        keep(state, input, json!([]));
        Ok(())
    }
}

fn matches(rule: &Value, error: &str) -> bool {
    rule["ErrorEquals"].as_array().unwrap().iter().any(|name| name == error || name == "States.ALL")
}

fn caught<'s>(state: &'s Value, error: &str) -> Option<&'s Value> {
    state["Catch"].as_array().into_iter().flatten().find(|rule| matches(rule, error))
}

/// Puts a state's result where it says.
fn keep(state: &Value, input: &mut Value, result: Value) {
    match state.get("ResultPath") {
        Some(Value::Null) => {}
        Some(path) => put(input, path.as_str().unwrap(), result),
        None => *input = result,
    }
}

fn put(input: &mut Value, path: &str, value: Value) {
    let name = path.strip_prefix("$.").unwrap();
    assert!(!name.contains('.'), "{path} is deeper than the flow needs");
    input[name] = value;
}

fn found(input: &Value, path: &str) -> Result<Value, String> {
    if path == "$" {
        return Ok(input.clone());
    }
    let mut names = path.strip_prefix("$.").unwrap().split('.');
    let value = names.try_fold(input, |value, name| value.get(name));
    value.cloned().ok_or_else(|| format!("States.ParameterPathFailure: {path}"))
}

/// A payload template with its paths followed.
fn filled(template: &Value, input: &Value, item: Option<&Value>) -> Result<Value, String> {
    let Some(fields) = template.as_object() else { return Ok(template.clone()) };
    let mut out = Map::new();
    for (name, value) in fields {
        match (name.strip_suffix(".$"), value.as_str()) {
            (Some(name), Some("$$.Map.Item.Value")) => {
                out.insert(name.to_owned(), item.expect("outside of a map there is no item").clone());
            }
            (Some(name), Some(path)) => {
                out.insert(name.to_owned(), found(input, path)?);
            }
            (Some(name), None) => panic!("{name} is no path"),
            (None, _) => {
                out.insert(name.clone(), filled(value, input, item)?);
            }
        }
    }
    Ok(Value::Object(out))
}

fn holds(rule: &Value, input: &Value) -> Result<bool, String> {
    if let Some(rules) = rule["And"].as_array() {
        for rule in rules {
            if !holds(rule, input)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let value = found(input, rule["Variable"].as_str().unwrap())?;
    Ok(if let Some(wanted) = rule.get("BooleanEquals") {
        value == *wanted
    } else if let Some(wanted) = rule.get("StringEquals") {
        value == *wanted
    } else if let Some(path) = rule["NumericLessThanPath"].as_str() {
        value.as_u64().unwrap() < found(input, path)?.as_u64().unwrap()
    } else {
        panic!("{rule} is not in the portable subset")
    })
}
