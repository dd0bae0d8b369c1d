//! Mangled exports: no panic, no hang, and every source object ends as a record or a reject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod common;

use std::path::PathBuf;

use carry_connector::{RawBatch, Reader, Transformed};
use carry_files::{FilesOptions, FilesReader};
use proptest::prelude::*;

/// How a file is spoilt.
#[derive(Debug, Clone)]
enum Harm {
    Flip(usize, u8),
    Cut(usize),
    Drop(usize, usize),
    Insert(usize, Vec<u8>),
    Repeat(usize, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let junk = prop_oneof![
        Just(b"\"".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\r\n".to_vec()),
        Just(b",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,".to_vec()),
        Just(vec![0]),
        Just(vec![0xFF, 0xFE]),
        Just(b"\xC3\x28".to_vec()),
        Just(b"\nDate,Transaction Type,Num,Name,Memo/Description,Account,Debit,Credit\n".to_vec()),
        Just(b"\n\nTOTAL\n".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..40),
    ];
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Harm::Flip(at, byte)),
        any::<usize>().prop_map(Harm::Cut),
        (any::<usize>(), 0_usize..2000).prop_map(|(at, len)| Harm::Drop(at, len)),
        (any::<usize>(), junk).prop_map(|(at, bytes)| Harm::Insert(at, bytes)),
        (any::<usize>(), 0_usize..2000).prop_map(|(at, len)| Harm::Repeat(at, len)),
    ]
}

fn spoil(mut bytes: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        let len = bytes.len().max(1);
        match harm {
            Harm::Flip(at, byte) => {
                if let Some(b) = bytes.get_mut(at % len) {
                    *b = *byte;
                }
            }
            Harm::Cut(at) => bytes.truncate(at % len),
            Harm::Drop(at, count) => {
                let from = (at % len).min(bytes.len());
                let to = (from + count).min(bytes.len());
                bytes.drain(from..to);
            }
            Harm::Insert(at, junk) => {
                let at = (at % len).min(bytes.len());
                bytes.splice(at..at, junk.iter().copied());
            }
            Harm::Repeat(at, count) => {
                let from = (at % len).min(bytes.len());
                let part = bytes[from..(from + count).min(bytes.len())].to_vec();
                bytes.extend(part);
            }
        }
    }
    bytes
}

const FILES: [&str; 9] = [
    "quickbooks/Invoices.csv",
    "quickbooks/Received Payments.csv",
    "quickbooks/Journal.csv",
    "quickbooks/Customer Balance Detail.csv",
    "quickbooks/Customers.csv",
    "quickbooks/Account List.csv",
    "xero/Bills saved in Germany.csv",
    "xero/Bills.csv",
    "xero/SalesInvoices Jul-Sep.xlsx",
];

fn read_all(bytes: &[u8], name: &str) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(name), bytes).unwrap();
    common::block(async {
        let reader = FilesReader::new(dir.path(), FilesOptions::default());
        let Ok(survey) = reader.survey().await else { return };
        let mut kept = common::Kept::default();
        for partition in &survey.partitions {
            reader.extract(&survey, partition, None, &mut kept).await.unwrap();
        }
        let transformer = reader.transformer(&survey).unwrap();
        let mut found = 0;
        for (jsonl, _) in &kept.batches {
            let batch = RawBatch::from_jsonl(jsonl).unwrap();
            let mut out = Transformed::default();
            transformer.transform(&batch, &mut out).unwrap();
            assert_eq!(batch.rows, out.records.len() + out.rejects.len());
            found += batch.rows as u64;
        }
        assert_eq!(found, survey.counts.values().sum::<u64>(), "surveyed and extracted");
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn spoilt_exports_are_read_or_refused(
        file in 0..FILES.len(),
        harms in proptest::collection::vec(harm(), 1..12),
    ) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../tests/data").join(FILES[file]);
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        read_all(&spoil(std::fs::read(&path).unwrap(), &harms), &name);
    }
}
