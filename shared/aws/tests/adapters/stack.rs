//! MiniStack for a test: an empty account on a free port, gone when the test is.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};
use carry_ports::{Clock, SystemClock};

pub(crate) const TABLE: &str = "carryforward";
pub(crate) const BUCKET: &str = "carryforward-staging";
const REGION: &str = "eu-central-1";
const FIRST_WAIT: Duration = Duration::from_millis(5);

/// A running emulator.
pub(crate) struct Stack {
    process: Child,
    /// How to reach it.
    pub(crate) config: SdkConfig,
}

impl Drop for Stack {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Stack {
    /// Starts one with an empty table and bucket. None, and a line that says so, where it cannot be installed here.
    pub(crate) async fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let found = Command::new(root.join("localstack/ministack")).output().unwrap();
        if found.status.code() == Some(3) {
            eprintln!("skipped: {}", String::from_utf8_lossy(&found.stderr).trim());
            return None;
        }
        assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
        let launcher = String::from_utf8(found.stdout).unwrap();
        let mut process = Command::new(launcher.trim())
            .args(["--region", REGION])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(url.trim())
            .credentials_provider(Credentials::new("000000000000", "test", None, None, "test"))
            .retry_config(RetryConfig::standard().with_max_attempts(8).with_initial_backoff(FIRST_WAIT))
            .load()
            .await;
        let stack = Self { process, config };
        stack.make_table().await;
        stack.make_bucket().await;
        Some(stack)
    }

    /// The adapters on it.
    pub(crate) fn aws(&self) -> carry_aws::Aws {
        carry_aws::Aws::with_config(self.config.clone())
    }

    /// The table, by the machine's clock.
    pub(crate) fn table(&self) -> carry_aws::Table {
        self.table_at(Arc::new(SystemClock))
    }

    /// The table, by another clock.
    pub(crate) fn table_at(&self, clock: Arc<dyn Clock>) -> carry_aws::Table {
        self.aws().table(TABLE, clock)
    }

    /// A client of the table, to look behind the adapters.
    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// Makes a state machine that waits, and hands back its ARN.
    pub(crate) async fn make_machine(&self) -> String {
        let definition = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":600,"End":true}}}"#;
        let made = aws_sdk_sfn::Client::new(&self.config)
            .create_state_machine()
            .name("carryforward-migration")
            .definition(definition)
            .role_arn("arn:aws:iam::000000000000:role/flow")
            .send();
        made.await.unwrap().state_machine_arn
    }

    /// Lets an address send.
    pub(crate) async fn verify(&self, address: &str) {
        let client = aws_sdk_sesv2::Client::new(&self.config);
        client.create_email_identity().email_identity(address).send().await.unwrap();
    }

    async fn make_table(&self) {
        let attribute = |name: &str| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap()
        };
        let key = |name: &str, kind: KeyType| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
        let index = GlobalSecondaryIndex::builder()
            .index_name("customers")
            .key_schema(key("customer", KeyType::Hash))
            .key_schema(key("created", KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .unwrap();
        self.dynamodb()
            .create_table()
            .table_name(TABLE)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(
                ["pk", "sk", "customer", "created"].into_iter().map(attribute).collect(),
            ))
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range))
            .global_secondary_indexes(index)
            .send()
            .await
            .unwrap();
        let ttl = TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(true);
        self.dynamodb()
            .update_time_to_live()
            .table_name(TABLE)
            .time_to_live_specification(ttl.build().unwrap())
            .send()
            .await
            .unwrap();
    }

    async fn make_bucket(&self) {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true).build();
        let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
            .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::from(REGION))
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        client.create_bucket().bucket(BUCKET).create_bucket_configuration(place).send().await.unwrap();
    }
}
