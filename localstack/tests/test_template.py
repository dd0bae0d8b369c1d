"""What must be true of the template whatever emulator or account it is deployed to."""

import json
import re
import unittest
from pathlib import Path
from typing import Any

from stack.template import Resolver, functions, load, packed, translated

INFRA = Path(__file__).resolve().parents[2] / "infra"
TEMPLATE = load(INFRA / "template.yaml")
PLAIN = translated(packed(TEMPLATE, lambda name: {"Bucket": "artifacts", "Key": name}))["Resources"]
STAGES = {"plan", "extract", "transform", "load", "reconcile", "report"}
ALL = STAGES | {"purge", "schedule", "purchase", "api"}


def of_kind(kind: str) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in PLAIN.items() if resource["Type"] == kind}


def statements() -> list[tuple[str, dict[str, Any]]]:
    """Every statement that allows something, with the resource it stands in."""
    found = [(name, document["PolicyDocument"]) for name, document in of_kind("AWS::IAM::ManagedPolicy").items()]
    for name, role in of_kind("AWS::IAM::Role").items():
        found += [(name, policy["PolicyDocument"]) for policy in role.get("Policies", [])]
    return [(name, statement) for name, document in found for statement in document["Statement"]]


def actions(statement: dict[str, Any]) -> list[str]:
    named = statement["Action"]
    return [named] if isinstance(named, str) else named


class Template(unittest.TestCase):
    def test_every_function_has_its_package_role_and_log(self) -> None:
        self.assertEqual({folder.name for _, folder, _ in functions(TEMPLATE)}, ALL)
        for name, folder, binary in functions(TEMPLATE):
            stage = folder.name
            self.assertEqual(binary, f"carry-fn-{stage}")
            properties = PLAIN[name]["Properties"]
            self.assertEqual(properties["Role"], {"Fn::GetAtt": [f"{stage.capitalize()}Role", "Arn"]})
            log = PLAIN[properties["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
            self.assertEqual(log["LogGroupName"], {"Fn::Sub": "/aws/lambda/${AWS::StackName}-" + stage})
            self.assertIn("RetentionInDays", log)

    def test_roles_are_not_shared(self) -> None:
        roles = [json.dumps(function["Role"]) for function in of_kind("AWS::Lambda::Function").values()]
        self.assertEqual(len(roles), len(set(roles)))

    def test_only_what_has_no_resources_is_allowed_on_all(self) -> None:
        wide = {action for _, statement in statements() if statement["Resource"] == "*"
                for action in actions(statement)}
        lists = {"secretsmanager:ListSecrets", "scheduler:ListSchedules"}
        self.assertEqual({action.split(":")[0] for action in wide - lists}, {"logs", "xray"})
        lines = (INFRA / "template.yaml").read_text().splitlines()
        bare = [line for line in lines if re.search(r'Resource: "\*"\s*$', line)]
        self.assertEqual(bare, [], "a wildcard stands without its reason")
        self.assertFalse([name for name, statement in statements() if "*" in statement["Action"]])

    def test_only_the_purge_deletes_and_only_starters_start(self) -> None:
        def may(action: str) -> set[str]:
            direct = {name for name, statement in statements() if action in actions(statement)}
            return {role for role, properties in of_kind("AWS::IAM::Role").items()
                    if role in direct or any(arn["Ref"] in direct for arn in properties.get("ManagedPolicyArns", []))}

        self.assertEqual(may("s3:DeleteObject"), {"PurgeRole"})
        self.assertEqual(may("secretsmanager:DeleteSecret"), {"PurgeRole"})
        self.assertEqual(may("states:StartExecution"), {"ScheduleRole", "PurchaseRole", "ApiRole", "FlowRole"})
        self.assertFalse(may("secretsmanager:GetSecretValue") & {"TransformRole", "ReportRole"})
        self.assertEqual(may("secretsmanager:CreateSecret"), {"ApiRole"})
        self.assertEqual(may("states:StopExecution"), {"ApiRole", "PurgeRole", "FlowRole"})
        # Whoever starts a run looks first whether it was started.
        self.assertLessEqual(may("states:StartExecution"), may("states:DescribeExecution"))
        # A purge has to find what it deletes.
        self.assertIn("PurgeRole", may("secretsmanager:ListSecrets") & may("scheduler:ListSchedules")
                      & may("s3:ListBucket") & may("scheduler:DeleteSchedule"))
        self.assertEqual(may("dynamodb:Scan"), set())

    def test_who_only_serves_callers_reads_no_credentials_of_customers(self) -> None:
        for role in ("ApiRole", "PurchaseRole", "ScheduleRole", "PurgeRole"):
            properties = of_kind("AWS::IAM::Role")[role]
            self.assertNotIn({"Ref": "UseConnections"}, properties["ManagedPolicyArns"])
            for statement in (s for name, s in statements() if name == role):
                if "secretsmanager:GetSecretValue" in actions(statement):
                    self.assertIn(statement["Resource"], ({"Ref": "WebhookSecret"}, {"Ref": "ApiKeySecret"}))

    def test_every_event_that_can_get_lost_has_a_dead_letter_queue(self) -> None:
        for schedule in of_kind("AWS::Scheduler::Schedule").values():
            self.assertIn("DeadLetterConfig", schedule["Target"])
        for mapping in of_kind("AWS::Lambda::EventSourceMapping").values():
            self.assertIn("OnFailure", mapping["DestinationConfig"])

    def test_purged_is_purged(self) -> None:
        table, = of_kind("AWS::DynamoDB::Table").values()
        bucket, = of_kind("AWS::S3::Bucket").values()
        self.assertFalse(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])
        self.assertEqual(table["StreamSpecification"]["StreamViewType"], "KEYS_ONLY")
        self.assertNotIn("VersioningConfiguration", bucket)

    @unittest.skipUnless((INFRA / "flow" / "migration.asl.json").exists(), "there is no flow yet")
    def test_the_flow_is_given_exactly_the_names_it_uses(self) -> None:
        flow, = of_kind("AWS::StepFunctions::StateMachine").values()
        used = set(re.findall(r"\$\{(\w+)\}", (INFRA / "flow" / "migration.asl.json").read_text()))
        self.assertEqual(set(flow["DefinitionSubstitutions"]), used)

    def test_parameters_have_defaults_so_that_a_deployment_asks_nothing(self) -> None:
        self.assertEqual([name for name, spec in TEMPLATE["Parameters"].items() if "Default" not in spec], [])


class Resolving(unittest.TestCase):
    def test_references_become_what_was_deployed(self) -> None:
        resolver = Resolver({"AWS::StackName": "books"}, {"Days": "5"}, {"Table": "books-jobs"},
                            lambda name, attribute: f"{name}'s {attribute}")
        self.assertEqual(resolver.resolve({"Ref": "Days"}), "5")
        self.assertEqual(resolver.resolve([{"Fn::GetAtt": ["Table", "Arn"]}]), ["Table's Arn"])
        self.assertEqual(resolver.resolve({"a": {"Fn::Sub": "${AWS::StackName}/${Table}/${Table.Arn}/${!kept}"}}),
                         {"a": "books/books-jobs/Table's Arn/${!kept}"})
        with self.assertRaises(KeyError):
            resolver.resolve({"Ref": "Nobody"})


if __name__ == "__main__":
    unittest.main()
