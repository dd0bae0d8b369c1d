//! Tracking categories and their options.

use uuid::Uuid;

use super::books::Books;
use super::input::Input;
use super::refusal::{Refusal, refused};
use crate::json::{Json, object};

/// Categories that may be active at a time, and that may exist at all.
const ACTIVE_MAX: usize = 2;
const CATEGORIES_MAX: usize = 4;
/// Options of a category that may be active at a time.
const OPTIONS_MAX: usize = 100;
const NAME_MAX: usize = 100;

#[derive(Clone, Debug)]
pub(super) struct Category {
    pub(super) id: Uuid,
    pub(super) name: String,
    status: &'static str,
    pub(super) options: Vec<Choice>,
}

/// An option of a category.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) id: Uuid,
    pub(super) name: String,
    status: &'static str,
}

impl Category {
    pub(super) fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    fn json(&self) -> Json {
        let options = self.options.iter().filter(|option| option.status != "DELETED").map(Choice::json);
        object! {
            "Name" => &self.name,
            "Status" => self.status,
            "TrackingCategoryID" => self.id,
            "Options" => options.collect::<Vec<_>>(),
        }
    }
}

impl Choice {
    fn json(&self) -> Json {
        object! {
            "TrackingOptionID" => self.id,
            "Name" => &self.name,
            "Status" => self.status,
            "HasValidationErrors" => false,
            "IsDeleted" => self.status == "DELETED",
            "IsArchived" => self.status == "ARCHIVED",
            "IsActive" => self.status == "ACTIVE",
        }
    }
}

pub(super) fn list(books: &Books, include_archived: bool) -> Vec<Json> {
    let shown = |category: &&Category| {
        category.status == "ACTIVE" || (include_archived && category.status == "ARCHIVED")
    };
    books.categories.iter().filter(shown).map(Category::json).collect()
}

pub(super) fn one(books: &Books, id: Uuid) -> Result<Json, Refusal> {
    books.categories.iter().find(|category| category.id == id).map(Category::json).ok_or(Refusal::NotFound)
}

fn problem(sent: &Json, id_name: &str, message: &str) -> Refusal {
    Refusal::Elements(vec![refused(sent, id_name, &[message.to_owned()])])
}

fn name(sent: &Json, id_name: &str) -> Result<Option<String>, Refusal> {
    let mut input = Input::new(sent);
    let name = input.text_max("Name", NAME_MAX);
    input.check().map_err(|messages| Refusal::Elements(vec![refused(sent, id_name, &messages)]))?;
    Ok(name)
}

pub(super) fn create(books: &mut Books, sent: &Json) -> Result<Json, Refusal> {
    let id_name = "TrackingCategoryID";
    let Some(name) = name(sent, id_name)? else {
        return Err(problem(sent, id_name, "Please enter a Name."));
    };
    let living: Vec<_> = books.categories.iter().filter(|category| category.status != "DELETED").collect();
    if living.iter().any(|category| category.name.eq_ignore_ascii_case(&name)) {
        return Err(problem(sent, id_name, "Please enter a unique Name."));
    }
    let active = living.iter().filter(|category| category.is_active()).count();
    if active >= ACTIVE_MAX || living.len() >= CATEGORIES_MAX {
        return Err(problem(
            sent,
            id_name,
            "You've reached the limit of tracking categories: 2 active and 4 in total.",
        ));
    }
    let category = Category { id: books.ids.next(), name, status: "ACTIVE", options: Vec::new() };
    let json = category.json();
    books.categories.push_back(category);
    Ok(json)
}

pub(super) fn update(books: &mut Books, id: Uuid, sent: &Json) -> Result<Json, Refusal> {
    let id_name = "TrackingCategoryID";
    let (name, status) = (name(sent, id_name)?, wanted_status(sent, id_name)?);
    let active = books.categories.iter().filter(|category| category.is_active() && category.id != id).count();
    if status == Some("ACTIVE") && active >= ACTIVE_MAX {
        return Err(problem(sent, id_name, "Only 2 tracking categories can be active."));
    }
    let is_taken = |category: &Category| category.id != id && Some(&category.name) == name.as_ref();
    if books.categories.iter().any(is_taken) {
        return Err(problem(sent, id_name, "Please enter a unique Name."));
    }
    let category = category(books, id)?;
    category.name = name.unwrap_or_else(|| category.name.clone());
    category.status = status.unwrap_or(category.status);
    Ok(category.json())
}

fn wanted_status(sent: &Json, id_name: &str) -> Result<Option<&'static str>, Refusal> {
    let mut input = Input::new(sent);
    let status = input.choice("Status", &[("ACTIVE", "ACTIVE"), ("ARCHIVED", "ARCHIVED")]);
    input.check().map_err(|messages| Refusal::Elements(vec![refused(sent, id_name, &messages)]))?;
    Ok(status)
}

fn category(books: &mut Books, id: Uuid) -> Result<&mut Category, Refusal> {
    books.categories.iter_mut().find(|category| category.id == id).ok_or(Refusal::NotFound)
}

/// Deletes a category; one that documents use is archived instead.
pub(super) fn delete(books: &mut Books, id: Uuid) -> Result<Json, Refusal> {
    let is_used = books.uses_tracking(|(category, _)| category == id);
    let category = category(books, id)?;
    category.status = if is_used { "ARCHIVED" } else { "DELETED" };
    Ok(category.json())
}

/// Adds options; one that is there already is refused.
pub(super) fn add_options(books: &mut Books, id: Uuid, sent: &[Json]) -> Result<Vec<Json>, Refusal> {
    let mut added = Vec::new();
    for option in sent {
        let id_name = "TrackingOptionID";
        let Some(name) = name(option, id_name)? else {
            return Err(problem(option, id_name, "Please enter a Name."));
        };
        let choice = Choice { id: books.ids.next(), name, status: "ACTIVE" };
        let category = category(books, id)?;
        let living = || category.options.iter().filter(|known| known.status != "DELETED");
        if living().any(|known| known.name.eq_ignore_ascii_case(&choice.name)) {
            return Err(problem(option, id_name, "Please enter a unique Name."));
        }
        if living().filter(|known| known.status == "ACTIVE").count() >= OPTIONS_MAX {
            return Err(problem(option, id_name, "You've reached the limit of 100 tracking options."));
        }
        added.push(choice.json());
        category.options.push(choice);
    }
    Ok(added)
}

pub(super) fn update_option(books: &mut Books, id: Uuid, option: Uuid, sent: &Json) -> Result<Json, Refusal> {
    let id_name = "TrackingOptionID";
    let (name, status) = (name(sent, id_name)?, wanted_status(sent, id_name)?);
    let choice = choice(books, id, option)?;
    choice.name = name.unwrap_or_else(|| choice.name.clone());
    choice.status = status.unwrap_or(choice.status);
    Ok(choice.json())
}

/// Deletes an option; one that documents use is archived instead.
pub(super) fn delete_option(books: &mut Books, id: Uuid, option: Uuid) -> Result<Json, Refusal> {
    let is_used = books.uses_tracking(|(_, used)| used == option);
    let choice = choice(books, id, option)?;
    choice.status = if is_used { "ARCHIVED" } else { "DELETED" };
    Ok(choice.json())
}

fn choice(books: &mut Books, id: Uuid, option: Uuid) -> Result<&mut Choice, Refusal> {
    let category = category(books, id)?;
    category.options.iter_mut().find(|choice| choice.id == option).ok_or(Refusal::NotFound)
}

/// Which option of which category a line names, by ids or by names.
pub(super) fn read(books: &Books, sent: &Json) -> Result<(Uuid, Uuid), String> {
    let mut input = Input::new(sent);
    let (category_id, option_id) = (input.id("TrackingCategoryID"), input.id("TrackingOptionID"));
    let (name, option) = (input.text("Name"), input.text("Option"));
    let same = |a: &str, b: &Option<String>| b.as_ref().is_some_and(|b| a.eq_ignore_ascii_case(b.trim()));
    let category = books
        .categories
        .iter()
        .filter(|category| category.is_active())
        .find(|category| category_id.map_or_else(|| same(&category.name, &name), |id| id == category.id));
    let Some(category) = category else {
        return Err(format!("Tracking category '{}' could not be found", name.unwrap_or_default()));
    };
    let active = category.options.iter().filter(|choice| choice.status == "ACTIVE");
    let mut found =
        active.filter(|choice| option_id.map_or_else(|| same(&choice.name, &option), |id| id == choice.id));
    match found.next() {
        Some(choice) => Ok((category.id, choice.id)),
        None => Err(format!("Tracking option '{}' could not be found", option.unwrap_or_default())),
    }
}

/// How documents show what a line is tracked by.
pub(super) fn reference(books: &Books, (category_id, option_id): (Uuid, Uuid)) -> Json {
    let category = books.categories.iter().find(|category| category.id == category_id);
    let option = category.and_then(|category| category.options.iter().find(|choice| choice.id == option_id));
    object! {
        "Name" => category.map(|category| &category.name),
        "Option" => option.map(|option| &option.name),
        "TrackingCategoryID" => category_id,
        "TrackingOptionID" => option_id,
    }
}
