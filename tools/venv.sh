#!/usr/bin/env bash
# Usage: PYTHON=python3.11 tools/venv.sh FOLDER LOCK
# Makes FOLDER an environment with what LOCK names, unless it is that already. An older one stays
# until the new one is ready, and comes back where that fails.
set -euo pipefail
folder=$1 lock=$2 old=$1.old

# What an environment is made of: its place, which its scripts name, and the locks. By content, as
# Git dates files by when they were checked out.
describe() {
    (cd "$folder" && pwd -P)
    cat "$lock" requirements/uv.txt
}

restore() {
    rm -rf "$folder"
    if [ -e "$old" ]; then mv "$old" "$folder"; fi
}

if [ -x "$folder/bin/python" ] && [ -f "$folder/ready" ] && cmp -s "$folder/ready" <(describe); then
    exit 0
fi
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
    echo "Error: Python 3.11 is needed, and '$PYTHON' is not it: make ... PYTHON=/path/to/python3.11" >&2
    exit 2
fi
# PYTHON may be that of the environment itself, where it is activated.
base=$("$PYTHON" -c 'import sys; print(sys._base_executable)')
echo "Installing $lock into $folder ..."
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
"$folder/bin/uv" pip install --quiet --compile-bytecode --python "$folder/bin/python" -r "$lock"
describe > "$folder/ready"
trap - EXIT
rm -rf "$old"
