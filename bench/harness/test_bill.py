"""The bill is the counts times the prices, by hand."""

import sys
import unittest
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import bill  # noqa: E402

NOTHING = bill.Counts({}, transitions=0, write_units=0, read_units=0, puts=0, gets=0, secret_calls=0, secrets=0,
                      staged_bytes=0, log_bytes=0)


def with_(**counts):
    return bill.Counts(**{**vars(NOTHING), **counts})


class Billing(unittest.TestCase):
    def setUp(self):
        self.price = bill.prices()

    def total(self, **counts):
        return sum(bill.bill(with_(**counts), self.price).values())

    def test_nothing_costs_nothing(self):
        self.assertEqual(self.total(), 0)

    def test_each_count_costs_its_price(self):
        self.assertEqual(self.total(write_units=1_000_000), Decimal("0.625"))
        self.assertEqual(self.total(read_units=2_000_000), Decimal("0.25"))
        self.assertEqual(self.total(transitions=4_000), Decimal("0.1"))
        self.assertEqual(self.total(puts=1_000, gets=10_000), Decimal("0.009"))
        self.assertEqual(self.total(secrets=1), Decimal("0.08"))
        self.assertEqual(self.total(log_bytes=2_000_000_000), Decimal("1"))
        self.assertEqual(self.total(functions={"load": (1024, 1_000_000, 0.0, 0.0)}), Decimal("0.2"))

    def test_waiting_costs_its_time_and_computing_that_of_a_share_of_a_processor(self):
        share = self.price["lambda"]["mb_per_processor"]
        self.assertEqual(bill.gb_seconds(512, 2_000, 0, share), Decimal("1"))
        self.assertAlmostEqual(float(bill.gb_seconds(512, 1_000, 1_000, share)), 1769 / 1024, places=6)
        # More memory than one processor's makes nothing faster that uses one.
        self.assertAlmostEqual(float(bill.gb_seconds(3_538, 1_000, 1_000, share)), 3_538 / 1024, places=6)

    def test_prices_are_dated_and_decimal(self):
        self.assertGreaterEqual(self.price["date"].year, 2026)
        for service in ("lambda", "step_functions", "dynamodb", "s3", "secrets_manager", "logs"):
            for name, price in self.price[service].items():
                if name != "mb_per_processor":
                    self.assertGreater(Decimal(price), 0, name)


if __name__ == "__main__":
    unittest.main()
