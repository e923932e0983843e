#!/bin/sh
# A Docker engine for the docker box, where none answers: installs it if need be (Debian, Ubuntu), starts dockerd without a
# network and waits until it answers. For CI and for machines without systemd; does nothing where an engine runs already.
#   containers/start-engine.sh          start; the pid and the log are in $ENGINE_DIR
#   containers/start-engine.sh stop     end the engine that this script started, and no other
set -eu
dir="${ENGINE_DIR:-/var/run/verireason-engine}"
pid_file="$dir/dockerd.pid"
say() { echo "start-engine: $*" >&2; }
answers() { docker version --format '{{.Server.Version}}' 2>/dev/null; }

# No bridge and no rules for packets: containers of the farm have no network.
# cgroupfs: there may be no systemd to ask for cgroups.
# No live restore: containers end with the engine.
start() {
    setsid dockerd --bridge=none --iptables=false --ip6tables=false --exec-opt native.cgroupdriver=cgroupfs \
        --pidfile "$dir/engine.pid" "$@" </dev/null >"$dir/dockerd.log" 2>&1 &
    echo $! >"$pid_file"
    for _ in $(seq 150); do
        answers >/dev/null && return 0
        kill -0 "$(cat "$pid_file")" 2>/dev/null || return 1
        sleep 0.2
    done
    return 1
}

if [ "${1:-}" = stop ]; then
    [ -f "$pid_file" ] || { say "no engine of ours runs"; exit 0; }
    pid="$(cat "$pid_file")"
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
        kill "$pid"
        for _ in $(seq 150); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.2
        done
        say "ended dockerd, pid $pid"
    fi
    rm -f "$pid_file"
    exit 0
fi

if version="$(answers)"; then
    say "an engine answers already, version $version"
    exit 0
fi
[ "$(id -u)" = 0 ] || { say "starting an engine needs root; run it with sudo"; exit 3; }
if ! command -v dockerd >/dev/null 2>&1 || ! command -v docker >/dev/null 2>&1; then
    command -v apt-get >/dev/null 2>&1 || { say "no dockerd and no apt-get; install Docker by hand"; exit 3; }
    say "installing docker.io"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io runc iptables >/dev/null
fi
mkdir -p "$dir"
start || {
    say "dockerd did not start; the end of $dir/dockerd.log:"
    tail -n 20 "$dir/dockerd.log" >&2
    exit 1
}
say "started dockerd $(answers), pid $(cat "$pid_file"), log $dir/dockerd.log"
