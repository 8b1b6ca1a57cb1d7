#!/bin/sh
# Finds a supported Python and runs set_up.py with it; PYTHON=/path/to/python selects one.
set -eu
cd "$(dirname "$0")/.."

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    if ! is_supported "$PYTHON"; then
        echo "vadgui needs CPython 3.11, 3.12 or 3.13; PYTHON=$PYTHON is none of them." >&2
        exit 1
    fi
    exec "$PYTHON" packaging/set_up.py "$@"
fi
for candidate in python3 python3.13 python3.12 python3.11 python; do
    if is_supported "$candidate"; then
        exec "$candidate" packaging/set_up.py "$@"
    fi
done
echo "vadgui needs CPython 3.11, 3.12 or 3.13, and none is on the PATH." >&2
echo "On Debian or Ubuntu: sudo apt-get install python3. Elsewhere: PYTHON=/path/to/python make ..." >&2
exit 1
