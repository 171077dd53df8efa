"""GraphQL: the schema with its resolvers, and answers in the words of the real server."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    graphql_sync,
)

from tests.wandb_server import artifact_resolvers, mutations, run_resolvers, sweep_resolvers
from tests.wandb_server.listing import snake_case
from tests.wandb_server.model import ApiError, Collection, Run
from tests.wandb_server.resolvers import RESOLVERS, Context

_log = logging.getLogger(__name__)
# all that a client may ask without a login
_OPEN = ("serverInfo", "viewer")
# named here because importing them is what registers their resolvers
_RESOLVER_MODULES = (artifact_resolvers, mutations, run_resolvers, sweep_resolvers)


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """Return the schema, with its resolvers."""
    built = build_schema(Path(__file__).with_name("schema.graphql").read_text())
    for (type_name, field), resolver in RESOLVERS.items():
        type_ = built.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        type_.fields[field].resolve = resolver
    for type_ in built.type_map.values():
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            type_.resolve_type = _type_name
        _name_arguments(type_)
    return built


def _name_arguments(type_: GraphQLNamedType) -> None:
    """Let the resolvers have Python's names: `artifact_id` for `artifactID`."""
    if isinstance(type_, GraphQLInputObjectType):
        for name, input_field in type_.fields.items():
            input_field.out_name = snake_case(name)
    elif isinstance(type_, GraphQLObjectType):
        for field in type_.fields.values():
            for name, argument in field.args.items():
                argument.out_name = snake_case(name)


def _type_name(value: Any, info: GraphQLResolveInfo, type_: Any) -> str:
    if isinstance(value, Collection):
        return value.kind
    return "Run" if isinstance(value, Run) else "User"


def _attribute(source: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
    name = snake_case(info.field_name)
    return source.get(name) if isinstance(source, dict) else getattr(source, name, None)


def _needs_login(next_: Any, source: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
    if info.path.prev is None and not info.context.logged_in and info.field_name not in _OPEN:
        raise ApiError("user is not logged in", status=401, code="PERMISSION_ERROR")
    return next_(source, info, **args)


def execute(
    query: str, variables: dict[str, Any] | None, context: Context
) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the answer; an error sets the status, as on the real server."""
    with context.state.lock:
        result = graphql_sync(
            schema(),
            query,
            variable_values=variables,
            context_value=context,
            field_resolver=_attribute,
            middleware=[_needs_login],
        )
    if not result.errors:
        return 200, {"data": result.data}
    status = max(_status(error) for error in result.errors)
    return status, {"errors": [_words(error) for error in result.errors], "data": result.data}


def _status(error: GraphQLError) -> int:
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        return 400  # not a query of this schema
    if isinstance(original, ApiError):
        return original.status
    _log.error("a bug of this server", exc_info=original)
    return 500


def _words(error: GraphQLError) -> dict[str, Any]:
    words: dict[str, Any] = {"message": error.message}
    if error.path:
        words["path"] = error.path
    code = getattr(error.original_error, "code", None)
    if code:
        words["extensions"] = {"code": code}
    return words
