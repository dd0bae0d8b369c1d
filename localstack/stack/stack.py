"""A stack put into an account through CloudFormation, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from stack.cloud import ACCOUNT, Cloud
from stack.template import Resolver, Template

POLL_S = 0.2
PATIENCE_S = 180.0


class DeployFailed(Exception):
    """CloudFormation refused or undid the stack; the text says which resource and why."""


def deploy(cloud: Cloud, name: str, template_url: str, parameters: dict[str, str]) -> None:
    """Creates the stack or brings it up to date, and waits until it is there."""
    client = cloud.client("cloudformation")
    request = {
        "StackName": name, "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    }
    try:
        (client.update_stack if exists(cloud, name) else client.create_stack)(**request)
    except client.exceptions.ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeployFailed(str(error)) from error
    status = wait(cloud, name)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeployFailed(f"{name} is {status}\n" + "\n".join(failures(cloud, name)))


def exists(cloud: Cloud, name: str) -> bool:
    client = cloud.client("cloudformation")
    try:
        stacks = client.describe_stacks(StackName=name)["Stacks"]
    except client.exceptions.ClientError:
        return False
    return any(stack["StackStatus"] != "DELETE_COMPLETE" for stack in stacks)


def wait(cloud: Cloud, name: str) -> str:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        stack, = cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack["StackStatus"]
        time.sleep(POLL_S)
    raise DeployFailed(f"{name} is not done after {PATIENCE_S:.0f} s")


def failures(cloud: Cloud, name: str) -> list[str]:
    events = cloud.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return [f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
            for event in events if event["ResourceStatus"].endswith("_FAILED")]


def outputs(cloud: Cloud, name: str) -> dict[str, str]:
    stack, = cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


@dataclass
class Deployed:
    """A deployed stack: its plain template and the names the services gave to its resources."""

    cloud: Cloud
    name: str
    template: Template
    parameters: dict[str, str]
    physical: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pages = self.cloud.client("cloudformation").get_paginator("list_stack_resources")
        for page in pages.paginate(StackName=self.name):
            for resource in page["StackResourceSummaries"]:
                self.physical[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]

    def resolver(self) -> Resolver:
        pseudo = {"AWS::Region": self.cloud.region, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws",
                  "AWS::StackName": self.name}
        defaults = {key: str(spec["Default"]) for key, spec in self.template.get("Parameters", {}).items()
                    if "Default" in spec}
        return Resolver(pseudo, defaults | self.parameters, self.physical, self.attribute)

    def attribute(self, logical: str, name: str) -> Any:
        """What GetAtt gives: most of it follows from the resource's name."""
        kind, physical = self.template["Resources"][logical]["Type"], self.physical[logical]
        region = f"{self.cloud.region}:{ACCOUNT}"
        short = physical.rsplit("/", 1)[-1]
        if (kind, name) == ("AWS::DynamoDB::Table", "StreamArn"):
            return self.cloud.client("dynamodb").describe_table(TableName=physical)["Table"]["LatestStreamArn"]
        known = {
            ("AWS::DynamoDB::Table", "Arn"): f"arn:aws:dynamodb:{region}:table/{physical}",
            ("AWS::S3::Bucket", "Arn"): f"arn:aws:s3:::{physical}",
            ("AWS::IAM::Role", "Arn"): f"arn:aws:iam::{ACCOUNT}:role/{physical}",
            ("AWS::Lambda::Function", "Arn"): f"arn:aws:lambda:{region}:function:{physical}",
            ("AWS::Logs::LogGroup", "Arn"): f"arn:aws:logs:{region}:log-group:{physical}:*",
            ("AWS::SQS::Queue", "Arn"): f"arn:aws:sqs:{region}:{short}",
            ("AWS::SQS::Queue", "QueueName"): short,
        }
        return known[kind, name]
