"""`get_data` with data.refresh=never: what was fetched before is taken, whatever became of it."""

from __future__ import annotations

from pathlib import Path

from tests.components.conftest import Store


def test_a_file_that_is_gone_is_taken_from_the_store(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_bytes(b"a,b\n1,2\n")
    given = {"url": source, "raw_artifact": "demo_raw"}
    assert store.run("get_data", **given).status == 0
    source.unlink()
    done = store.run("get_data", **given, refresh="never")
    assert done.status == 0, done.output
    assert "demo_raw:v0 is used, which was fetched before" in done.output
    assert done.result is not None
    assert done.result.outputs == {"raw": "demo_raw:v0"}
    assert (store.files("demo_raw:v0") / "t.csv").read_bytes() == b"a,b\n1,2\n"
    version = store.backend.find("demo_raw:v0")
    assert version is not None
    assert (version.metadata["bytes"], version.metadata["inputs"]) == (8, {})


def test_another_source_and_another_digest_are_fetched(store: Store, tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(f"a\n{name}\n")
    never = {"raw_artifact": "demo_raw", "refresh": "never"}
    assert store.run("get_data", url=tmp_path / "one.csv", **never).status == 0
    done = store.run("get_data", url=tmp_path / "two.csv", **never)
    assert done.result is not None
    assert done.result.outputs == {"raw": "demo_raw:v1"}
    (tmp_path / "two.csv").unlink()
    done = store.run("get_data", url=tmp_path / "two.csv", sha256="0" * 64, **never)
    assert done.status == 1
    assert "no file" in done.output
