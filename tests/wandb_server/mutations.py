"""The mutations of the schema."""

from __future__ import annotations

import json
from typing import Any

from graphql import GraphQLResolveInfo

from tests.wandb_server import artifacts, runs, sweeps
from tests.wandb_server.listing import page
from tests.wandb_server.model import ApiError
from tests.wandb_server.resolvers import context_of, file, resolves

Input = dict[str, Any]


@resolves("Mutation", "upsertModel")
def _upsert_model(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    state = context_of(info).state
    inserted = state.find_project(input.get("name"), input.get("entity_name")) is None
    project = state.create_project(input.get("name"), input.get("entity_name"))
    if input.get("description") is not None:
        project.description = input["description"]
    return {"project": project, "model": project, "inserted": inserted}


@resolves("Mutation", "upsertBucket")
def _upsert_bucket(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    run, inserted = runs.upsert(context_of(info).state, input)
    return {"bucket": run, "inserted": inserted}


@resolves("Mutation", "deleteRun")
def _delete_run(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    run = context_of(info).state.run_by_id(input["id"])
    del run.project.runs[run.name]
    return {"client_mutation_id": input.get("client_mutation_id")}


@resolves("Mutation", "createRunFiles")
def _create_run_files(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    state = context_of(info).state
    run = state.run(input["entity_name"], input["project_name"], input["run_name"])
    for name in input["files"]:
        run.files[name] = state.new_upload(name)
    return {
        "run_id": run.id,
        "upload_headers": [],
        "files": [file(run.files[name], info) for name in input["files"]],
    }


@resolves("Mutation", "markRunFilesUploaded")
def _mark_run_files_uploaded(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    context_of(info).state.run(input["entity_name"], input["project_name"], input["run_name"])
    return {"success": True}


@resolves("Mutation", "createArtifact")
def _create_artifact(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    return {"artifact": artifacts.create(context_of(info).state, input)}


@resolves("Mutation", "createArtifactManifest")
def _create_manifest(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    return {"artifact_manifest": artifacts.create_manifest(context_of(info).state, input)}


@resolves("Mutation", "updateArtifactManifest")
def _update_manifest(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    return {"artifact_manifest": artifacts.update_manifest(context_of(info).state, input)}


@resolves("Mutation", "createArtifactFiles")
def _create_files(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    places = artifacts.create_files(context_of(info).state, input)
    return {"files": page([file(upload, info, artifact=artifact) for artifact, upload in places])}


@resolves("Mutation", "commitArtifact")
def _commit_artifact(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    return {"artifact": artifacts.commit(context_of(info).state, input["artifact_id"])}


@resolves("Mutation", "updateArtifact")
def _update_artifact(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    return {"artifact": artifacts.update(context_of(info).state, input)}


@resolves("Mutation", "deleteArtifact")
def _delete_artifact(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    return {"artifact": artifacts.delete(context_of(info).state, input)}


@resolves("Mutation", "useArtifact")
def _use_artifact(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    return {"artifact": artifacts.use(context_of(info).state, input)}


@resolves("Mutation", "addAliases")
def _add_aliases(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    artifacts.change_aliases(context_of(info).state, input, add=True)
    return {"success": True}


@resolves("Mutation", "deleteAliases")
def _delete_aliases(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    artifacts.change_aliases(context_of(info).state, input, add=False)
    return {"success": True}


@resolves("Mutation", "linkArtifact")
def _link_artifact(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    membership = artifacts.link(context_of(info).state, input)
    return {"version_index": membership.version_index, "artifact_membership": membership}


@resolves("Mutation", "unlinkArtifact")
def _unlink_artifact(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    artifacts.unlink(context_of(info).state, input)
    return {"success": True}


@resolves("Mutation", "upsertSweep")
def _upsert_sweep(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    return {
        "sweep": sweeps.upsert(context_of(info).state, input),
        "config_validation_warnings": [],
    }


@resolves("Mutation", "createAgent")
def _create_agent(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    return {"agent": sweeps.create_agent(context_of(info).state, input)}


@resolves("Mutation", "agentHeartbeat")
def _agent_heartbeat(_: Any, info: GraphQLResolveInfo, input: Input) -> Any:
    state = context_of(info).state
    agent = state.agents.get(input["id"])
    if agent is None:
        raise ApiError("agent not found", status=404)
    states = json.loads(input.get("run_state") or "{}")
    commands = sweeps.heartbeat(state, agent, [name for name, runs_on in states.items() if runs_on])
    return {"agent": agent, "commands": json.dumps(commands)}
