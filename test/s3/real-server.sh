#!/usr/bin/env bash
# Runs the tests of the S3 store, and a job that is killed and resumed, against an S3 server that is not ours:
#   test/s3/real-server.sh versitygw | s3proxy
# Fetches it by its own packages' client, starts it on loopback, ends it. Says so and passes if it cannot be had.
# Needs a build (npm run build). S3_RECORDING=FILE keeps what was exchanged.
set -euo pipefail
cd "$(dirname "$0")/../.."

name=${1:-}
cache=${MILLRACE_SERVERS:-.out/servers}
folder=$(mktemp -d)
server_pid=
finish() {
  [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null || true
  [ -z "$server_pid" ] || wait "$server_pid" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

leave_out() {
  echo "== $name $version is left out: $1"
  exit 0
}

# Must be those of s3-store.ts.
key=AKIDTESTTESTTESTTEST
secret=a-secret-of-the-tests-that-is-shown-nowhere
port=$(node -e "const s=require('net').createServer().listen(0,'127.0.0.1',()=>{console.log(s.address().port);s.close()})")
mkdir -p "$cache" "$folder/root"
cache=$(cd "$cache" && pwd)

case "$name" in
  versitygw)
    version=v1.8.0
    program="$cache/versitygw-$version"
    if [ ! -x "$program" ]; then
      command -v go >/dev/null || leave_out "there is no go"
      GOBIN="$folder/bin" timeout 900 go install "github.com/versity/versitygw/cmd/versitygw@$version" \
        >"$folder/log" 2>&1 || leave_out "$(tail -n 3 "$folder/log")"
      mv "$folder/bin/versitygw" "$program"
    fi
    ROOT_ACCESS_KEY=$key ROOT_SECRET_KEY=$secret \
      "$program" --port "127.0.0.1:$port" posix "$folder/root" >"$folder/server.log" 2>&1 &
    server_pid=$!
    ;;
  s3proxy)
    version=4.1.0
    classes="$cache/s3proxy-$version"
    if [ ! -d "$classes" ]; then
      command -v mvn >/dev/null && command -v java >/dev/null || leave_out "there is no mvn or no java"
      cat >"$folder/pom.xml" <<POM
<project><modelVersion>4.0.0</modelVersion><groupId>t</groupId><artifactId>t</artifactId><version>1</version>
<packaging>pom</packaging><dependencies><dependency><groupId>org.gaul</groupId><artifactId>s3proxy</artifactId>
<version>$version</version></dependency><!-- Its own dependencies disagree on this one. -->
<dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-annotations</artifactId>
<version>2.21</version></dependency></dependencies></project>
POM
      (cd "$folder" && timeout 600 mvn -B -q dependency:copy-dependencies -DoutputDirectory=lib) \
        >"$folder/log" 2>&1 || leave_out "$(tail -n 3 "$folder/log")"
      mv "$folder/lib" "$classes"
    fi
    cat >"$folder/s3proxy.conf" <<CONF
s3proxy.endpoint=http://127.0.0.1:$port
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity=$key
s3proxy.credential=$secret
jclouds.provider=filesystem-nio2
jclouds.identity=local
jclouds.credential=local
jclouds.filesystem.basedir=$folder/root
CONF
    java -DLOG_LEVEL=warn -cp "$classes/*" org.gaul.s3proxy.Main --properties "$folder/s3proxy.conf" >"$folder/server.log" 2>&1 &
    server_pid=$!
    ;;
  *)
    echo "usage: $0 versitygw | s3proxy" >&2
    exit 2
    ;;
esac

curl -s -o "$folder/answer" --retry 60 --retry-connrefused --retry-delay 1 --retry-max-time 60 \
  "http://127.0.0.1:$port/" || { cat "$folder/server.log"; leave_out "it does not start here"; }
echo "== $name $version on port $port"
status=0
S3_ENDPOINT="http://127.0.0.1:$port" S3_SERVER="$name $version" \
  node dist/test/run.js dist/test/s3/against-server.js || status=$?
[ "$status" -eq 0 ] || tail -n 20 "$folder/server.log"
exit "$status"
