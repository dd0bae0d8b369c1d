"""The harness measures what it says and judges the right way round. Run: python3 -m unittest discover -s bench"""

import os
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness import measure, report, tools  # noqa: E402

EXPECTED = {"records": 1_000}


def row(tool, job, rate, ours=False, invoices=100, **more):
    return tools.Row(tool, job, invoices, records=round(rate), seconds=1.0, ours=ours, input_bytes=100, **more)


class Measuring(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def python(self, code):
        return measure.run([sys.executable, "-c", code], self.folder / "log")

    def test_memory_of_a_process_and_of_its_children_together(self):
        hold = "import time; held = b'x' * 60_000_000; time.sleep(0.8)"
        alone = self.python(hold)
        self.assertTrue(60 < alone.peak_mb < 100, alone.peak_mb)
        both = self.python(f"import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', {hold!r}]); {hold}; c.wait()")
        self.assertTrue(120 < both.peak_mb < 180, both.peak_mb)

    def test_processor_time_counts_work_and_not_waiting_and_children_too(self):
        self.assertLess(self.python("import time; time.sleep(0.5)").cpu_s, 0.4)
        burn = "import time\nwhile time.process_time() < 0.5: pass"
        child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
        self.assertGreater(self.python(child).cpu_s, 0.5)

    def test_the_time_others_take_meanwhile_is_told(self):
        burn = "import time\nwhile time.process_time() < 5: pass"
        other = subprocess.Popen([sys.executable, "-c", burn])
        try:
            self.assertGreater(self.python("import time; time.sleep(1)").others, 0.5 / (os.cpu_count() or 1))
        finally:
            other.kill()
            other.wait()

    def test_exit_code_and_both_streams_are_kept(self):
        done = self.python("import sys; print('data'); print('why', file=sys.stderr); sys.exit(3)")
        self.assertEqual((done.exit_code, done.output, done.errors), (3, "data\n", "why\n"))


class Ours(unittest.TestCase):
    """A stand-in for the binary: what it prints and leaves on disk is under the test's control."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.books = self.folder / "books"
        self.books.mkdir()
        (self.books / "Invoices.csv").write_bytes(b"x" * 1_000)

    def run_stand_in(self, job, script):
        binary = self.folder / "carry"
        binary.write_text(f"#!/bin/sh\n{script}\n")
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
        return tools.run_ours(binary, job, self.books, EXPECTED, 100, self.folder / "scratch")

    def test_staging_is_measured_after_stage(self):
        script = (
            '[ "$1 $2 $4 $6" = "stage --from --state --json" ] || exit 9\n'
            'mkdir -p "$5/a" && head -c 300 /dev/zero > "$5/a/1.jsonl.zst" && echo other > "$5/state.db"\n'
            'echo progress; echo \'{"stages": [{"stage": "extract", "seconds": 1}]}\''
        )
        got = self.run_stand_in(tools.JSONL, script)
        self.assertFalse(got.failed, got.note)
        self.assertEqual((got.records, got.disk_bytes, got.input_bytes), (1_000, 300, 1_000))
        self.assertEqual(got.stages[0]["stage"], "extract")

    def test_the_target_is_measured_after_full(self):
        got = self.run_stand_in(tools.DATABASE, 'echo 12345 > "${8#sqlite:}"; echo "{}"')
        self.assertFalse(got.failed, got.note)
        self.assertEqual(got.disk_bytes, 6)

    def test_a_crash_fails_and_issues_are_noted(self):
        crashed = self.run_stand_in(tools.JSONL, "echo 'no such folder' >&2; exit 2")
        self.assertTrue(crashed.failed)
        self.assertIn("no such folder", crashed.note)
        issues = self.run_stand_in(
            tools.JSONL, 'mkdir -p "$5"; echo x > "$5/1.zst"; echo \'{"stages": []}\'; echo "3 issues" >&2; exit 1'
        )
        self.assertFalse(issues.failed)
        self.assertIn("3 issues", issues.note)
        empty = self.run_stand_in(tools.JSONL, "echo '{}'")
        self.assertTrue(empty.failed, "a run that staged nothing must not count as fast")


class Judging(unittest.TestCase):
    def verdicts(self, rows):
        return {line.split(" | ")[2].split(":")[0]: line.startswith("- target met") for line in report.targets(rows)}

    def test_ratios_are_taken_against_the_fastest_setting_of_a_peer(self):
        rows = [
            row("carry stage", tools.JSONL, 1_000, ours=True, disk_bytes=50, peak_mb=127),
            row("dlt rows, 1 worker", tools.JSONL, 90),
            row("dlt rows, 2 workers", tools.JSONL, 101),
            row("polars", tools.JSONL, 1_000),
            row("carry full", tools.DATABASE, 500, ours=True, peak_mb=128),
            row("dlt rows", tools.DATABASE, 100),
        ]
        got = self.verdicts(rows)
        self.assertEqual(got["at least 10 x dlt to .jsonl.gz"], False)
        self.assertEqual(got["not below polars to .jsonl.gz"], True)
        self.assertEqual(got["whole run at least 5 x dlt into DuckDB"], True)
        self.assertEqual(got["carry stage"], True)
        self.assertEqual(got["carry full"], False)
        self.assertEqual(got["staging at most half of the input"], True)

    def test_a_failed_run_of_ours_meets_no_target(self):
        rows = [row("carry stage", tools.JSONL, 1_000, ours=True, failed=True), row("polars", tools.JSONL, 1)]
        self.assertEqual(report.targets(rows), [])
        self.assertIn("failed", report.whole(rows))

    def test_stages_are_shown_as_a_list_or_by_name(self):
        for told in ([{"stage": "load", "seconds": 1.5}], {"load": {"seconds": 1.5}}, {"load": 1.5}):
            ours = row("carry full", tools.DATABASE, 1, ours=True, stages=told)
            self.assertIn("- 100 invoices, carry full: load 1.50 s", report.whole([ours]))

    def test_growth_compares_the_time_per_record_of_neighbouring_sizes(self):
        sizes = [(10, 100), (100, 90), (1_000, 70)]
        rows = [row("carry full", tools.DATABASE, rate, ours=True, invoices=size) for size, rate in sizes]
        lines = [line for line in report.targets(rows) if "time per record" in line]
        self.assertEqual([line.startswith("- target met") for line in lines], [True, False])


if __name__ == "__main__":
    unittest.main()
