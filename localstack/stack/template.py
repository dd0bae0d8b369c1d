"""The template: read, packed for an upload, translated, and its references resolved to what was deployed."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from samtranslator.translator.transform import transform

Template = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of intrinsic functions."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if name == "Fn::GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


_Loader.add_multi_constructor("!", _intrinsic)


def load(path: Path) -> Template:
    return yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 (a safe loader with tags)


def functions(template: Template) -> Iterator[tuple[str, Path, str]]:
    """Logical id, folder (relative to the template) and binary of every function."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
            yield name, Path(resource["Properties"]["CodeUri"]), binary


def packed(template: Template, upload: Callable[[str], dict[str, str]]) -> Template:
    """The template with every local file replaced by where `upload` put it (its Bucket and Key)."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = upload(resource["Metadata"]["BuildProperties"]["Binary"])
        if resource["Type"] == "AWS::Serverless::StateMachine":
            properties["DefinitionUri"] = upload(properties["DefinitionUri"])
    return template


def translated(template: Template) -> Template:
    """The plain CloudFormation template that a SAM template stands for."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")  # the translator refuses to work without one
    return transform(copy.deepcopy(template), {}, _NoManagedPolicies())


class _NoManagedPolicies:
    """Policies are written out in the template; none is taken by its name from an account."""

    def load(self) -> dict[str, str]:
        return {}


class Resolver:
    """Intrinsic functions of a deployed stack, as far as this template uses them."""

    def __init__(self, pseudo: dict[str, str], parameters: dict[str, str], physical: dict[str, str],
                 attribute: Callable[[str, str], Any]) -> None:
        """`physical` maps logical ids to the names the services gave; `attribute` answers GetAtt."""
        self.names = pseudo | parameters | physical
        self.attribute = attribute

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), = value.items()
            if name == "Ref":
                return self.names[argument]
            if name == "Fn::GetAtt":
                return self.attribute(*argument)
            if name == "Fn::Sub":
                return self.substitute(argument)
            if name == "Fn::Join":
                return argument[0].join(self.resolve(argument[1]))
        return {key: self.resolve(item) for key, item in value.items()}

    def substitute(self, argument: Any) -> str:
        text, names = (argument, {}) if isinstance(argument, str) else argument

        def replace(found: re.Match[str]) -> str:
            name = found.group(1)
            if name in names:
                return str(self.resolve(names[name]))
            if name not in self.names and "." in name:
                return str(self.attribute(*name.split(".", 1)))
            return str(self.names[name])

        return re.sub(r"\$\{([^!}]+)\}", replace, text)
