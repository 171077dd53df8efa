"""One image for each lock, built once, with what the machine trusts and none of its secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relay.runtime.build_process import Builds
from relay.runtime.component import Component
from relay.runtime.containers.container_cli import ContainerCli
from relay.runtime.containers.images import (
    ImageBuilder,
    build_settings,
    find_certificates,
    image_tag,
)
from relay.step.params import Params
from relay.util.errors import RelayError
from relay.util.project import Project
from relay.util.signals import StopSignals
from tests.unit.runtime.containers.stand_in import StandIn


class NoDisplay:
    def build_starts(self, *event: Any) -> None: ...

    def building(self, *event: Any) -> None: ...

    def built(self, *event: Any) -> None: ...


@pytest.fixture
def builder(tmp_path: Path, docker: StandIn) -> ImageBuilder:
    for name in ("environments/Dockerfile", "requirements/uv.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    builds = Builds(tmp_path / "environments.log", NoDisplay(), StopSignals(at_once=False))
    return ImageBuilder(Project(tmp_path), ContainerCli("docker"), "base:1", builds)


def component(folder: Path, name: str, lock: str) -> Component:
    place = folder / "components" / name
    place.mkdir(parents=True)
    (place / "requirements.txt").write_text(lock)
    (place / "conda.yml").write_text("dependencies:\n  - python=3.11\n  - pip=25\n")
    return Component(name, place, "python run.py", Params)


def test_components_with_one_lock_share_an_image_that_is_built_once(
    builder: ImageBuilder, docker: StandIn, tmp_path: Path
) -> None:
    one, same = component(tmp_path, "one", "numpy==2\n"), component(tmp_path, "same", "numpy==2\n")
    other = component(tmp_path, "other", "numpy==2\nmlflow==3\n")
    assert builder.find_missing([one, same, other]) == [one, same, other]
    builder.build([one, same, other])
    builds = [call for call in docker.calls if call.startswith("build ")]
    assert len(builds) == 2
    image = builder.get(one).image
    assert image == builder.get(same).image != builder.get(other).image
    assert f"--tag {image} " in builds[0]
    assert "--build-arg BASE=base:1 --build-arg PYTHON=3.11 " in builds[0]
    docker.has_tags(image.partition(":")[2])
    assert builder.find_missing([one, same, other]) == [other]


def test_an_image_has_the_packages_of_its_lock(builder: ImageBuilder, tmp_path: Path) -> None:
    environment = builder.get(component(tmp_path, "one", "numpy==2 \\\n  --hash=x\nmlflow==3\n"))
    assert environment.has_package("mlflow")
    assert not environment.has_package("num")


def test_the_tag_is_of_all_that_decides_the_image() -> None:
    tag = image_tag("base", [b"a", b"b"])
    assert tag == image_tag("base", [b"a", b"b"])
    assert len({tag, image_tag("other", [b"a", b"b"]), image_tag("base", [b"ab", b""])}) == 3


def test_a_build_that_fails_is_one_line_with_its_reason_and_its_log(
    builder: ImageBuilder, docker: StandIn, tmp_path: Path
) -> None:
    docker.fails("build", "#4 resolve base:1\n#4 0.1 ERROR: base:1: not found.\n------")
    with pytest.raises(RelayError) as error:
        builder.build([component(tmp_path, "one", "numpy==2\n")])
    assert str(error.value) == (
        "components/one: docker could not build its image on container.base=base:1: ERROR: base:1: "
        f"not found. The whole log is {builder.builds.log}. Or run without containers: "
        "env_manager=uv."
    )


def test_a_build_uses_proxies_mirrors_and_certificates_of_the_machine() -> None:
    environ = {
        "HTTPS_PROXY": "http://user:it's@proxy:3128",
        "UV_DEFAULT_INDEX": "https://mirror/simple",
        "WANDB_API_KEY": "secret",
    }
    assert build_settings(environ, has_certificates=True).splitlines() == [
        "export HTTPS_PROXY='http://user:it'\"'\"'s@proxy:3128'",
        "export UV_DEFAULT_INDEX=https://mirror/simple",
        "export SSL_CERT_FILE=/run/secrets/certificates",
        "export PIP_CERT=/run/secrets/certificates",
    ]


def test_a_build_gets_secrets_as_files_that_are_gone_afterwards(
    builder: ImageBuilder, docker: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:topsecret@mirror/simple")
    builder.build([component(tmp_path, "one", "numpy==2\n")])
    (call,) = [call for call in docker.calls if call.startswith("build ")]
    assert "topsecret" not in call
    secret = Path(call.partition("--secret id=settings,src=")[2].split()[0])
    assert not secret.exists()


def test_the_certificates_are_those_that_a_variable_names(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.crt"
    bundle.touch()
    assert find_certificates({"REQUESTS_CA_BUNDLE": str(bundle)}) == bundle
