"""The images of a run's environments, and builds of those that are missing."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relay.runtime.build_cost import announce_build
from relay.runtime.build_process import Builds
from relay.runtime.component import Component
from relay.runtime.containers.container_cli import ELSE, REPOSITORY, ContainerCli
from relay.runtime.environments import LOCK, Environment
from relay.util.errors import ConfigError
from relay.util.paths import shown
from relay.util.project import Project

DOCKERFILE = Path("environments", "Dockerfile")
UV_LOCK = Path("requirements", "uv.txt")
_TAG_LENGTH = 20
_PYTHON = re.compile(r"^\s*- python=(?P<version>3\.\d+)\s*$", re.MULTILINE)
_BUILD_VARIABLES = re.compile(
    r"(?i)(https?|no|all)_proxy|PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|DEFAULT_TIMEOUT)"
    r"|UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INSECURE_HOST|HTTP_TIMEOUT|INDEX_\w+)"
)
"""Variables of this machine that a build uses: proxies and mirrors, with their passwords."""
_CERTIFICATE_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_CERTIFICATE_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_FAILED = re.compile(r"error|failed|not found|unable|cannot|could not|no space|denied", re.I)


@dataclass(frozen=True)
class ImageEnvironment(Environment):
    """An environment in an image."""

    image: str = ""
    lock: Path = Path()

    @property
    def place(self) -> str:
        return self.image

    def has_package(self, name: str) -> bool:
        text = self.lock.read_text(encoding="utf-8")
        return re.search(rf"^{re.escape(name)}==", text, re.MULTILINE) is not None


@dataclass
class ImageBuilder:
    """Images, one for each lock; `base` is the image that they are built on."""

    project: Project
    cli: ContainerCli
    base: str
    builds: Builds
    _tags: set[str] = field(default_factory=set)

    def find_missing(self, components: Sequence[Component]) -> list[Component]:
        """Return the components whose image is not there.

        Raises RelayError if the engine is not installed or does not answer.
        """
        self.cli.require_installed()
        self._tags = self.cli.list_tags()
        return [component for component in components if self._tag(component) not in self._tags]

    def build(self, components: Sequence[Component]) -> None:
        """Build the missing images of `components`.

        Raises RelayError if a build fails, Interrupted if a signal stops it.
        """
        for component in components:
            tag = self._tag(component)
            if tag not in self._tags:
                self._build(component, [one.name for one in components if self._tag(one) == tag])
                self._tags.add(tag)

    def get(self, component: Component) -> ImageEnvironment:
        """Return the environment of a component, whose image was there or has been built."""
        lock = component.environment_folder / LOCK
        return ImageEnvironment(None, (), f"{REPOSITORY}:{self._tag(component)}", lock)

    def _tag(self, component: Component) -> str:
        return component_tag(self.project, self.base, component)

    def _build(self, component: Component, names: Sequence[str]) -> None:
        """Build the image of `component`, which the components `names` share."""
        self.builds.display.build_starts(announce_build(names, component.environment_folder))
        with tempfile.TemporaryDirectory(prefix="relay-image-") as name:
            folder, secrets = Path(name, "context"), Path(name, "secrets")
            folder.mkdir()
            secrets.mkdir(mode=0o700)
            for path in _image_files(self.project, component):
                shutil.copyfile(path, folder / path.name)
            certificates = secrets / "certificates"
            bundle = find_certificates(os.environ)
            certificates.write_bytes(bundle.read_bytes() if bundle is not None else b"")
            settings = secrets / "settings"
            settings.write_text(build_settings(os.environ, bundle is not None), encoding="utf-8")
            command = self.cli.build_command(
                folder,
                f"{REPOSITORY}:{self._tag(component)}",
                {"BASE": self.base, "PYTHON": python_version(component.environment_folder)},
                {"settings": settings, "certificates": certificates},
            )
            self.builds.run(
                command,
                folder,
                {**os.environ, "DOCKER_BUILDKIT": "1"},
                names,
                lambda lines: self._explain_failure(component, lines),
            )

    def _explain_failure(self, component: Component, lines: Sequence[str]) -> str:
        telling = [line for line in lines if _FAILED.search(line) and " > [" not in line]
        reason = (telling or list(lines) or ["no output"])[-1]
        reason = re.sub(r"^#\d+ ([\d.]+ )?", "", reason).strip().rstrip(".")
        return (
            f"components/{component.name}: {self.cli.command} could not build its image on "
            f"container.base={self.base}: {reason}. The whole log is "
            f"{shown(self.builds.log)}. {ELSE}"
        )


def component_tag(project: Project, base: str, component: Component) -> str:
    """Return the tag of the image of a component, built on the image `base`."""
    return image_tag(base, [path.read_bytes() for path in _image_files(project, component)])


def _image_files(project: Project, component: Component) -> list[Path]:
    return [component.environment_folder / LOCK, project.root / DOCKERFILE, project.root / UV_LOCK]


def image_tag(base: str, contents: Sequence[bytes]) -> str:
    """Return the tag of an image made on `base` from files with these contents."""
    digest = hashlib.sha256(base.encode())
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:_TAG_LENGTH]


def python_version(folder: Path) -> str:
    """Return the version of Python in the conda.yml in `folder`, such as 3.11.

    Raises ConfigError if it has none.
    """
    version = _PYTHON.search((folder / "conda.yml").read_text(encoding="utf-8"))
    if version is None:
        raise ConfigError(f"{shown(folder / 'conda.yml')}: no `- python=3.11`. Add it.")
    return version["version"]


def find_certificates(environ: Mapping[str, str]) -> Path | None:
    """Return the file with the certificates that this machine trusts, or None."""
    named = [environ.get(name, "") for name in _CERTIFICATE_VARIABLES]
    return next(
        (Path(path) for path in (*named, *_CERTIFICATE_FILES) if Path(path).is_file()), None
    )


def build_settings(environ: Mapping[str, str], has_certificates: bool) -> str:
    """Return a shell script that sets what a build needs of this machine's variables."""
    values = {name: text for name, text in environ.items() if _BUILD_VARIABLES.fullmatch(name)}
    if has_certificates:
        values |= dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT"), "/run/secrets/certificates")
    return "".join(f"export {name}={shlex.quote(text)}\n" for name, text in values.items())
