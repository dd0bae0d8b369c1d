# shellcheck shell=bash
# What the commands of this folder share: where things are kept, and Python environments made once.

LOCALSTACK=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$LOCALSTACK")
CACHE=${CARRY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/carryforward}
export PYTHONPATH=$LOCALSTACK PYTHONDONTWRITEBYTECODE=1

say() { printf '\n== %s\n' "$*" >&2; }
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
