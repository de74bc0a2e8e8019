#!/usr/bin/env bash
# Opens the dashboard in a headless Chromium and uses it, on a recorded cluster and on a job that runs. Needs a
# build (npm run build). The browser is Debian's, installed where it is missing; CHROMIUM names another. Says so and
# passes if it cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."

browser=${CHROMIUM:-$(command -v chromium || true)}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

leave_out() {
  echo "== the dashboard in Chromium is left out: $1"
  exit 0
}

if [ -z "$browser" ]; then
  command -v apt-get >/dev/null || leave_out "there is no chromium, and no apt-get"
  export DEBIAN_FRONTEND=noninteractive
  { timeout 300 apt-get update && timeout 900 apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } \
    >"$log" 2>&1 || leave_out "$(tail -n 3 "$log")"
  browser=$(command -v chromium || true)
  [ -n "$browser" ] || leave_out "the package chromium holds no program of that name"
fi

"$browser" --version
CHROMIUM=$browser node dist/test/run.js dist/test/dashboard/in-chromium.js dist/test/dashboard/real-job.js
