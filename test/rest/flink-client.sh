#!/usr/bin/env bash
# Drives a running job by Flink's own command line, and compares the recorded fields of its REST interface with what
# its classes say. Fetches them by Maven. Says so and passes if they cannot be had. Needs a build (npm run build).
# FLINK_RECORDING=FILE keeps what the client sent.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=2.2.0
cache=${MILLRACE_SERVERS:-.out/servers}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

leave_out() {
  echo "== flink-clients $version is left out: $1"
  exit 0
}

command -v mvn >/dev/null && command -v java >/dev/null || leave_out "there is no mvn or no java"
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
classes="$cache/flink-clients-$version"
if [ ! -d "$classes" ]; then
  cat >"$folder/pom.xml" <<POM
<project><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version>
<packaging>pom</packaging><dependencies><dependency><groupId>org.apache.flink</groupId>
<artifactId>flink-clients</artifactId><version>$version</version></dependency></dependencies></project>
POM
  (cd "$folder" && timeout 600 mvn -B -q dependency:copy-dependencies -DoutputDirectory=lib) \
    >"$folder/log" 2>&1 || leave_out "$(tail -n 3 "$folder/log")"
  mv "$folder/lib" "$classes"
fi

echo "== flink-clients $version"
java -cp "$classes/*" test/rest/FlinkSchema.java "$classes/flink-runtime-$version.jar" \
  >"$folder/schema.json" 2>"$folder/log" || { cat "$folder/log"; exit 1; }
diff test/golden/rest/flink-2.2-schema.json "$folder/schema.json"
FLINK_CLASSES="$classes" node dist/test/run.js dist/test/rest/against-client.js
