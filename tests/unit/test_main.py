"""main.py as people start it: modules of other folders, old locales, narrow encodings."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from relay import cli
from relay.util.streams import Output
from tests.loading import ROOT


def start(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_modules_in_a_folder_of_pythonpath_take_no_librarys_place(tmp_path: Path) -> None:
    for name in ("pandas", "numpy", "yaml", "rich", "hydra", "pathlib", "json", "gc", "argparse"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('of another folder')")
    done = start("--cfg", PYTHONPATH=f"{tmp_path}{os.pathsep}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "env_manager: auto" in done.stdout


def test_an_error_before_the_first_step_stands_alone(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("price,area\n" + "1,2\n" * 50)
    settings = ["data=table", f"data.url={file}", "tracking=local", "env_manager=local"]
    done = start("run", *settings, "data.target=prise", RELAY_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: data.target: {file} has no column 'prise'.")
    done = start("run", *settings, "data.target=price", "explain=true", RELAY_HOME=str(tmp_path))
    assert done.stdout.startswith("Tracking: the local store\n")


def test_a_command_that_needs_no_settings_loads_no_library_for_them(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT / "src")!r})
from relay import cli
cli.main(Path({str(ROOT)!r}), ["runs"])
assert not {{"hydra", "omegaconf", "pandas", "mlflow", "wandb", "trackio"}} & set(sys.modules)
"""
    environ = {**os.environ, "RELAY_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)


@pytest.mark.parametrize("package", ["optuna", "hydra"])
def test_a_package_that_is_not_installed_is_named_with_what_to_do(package: str) -> None:
    code = f"""
import runpy, sys
sys.modules[{package!r}] = None  # as if it were not installed
sys.argv = ["main.py", "sweep", "random_forest"]
runpy.run_path({str(ROOT / "main.py")!r}, run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert package in done.stderr
    assert "make setup" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_old_locale_reads_names_of_files_as_any_other(tmp_path: Path) -> None:
    path = tmp_path / "größe.csv"
    path.write_text("a,y\n1,2\n")
    old = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    arguments = ("--cfg", "data=table", f"data.url={path}", "data.target=y")
    done = start(*arguments, **old)
    assert done.returncode == 0, done.stderr
    assert f"url: {tmp_path}/gr??e.csv" in done.stdout


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", "+ train  x ... Preis in ?\n"),
        ("latin-1", "+ train  x ... Preis in ?\n"),
        ("utf-8", "✔ train  ✘ … Preis in €\n"),
    ],
)
def test_letters_that_an_encoding_lacks_are_replaced(encoding: str, shown: str) -> None:
    raw = io.BytesIO()
    output = Output(io.TextIOWrapper(raw, encoding=encoding))
    output.write("✔ train  ✘ … Preis in €\n")
    output.flush()
    assert raw.getvalue().decode(encoding) == shown


def test_explain_refuses_what_a_run_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    for name in list(os.environ):
        if name.startswith("WANDB_"):
            monkeypatch.delenv(name)
    path = tmp_path / "t.csv"
    path.write_text("a,price\n1,2\n3,4\n")
    given = ["data=table", f"data.url={path}", "tracking=local", "explain=true"]
    assert cli.main(ROOT, [*given, "data.target=prise"]) == 2
    assert "no column 'prise'" in capsys.readouterr().err
    assert cli.main(ROOT, [*given, "data.target=price"]) == 0
    assert not (tmp_path / "trackio").exists()
