//! A damaged file gives records, rejects or a fault; never a panic, a hang, or a fault of ours.

use carry_connector::{Reader, Transformed};
use carry_database::universal::{UniversalReader, UniversalWriter};
use carry_model::{Code, Fault};
use proptest::prelude::*;

use crate::books::books;
use crate::writing::{Kept, Known, sqlite};

async fn attempt(url: &str) -> Result<(), Fault> {
    let reader = UniversalReader::open(url).await?;
    let survey = reader.survey().await?;
    let transformer = reader.transformer(&survey)?;
    for partition in &survey.partitions {
        let mut kept = Kept::default();
        reader.extract(&survey, partition, None, &mut kept).await?;
        let mut out = Transformed::default();
        for (batch, _) in &kept.0 {
            let before = out.records.len() + out.rejects.len();
            transformer.transform(batch, &mut out)?;
            assert_eq!(out.records.len() + out.rejects.len(), before + batch.rows, "no row vanishes");
        }
        for reject in &out.rejects {
            assert_ne!(reject.fault.code, Code::Bug, "{:?}", reject.fault);
        }
    }
    Ok(())
}

fn whole() -> Vec<u8> {
    static FILE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        let place = sqlite();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let writer = UniversalWriter::open(&place.url).await.unwrap();
            Known::default().create_all(&writer, &books(3, true)).await;
        });
        drop(runtime);
        std::fs::read(place.url.strip_prefix("sqlite:").unwrap()).unwrap()
    });
    FILE.clone()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn bytes_missing_or_flipped(cut: prop::sample::Index, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..60), cut_it in prop::bool::weighted(0.3)) {
        let mut bytes = whole();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
        }
        if cut_it {
            bytes.truncate(cut.index(bytes.len()));
        }
        let place = sqlite();
        std::fs::write(place.url.strip_prefix("sqlite:").unwrap(), bytes).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        if let Err(fault) = runtime.block_on(attempt(&place.url)) {
            prop_assert_ne!(fault.code, Code::Bug, "{:?}", fault);
        }
    }
}
