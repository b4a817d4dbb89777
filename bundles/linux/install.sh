#!/bin/sh
# Installs camscan without a package index: into an environment of its own below ~/.local, or below the folder named.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${1:-$HOME/.local/share/camscan/venv}
python=${PYTHON:-python3}
wanted=$(ls "$here/wheels" | sed -n 's/.*-cp3\([0-9]*\)-cp3.*/3.\1/p' | head -n 1)
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || found=missing
if [ "$found" != "$wanted" ]; then
    echo "camscan: this archive is for Python $wanted, and $python is $found; name the right one: PYTHON=python$wanted" >&2
    exit 1
fi
"$python" -m venv --clear "$target" || {
    echo "camscan: could not make $target. On Debian or Ubuntu: sudo apt install python3-venv" >&2
    exit 1
}
# The libraries are held to their hashes; camscan itself is the wheel beside them.
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "$here/wheels" \
    --no-deps --require-hashes -r "$here/requirements.txt"
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps "$here"/wheels/camscan-*.whl
echo "camscan: $("$target/bin/camscan" --version) is installed; the command is $target/bin/camscan"
