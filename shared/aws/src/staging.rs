use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use carry_model::{Code, Fault};
use carry_ports::{Doors, Staging};

use crate::fault::fault;
use crate::table::waits;

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

    async fn put(&self, key: &str, content: Content<'_>) -> Result<bool, Fault> {
        let mut waits = waits();
        loop {
            let put = self.client.put_object().bucket(&self.bucket).key(plain(key)?).if_none_match("*");
            let error = match put.body(content.body().await?).send().await {
                Ok(_) => return Ok(true),
                Err(e) => e,
            };
            match (error.code(), waits.next()) {
                (Some("PreconditionFailed"), _) => return Ok(false),
                // Another writer or a deletion was under way for this key: the outcome is open until it is done.
                (Some("ConditionalRequestConflict"), Some(wait)) => tokio::time::sleep(wait).await,
                _ => return Err(fault("S3 PutObject", &error)),
            }
        }
    }

    async fn find(&self, key: &str) -> Result<Option<ByteStream>, Fault> {
        match self.client.get_object().bucket(&self.bucket).key(plain(key)?).send().await {
            Ok(found) => Ok(Some(found.body)),
            Err(e) if e.code() == Some("NoSuchKey") => Ok(None),
            Err(e) => Err(fault("S3 GetObject", &e)),
        }
    }
}

/// What an object is made of; can be read again.
enum Content<'a> {
    /// Shared, so that sending them again copies nothing.
    Bytes(SdkBody),
    /// Read in pieces while it is sent.
    File(&'a Path),
}

impl Content<'_> {
    async fn body(&self) -> Result<ByteStream, Fault> {
        match self {
            Self::Bytes(bytes) => {
                let again = bytes.try_clone().map(ByteStream::new);
                again.ok_or_else(|| Fault::new(Code::Bug).detail("an object that can be sent only once"))
            }
            Self::File(file) => ByteStream::from_path(file)
                .await
                .map_err(|e| Fault::new(Code::FileUnreadable).detail(file.display()).caused_by(e)),
        }
    }
}

/// Refuses keys that a folder or an emulator would read as something else.
fn plain(key: &str) -> Result<&str, Fault> {
    let plain = !key.is_empty() && key.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if plain { Ok(key) } else { Err(Fault::new(Code::Bug).detail(format!("'{key}' is no object key"))) }
}

fn cut_off(error: impl std::fmt::Display) -> Fault {
    Fault::new(Code::ConnectionFailed).detail("S3 GetObject.").caused_by(error)
}

fn unreadable(file: &Path, error: &std::io::Error) -> Fault {
    Fault::new(Code::FileUnreadable).detail(file.display()).caused_by(error)
}

fn unsigned(error: impl std::fmt::Display) -> Fault {
    Fault::new(Code::AuthRefused).detail("An address could not be signed.").caused_by(error)
}

#[async_trait]
impl Doors for S3Staging {
    async fn upload(&self, key: &str, open_for: Duration) -> Result<String, Fault> {
        let open = PresigningConfig::expires_in(open_for).map_err(unsigned)?;
        let put = self.client.put_object().bucket(&self.bucket).key(plain(key)?);
        Ok(put.presigned(open).await.map_err(unsigned)?.uri().to_owned())
    }

    async fn download(&self, key: &str, open_for: Duration) -> Result<String, Fault> {
        let open = PresigningConfig::expires_in(open_for).map_err(unsigned)?;
        let get = self.client.get_object().bucket(&self.bucket).key(plain(key)?);
        Ok(get.presigned(open).await.map_err(unsigned)?.uri().to_owned())
    }
}

#[async_trait]
impl Staging for S3Staging {
    async fn create(&self, key: &str, bytes: Vec<u8>) -> Result<bool, Fault> {
        self.put(key, Content::Bytes(SdkBody::from(bytes))).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        let Some(body) = self.find(key).await? else { return Ok(None) };
        Ok(Some(body.collect().await.map_err(cut_off)?.to_vec()))
    }

    async fn create_from(&self, key: &str, file: &Path) -> Result<bool, Fault> {
        self.put(key, Content::File(file)).await
    }

    async fn copy_to(&self, key: &str, file: &Path) -> Result<bool, Fault> {
        let Some(mut body) = self.find(key).await? else { return Ok(false) };
        let mut copy = File::create(file).map_err(|e| unreadable(file, &e))?;
        while let Some(bytes) = body.try_next().await.map_err(cut_off)? {
            copy.write_all(&bytes).map_err(|e| unreadable(file, &e))?;
        }
        Ok(true)
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
