//! The architecture's and the style's rules, checked from `cargo metadata` and the files git knows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

const LINES_MAX: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap()
}

/// Which packages of the house each one may import outside its tests. Whoever wires (`cli`, `functions`, `tests`, `bench`)
/// may import everything.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("carry-model", &[][..]),
        ("carry-connector", &["carry-model"]),
        ("carry-files", &["carry-model", "carry-connector"]),
        ("carry-sqlite", &[]),
        ("carry-database", &["carry-model", "carry-connector", "carry-sqlite"]),
        ("carry-odoo", &["carry-model", "carry-connector"]),
        ("carry-xero", &["carry-model", "carry-connector"]),
        ("carry-quickbooks", &["carry-model", "carry-connector"]),
        (
            "carry-connectors",
            &[
                "carry-model",
                "carry-connector",
                "carry-files",
                "carry-database",
                "carry-odoo",
                "carry-quickbooks",
                "carry-xero",
            ],
        ),
        ("carry-ports", &["carry-model", "carry-connector"]),
        ("carry-report", &["carry-model"]),
        ("carry-pipeline", &["carry-model", "carry-connector", "carry-ports", "carry-report"]),
        ("carry-embedded", &["carry-model", "carry-connector", "carry-ports", "carry-sqlite"]),
        ("carry-http", &["carry-model", "carry-connector", "carry-ports"]),
        ("carry-aws", &["carry-model", "carry-connector", "carry-ports"]),
        ("carry-service", &["carry-model", "carry-ports"]),
        // Simulated platforms share nothing with the connectors but money, currencies and dates.
        ("carry-sandbox", &["carry-model"]),
    ])
}

#[test]
fn imports_point_one_way() {
    let allowed = allowed();
    let mut broken = Vec::new();
    for package in metadata().workspace_packages() {
        let name = package.name.as_str();
        let wires = ["carry-cli", "carry-bench"].contains(&name)
            || ["/tests/", "/functions/"]
                .iter()
                .any(|folder| package.manifest_path.as_str().contains(folder));
        if wires {
            continue;
        }
        let Some(may) = allowed.get(name) else {
            broken.push(format!("{name} has no line in the table of imports"));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = dependency.name.starts_with("carry-") && dependency.kind == DependencyKind::Normal;
            if ours && !may.contains(&dependency.name.as_str()) {
                broken.push(format!("{name} imports {}", dependency.name));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn every_package_takes_lints_and_versions_from_the_workspace() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", package.manifest_path);
        let own: Vec<_> = manifest
            .lines()
            .skip_while(|line| !line.contains("dependencies]"))
            .filter(|line| {
                line.contains(" = ") && !line.contains("workspace = true") && !line.starts_with('[')
            })
            .filter(|line| {
                line.contains("version") || line.split(" = ").nth(1).is_some_and(|v| v.starts_with('"'))
            })
            .collect();
        assert_eq!(own, Vec::<&str>::new(), "{}", package.manifest_path);
    }
}

#[test]
fn only_the_leaf_crates_name_their_libraries() {
    let homes: [(&str, &[&str]); 3] = [
        ("rusqlite", &["carry-sqlite", "carry-embedded", "carry-database", "carry-sandbox"]),
        ("reqwest", &["carry-http"]),
        ("sqlx", &["carry-database"]),
    ];
    for package in metadata().workspace_packages() {
        if package.manifest_path.as_str().contains("/tests/") {
            continue;
        }
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            for (library, at_home) in homes {
                if dependency.name == library {
                    assert!(at_home.contains(&package.name.as_str()), "{} names {library}", package.name);
                }
            }
            let aws = dependency.name.starts_with("aws-") && package.name != "carry-aws";
            assert!(!aws, "{} names {}", package.name, dependency.name);
        }
    }
}

/// Files git knows or would take, with their text; binary files left out.
fn files() -> Vec<(String, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    names
        .lines()
        .filter_map(|name| Some((name.to_owned(), std::fs::read_to_string(root().join(name)).ok()?)))
        .collect()
}

#[test]
fn source_files_are_short() {
    let long: Vec<_> = files()
        .into_iter()
        .filter(|(name, _)| name.ends_with(".rs") || name.ends_with(".py") || name.ends_with(".sh"))
        .filter(|(_, text)| text.lines().count() >= LINES_MAX)
        .map(|(name, text)| format!("{name}: {} lines", text.lines().count()))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn nothing_unfinished_or_forgotten() {
    let marks = [
        ["to", "do!("].concat(),
        ["unimple", "mented!("].concat(),
        ["FIX", "ME"].concat(),
        ["dbg", "!("].concat(),
    ];
    let mut found = Vec::new();
    for (name, text) in files().iter().filter(|(name, _)| name.ends_with(".rs")) {
        for (number, line) in text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark.as_str()))
                || line.contains(["#[ig", "nore"].concat().as_str())
            {
                found.push(format!("{name}:{}", number + 1));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_float_near_money() {
    let mut found = Vec::new();
    for (name, text) in
        files().iter().filter(|(name, _)| name.ends_with(".rs") && name.starts_with("shared/"))
    {
        let lines: Vec<_> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            let float = words.into_iter().any(|word| word == "f64" || word == "f32");
            // Where a library speaks in floats, the exception is spelled out and gives its reason.
            let excused =
                lines[index.saturating_sub(12)..=index].iter().any(|l| l.contains("disallowed_types"));
            if float && !excused {
                found.push(format!("{name}:{}", index + 1));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_error_page_belongs_to_a_code() {
    let codes = std::fs::read_to_string(root().join("shared/model/src/fault_code.rs")).unwrap();
    for entry in std::fs::read_dir(root().join("docs/errors")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let id = name.trim_end_matches(".md");
        assert!(name == "README.md" || codes.contains(&format!("\"{id}\"")), "{name} belongs to no code");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for (name, text) in files().iter().filter(|(name, _)| name.ends_with(".md")) {
        let folder = root().join(name).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            let local = !path.is_empty()
                && !path.contains("://")
                && !path.contains(' ')
                && !path.starts_with("mailto:");
            if local && !folder.join(path).exists() {
                broken.push(format!("{name}: {path}"));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}
