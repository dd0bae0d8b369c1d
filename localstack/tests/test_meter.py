"""What the meter counts is what was called."""

import io
import json
import subprocess
import time
import unittest
import urllib.request
import zipfile
from typing import Any

from tests.test_ministack import LOCALSTACK, REGION

import boto3

BOOTSTRAP = """#!/usr/bin/env python3
import os, urllib.request
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as event:
        event.read()
        id = event.headers["Lambda-Runtime-Aws-Request-Id"]
    sum(range(3_000_000))
    urllib.request.urlopen(urllib.request.Request(api + id + "/response", data=b"null"))
"""


def archive(bootstrap: str) -> bytes:
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(entry, bootstrap)
    return buffer.getvalue()


class Metered(unittest.TestCase):
    def setUp(self) -> None:
        self.process = subprocess.Popen([LOCALSTACK / "serve", "--meter", "--region", REGION],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        self.addCleanup(self.stop)

    def stop(self) -> None:
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.url, region_name=REGION,
                            aws_access_key_id="000000000000", aws_secret_access_key="test")

    def meter(self, method: str = "GET") -> dict[str, Any]:
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_carry/meter", method=method)) as answer:
            return json.load(answer)

    def test_items_objects_and_functions_are_counted(self) -> None:
        tables, objects, functions = self.client("dynamodb"), self.client("s3"), self.client("lambda")
        tables.create_table(TableName="items", BillingMode="PAY_PER_REQUEST",
                            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
        objects.create_bucket(Bucket="objects", CreateBucketConfiguration={"LocationConstraint": REGION})
        functions.create_function(FunctionName="f", Runtime="provided.al2023", Handler="bootstrap",
                                  Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": archive(BOOTSTRAP)})
        self.meter("DELETE")

        tables.put_item(TableName="items", Item={"pk": {"S": "small"}})
        tables.put_item(TableName="items", Item={"pk": {"S": "large"}, "text": {"S": "x" * 1_500}})
        tables.get_item(TableName="items", Key={"pk": {"S": "large"}}, ConsistentRead=True)
        tables.query(TableName="items", ConsistentRead=True, KeyConditionExpression="pk = :pk",
                     ExpressionAttributeValues={":pk": {"S": "large"}})
        tables.batch_get_item(RequestItems={"items": {"ConsistentRead": True, "Keys": [
            {"pk": {"S": name}} for name in ("small", "large", "none")]}})
        objects.put_object(Bucket="objects", Key="k", Body=b"12345")
        objects.get_object(Bucket="objects", Key="k")
        objects.list_objects_v2(Bucket="objects")
        for _ in range(2):
            functions.invoke(FunctionName="f", Payload=b"{}")

        read = self.meter()
        self.assertEqual(read["units"], {"write": 3.0, "read": 5.0})
        self.assertEqual(read["calls"]["dynamodb.PutItem"], 2)
        self.assertEqual({name: read["calls"][name] for name in ("s3.Put", "s3.Get", "s3.List")},
                         {"s3.Put": 1, "s3.Get": 1, "s3.List": 1})
        self.assertEqual(read["bytes"], {"put": 5})
        function = read["functions"]["f"]
        self.assertEqual((function["invocations"], function["cold"]), (2, 1))
        self.assertGreater(function["cpu_ms"], 20)
        self.assertGreater(function["peak_kib"], 5_000)
        self.assertGreater(function["first_ms"], 0)
        self.assertLess(function["first_ms"], function["wall_ms"])
        self.meter("DELETE")
        self.assertEqual(self.meter()["calls"], {})

    def test_each_state_that_is_entered_is_a_transition_in_children_too(self) -> None:
        flow = self.client("stepfunctions")
        child = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
        states = {"Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": child, "Next": "Done"},
                  "Done": {"Type": "Succeed"}}
        machine = flow.create_state_machine(
            name="m", roleArn="arn:aws:iam::000000000000:role/r",
            definition=json.dumps({"StartAt": "Each", "States": states}))["stateMachineArn"]
        run = flow.start_execution(stateMachineArn=machine, input='{"items": [1, 2, 3]}')["executionArn"]
        while flow.describe_execution(executionArn=run)["status"] == "RUNNING":
            time.sleep(0.05)
        self.assertEqual(self.meter()["transitions"], 5)


if __name__ == "__main__":
    unittest.main()
