# shellcheck shell=bash
# What the commands of this folder share: where things are kept, and Python environments made once.

LOCALSTACK=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$LOCALSTACK")
CACHE=${CARRY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/carryforward}
STATE=$ROOT/target/localstack
export PYTHONPATH=$LOCALSTACK PYTHONDONTWRITEBYTECODE=1

die() { printf '%s\n' "$*" >&2; exit 1; }

# Prints the folder of a Python environment with exactly the packages of a requirements file, made when missing.
# Exits with 3 where it cannot be made.
# usage: python_env NAME REQUIREMENTS [PYTHON]
python_env() {
    local name=$1 requirements=$2 python=${3:-python3} folder
    folder=$CACHE/python/$name-$({ "$python" --version && cat "$requirements"; } | sha256sum | cut -c1-12)
    if [ ! -e "$folder/.ready" ]; then
        mkdir -p "$CACHE/python"
        (
            flock 9
            [ -e "$folder/.ready" ] && exit
            printf 'installing %s (once)\n' "${requirements#"$ROOT"/}" >&2
            rm -rf "$folder"
            "$python" -m venv "$folder" >&2 && "$folder/bin/python" -m pip install --quiet \
                --disable-pip-version-check --requirement "$requirements" >&2 && touch "$folder/.ready"
        ) 9>"$CACHE/python/$name.lock" || {
            printf 'the packages of %s cannot be installed here (Debian: python3-venv)\n' "$requirements" >&2
            exit 3
        }
    fi
    printf '%s' "$folder"
}

stack_python() {
    local folder
    folder=$(python_env stack "$LOCALSTACK/requirements.txt") || exit
    printf '%s/bin/python' "$folder"
}

is_up() { # whether what was started last is still there
    [ -s "$STATE/env" ] || return 1
    if [ -e "$STATE/container" ]; then
        [ "$(docker inspect --format '{{.State.Running}}' "$(cat "$STATE/container")" 2>/dev/null)" = true ]
    else
        kill -0 "$(cat "$STATE/ministack.pid")" 2>/dev/null
    fi
}

free_port() { # prints the wanted port, or any other when that is taken
    python3 - "$1" <<'PY'
import socket, sys
for port in (int(sys.argv[1]), 0):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(probe.getsockname()[1])
        break
PY
}

newer_python() { # prints a Python of 3.13 or newer, which LocalStack needs; nothing where there is none
    local python
    for python in python3 python3.14 python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[3-9]*/bin/python3; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null && {
            command -v "$python"
            return
        }
    done
    return 0
}

stack_name() { # the name of what is deployed here
    python3 - "$ROOT/infra/samconfig.toml" <<'PY'
import sys, tomllib
print(tomllib.load(open(sys.argv[1], "rb"))["local"]["deploy"]["parameters"]["stack_name"])
PY
}

built_carry() { # prints the path of a `carry` that can work in the cloud: CARRY, or one built like the functions
    [ -z "${CARRY-}" ] || { printf '%s' "$CARRY"; return; }
    (cd "$ROOT" && cargo build --quiet --profile function --package carry-cli --features cloud) >&2
    printf '%s/function/carry' "${CARGO_TARGET_DIR:-$ROOT/target}"
}

# Makes an empty database beside the one that the address names.
# usage: create_database postgres://... NAME
create_database() {
    psql --quiet --no-psqlrc "$1" --command "create database $2"
}
