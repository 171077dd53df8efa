#!/usr/bin/env bash
# A Docker engine and a base image for tests/e2e/test_containers.py, on Debian as root, where no image
# can be pulled: docker_here.sh FOLDER. Prints what to export. `kill $(< FOLDER/pid)` ends it.
# Needs: apt-get install -y --no-install-recommends docker.io debootstrap
set -euo pipefail

dir=${1:?folder}
mkdir -p "$dir"
host=unix://$dir/docker.sock
if ! /usr/bin/docker -H "$host" info > /dev/null 2>&1; then
    setsid /usr/sbin/dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" \
        -H "$host" < /dev/null > "$dir/log" 2>&1 &
    for _ in $(seq 100); do
        /usr/bin/docker -H "$host" info > /dev/null 2>&1 && break
        sleep 0.1
    done
fi
if ! /usr/bin/docker -H "$host" image inspect relay-test-base > /dev/null; then
    rm -rf "$dir/base"
    debootstrap --variant=minbase --include=python3,python3-venv,git,libgomp1,ca-certificates \
        bookworm "$dir/base" > "$dir/debootstrap.log"
    tar -C "$dir/base" -c . | /usr/bin/docker -H "$host" import - relay-test-base > /dev/null
    rm -rf "$dir/base"
fi
# Where containers cannot run at all, this fails.
/usr/bin/docker -H "$host" run --rm --init --network none --read-only --cap-drop ALL --memory 64m relay-test-base true
mkdir -p "$dir/bin"
ln -sf /usr/bin/docker "$dir/bin/docker" # of the engine, whatever other client is installed
echo "export DOCKER_HOST=$host RELAY_TEST_BASE=relay-test-base PATH=$dir/bin:\$PATH"
