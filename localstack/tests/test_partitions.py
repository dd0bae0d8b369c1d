"""Queries answer the same items in the same pages, and look at no more than a page."""

import json
import random
import unittest
from typing import Any

from stack.partitions import Partition, Partitions, read_by_key

KEYS = sorted(f"{kind}#{number:04}" for kind in "LM" for number in range(60))


class Queries(unittest.TestCase):
    def setUp(self) -> None:
        from ministack.services import dynamodb

        self.plain = dynamodb._query
        read_by_key()
        self.tables = dynamodb
        self.addCleanup(self.restore)
        table = self.call("_create_table", {
            "TableName": "books", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]})
        self.assertEqual(table["TableDescription"]["TableName"], "books")
        for key in random.Random(1).sample(KEYS, len(KEYS)):
            self.call("_put_item", {"TableName": "books", "Item": {"pk": {"S": "one"}, "sk": {"S": key}}})

    def restore(self) -> None:
        self.tables._query = self.plain
        self.call("_delete_table", {"TableName": "books"})

    def call(self, action: str, data: dict[str, Any]) -> dict[str, Any]:
        status, _, body = getattr(self.tables, action)(data)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def pages(self, condition: str, limit: int | None, **values: str) -> list[list[str]]:
        asked: dict[str, Any] = {"TableName": "books", "KeyConditionExpression": condition}
        asked["ExpressionAttributeValues"] = {":pk": {"S": "one"}} | {f":{k}": {"S": v} for k, v in values.items()}
        if limit:
            asked["Limit"] = limit
        pages = []
        while True:
            page = self.call("_query", asked)
            pages.append([item["sk"]["S"] for item in page["Items"]])
            if "LastEvaluatedKey" not in page:
                return pages
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def test_a_page_holds_what_it_did(self) -> None:
        asked: list[tuple[str, dict[str, str]]] = [
            ("pk = :pk", {}),
            ("pk = :pk AND sk > :after", {"after": "L#0050"}),
            ("pk = :pk AND sk > :after", {"after": "L#0050x"}),
            ("pk = :pk AND begins_with(sk, :prefix)", {"prefix": "M#001"}),
            ("pk = :pk AND sk BETWEEN :low AND :high", {"low": "L#0055", "high": "M#0010"}),
        ]
        read = self.tables._query
        for condition, values in asked:
            for limit in (None, 1, 7, 100):
                with self.subTest(condition=condition, limit=limit, **values):
                    self.tables._query = read
                    by_key = self.pages(condition, limit, **values)
                    self.tables._query = self.plain
                    self.assertEqual(by_key, self.pages(condition, limit, **values))
                    self.assertTrue(by_key[0])

    def test_items_come_back_without_those_removed(self) -> None:
        for key in KEYS[:110]:
            self.call("_delete_item", {"TableName": "books", "Key": {"pk": {"S": "one"}, "sk": {"S": key}}})
        self.assertEqual(self.pages("pk = :pk", 4), [KEYS[110:114], KEYS[114:118], KEYS[118:]])

    def test_a_page_looks_at_a_page(self) -> None:
        seen = 0
        examine = self.tables._evaluate_condition

        def counted(*given: Any, **named: Any) -> Any:
            nonlocal seen
            seen += 1
            return examine(*given, **named)

        self.tables._evaluate_condition = counted
        self.addCleanup(setattr, self.tables, "_evaluate_condition", examine)
        self.pages("pk = :pk AND begins_with(sk, :prefix)", 10, prefix="L")
        self.assertLess(seen, 7 * (10 + 3))

    def test_a_table_keeps_its_partitions_in_order(self) -> None:
        table = self.tables._tables.get("books")
        self.assertNotIsInstance(table["items"], Partitions)
        self.pages("pk = :pk", None)
        self.assertIsInstance(table["items"], Partitions)
        self.assertEqual(list(table["items"]["one"]), KEYS)
        late = {"pk": {"S": "two"}, "sk": {"S": "L"}}
        self.call("_put_item", {"TableName": "books", "Item": late})
        self.assertIsInstance(table["items"]["two"], Partition)


if __name__ == "__main__":
    unittest.main()
