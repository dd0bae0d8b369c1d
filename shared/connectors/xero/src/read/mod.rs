//! Xero as a source.

mod credits;
mod documents;
mod extract;
mod kinds;
pub(crate) mod lists;
mod money;
mod profile;
pub(crate) mod survey;
mod transform;

use async_trait::async_trait;
use carry_connector::{Manifest, Partition, RawSink, Reader, Survey, Transformer};
use carry_model::{Code, Fault};

use crate::client::Xero;
use kinds::Kind;
use profile::Profile;
use transform::XeroTransformer;

#[async_trait]
impl Reader for Xero {
    fn manifest(&self) -> &'static Manifest {
        &crate::manifest::MANIFEST
    }

    async fn survey(&self) -> Result<Survey, Fault> {
        self.look_over().await
    }

    async fn extract(
        &self,
        _: &Survey,
        partition: &Partition,
        after: Option<String>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        let kind = Kind::by_id(&partition.id)
            .ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("a partition nobody knows"))?;
        self.extract_kind(kind, after.as_deref(), sink).await
    }

    fn transformer(&self, survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
        transformer(survey)
    }
}

/// What makes sense of raw rows, by the survey alone.
pub fn transformer(survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
    Ok(Box::new(XeroTransformer::new(Profile::of(survey)?)))
}
