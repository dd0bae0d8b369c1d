"""When schedules are due: the wall clock of a zone, and the two nights a year on which it jumps."""

import unittest
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from stack.schedules import next_due

KYIV = "Europe/Kyiv"
NINE_ON_WEEKDAYS = "cron(0 9 ? * MON-FRI *)"


def at(text: str, zone: str = KYIV) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


class NextDue(unittest.TestCase):
    def test_nine_in_kyiv_is_seven_or_six_utc(self) -> None:
        winter = next_due(NINE_ON_WEEKDAYS, KYIV, at("2026-01-14T12:00"))
        summer = next_due(NINE_ON_WEEKDAYS, KYIV, at("2026-07-14T12:00"))
        self.assertEqual(datetime.fromtimestamp(winter, UTC).isoformat(), "2026-01-15T07:00:00+00:00")
        self.assertEqual(datetime.fromtimestamp(summer, UTC).isoformat(), "2026-07-15T06:00:00+00:00")

    def test_the_weekend_is_passed_over(self) -> None:
        self.assertEqual(next_due(NINE_ON_WEEKDAYS, KYIV, at("2026-01-16T09:00")), at("2026-01-19T09:00"))

    def test_a_time_that_summer_time_skips_does_not_fire_that_day(self) -> None:
        # On 29 March 2026 the clocks of Kyiv go from 03:00 to 04:00.
        due = next_due("cron(30 3 * * ? *)", KYIV, at("2026-03-28T12:00"))
        self.assertEqual(due, at("2026-03-30T03:30"))

    def test_a_time_that_comes_twice_fires_once(self) -> None:
        # On 25 October 2026 they go from 04:00 back to 03:00.
        first = next_due("cron(30 3 * * ? *)", KYIV, at("2026-10-24T12:00"))
        self.assertEqual(first, at("2026-10-25T03:30"))
        self.assertEqual(next_due("cron(30 3 * * ? *)", KYIV, first), at("2026-10-26T03:30"))

    def test_once_at_a_wall_clock_time(self) -> None:
        self.assertEqual(next_due("at(2026-02-03T09:15:00)", KYIV, 0.0), at("2026-02-03T09:15"))

    def test_a_rate_counts_from_the_last_time(self) -> None:
        self.assertEqual(next_due("rate(5 minutes)", KYIV, 1_000.0), 1_300.0)

    def test_an_expression_nobody_reads_is_never_due(self) -> None:
        self.assertIsNone(next_due("sometimes", KYIV, 0.0))


if __name__ == "__main__":
    unittest.main()
