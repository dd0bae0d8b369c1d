//! The steps of a load.

use carry_functions::{Call, Done, Sides, Stages, Step};
use carry_model::Fault;
use carry_pipeline::steps::{Chunk, OpenRun};
use serde::Deserialize;

/// Parts of a chunk: enough that starting a function does not count, few enough that several can be at work.
const PARTS_AT_ONCE: usize = 4;

/// What an event can ask for.
#[derive(Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum Work {
    /// The levels of the load.
    LayOut,
    /// The list of a level's chunks.
    Level {
        /// From 0.
        level: usize,
    },
    /// One chunk, as far as the time lasts.
    Chunk {
        /// Its id.
        chunk: String,
    },
    /// A slice of settling.
    Settle {
        /// From 0.
        slice: u32,
    },
    /// A slice of taking out what was carried.
    Undo {
        /// From 0.
        slice: u32,
    },
    /// The end of a rollback.
    FinishUndo,
}

/// Does what an event asks for.
pub(crate) async fn done(stages: &Stages, step: &Step<Work>, call: &Call) -> Result<Done, Fault> {
    let work = async |run: OpenRun| {
        Ok(match &step.what {
            Work::LayOut => Done::levels(run.plan_load(PARTS_AT_ONCE).await?),
            Work::Level { level } => {
                let ids: Vec<_> = run.level(*level).await?.into_iter().map(|chunk| chunk.id).collect();
                let next = u32::try_from(level + 1).unwrap_or(u32::MAX);
                let manifest = run.manifest(&format!("load/level-{level:02}.json"), &ids).await?;
                Done { slice: next, ..Done::listed(manifest) }
            }
            Work::Chunk { chunk } => Done::when(run.load(&run.chunk(chunk).await?).await?),
            Work::Settle { slice } => Done::after(run.settle(*slice).await?),
            Work::Undo { slice } => {
                let entities = stages.entities_to_undo(step).await?;
                Done::after(run.undo(entities.as_deref(), *slice).await?)
            }
            Work::FinishUndo => {
                run.finish_undo().await?;
                Done::after(None)
            }
        })
    };
    let sides = match &step.what {
        Work::Level { .. } | Work::FinishUndo => Sides::None,
        Work::Chunk { chunk } => Sides::TargetAt(Chunk::level_of(chunk)),
        // Laying out takes payments back that are gone from the source.
        Work::LayOut | Work::Settle { .. } | Work::Undo { .. } => Sides::Target,
    };
    stages.run(step, sides, call, work).await
}
