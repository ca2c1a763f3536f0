"""Dataclasses from the JSON objects that hold their fields, and back."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")


def record_from(kind: type[Record], values: object) -> Record:
    """Build a dataclass from a JSON object; entries that are no field are left out.

    A class with a method `from_values` of its own is built by that.

    Args:
        kind: a dataclass of numbers, strings, booleans, lists, dicts and dataclasses.
        values: what the file holds.

    Raises:
        ValueError: an entry is missing, or of another type; the message names it.
    """
    return _read(kind, values, "it")


def values_of(record: object) -> Any:
    """A dataclass as JSON values; a field that is None by default is left out then."""
    if hasattr(record, "as_values"):
        return record.as_values()
    if is_dataclass(record):
        found = ((field, getattr(record, field.name)) for field in fields(record))
        return {
            field.name: values_of(value)
            for field, value in found
            if value is not None or field.default is not None
        }
    if isinstance(record, Mapping):
        return {name: values_of(value) for name, value in record.items()}
    if isinstance(record, (list, tuple)):
        return [values_of(value) for value in record]
    return record


def _read(hint: Any, value: Any, name: str) -> Any:
    if hint is Any:
        return value
    if get_origin(hint) in (Union, types.UnionType):
        if value is None:
            return None
        hint = next(one for one in get_args(hint) if one is not type(None))
    if hasattr(hint, "from_values"):
        return hint.from_values(value)
    if is_dataclass(hint):
        return _read_fields(hint, _expect(dict, value, name), name)
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind is dict:
        items = _expect(dict, value, name).items()
        return {key: _read(inner[1], item, str(key)) for key, item in items}
    if kind in (list, tuple):
        return kind(_read(inner[0], item, name) for item in _expect(list, value, name))
    return _expect((int, float) if kind is float else kind, value, name)


def _read_fields(kind: Any, values: dict[str, Any], name: str) -> Any:
    required = {
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    }
    if missing := required - values.keys():
        raise ValueError(f"{name} lacks {min(missing)}")
    hints = get_type_hints(kind)
    return kind(
        **{
            field.name: _read(hints[field.name], values[field.name], field.name)
            for field in fields(kind)
            if field.name in values
        }
    )


def _expect(kind: Any, value: Any, name: str) -> Any:
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    wanted = kind[-1] if isinstance(kind, tuple) else kind
    raise ValueError(f"{name} should be {wanted.__name__}, not {type(value).__name__}")
