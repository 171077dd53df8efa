#!/usr/bin/env bash
# Usage: [PYTHON=python3.12] tools/venv.sh FOLDER LOCK...
# Makes FOLDER an environment with what the locks name, unless it is that already. An older one
# stays until the new one is ready, and comes back where that fails.
set -euo pipefail
folder=$1 old=$1.old
shift
locks=("$@") required=()
for lock; do required+=(-r "$lock"); done
supported='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'

# What an environment is made of: its place, which its scripts name, and the locks. By content, as
# Git dates files by when they were checked out.
describe() {
    (cd "$folder" && pwd -P)
    cat "${locks[@]}" requirements/uv.txt
}

restore() {
    rm -rf "$folder"
    if [ -e "$old" ]; then mv "$old" "$folder"; fi
}

if [ -x "$folder/bin/python" ] && [ -f "$folder/ready" ] && cmp -s "$folder/ready" <(describe); then
    exit 0
fi
# A shim of pyenv is on the PATH for versions that are switched off, too: only running it shows.
candidates=(python3.11 python3.12 python3.13 python3)
if [ -n "${PYTHON:-}" ]; then candidates=("$PYTHON"); fi
for python in "${candidates[@]}" ""; do
    if [ -n "$python" ] && "$python" -c "$supported" 2> /dev/null; then break; fi
done
if [ -z "$python" ]; then
    echo "Error: PYTHON: Relay needs Python 3.11, 3.12 or 3.13 (got ${PYTHON:-none of them}). Install one, or name it: make ... PYTHON=/path/to/python3.11" >&2
    exit 2
fi
# It may be that of the environment itself, where it is activated.
base=$("$python" -c 'import sys; print(sys._base_executable)')
# What the first lock takes, as tools/measure_environments.py has measured it.
cost=$(sed -n "s,^${locks[0]}\t,: ,p" requirements/measured.txt 2> /dev/null || true)
echo "Installing ${locks[*]} into $folder$cost ..."
if [ -e "$old" ]; then
    rm -rf "$folder" # a build that was killed has left it
elif [ -e "$folder" ] || [ -L "$folder" ]; then
    mv "$folder" "$old"
fi
trap restore EXIT
trap 'exit 130' INT TERM HUP
"$base" -m venv "$folder"
# pip brings certificates of its own and leaves a company's, in the system's store, aside.
"$folder/bin/python" -m pip config list | grep cert= > /dev/null || export PIP_CERT="${CA_BUNDLE:-}"
"$folder/bin/python" -m pip install --quiet -r requirements/uv.txt
"$folder/bin/uv" pip install --quiet --compile-bytecode --python "$folder/bin/python" "${required[@]}"
describe > "$folder/ready"
trap - EXIT
rm -rf "$old"
