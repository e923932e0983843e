#!/bin/sh
# Packs what `make gpu-check` needs into one folder, for a machine that has Python, torch and transformers and no network:
# this checkout's last commit, wheels, the simulation image and bubblewrap. run.sh in it does the rest.
#   benchmarks/gpu_check_pack.sh FOLDER [VERSION OF PYTHON THERE, 3.12]
set -eu
cd "$(dirname "$0")/.."
out="$1"
python_version="${2:-3.12}"
python=.venv/bin/python
there="torch transformers triton nvidia-.* cuda-.*" # that machine's own; the wheels of torch alone are gigabytes

mkdir -p "$out/wheels" "$out/bin"
git archive --prefix=verireason/ HEAD | gzip >"$out/verireason.tar.gz"
grep -v '^#' constraints.txt | grep -viE "^($(echo "$there" | tr ' ' '|'))==" >"$out/wheels.txt"
echo 'setuptools>=77' >>"$out/wheels.txt"
$python -m pip download -q --no-deps --only-binary=:all: --python-version "$python_version" -d "$out/wheels" -r "$out/wheels.txt"
image="$($python -c 'from sim.image import installed_image; print(installed_image().root.parent)')"
tar -C "$(dirname "$image")" -czf "$out/image.tar.gz" "$(basename "$image")"
cp "$(command -v bwrap)" "$out/bin/"

cat >"$out/run.sh" <<'RUN'
#!/bin/sh
# Unpacks beside itself and runs the check; writes nothing elsewhere.
set -eu
cd "$(dirname "$0")"
[ -d verireason ] || tar xzf verireason.tar.gz
[ -d venv ] || python3 -m venv --system-site-packages venv
venv/bin/python -m pip install -q --no-index --find-links wheels './verireason[train]'
export XDG_CACHE_HOME="$PWD/cache" HF_HUB_OFFLINE=1 PATH="$PATH:$PWD/bin"
mkdir -p cache/verireason/images
[ -n "$(ls cache/verireason/images)" ] || tar xzf image.tar.gz -C cache/verireason/images
cd verireason && exec ../venv/bin/python benchmarks/gpu_check.py "$@"
RUN
chmod +x "$out/run.sh"
du -sh "$out"
