"""What may be removed: what is old, has no alias, and nothing that is kept was made from."""

from __future__ import annotations

from collections.abc import Sequence

from relay.commands.gc.selection import choose_removable
from relay.tracking import ArtifactVersion
from relay.tracking.interface import Holding

OLD, NOW = "2026-01-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"
BEFORE = "2026-02-01T00:00:00+00:00"


def held(
    name: str,
    *aliases: str,
    inputs: Sequence[str] = (),
    created: str = OLD,
    type: str = "t",
    component: str | None = "step",
    is_named_elsewhere: bool = False,
) -> Holding:
    artifact, _, version = name.partition(":")
    metadata = {
        "component": component,
        "inputs": {str(n): {"artifact": one, "digest": "d"} for n, one in enumerate(inputs)},
    }
    stored = ArtifactVersion(artifact, version, type, "d", aliases, metadata, "", created)
    return Holding(stored, 1, is_named_elsewhere)


def removable(*holdings: Holding) -> list[str]:
    newest = [held(f"{name}:v99", created=NOW) for name in {one.version.name for one in holdings}]
    chosen = choose_removable([*holdings, *newest], BEFORE)
    return [str(holding.version) for holding in chosen]


def test_an_old_version_that_nothing_needs_may_go() -> None:
    assert removable(held("a:v0"), held("a:v1", "cache-1f")) == ["a:v0", "a:v1"]


def test_what_is_new_or_of_unknown_age_stays() -> None:
    assert removable(held("a:v0", created=NOW), held("a:v1", created="")) == []


def test_latest_and_own_aliases_protect_and_those_of_the_cache_do_not() -> None:
    holdings = [held("a:v0", "latest"), held("a:v1", "mine", "cache-1f"), held("a:v2", "cache-1f")]
    # v2 stays too: it has the alias of the cache in common with v1, so one step made both.
    assert removable(*holdings, held("a:v3", "cache-2e")) == ["a:v3"]


def test_all_that_a_champion_was_made_from_stays_at_any_distance() -> None:
    assert removable(
        held("raw:v0"),
        held("clean:v0", inputs=["raw:v0"]),
        held("train:v0", "cache-1f", inputs=["clean:v0"]),
        held("test:v0", "cache-1f", inputs=["clean:v0"]),
        held("model:v0", "champion", inputs=["train:v0"]),
        held("raw:v1"),
    ) == ["raw:v1"]


def test_the_cached_record_of_a_champion_stays_but_not_its_challengers_or_predictions() -> None:
    assert removable(
        held("model:v0", "champion"),
        held("scores:v0", "cache-1f", inputs=["model:v0"]),
        held("card:v0", "cache-2e", inputs=["model:v0", "scores:v0"]),
        held("model:v1"),
        held("card:v1", "cache-3d", inputs=["model:v1", "model:v0"]),
        held("predictions:v0", inputs=["model:v0"]),
    ) == ["model:v1", "card:v1", "predictions:v0"]


def test_the_record_of_what_is_only_latest_may_go() -> None:
    assert removable(
        held("model:v0", "latest"), held("scores:v0", "cache-1f", inputs=["model:v0"])
    ) == ["scores:v0"]


def test_the_newest_version_stays_as_the_next_number_follows_from_it() -> None:
    assert choose_removable([held("a:v9"), held("a:v10")], BEFORE) == [held("a:v9")]


def test_what_others_name_or_made_and_the_code_of_components_stay() -> None:
    assert (
        removable(
            held("a:v0", is_named_elsewhere=True),
            held("b:v0", component=None),
            held("source-step:v0", type="source"),
        )
        == []
    )


def test_an_input_in_another_project_or_lost_does_not_matter() -> None:
    assert removable(
        held("model:v0", "champion", inputs=["other/raw:v0", "lost:v3"]),
        held("scores:v0", "cache-1f", inputs=["model:v0", "other/test:v0"]),
        held("a:v0"),
    ) == ["a:v0"]


def test_a_circle_in_damaged_metadata_ends() -> None:
    assert removable(held("a:v0", "mine", inputs=["b:v0"]), held("b:v0", inputs=["a:v0"])) == []
