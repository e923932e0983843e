#!/bin/sh
# Installs what a Debian or Ubuntu host needs to build and run the simulation image, and nothing that is there already.
set -eu
missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need bwrap bubblewrap
need mmdebstrap mmdebstrap
need newuidmap uidmap
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "host-setup: this host has no apt-get; install these by hand:$missing" >&2
    exit 3
fi
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"
echo "host-setup: installing$missing" >&2
$sudo apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
