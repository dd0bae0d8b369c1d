use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use carry_model::{Code, Fault};
use carry_ports::Staging;

use crate::fault::fault;

/// Objects deleted by one call, as S3 allows.
const DELETES_MAX: usize = 1_000;

/// Objects in a bucket. An object is created with `If-None-Match: *`, so the first writer wins.
#[derive(Clone, Debug)]
pub struct S3Staging {
    pub(crate) client: Client,
    pub(crate) bucket: String,
}

impl S3Staging {
    /// In that bucket.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<bool, Fault> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).if_none_match("*");
        match put.body(ByteStream::from(bytes)).send().await {
            Ok(_) => Ok(true),
            Err(e) if is_there_already(&e) => Ok(false),
            Err(e) => Err(fault("S3 PutObject", &e)),
        }
    }
}

/// Refuses keys that a folder or an emulator would read as something else.
pub(crate) fn plain(key: &str) -> Result<&str, Fault> {
    let plain = !key.is_empty() && key.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if plain { Ok(key) } else { Err(Fault::new(Code::Bug).detail(format!("'{key}' is no object key"))) }
}

/// Another writer was first, or is at it (409): either way the object is not ours to make.
pub(crate) fn is_there_already<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("PreconditionFailed")
}

#[async_trait]
impl Staging for S3Staging {
    async fn create(&self, key: &str, bytes: Vec<u8>) -> Result<bool, Fault> {
        self.put(plain(key)?, bytes).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        match self.client.get_object().bucket(&self.bucket).key(plain(key)?).send().await {
            Ok(found) => {
                let body = found.body.collect().await;
                let body = body.map_err(|e| Fault::new(Code::ConnectionFailed).caused_by(e))?;
                Ok(Some(body.to_vec()))
            }
            Err(e) if e.code() == Some("NoSuchKey") => Ok(None),
            Err(e) => Err(fault("S3 GetObject", &e)),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let mut keys = Vec::new();
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let mut pages = list.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| fault("S3 ListObjectsV2", &e))?;
            keys.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
        }
        Ok(keys)
    }

    async fn delete_prefix(&self, prefix: &str) -> Result<u64, Fault> {
        let keys = self.list(prefix).await?;
        for keys in keys.chunks(DELETES_MAX) {
            self.delete(keys).await?;
        }
        Ok(u64::try_from(keys.len()).unwrap_or(u64::MAX))
    }
}

impl S3Staging {
    async fn delete(&self, keys: &[String]) -> Result<(), Fault> {
        let built = |e| Fault::new(Code::Bug).caused_by(e);
        let mut delete = Delete::builder().quiet(true);
        for key in keys {
            delete = delete.objects(ObjectIdentifier::builder().key(key).build().map_err(built)?);
        }
        let delete = delete.build().map_err(built)?;
        let deleted = self.client.delete_objects().bucket(&self.bucket).delete(delete).send().await;
        let deleted = deleted.map_err(|e| fault("S3 DeleteObjects", &e))?;
        match deleted.errors().first() {
            None => Ok(()),
            Some(left) => {
                let name = left.code().unwrap_or("an unnamed error");
                Err(Fault::new(Code::ServerFailed).detail(format!("S3 DeleteObjects: {name}.")))
            }
        }
    }
}
