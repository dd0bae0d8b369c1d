"""Reading a stack back: nothing in the template is forgotten, and what differs is found."""

import unittest

from stack.gaps import CHECKS, UNCHECKED, covers
from tests.test_template import PLAIN


class Covered(unittest.TestCase):
    def test_every_property_of_the_template_is_read_back_or_left_alone_with_a_reason(self) -> None:
        checked = {(check.kind, check.property) for check in CHECKS}
        left = {name for names in UNCHECKED.values() for name in names}
        forgotten = {f"{resource['Type']}.{name}" for resource in PLAIN.values()
                     for name in resource.get("Properties", {})
                     if (resource["Type"], name) not in checked and name not in left}
        self.assertEqual(forgotten, set())

    def test_no_check_is_for_something_the_template_has_not(self) -> None:
        there = {(resource["Type"], name) for resource in PLAIN.values() for name in resource.get("Properties", {})}
        self.assertEqual({(check.kind, check.property) for check in CHECKS} - there, set())


class Covering(unittest.TestCase):
    def test_the_ways_of_writing_a_value_are_one(self) -> None:
        self.assertTrue(covers(5, "5"))
        self.assertTrue(covers("true", True))
        self.assertTrue(covers('{"a": 1}', {"a": 1}))

    def test_a_service_may_add_and_reorder_but_not_leave_out(self) -> None:
        self.assertTrue(covers({"a": 1, "b": 2}, {"a": 1}))
        self.assertTrue(covers(["x", "y"], ["y", "x"]))
        self.assertFalse(covers(["x"], ["x", "y"]))
        self.assertFalse(covers(["x", "y"], ["x"]))
        self.assertFalse(covers({"a": 1}, {"a": 1, "b": 2}))
        self.assertFalse(covers(None, {"a": 1}))


if __name__ == "__main__":
    unittest.main()
