//! The support matrix in `docs/connectors.md`, generated from the manifests.

use std::fmt::Write as _;

use carry_connector::{EntitySupport, Incremental, Manifest, Removal, Support};
use carry_model::Entity;

const HEAD: &str = "# Connectors

This page is generated from the connectors' manifests. `CARRY_WRITE_DOCS=1 cargo test -p carry-connectors` writes it
anew; without that variable the test fails where it is out of date.

## At a glance
R read, W written, U changed in place, D deleted, V voided, A archived. A dot: not there.

";

/// The whole page.
pub fn support_matrix(manifests: &[&Manifest]) -> String {
    let mut page = HEAD.to_owned();
    glance(&mut page, manifests);
    for manifest in manifests {
        system(&mut page, manifest);
    }
    page
}

// Writing into a string cannot fail, so the results are dropped.
fn glance(page: &mut String, manifests: &[&Manifest]) {
    let titles: Vec<_> = manifests.iter().map(|manifest| manifest.title).collect();
    let _ = writeln!(page, "| | {} |", titles.join(" | "));
    let _ = writeln!(page, "| --- |{}", " --- |".repeat(titles.len()));
    for entity in Entity::ALL {
        let cells: Vec<_> = manifests.iter().map(|manifest| letters(manifest.entity(*entity))).collect();
        let _ = writeln!(page, "| {} | {} |", entity.plural(), cells.join(" | "));
    }
}

fn letters(support: EntitySupport) -> String {
    let removal = match support.remove {
        Removal::Delete => "D",
        Removal::Void => "V",
        Removal::Archive => "A",
        Removal::No(_) => "",
    };
    let letter = |support: Support, letter| if support.is_yes() { letter } else { "" };
    let all = [letter(support.read, "R"), letter(support.write, "W"), letter(support.update, "U"), removal]
        .concat();
    if all.is_empty() { "·".to_owned() } else { all }
}

fn system(page: &mut String, manifest: &Manifest) {
    let _ = writeln!(page, "\n## {}", manifest.title);
    let side = |what: &str, support: Support| match support {
        Support::Yes => format!("{what}: yes."),
        Support::No(why) => format!("{what}: no, {why}."),
    };
    let _ = writeln!(page, "{} {}", side("Source", manifest.source), side("Target", manifest.target));
    let limits = manifest.limits;
    let named = [
        (limits.per_second, "a second"),
        (limits.per_minute, "a minute"),
        (limits.per_day, "a day"),
        (limits.in_flight, "at once"),
        (limits.app_per_minute, "a minute for all companies of an application"),
    ];
    let mut named: Vec<_> = named.iter().filter_map(|(n, unit)| n.map(|n| format!("{n} {unit}"))).collect();
    named.extend(limits.per_minute_of.iter().map(|(label, n)| format!("{n} of the sort '{label}' a minute")));
    if !named.is_empty() {
        let _ = writeln!(page, "Calls: at most {}.", named.join(", "));
    }
    let _ = writeln!(page, "\n| | read | write | change | remove | changes told by | batch | own numbers |");
    let _ = writeln!(page, "| --- | --- | --- | --- | --- | --- | --- | --- |");
    let (there, missing): (Vec<_>, Vec<_>) = Entity::ALL
        .iter()
        .map(|entity| manifest.entity(*entity))
        .partition(|support| letters(*support) != "·");
    for support in there {
        let _ = writeln!(page, "{}", row(support));
    }
    if !missing.is_empty() {
        let _ = writeln!(page, "\nNot there:");
        for support in missing {
            let why = if let Support::No(why) = support.read { why } else { "" };
            let _ = writeln!(page, "- {}: {why}", support.entity.plural());
        }
    }
}

fn row(support: EntitySupport) -> String {
    let yes_no = |support: Support| match support {
        Support::Yes => "yes".to_owned(),
        Support::No(why) => format!("no: {why}"),
    };
    let remove = match support.remove {
        Removal::Delete => "deleted".to_owned(),
        Removal::Void => "voided".to_owned(),
        Removal::Archive => "archived".to_owned(),
        Removal::No(why) => format!("no: {why}"),
    };
    let told = match support.incremental {
        Incremental::Modified => "time of change",
        Incremental::Fingerprint => "comparing content",
    };
    let written = support.write.is_yes();
    [
        support.entity.plural().to_owned(),
        yes_no(support.read),
        yes_no(support.write),
        yes_no(support.update),
        remove,
        if support.read.is_yes() { told.to_owned() } else { String::new() },
        if written { support.call_size.to_string() } else { String::new() },
        if written { if support.own_numbers { "kept" } else { "given by the target" } } else { "" }
            .to_owned(),
    ]
    .iter()
    .fold("|".to_owned(), |row, cell| format!("{row} {} |", cell.replace('|', "/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_that_of_the_manifests() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/connectors.md");
        let generated = support_matrix(&crate::manifests());
        if std::env::var_os("CARRY_WRITE_DOCS").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == generated,
            "docs/connectors.md is out of date: CARRY_WRITE_DOCS=1 cargo test -p carry-connectors"
        );
    }

    #[test]
    fn every_omission_has_a_reason() {
        for manifest in crate::manifests() {
            for entity in Entity::ALL {
                let support = manifest.entity(*entity);
                let reasons = [support.read, support.write, support.update];
                for reason in reasons {
                    assert!(!matches!(reason, Support::No("")), "{} {entity}", manifest.system);
                }
                assert!(!matches!(support.remove, Removal::No("")), "{} {entity}", manifest.system);
            }
        }
    }
}
