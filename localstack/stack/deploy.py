"""Deploys the template into a running emulator and makes sure that what it says is there."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import platform
import shlex
import tomllib
import zipfile
from pathlib import Path

from stack import gaps
from stack.cloud import ACCOUNT, Cloud
from stack.stack import Deployed, DeployFailed, deploy
from stack.template import load, packed, translated

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "template.yaml"
ARTIFACTS = f"carryforward-artifacts-{ACCOUNT}"


class Artifacts:
    """What a deployment uploads: a zipped bootstrap per function, the flow, the template."""

    def __init__(self, cloud: Cloud, binaries: Path) -> None:
        self.client = cloud.client("s3")
        self.binaries = binaries
        if not any(bucket["Name"] == ARTIFACTS for bucket in self.client.list_buckets()["Buckets"]):
            self.client.create_bucket(Bucket=ARTIFACTS,
                                      CreateBucketConfiguration={"LocationConstraint": cloud.region})

    def upload(self, name: str) -> dict[str, str]:
        """Where the binary of this name, or the file beside the template, lies in the account.

        Named by content: CloudFormation changes only what the template says differently.
        """
        if name.endswith(".json"):
            body = (TEMPLATE.parent / name).read_bytes()
        else:
            body = zipped(self.binaries / name)
        return self.put(f"{hashlib.sha256(body).hexdigest()[:16]}/{name}", body)

    def put(self, key: str, body: bytes) -> dict[str, str]:
        self.client.put_object(Bucket=ARTIFACTS, Key=key, Body=body)
        return {"Bucket": ARTIFACTS, "Key": key}


def zipped(binary: Path) -> bytes:
    """The archive Lambda takes: one executable, named bootstrap."""
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, binary.read_bytes())
    return buffer.getvalue()


def chosen() -> tuple[str, dict[str, str]]:
    """The stack's name and the parameters that the configuration chooses for an emulator on this machine."""
    local = tomllib.loads((TEMPLATE.parent / "samconfig.toml").read_text())["local"]["deploy"]["parameters"]
    parameters = dict(item.split("=", 1) for item in shlex.split(local["parameter_overrides"]))
    host = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    return local["stack_name"], parameters | {"Architecture": host}


def put_up(cloud: Cloud, name: str, binaries: Path, parameters: dict[str, str]) -> Deployed:
    template = load(TEMPLATE)
    artifacts = Artifacts(cloud, binaries)
    ready = packed(template, artifacts.upload)
    place = artifacts.put("template.json", json.dumps(ready).encode())
    deploy(cloud, name, f"{cloud.url}/{place['Bucket']}/{place['Key']}", parameters)
    return Deployed(cloud, name, translated(ready), parameters)


def close_gaps(deployed: Deployed) -> None:
    """Reads every property back and tells what the emulator had lost; one that should be there and is not is an error."""
    checked, mended, absent, wrong = 0, [], [], []
    for name, check, finding in gaps.examine(deployed):
        checked += 1
        if finding is None:
            continue
        place = f"{name}.{check.property}"
        if finding.closed:
            mended.append(place)
        elif check.missing:
            absent.append(f"{place} ({check.missing})")
        else:
            wrong.append(f"{place} is {finding.now!r}, not {finding.expected!r}")
    print(f"  {checked} properties read back")
    tell("set through their own API, as the emulator had dropped them", mended)
    tell("not in this emulator", absent)
    tell("not as the template says", wrong)
    if wrong:
        raise SystemExit("the stack is not what the template says")


def tell(what: str, places: list[str]) -> None:
    if places:
        print(f"  {len(places)} {what}:")
        print("\n".join(f"    {place}" for place in places))


def mirror(cloud: Cloud, deployed: Deployed) -> None:
    """Gives the deployed flow, as it is, to the interpreter that runs beside the emulator."""
    flow = deployed.physical["Flow"]
    found = deployed.cloud.client("stepfunctions").describe_state_machine(stateMachineArn=flow)
    client = cloud.client("stepfunctions")
    there = [machine["stateMachineArn"] for machine in client.list_state_machines()["stateMachines"]]
    if flow in there:
        client.update_state_machine(stateMachineArn=flow, definition=found["definition"])
    else:
        client.create_state_machine(name=found["name"], definition=found["definition"], roleArn=found["roleArn"],
                                    type=found["type"])
    print("  the interpreter accepted the flow")


def main() -> None:
    parser = argparse.ArgumentParser(prog="deploy", description=__doc__)
    parser.add_argument("--binaries", type=Path, required=True, help="the folder of the built functions")
    parser.add_argument("parameters", nargs="*", metavar="Name=value")
    options = parser.parse_args()
    cloud = Cloud.of_environment()
    emulator = Cloud(cloud.url, None, cloud.region)
    name, parameters = chosen()
    parameters |= dict(item.split("=", 1) for item in options.parameters)
    try:
        deployed = put_up(emulator, name, options.binaries, parameters)
    except DeployFailed as error:
        raise SystemExit(f"the stack was not deployed: {error}") from error
    close_gaps(deployed)
    if cloud.states:
        mirror(cloud, deployed)


if __name__ == "__main__":
    main()
