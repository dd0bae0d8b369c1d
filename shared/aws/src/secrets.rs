use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};
use carry_model::Fault;
use carry_ports::Secrets;
use secrecy::{ExposeSecret, SecretString};

use crate::fault::fault;

/// Secrets in AWS Secrets Manager.
#[derive(Clone, Debug)]
pub struct AwsSecrets {
    client: Client,
}

impl AwsSecrets {
    /// Over that client.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }
}

const MISSING: &str = "ResourceNotFoundException";
const THERE: &str = "ResourceExistsException";

#[async_trait]
impl Secrets for AwsSecrets {
    async fn get(&self, name: &str) -> Result<Option<SecretString>, Fault> {
        match self.client.get_secret_value().secret_id(name).send().await {
            Ok(found) => Ok(found.secret_string.map(SecretString::from)),
            Err(e) if e.code() == Some(MISSING) => Ok(None),
            Err(e) => Err(fault("Secrets Manager GetSecretValue", &e)),
        }
    }

    async fn has(&self, name: &str) -> Result<bool, Fault> {
        match self.client.describe_secret().secret_id(name).send().await {
            Ok(found) => Ok(found.deleted_date.is_none()),
            Err(e) if e.code() == Some(MISSING) => Ok(false),
            Err(e) => Err(fault("Secrets Manager DescribeSecret", &e)),
        }
    }

    async fn put(&self, name: &str, secret: &SecretString) -> Result<(), Fault> {
        let value = secret.expose_secret();
        let put = || self.client.put_secret_value().secret_id(name).secret_string(value).send();
        // What renews a token may put a new value and not create a secret, so that is tried first.
        match put().await {
            Ok(_) => return Ok(()),
            Err(e) if e.code() == Some(MISSING) => {}
            Err(e) => return Err(fault("Secrets Manager PutSecretValue", &e)),
        }
        match self.client.create_secret().name(name).secret_string(value).send().await {
            Ok(_) => return Ok(()),
            Err(e) if e.code() == Some(THERE) => {}
            Err(e) => return Err(fault("Secrets Manager CreateSecret", &e)),
        }
        put().await.map(|_| ()).map_err(|e| fault("Secrets Manager PutSecretValue", &e))
    }

    async fn delete(&self, name: &str) -> Result<(), Fault> {
        // At once: what is to be forgotten is not kept for the thirty days of the service's recycle bin.
        let deleted =
            self.client.delete_secret().secret_id(name).force_delete_without_recovery(true).send().await;
        match deleted {
            Ok(_) => Ok(()),
            Err(e) if e.code() == Some(MISSING) => Ok(()),
            Err(e) => Err(fault("Secrets Manager DeleteSecret", &e)),
        }
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let filter = Filter::builder().key(FilterNameStringType::Name).values(prefix).build();
        let mut pages = self.client.list_secrets().filters(filter).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| fault("Secrets Manager ListSecrets", &e))?;
            names.extend(page.secret_list.unwrap_or_default().into_iter().filter_map(|secret| secret.name));
        }
        // The service's filter reads the prefix word by word.
        names.retain(|name| name.starts_with(prefix));
        names.sort_unstable();
        Ok(names)
    }
}
