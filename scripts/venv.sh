#!/usr/bin/env bash
# Installs a Python tool into a virtual environment of the checkout: venv.sh FOLDER PACKAGE==VERSION
set -euo pipefail
command -v python3 >/dev/null || { echo "Python 3 is missing: install it (on Debian and Ubuntu: sudo apt install python3 python3-venv)" >&2; exit 1; }
[ -x "$1/bin/pip" ] || python3 -m venv "$1" || { echo "Python's venv is missing: sudo apt install python3-venv" >&2; exit 1; }
"$1/bin/pip" install --quiet --disable-pip-version-check "$2"
