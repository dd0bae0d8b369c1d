"""The emulator as it is run: its endpoint, expired items and schedules, over its own APIs."""

import json
import subprocess
import time
import unittest
from pathlib import Path
from typing import Any

import boto3

LOCALSTACK = Path(__file__).resolve().parent.parent
REGION = "eu-central-1"
PATIENCE_S = 15.0


def eventually(look: Any) -> Any:
    """What `look` finds, asked again until it finds something."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("nothing came")


class Emulator(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.process = subprocess.Popen([LOCALSTACK / "serve", "--sweep", "0.2", "--region", REGION],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        cls.url = cls.process.stdout.readline().strip()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.process.kill()
        cls.process.stdout.close()
        cls.process.wait()

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.url, region_name=REGION,
                            aws_access_key_id="000000000000", aws_secret_access_key="test")

    def test_an_expired_item_leaves_a_record_that_names_the_service(self) -> None:
        tables, streams = self.client("dynamodb"), self.client("dynamodbstreams")
        made = tables.create_table(
            TableName="expiry", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"})
        tables.update_time_to_live(TableName="expiry", TimeToLiveSpecification={
            "Enabled": True, "AttributeName": "expires_at"})
        for name, attribute in {"gone": {"N": str(int(time.time()) - 5)}, "text": {"S": "1"}, "old": {"N": "1"},
                                "later": {"N": str(int(time.time()) + 3_600)}}.items():
            tables.put_item(TableName="expiry", Item={"pk": {"S": name}, "expires_at": attribute})

        def removed() -> list[Any]:
            arn = made["TableDescription"]["LatestStreamArn"]
            shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
            at = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
            records = streams.get_records(ShardIterator=at["ShardIterator"])["Records"]
            return [record for record in records if record["eventName"] == "REMOVE"]

        records = eventually(removed)
        self.assertEqual([record["dynamodb"]["Keys"]["pk"]["S"] for record in records], ["gone"])
        # The keys inside are spelled as functions receive them, which is not how this API spells them.
        self.assertIn("userIdentity", records[0])
        left = {item["pk"]["S"] for item in tables.scan(TableName="expiry")["Items"]}
        self.assertEqual(left, {"text", "old", "later"})

    def test_a_schedule_fires_once_in_its_zone_and_fills_in_its_time(self) -> None:
        queues, scheduler = self.client("sqs"), self.client("scheduler")
        url = queues.create_queue(QueueName="fired")["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 9 * 3_600 + 1))
        scheduler.create_schedule(
            Name="once", ScheduleExpression=f"at({soon})", ScheduleExpressionTimezone="Asia/Tokyo",
            FlexibleTimeWindow={"Mode": "OFF"}, ActionAfterCompletion="DELETE",
            Target={"Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/any",
                    "Input": json.dumps({"due": "<aws.scheduler.scheduled-time>"})})
        message = eventually(lambda: queues.receive_message(QueueUrl=url).get("Messages"))
        self.assertRegex(json.loads(message[0]["Body"])["due"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(scheduler.list_schedules()["Schedules"], [])
        self.assertIsNone(queues.receive_message(QueueUrl=url).get("Messages"))


if __name__ == "__main__":
    unittest.main()
