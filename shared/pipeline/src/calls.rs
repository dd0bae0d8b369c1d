//! What a run costs in calls, and how long that is at a system's published limits.

use carry_connector::{Finding, Limits, Manifest, Partition, Severity, Survey};
use carry_model::Entity;

use crate::reconcile::is_compared;

const SECONDS_IN_MINUTE: u64 = 60;
const SECONDS_IN_HOUR: u64 = 3_600;

/// One finding for each side that is reached by limited calls.
pub(crate) fn findings(source: &Manifest, target: &Manifest, survey: &Survey) -> Vec<Finding> {
    let read = reading(source, survey);
    let (batches, pages) = writing(target, survey);
    let finding = |(manifest, calls, batches, what): (&Manifest, u64, u64, &str)| {
        let shortest = shortest_s(&manifest.limits, calls, batches)?;
        let days = manifest.limits.per_day.map_or(1, |limit| calls.div_ceil(u64::from(limit).max(1)));
        let mut text = format!(
            "{what} takes about {calls} calls of {}: at least {} at its limits",
            manifest.title,
            told(shortest)
        );
        if days > 1 {
            text.push_str(&format!(
                ", on {days} days, for a day allows {}",
                manifest.limits.per_day.unwrap_or(0)
            ));
        }
        Some(Finding {
            severity: Severity::Info,
            place: "calls".to_owned(),
            text: format!("{text}."),
            hint: String::new(),
            count: Some(calls),
        })
    };
    let sides = [(source, read, 0, "Reading"), (target, batches + pages, batches, "Writing and comparing")];
    sides.into_iter().filter_map(finding).collect()
}

/// Pages of every partition, and a count each; and the files of the records that have some.
fn reading(manifest: &Manifest, survey: &Survey) -> u64 {
    let limits = &manifest.limits;
    let page = limits.page_size.map_or(1, u64::from).max(1);
    let calls = |partition: &Partition| {
        let of_each = if partition.entity == Entity::Attachment { limits.calls_for_files } else { 0 };
        partition.rows.div_ceil(page) + 1 + partition.rows.saturating_mul(of_each.into())
    };
    survey.partitions.iter().map(calls).sum()
}

/// Batches of every entity; and the pages in which documents and payments are read back, with the uploads of files,
/// which are no batches.
fn writing(manifest: &Manifest, survey: &Survey) -> (u64, u64) {
    let page = manifest.limits.page_size.map_or(1, u64::from).max(1);
    let of_entity = |(entity, count): (&Entity, &u64)| {
        let support = manifest.entity(*entity);
        if !support.write.is_yes() {
            return (0, 0);
        }
        if *entity == Entity::Attachment {
            return (0, *count);
        }
        let batch = u64::try_from(support.call_size).unwrap_or(1).max(1);
        (count.div_ceil(batch), if is_compared(*entity) { count.div_ceil(page) } else { 0 })
    };
    survey.counts.iter().map(of_entity).fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1))
}

/// Seconds that so many calls take at the least, so many batches among them, which may have a limit of their own; None
/// where the system limits nothing by time.
fn shortest_s(limits: &Limits, calls: u64, batches: u64) -> Option<u64> {
    let by = |calls: u64, limit: Option<u32>, seconds: u64| Some(calls * seconds / u64::from(limit?).max(1));
    let of_sort = limits.per_minute_of.iter().map(|(_, limit)| *limit).min();
    [
        by(calls, limits.per_second, 1),
        by(calls, limits.per_minute, SECONDS_IN_MINUTE),
        by(batches, of_sort, SECONDS_IN_MINUTE),
    ]
    .into_iter()
    .flatten()
    .max()
}

fn told(seconds: u64) -> String {
    match seconds {
        0..=90 => "a minute".to_owned(),
        91..7_200 => format!("{} minutes", seconds.div_ceil(SECONDS_IN_MINUTE)),
        _ => format!("{} hours", seconds.div_ceil(SECONDS_IN_HOUR)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use carry_connector::{EntitySupport, Support};
    use carry_model::{Company, Currency};

    use carry_connector::home::HomeRounding;

    use super::*;

    static ENTITIES: [EntitySupport; 3] = [
        EntitySupport::full(Entity::Contact, 50),
        EntitySupport::full(Entity::Invoice, 50),
        EntitySupport::full(Entity::Attachment, 50),
    ];
    static MANIFEST: Manifest = Manifest {
        system: "books",
        title: "Books",
        source: Support::Yes,
        target: Support::Yes,
        entities: &ENTITIES,
        home: HomeRounding::Unknown,
        limits: Limits { per_minute: Some(60), per_day: Some(1_000), page_size: Some(1_000), ..Limits::NONE },
    };
    static FREE: Manifest = Manifest { limits: Limits::NONE, ..MANIFEST };

    fn survey() -> Survey {
        let partition =
            |entity, rows| Partition { id: String::new(), entity, spec: serde_json::Value::Null, rows };
        Survey {
            company: Company { name: String::new(), home_currency: Currency::EUR, country: None },
            counts: BTreeMap::from([(Entity::Contact, 101), (Entity::Invoice, 100_000)]),
            partitions: vec![partition(Entity::Contact, 101), partition(Entity::Invoice, 100_000)],
            findings: Vec::new(),
            catalog: Vec::new(),
            unlisted_receivable: Default::default(),
            unlisted_payable: Default::default(),
            lock_date: None,
            changes: None,
            profile: serde_json::Value::Null,
        }
    }

    #[test]
    fn batches_and_pages_are_counted_and_days_told() {
        let findings = findings(&MANIFEST, &MANIFEST, &survey());
        // 1 page and 100 pages with a count each; 3 and 2,000 batches and 100 pages to compare.
        assert_eq!(findings.iter().map(|f| f.count.unwrap()).collect::<Vec<_>>(), [103, 2_103]);
        assert!(findings[0].text.contains("at least 2 minutes at its limits."), "{}", findings[0].text);
        assert!(findings[1].text.contains("36 minutes at its limits, on 3 days"), "{}", findings[1].text);
    }

    #[test]
    fn a_file_is_a_call_and_no_batch() {
        let survey = Survey { counts: BTreeMap::from([(Entity::Attachment, 70)]), ..survey() };
        assert_eq!(writing(&MANIFEST, &survey), (0, 70));
    }

    #[test]
    fn files_are_read_in_calls_where_the_source_gives_them_so() {
        let mut survey = survey();
        let files = Partition { entity: Entity::Attachment, rows: 2_500, ..survey.partitions.remove(0) };
        survey.partitions = vec![files];
        assert_eq!(reading(&MANIFEST, &survey), 4);
        let limits = Limits { calls_for_files: 2, ..MANIFEST.limits };
        assert_eq!(reading(&Manifest { limits, ..MANIFEST }, &survey), 5_004);
    }

    #[test]
    fn batches_may_have_a_limit_of_their_own() {
        let limits = Limits { per_minute: Some(500), per_minute_of: &[("batch", 120)], ..Limits::NONE };
        assert_eq!(shortest_s(&limits, 1_000, 0), Some(120));
        assert_eq!(shortest_s(&limits, 1_000, 600), Some(300));
    }

    #[test]
    fn systems_without_limits_say_nothing() {
        assert!(findings(&FREE, &FREE, &survey()).is_empty());
    }
}
