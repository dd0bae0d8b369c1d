"""Calls fail as they are told to, and clients of the services take that for what it is."""

import json
import subprocess
import unittest
import urllib.request
from typing import Any

from tests.test_ministack import LOCALSTACK, REGION

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


class Failing(unittest.TestCase):
    def setUp(self) -> None:
        self.process = subprocess.Popen([LOCALSTACK / "serve", "--region", REGION], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)

    def client(self, service: str, attempts: int) -> Any:
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="000000000000",
                            aws_secret_access_key="test", config=Config(retries={"total_max_attempts": attempts}))

    def faults(self, method: str, wanted: dict[str, int] | None = None) -> dict[str, int]:
        body = json.dumps(wanted).encode() if wanted is not None else None
        request = urllib.request.Request(f"{self.url}/_carry/faults", data=body, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def test_every_so_many_calls_fail_and_a_client_that_tries_again_gets_through(self) -> None:
        bucket = {"Bucket": "staging", "CreateBucketConfiguration": {"LocationConstraint": REGION}}
        self.client("s3", 1).create_bucket(**bucket)
        self.faults("PUT", {"s3": 2, "dynamodb": 1})
        patient = self.client("s3", 5)
        for number in range(6):
            patient.put_object(Bucket="staging", Key=str(number), Body=b"x")
        self.assertGreater(self.faults("GET")["s3"], 3)
        with self.assertRaises(ClientError) as refused:
            self.client("dynamodb", 1).list_tables()
        self.assertEqual(refused.exception.response["Error"]["Code"], "ThrottlingException")
        with self.assertRaises(ClientError) as lost:
            self.client("dynamodb", 1).list_tables()
        self.assertEqual(lost.exception.response["ResponseMetadata"]["HTTPStatusCode"], 500)
        self.faults("PUT", {})
        self.client("dynamodb", 1).list_tables()
        self.assertEqual(len(self.client("s3", 1).list_objects_v2(Bucket="staging")["Contents"]), 6)


if __name__ == "__main__":
    unittest.main()
