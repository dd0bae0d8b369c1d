//! prepare, demo, full, delta, retry, rollback and remigrate: what is needed goes to the cloud, the flow is started.

use std::collections::BTreeMap;

use carry_connectors::{Access, Portable, portable_source, portable_target, stored, target_manifest};
use carry_model::{Code, Entity, Fault, MigrationId, RunId};
use carry_pipeline::{Removable, removable_from, steps};
use carry_ports::{Migration, RunKind, RunState, Tokens, places};
use carry_service::{Connection, Side, Wanted};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::args::{Remigrate, Rollback, Run, SourceOptions};
use crate::cloud::place::Place;
use crate::cloud::watch::{self, Ended};
use crate::commands::rollback as local;
use crate::exit::Exit;
use crate::output;
use crate::progress::Way;
use crate::session::{Outside, settings};

/// Sets a migration up and starts nothing.
pub(crate) async fn prepare(place: &Place<'_>, args: &Run) -> Result<Exit, Fault> {
    let migration = set_up(place, args).await?;
    if place.common.json {
        output::json(&json!({ "stack": place.stack.name(), "migration": migration }))?;
    } else {
        output::line(migration.id.as_str())?;
    }
    Ok(Exit::Finished)
}

/// Starts a run, or finds the one of its kind that is under way, and watches it to its end.
pub(crate) async fn run(place: &Place<'_>, args: &Run, kind: RunKind) -> Result<Exit, Fault> {
    let migration = set_up(place, args).await?;
    carry(place, &migration, args, kind, Vec::new()).await
}

/// `entities` are what a re-migration removes first.
async fn carry(
    place: &Place<'_>,
    migration: &Migration,
    args: &Run,
    kind: RunKind,
    entities: Vec<Entity>,
) -> Result<Exit, Fault> {
    let settings =
        serde_json::to_value(settings(&args.how)?).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
    let run = begin(place, migration, Wanted { kind, run: None, settings, entities }).await?;
    match watch::to_the_end(place, migration, &run, Way::In).await? {
        Ended::Carried(summary, exit) => {
            summary.print(place.common)?;
            Ok(exit)
        }
        Ended::Undone(_) => Err(Fault::new(Code::Bug).detail("a run that carries nothing")),
    }
}

/// Lists what can be removed, asks which of it, and has it removed.
pub(crate) async fn rollback(place: &Place<'_>, args: &Rollback) -> Result<Exit, Fault> {
    let migration = place.one_migration(&args.which).await?;
    let list = removable(place, &migration).await?;
    let entities = if goes_on(place, &migration, RunKind::Rollback).await? {
        Vec::new()
    } else if list.is_empty() {
        if place.common.json {
            output::json(&json!({ "removable": [], "removed": {} }))?;
        } else {
            output::line("There is no data to delete.")?;
        }
        return Ok(Exit::Finished);
    } else {
        match local::choose(place.common, &list, &args.choice)? {
            Some(entities) => entities,
            None => return Ok(Exit::Finished),
        }
    };
    let wanted = Wanted { kind: RunKind::Rollback, run: None, settings: Value::Null, entities };
    let run = begin(place, &migration, wanted).await?;
    match watch::to_the_end(place, &migration, &run, Way::Out).await? {
        Ended::Undone(run) => {
            let results = steps::undone(place.service.staging.clone(), &run).await?;
            local::show(place.common, &list, &results)
        }
        Ended::Carried(..) => Err(Fault::new(Code::Bug).detail("a rollback that carried something")),
    }
}

/// Has everything removed that can be, and migrated anew, in one run; an interrupted re-migration goes on.
pub(crate) async fn remigrate(place: &Place<'_>, args: &Remigrate) -> Result<Exit, Fault> {
    let migration = set_up(place, &args.run).await?;
    let list = removable(place, &migration).await?;
    let entities = if list.is_empty() || goes_on(place, &migration, RunKind::Remigration).await? {
        Vec::new()
    } else {
        match local::to_clear(&list, args.yes)? {
            Some(entities) => entities,
            None => return Ok(Exit::Finished),
        }
    };
    carry(place, &migration, &args.run, RunKind::Remigration, entities).await
}

async fn removable(place: &Place<'_>, migration: &Migration) -> Result<Vec<Removable>, Fault> {
    removable_from(target_manifest(&migration.target)?, &*place.service.jobs, &migration.id).await
}

async fn goes_on(place: &Place<'_>, migration: &Migration, kind: RunKind) -> Result<bool, Fault> {
    let runs = place.service.jobs.runs(&migration.id).await?;
    Ok(runs.iter().any(|run| run.kind == kind && run.state.is_active()))
}

async fn begin(place: &Place<'_>, migration: &Migration, wanted: Wanted) -> Result<RunId, Fault> {
    if !place.common.quiet {
        output::note(&format!("{} -> {}", migration.source, migration.target));
        output::note(&format!("  in the stack {}, migration {}", place.stack.name(), migration.id));
    }
    place.service.start(&migration.id, wanted, place.stack.caller()).await
}

/// The migration between both sides, its files uploaded and its connections kept. While a run of it is under way,
/// what it works with is left alone; of a paused one the connections are kept anew, for a password may be what had to
/// be mended.
async fn set_up(place: &Place<'_>, args: &Run) -> Result<Migration, Fault> {
    let (source, target) = (portable_source(&args.from.spec)?, portable_target(&args.to)?);
    let (from, to) = (stored(&args.from.spec)?, stored(&args.to)?);
    let service = &place.service;
    let known = place.known(&from, &to).await?;
    let active = match &known {
        Some(migration) => {
            service.jobs.runs(&migration.id).await?.into_iter().find(|run| run.state.is_active())
        }
        None => None,
    };
    let migration = known.unwrap_or_else(|| Migration {
        id: MigrationId::random(),
        source: from,
        target: to,
        created: service.clock.now(),
    });
    match active.map(|run| run.state) {
        Some(RunState::Running) => return Ok(migration),
        Some(_) => {}
        None => {
            service.create(place.customer(), &migration, place.stack.caller()).await?;
            upload(place, &migration.id, &source).await?;
        }
    }
    keep(place, &migration.id, Side::Source, &source, &args.from.more).await?;
    keep(place, &migration.id, Side::Target, &target, &SourceOptions::default()).await?;
    Ok(migration)
}

/// Puts the files of a source in place of those that were there.
async fn upload(place: &Place<'_>, migration: &MigrationId, source: &Portable) -> Result<(), Fault> {
    let folder = places::uploads(migration);
    let staging = &place.service.staging;
    staging.delete_prefix(&folder).await?;
    for (name, file) in &source.files {
        staging.create_from(&format!("{folder}{name}"), file).await?;
    }
    if !place.common.quiet && !source.files.is_empty() {
        let count = u64::try_from(source.files.len()).unwrap_or(u64::MAX);
        output::note(&format!("  {} uploaded", output::counted(count, "file", "files")));
    }
    Ok(())
}

/// Keeps a connection with its credentials in a secret of its own.
async fn keep(
    place: &Place<'_>,
    migration: &MigrationId,
    side: Side,
    portable: &Portable,
    more: &SourceOptions,
) -> Result<(), Fault> {
    let outside = Outside::new(&place.common.state);
    let credential = |name: &String| Some((name.clone(), outside.secret(name)?.expose_secret().to_owned()));
    let queries = more.queries.as_ref().map(|file| {
        std::fs::read_to_string(file)
            .map_err(|e| Fault::new(Code::FileUnreadable).detail(file.display()).caused_by(e))
    });
    let connection = Connection {
        spec: portable.spec.clone(),
        settings: more.settings.iter().cloned().collect(),
        queries: queries.transpose()?,
        secrets: portable.secrets.iter().filter_map(credential).collect::<BTreeMap<_, _>>(),
    };
    if let Some(grant) = &portable.grant {
        move_sign_in(place, migration, &outside, grant).await?;
    }
    connection.keep(&*place.service.secrets, &place.service.secret_prefix, migration, side).await
}

/// Platforms give a new token at each renewal and take the old one back, so a sign-in is kept in one place only.
async fn move_sign_in(
    place: &Place<'_>,
    migration: &MigrationId,
    outside: &Outside,
    grant: &str,
) -> Result<(), Fault> {
    let prefix = places::secrets(&place.service.secret_prefix, migration);
    let tokens = place.stack.aws().tokens(place.table.clone(), prefix);
    match outside.tokens().load(grant).await? {
        Some(held) => {
            tokens.store(grant, &held).await?;
            outside.tokens().forget(grant).await?;
            output::note(&format!("  the sign-in '{grant}' was moved to the cloud"));
            Ok(())
        }
        None if tokens.load(grant).await?.is_some() => Ok(()),
        None => Err(Fault::new(Code::AuthRefused)
            .detail(format!("There is no sign-in '{grant}', neither here nor in the cloud."))
            .hint("Sign in with `carry connect` first; the same command then takes the sign-in along.")),
    }
}
