//! Xero as a source.

mod changes;
mod credits;
mod documents;
mod extract;
mod files;
mod kinds;
pub(crate) mod lists;
mod money;
mod profile;
pub(crate) mod survey;
mod transform;

use async_trait::async_trait;
use carry_connector::{Manifest, Partition, RawSink, Reader, Survey, Transformer};
use carry_model::{Code, Fault, Timestamp};

use crate::client::Xero;
use kinds::Kind;
#[cfg(test)]
pub(crate) use kinds::WHOLE;
use profile::Profile;
use transform::XeroTransformer;

#[async_trait]
impl Reader for Xero {
    fn manifest(&self) -> &'static Manifest {
        &crate::manifest::MANIFEST
    }

    async fn survey(&self) -> Result<Survey, Fault> {
        self.look_over(None).await
    }

    async fn changes(&self, since: Timestamp) -> Result<Option<Survey>, Fault> {
        let changes = self.gone_since(since).await?;
        self.look_over(Some(changes)).await.map(Some)
    }

    async fn extract(
        &self,
        survey: &Survey,
        partition: &Partition,
        after: Option<String>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        if partition.id == files::PARTITION {
            return self.extract_files(partition, after.as_deref(), sink).await;
        }
        let kind = Kind::by_id(&partition.id)
            .ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("a partition nobody knows"))?;
        let since = kind.since(survey.changes.as_ref().map(|changes| changes.since));
        self.extract_kind(kind, since, after.as_deref(), sink).await
    }

    fn transformer(&self, survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
        transformer(survey)
    }
}

/// What makes sense of raw rows, by the survey alone.
pub fn transformer(survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
    Ok(Box::new(XeroTransformer::new(Profile::of(survey)?)))
}
