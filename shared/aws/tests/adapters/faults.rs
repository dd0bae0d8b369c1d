//! Faults of AWS that an emulator never makes: injected into the client.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeSerializationInterceptorContextMut,
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::types::WriteRequest;

/// Every so many calls fail: before they are carried out, or after, so that only the answer is lost.
#[derive(Debug)]
pub(crate) struct Fail {
    every: u64,
    carried_out: bool,
    status: u16,
    body: &'static str,
    calls: AtomicU64,
}

/// Marks a request that is not to be carried out: the emulator knows no such operation.
const NOTHING: &str = "DynamoDB_20120810.Nothing";

impl Fail {
    const fn new(every: u64, carried_out: bool, status: u16, body: &'static str) -> Self {
        Self { every, carried_out, status, body, calls: AtomicU64::new(0) }
    }

    pub(crate) const fn throttled(every: u64) -> Self {
        let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow"}"#;
        Self::new(every, false, 400, body)
    }

    pub(crate) const fn answer_lost(every: u64) -> Self {
        Self::new(every, true, 500, r#"{"__type":"InternalServerError","message":"lost"}"#)
    }

    pub(crate) const fn slow_down(every: u64) -> Self {
        Self::new(every, true, 503, "<Error><Code>SlowDown</Code><Message>slow</Message></Error>")
    }

    fn is_due(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.every)
    }
}

impl Intercept for Fail {
    fn name(&self) -> &'static str {
        "fail"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !self.carried_out && self.is_due() {
            context.request_mut().headers_mut().insert("x-amz-target", NOTHING);
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let refused =
            context.response().headers().get("x-amzn-errortype") == Some("UnknownOperationException");
        if refused || (self.carried_out && self.is_due()) {
            *context.response_mut() = HttpResponse::new(self.status.try_into()?, self.body.into());
        }
        Ok(())
    }
}

/// Half of what a BatchWriteItem was to write comes back as unprocessed, and was not written.
#[derive(Debug, Default)]
pub(crate) struct LeaveOver {
    kept: Mutex<HashMap<String, Vec<WriteRequest>>>,
    pub(crate) left_over: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct Shared<T>(pub(crate) std::sync::Arc<T>);

impl Intercept for Shared<LeaveOver> {
    fn name(&self) -> &'static str {
        "leave over"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(input) = context.input_mut().downcast_mut::<BatchWriteItemInput>() else { return Ok(()) };
        let mut kept = self.0.kept.lock().unwrap();
        for (table, writes) in input.request_items.iter_mut().flatten() {
            if writes.len() > 1 {
                let over = writes.split_off(writes.len() / 2);
                self.0.left_over.fetch_add(over.len().try_into()?, Ordering::Relaxed);
                kept.entry(table.clone()).or_default().extend(over);
            }
        }
        Ok(())
    }

    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Ok(output)) = context.output_or_error_mut() else { return Ok(()) };
        if let Some(output) = output.downcast_mut::<BatchWriteItemOutput>() {
            output.unprocessed_items = Some(std::mem::take(&mut self.0.kept.lock().unwrap()));
        }
        Ok(())
    }
}

/// The next looks at an execution find none: Step Functions' reads are eventually consistent.
#[derive(Debug)]
pub(crate) struct NotYet {
    looks: AtomicU64,
    hide: AtomicBool,
}

impl NotYet {
    pub(crate) const fn after_looks(looks: u64) -> Self {
        Self { looks: AtomicU64::new(looks), hide: AtomicBool::new(false) }
    }
}

impl Intercept for NotYet {
    fn name(&self) -> &'static str {
        "not yet"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target");
        let hide = target == Some("AWSStepFunctions.DescribeExecution") && takes_one(&self.looks);
        self.hide.store(hide, Ordering::Relaxed);
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.hide.load(Ordering::Relaxed) {
            let body = r#"{"__type":"ExecutionDoesNotExist","message":"not yet"}"#;
            *context.response_mut() = HttpResponse::new(400.try_into()?, body.into());
        }
        Ok(())
    }
}

/// Lets so many writes out, then breaks the connection for good: what a process killed at that point has written.
#[derive(Debug)]
pub(crate) struct Killed {
    writes_left: AtomicU64,
}

impl Killed {
    pub(crate) const fn after(writes: u64) -> Self {
        Self { writes_left: AtomicU64::new(writes) }
    }
}

impl Intercept for Killed {
    fn name(&self) -> &'static str {
        "killed"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = context.request().headers().get("x-amz-target").unwrap_or_default();
        let reads = ["GetItem", "Query"].iter().any(|read| operation.ends_with(read));
        if reads || takes_one(&self.writes_left) {
            return Ok(());
        }
        Err("the process was killed".into())
    }
}

/// Takes one where there is one left.
fn takes_one(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}
