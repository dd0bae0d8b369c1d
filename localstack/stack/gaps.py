"""What a stack must be once it is deployed, read back property by property, and mended where an emulator lost it.

CloudFormation in an emulator reports CREATE_COMPLETE and drops properties. So every property of the template that
matters is read back through its service's own API (`CHECKS`). Where one is not as the template says and the list knows
how, it is set through that API from the same template; what is still different then is an error, unless `missing` says
that the emulator has no such thing. `UNCHECKED` names the properties that are left alone, with the reason;
`tests/test_gaps.py` lets no property of the template be in neither.

MiniStack 1.5.33 drops: the table's time to live, the bucket's lifecycle, the time zone of schedules, the dead letters of
functions, the logging and tracing of the flow, the throttling of the HTTP API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from stack.cloud import Cloud
from stack.stack import Deployed

Read = Callable[[Cloud, str], Any]
Mend = Callable[[Cloud, str, Any], object]


@dataclass(frozen=True)
class Check:
    """One property of one kind of resource: how to read it in the template's own form, and how to set it.

    `expect` turns what the template says into what is read, where a service does not give the same back. `missing` says
    why an emulator cannot be made to have it.
    """

    kind: str
    property: str
    read: Read
    mend: Mend | None = None
    expect: Callable[[Any], Any] = lambda value: value
    missing: str | None = None


@dataclass(frozen=True)
class Finding:
    """A property that was not as the template says. `now` is what it is after mending, in the template's form."""

    resource: str
    property: str
    expected: Any
    before: Any
    now: Any

    @property
    def closed(self) -> bool:
        return covers(self.now, self.expected)


def plain(value: Any) -> Any:
    """A value without the ways in which a template may write it: "5" is 5, "true" is true, JSON text is its value."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        if value.startswith(("{", "[")):
            return plain(json.loads(value))
        if value in ("true", "false"):
            return value == "true"
        return int(value) if value.isdecimal() else value
    return value


def covers(actual: Any, expected: Any) -> bool:
    """Whether everything expected is there; a service may add defaults of its own and keep lists of names unordered."""
    actual, expected = plain(actual), plain(expected)
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(covers(actual.get(key), item) for key, item in expected.items())
    if isinstance(expected, list):
        return isinstance(actual, list) and len(actual) == len(expected) and all(
            any(covers(candidate, item) for candidate in actual) for item in expected)
    return actual == expected


def examine(deployed: Deployed) -> Iterator[tuple[str, Check, Finding | None]]:
    """Every check of the stack, with what was found where the property was not as it should be."""
    resolve = deployed.resolver().resolve
    for name, resource in deployed.template["Resources"].items():
        if name not in deployed.physical:
            continue  # its condition does not hold
        for check in (check for check in CHECKS if check.kind == resource["Type"]):
            if check.property in resource.get("Properties", {}):
                expected = check.expect(resolve(resource["Properties"][check.property]))
                yield name, check, compare(deployed.cloud, identity(deployed, name), name, check, expected)


def identity(deployed: Deployed, name: str) -> str:
    """A resource's physical name; what belongs to a bucket is found by that, to an HTTP API by API and name."""
    resource, own = deployed.template["Resources"][name], deployed.physical[name]
    if resource["Type"] == "AWS::S3::BucketPolicy":
        return deployed.resolver().resolve(resource["Properties"]["Bucket"])
    api = resource.get("Properties", {}).get("ApiId")
    return "/".join([deployed.resolver().resolve(api), own.rsplit("/", 1)[-1]]) if api else own


def compare(cloud: Cloud, physical: str, name: str, check: Check, expected: Any) -> Finding | None:
    before = check.read(cloud, physical)
    if covers(before, expected):
        return None
    if check.mend is None:
        return Finding(name, check.property, expected, before, before)
    check.mend(cloud, physical, expected)
    return Finding(name, check.property, expected, before, check.read(cloud, physical))


# --- How each property is read and set -----------------------------------------------------------------------------


def optional(call: Callable[[], Any]) -> Any:
    """What a service answers, or nothing where it says that there is no such setting."""
    from botocore.exceptions import ClientError

    try:
        return call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code.startswith("NoSuch") or code.endswith(("NotFound", "NotFoundError", "NotFoundException")):
            return None
        raise


def table(name: str) -> Read:
    return lambda cloud, id: cloud.client("dynamodb").describe_table(TableName=id)["Table"].get(name)


def time_to_live(cloud: Cloud, id: str) -> Any:
    found = cloud.client("dynamodb").describe_time_to_live(TableName=id)["TimeToLiveDescription"]
    return {"AttributeName": found.get("AttributeName"), "Enabled": found["TimeToLiveStatus"] in ("ENABLED", "ENABLING")}


def recovery(cloud: Cloud, id: str) -> Any:
    found = cloud.client("dynamodb").describe_continuous_backups(TableName=id)["ContinuousBackupsDescription"]
    on = found.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") == "ENABLED"
    return {"PointInTimeRecoveryEnabled": on}


def encryption(cloud: Cloud, id: str) -> Any:
    found = optional(lambda: cloud.client("s3").get_bucket_encryption(Bucket=id))
    return found and {"ServerSideEncryptionConfiguration": [
        {"ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"]}
        for rule in found["ServerSideEncryptionConfiguration"]["Rules"]]}


def mend_encryption(cloud: Cloud, id: str, value: Any) -> None:
    cloud.client("s3").put_bucket_encryption(Bucket=id, ServerSideEncryptionConfiguration={"Rules": [
        {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
        for rule in value["ServerSideEncryptionConfiguration"]]})


def lifecycle(cloud: Cloud, id: str) -> Any:
    found = optional(lambda: cloud.client("s3").get_bucket_lifecycle_configuration(Bucket=id))
    return found and {"Rules": [lifecycle_rule(rule) for rule in found["Rules"]]}


def lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    written = {"Id": rule["ID"], "Status": rule["Status"]}
    prefix = rule.get("Prefix") or rule.get("Filter", {}).get("Prefix")
    if prefix:
        written["Prefix"] = prefix
    if "Expiration" in rule:
        written["ExpirationInDays"] = rule["Expiration"]["Days"]
    if "AbortIncompleteMultipartUpload" in rule:
        written["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    return written


def mend_lifecycle(cloud: Cloud, id: str, value: Any) -> None:
    rules = []
    for rule in plain(value)["Rules"]:
        asked = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
        if "ExpirationInDays" in rule:
            asked["Expiration"] = {"Days": rule["ExpirationInDays"]}
        if "AbortIncompleteMultipartUpload" in rule:
            asked["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
        rules.append(asked)
    cloud.client("s3").put_bucket_lifecycle_configuration(Bucket=id, LifecycleConfiguration={"Rules": rules})


def ownership(cloud: Cloud, id: str) -> Any:
    found = optional(lambda: cloud.client("s3").get_bucket_ownership_controls(Bucket=id))
    return found and found["OwnershipControls"]


def public_access(cloud: Cloud, id: str) -> Any:
    found = optional(lambda: cloud.client("s3").get_public_access_block(Bucket=id))
    return found and found["PublicAccessBlockConfiguration"]


def bucket_policy(cloud: Cloud, id: str) -> Any:
    found = optional(lambda: cloud.client("s3").get_bucket_policy(Bucket=id))
    return found and found["Policy"]


def function(name: str) -> Read:
    return lambda cloud, id: cloud.client("lambda").get_function_configuration(FunctionName=id).get(name)


def mend_function(name: str) -> Mend:
    return lambda cloud, id, value: cloud.client("lambda").update_function_configuration(
        FunctionName=id, **{name: value if name == "Environment" else plain(value)})  # variables are text


def mapping(name: str) -> Read:
    return lambda cloud, id: cloud.client("lambda").get_event_source_mapping(UUID=id).get(name)


def mend_mapping(name: str) -> Mend:
    return lambda cloud, id, value: cloud.client("lambda").update_event_source_mapping(UUID=id, **{name: value})


def flow(name: str) -> Read:
    return lambda cloud, id: cloud.client("stepfunctions").describe_state_machine(stateMachineArn=id).get(name)


def mend_flow(name: str) -> Mend:
    return lambda cloud, id, value: cloud.client("stepfunctions").update_state_machine(
        stateMachineArn=id, **{name: value})


def unsubstituted(cloud: Cloud, id: str) -> Any:
    """The names in the definition that nobody replaced."""
    definition = cloud.client("stepfunctions").describe_state_machine(stateMachineArn=id)["definition"]
    return {"left": re.findall(r"\$\{\w+\}", definition)}


def cased(value: Any, change: Callable[[str], str]) -> Any:
    """A value with the first letter of every key changed: Step Functions writes them small, the template large."""
    if isinstance(value, dict):
        return {change(key[:1]) + key[1:]: cased(item, change) for key, item in value.items()}
    return [cased(item, change) for item in value] if isinstance(value, list) else value


def flow_configuration(name: str) -> tuple[Read, Mend]:
    def read(cloud: Cloud, id: str) -> Any:
        return cased(flow(name)(cloud, id), str.upper)

    def mend(cloud: Cloud, id: str, value: Any) -> object:
        return mend_flow(name)(cloud, id, cased(value, str.lower))

    return read, mend


def http(call: str, name: str) -> Read:
    """A property of a stage, route or integration of an HTTP API; its id is API and name."""
    part = call.removeprefix("get_").capitalize()

    def read(cloud: Cloud, id: str) -> Any:
        api, own = id.split("/", 1)
        asked = {"ApiId": api, "StageName" if part == "Stage" else f"{part}Id": own}
        return getattr(cloud.client("apigatewayv2"), call)(**asked).get(name)

    return read


def mend_stage(name: str) -> Mend:
    def mend(cloud: Cloud, id: str, value: Any) -> object:
        api, own = id.split("/", 1)
        return cloud.client("apigatewayv2").update_stage(ApiId=api, StageName=own, **{name: value})

    return mend


def schedule_of(cloud: Cloud, id: str) -> dict[str, Any]:
    return cloud.client("scheduler").get_schedule(Name=id.rsplit("/", 1)[-1])


def schedule(name: str) -> Read:
    return lambda cloud, id: schedule_of(cloud, id).get(name)


def mend_schedule(name: str) -> Mend:
    def mend(cloud: Cloud, id: str, value: Any) -> None:
        kept = ("Name", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target", "State",
                "Description")
        now = {key: item for key, item in schedule_of(cloud, id).items() if key in kept}
        cloud.client("scheduler").update_schedule(**now | {name: value})

    return mend


def log_group(cloud: Cloud, id: str) -> Any:
    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix=id)["logGroups"]
    return next((group.get("retentionInDays") for group in groups if group["logGroupName"] == id), None)


def queue(name: str) -> Read:
    return lambda cloud, id: cloud.client("sqs").get_queue_attributes(
        QueueUrl=id, AttributeNames=["All"])["Attributes"].get(name)


def mend_queue(name: str) -> Mend:
    return lambda cloud, id, value: cloud.client("sqs").set_queue_attributes(
        QueueUrl=id, Attributes={name: str(value).lower()})


def alarm(name: str) -> Read:
    def read(cloud: Cloud, id: str) -> Any:
        found = cloud.client("cloudwatch").describe_alarms(AlarmNames=[id])["MetricAlarms"]
        return found[0].get(name) if found else None

    return read


def attached(cloud: Cloud, id: str) -> Any:
    found = cloud.client("iam").list_attached_role_policies(RoleName=id)["AttachedPolicies"]
    return [policy["PolicyArn"] for policy in found]


def inline(cloud: Cloud, id: str) -> Any:
    client = cloud.client("iam")
    names = client.list_role_policies(RoleName=id)["PolicyNames"]
    return [{"PolicyName": name, "PolicyDocument": client.get_role_policy(RoleName=id, PolicyName=name)["PolicyDocument"]}
            for name in names]


def trusted(cloud: Cloud, id: str) -> Any:
    return cloud.client("iam").get_role(RoleName=id)["Role"]["AssumeRolePolicyDocument"]


def policy(cloud: Cloud, id: str) -> Any:
    client = cloud.client("iam")
    version = client.get_policy(PolicyArn=id)["Policy"]["DefaultVersionId"]
    return client.get_policy_version(PolicyArn=id, VersionId=version)["PolicyVersion"]["Document"]


def secret_name(cloud: Cloud, id: str) -> Any:
    return cloud.client("secretsmanager").describe_secret(SecretId=id)["Name"]


CHECKS = (
    Check("AWS::DynamoDB::Table", "BillingMode",
          lambda cloud, id: table("BillingModeSummary")(cloud, id)["BillingMode"]),
    Check("AWS::DynamoDB::Table", "DeletionProtectionEnabled", table("DeletionProtectionEnabled"),
          lambda cloud, id, value: cloud.client("dynamodb").update_table(
              TableName=id, DeletionProtectionEnabled=bool(plain(value)))),
    Check("AWS::DynamoDB::Table", "AttributeDefinitions", table("AttributeDefinitions")),
    Check("AWS::DynamoDB::Table", "KeySchema", table("KeySchema")),
    Check("AWS::DynamoDB::Table", "GlobalSecondaryIndexes", table("GlobalSecondaryIndexes")),
    Check("AWS::DynamoDB::Table", "TimeToLiveSpecification", time_to_live,
          lambda cloud, id, value: cloud.client("dynamodb").update_time_to_live(
              TableName=id, TimeToLiveSpecification=plain(value))),
    Check("AWS::DynamoDB::Table", "StreamSpecification", table("StreamSpecification")),
    Check("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification", recovery),
    Check("AWS::S3::Bucket", "BucketEncryption", encryption, mend_encryption),
    Check("AWS::S3::Bucket", "LifecycleConfiguration", lifecycle, mend_lifecycle),
    Check("AWS::S3::Bucket", "OwnershipControls", ownership,
          lambda cloud, id, value: cloud.client("s3").put_bucket_ownership_controls(
              Bucket=id, OwnershipControls=value)),
    Check("AWS::S3::Bucket", "PublicAccessBlockConfiguration", public_access,
          lambda cloud, id, value: cloud.client("s3").put_public_access_block(
              Bucket=id, PublicAccessBlockConfiguration=value)),
    Check("AWS::S3::BucketPolicy", "PolicyDocument", bucket_policy,
          lambda cloud, id, value: cloud.client("s3").put_bucket_policy(Bucket=id, Policy=json.dumps(value))),
    *(Check("AWS::Lambda::Function", name, function(name), mend_function(name))
      for name in ("Architectures", "DeadLetterConfig", "Environment", "EphemeralStorage", "Handler", "LoggingConfig",
                   "MemorySize", "Role", "Runtime", "Timeout", "TracingConfig")),
    *(Check("AWS::Lambda::EventSourceMapping", name, mapping(name), mend_mapping(name))
      for name in ("BatchSize", "BisectBatchOnFunctionError", "DestinationConfig", "FilterCriteria",
                   "FunctionResponseTypes", "MaximumBatchingWindowInSeconds", "MaximumRetryAttempts")),
    Check("AWS::StepFunctions::StateMachine", "DefinitionSubstitutions", unsubstituted, expect=lambda _: {"left": []}),
    Check("AWS::StepFunctions::StateMachine", "LoggingConfiguration", *flow_configuration("loggingConfiguration")),
    Check("AWS::StepFunctions::StateMachine", "TracingConfiguration", *flow_configuration("tracingConfiguration"),
          missing="MiniStack traces nothing"),
    Check("AWS::StepFunctions::StateMachine", "RoleArn", flow("roleArn"), mend_flow("roleArn")),
    Check("AWS::StepFunctions::StateMachine", "StateMachineType", flow("type")),
    Check("AWS::Scheduler::Schedule", "ScheduleExpression", schedule("ScheduleExpression")),
    Check("AWS::Scheduler::Schedule", "ScheduleExpressionTimezone", schedule("ScheduleExpressionTimezone"),
          mend_schedule("ScheduleExpressionTimezone")),
    Check("AWS::Scheduler::Schedule", "FlexibleTimeWindow", schedule("FlexibleTimeWindow")),
    Check("AWS::Scheduler::Schedule", "Target", schedule("Target"), mend_schedule("Target")),
    Check("AWS::Logs::LogGroup", "RetentionInDays", log_group,
          lambda cloud, id, value: cloud.client("logs").put_retention_policy(
              logGroupName=id, retentionInDays=plain(value))),
    Check("AWS::SQS::Queue", "MessageRetentionPeriod", queue("MessageRetentionPeriod"),
          mend_queue("MessageRetentionPeriod")),
    Check("AWS::SQS::Queue", "SqsManagedSseEnabled", queue("SqsManagedSseEnabled"), mend_queue("SqsManagedSseEnabled")),
    *(Check("AWS::CloudWatch::Alarm", name, alarm(name))
      for name in ("AlarmActions", "ComparisonOperator", "Dimensions", "EvaluationPeriods", "MetricName",
                   "Namespace", "Period", "Statistic", "Threshold", "TreatMissingData")),
    Check("AWS::IAM::Role", "AssumeRolePolicyDocument", trusted),
    Check("AWS::IAM::Role", "ManagedPolicyArns", attached),
    Check("AWS::IAM::Role", "Policies", inline),
    Check("AWS::IAM::ManagedPolicy", "PolicyDocument", policy),
    Check("AWS::SecretsManager::Secret", "Name", secret_name),
    Check("AWS::ApiGatewayV2::Api", "ProtocolType",
          lambda cloud, id: cloud.client("apigatewayv2").get_api(ApiId=id)["ProtocolType"]),
    *(Check("AWS::ApiGatewayV2::Stage", name, http("get_stage", name), mend_stage(name))
      for name in ("AccessLogSettings", "AutoDeploy", "DefaultRouteSettings")),
    *(Check("AWS::ApiGatewayV2::Route", name, http("get_route", name))
      for name in ("AuthorizationType", "RouteKey", "Target")),
    *(Check("AWS::ApiGatewayV2::Integration", name, http("get_integration", name))
      for name in ("IntegrationType", "IntegrationUri", "PayloadFormatVersion")),
)

UNCHECKED = {
    "names, which everything else is found by": (
        "AlarmName", "BucketName", "FunctionName", "LogGroupName", "Name", "QueueName", "StackName",
        "StateMachineName", "TableName", "TopicName", "StageName", "IndexName"),
    "words for people": ("AlarmDescription", "Description", "Tags", "DisplayName"),
    "what belongs together, read through the checks of the other": ("ApiId", "Bucket", "Code", "EventSourceArn",
                                                                     "DefinitionS3Location", "Endpoint", "Protocol",
                                                                     "TopicArn", "StartingPosition",
                                                                     "GenerateSecretString"),
    "permissions to call a function, which no emulator enforces": ("Action", "FunctionName", "Principal", "SourceArn"),
}
"""Properties that are not read back, by the reason."""
