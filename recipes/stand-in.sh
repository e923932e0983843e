#!/bin/sh
# A recipe end to end with a tiny model in place of its own, and generated problems in place of its data: it shows that
# the parts fit, and teaches nothing. From the checkout: sh recipes/stand-in.sh RECIPE.toml [DIR]
set -eu
recipe=$1
here=$(dirname "$0")
out=${2:-runs/stand-in}
tiny=$out/tiny/sft/model
pairs=$out/pairs.jsonl
run=$out/$(basename "$recipe" .toml)

[ -d "$tiny" ] || verireason sft "$here/tiny.toml" --set run.out="$out/tiny"
printf '{"prompt": "// y = a", "completion": "module top_module(input a, output y);\\n  assign y = a;\\nendmodule"}\n' >"$pairs"
set -- --set model.path="$tiny" --set run.out="$run"
while read -r setting; do set -- "$@" --set "$setting"; done <"$here/stand-in.txt"
if grep -q '^\[sft\]' "$recipe"; then
    while read -r setting; do set -- "$@" --set "$setting"; done <"$here/stand-in-sft.txt"
    set -- "$@" --set sft.path="$pairs"
    verireason sft "$recipe" "$@"
fi
verireason train "$recipe" "$@"
verireason eval "$recipe" "$@" --model "$run/model" --label after
