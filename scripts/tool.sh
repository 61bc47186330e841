#!/usr/bin/env bash
# Makes sure that a cargo tool is there, built from its source if need be: tool.sh NAME
set -euo pipefail
command -v "$1" >/dev/null || { echo "installing $1, once" >&2; cargo install --quiet --locked "$1"; }
