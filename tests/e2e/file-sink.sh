#!/bin/bash
# The sink `file`: names, rolling, buckets, compression, full disks.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99

# pipeline CONFIG [FORMAT]: rows 0 .. 9999 to files below parts.
pipeline() {
    cat <<EOF
version: 1
sources:
  rows:
    type: generator
    config:
      rows: 10000
      fields:
        n: {type: int64, sequence: {start: 0, step: 1}}
        name: {type: string, choice: ["plain", "", "..", "a/b", ".hidden", "50%", "ä"]}
sinks:
  out: {type: file, inputs: [rows], config: {path: parts, $1}, format: {type: ${2-json}}}
EOF
}

# names FOLDER: what is in it, hidden files too, in the order of their numbers.
names() {
    find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort -V | xargs
}

# joined FOLDER COMMAND...: its files, in that order, through a command.
joined() {
    local folder=$1
    shift
    find "$folder" -type f -print0 | LC_ALL=C sort -zV | xargs -0 "$@"
}

# numbers: the field n of the lines on standard input.
numbers() {
    sed -E 's/.*"n":([0-9]+).*/\1/'
}

# linked LIBRARY: whether the sink was built with it.
linked() {
    readelf -d "$STREAMD_PLUGIN_PATH/sink-file.so" | grep -q "NEEDED.*$1"
}

write() {
    pipeline "$@" >p.yaml
    run "$STREAMCTL" run --quiet p.yaml
}

write ''
is "one part" "$status:$(names parts)" "0:part-0-0.json"
is "with all rows" "$(numbers <parts/part-0-0.json | sort -n | uniq | wc -l)" 10000
write ''
is "a second run adds another" "$(names parts)" "part-0-0.json part-0-1.json"
same "of the same content" parts/part-0-1.json parts/part-0-0.json
cp parts/part-0-0.json want

rm -rf parts
write 'roll: {size: 100KiB}'
count=$(names parts | wc -w)
is "rolled by size" "$(names parts)" "$(seq -f 'part-0-%g.json' 0 $((count - 1)) | xargs)"
is "more than one part" "$((count > 1))" 1
joined parts cat >got
same "the rows in order" got want

if linked libz; then
    rm -rf parts
    write 'compression: gzip'
    gzip -dc parts/part-0-0.json.gz >got
    same "gzip" got want
else
    write 'compression: gzip'
    like "gzip is not in this build" err "SD2144"
fi
if linked libzstd; then
    rm -rf parts
    write 'compression: zstd, roll: {size: 20KiB}'
    is "zstd, rolled by what is on disk" "$(($(names parts | grep -o '\.zst\b' | wc -l) > 1))" 1
    joined parts zstd -qdc >got
    same "zstd" got want
else
    write 'compression: zstd'
    like "zstd is not in this build" err "SD2144"
fi
write 'compression: lz4'
is "another compression is refused" "$status" 78

rm -rf parts
write 'bucket: name'
is "a folder per bucket" "$(names parts)" "50%25 a%2Fb plain %2Ehidden %2E. _ ä"
for value in plain 'a/b' ..; do
    folder=$(printf %s "$value" | sed 's|%|%25|g; s|/|%2F|g; s|^\.|%2E|')
    is "rows of '$value'" "$(cat "parts/$folder"/part-*)" "$(grep -F "\"name\":\"$value\"" want)"
done
is "no row is lost" "$(cat parts/*/part-* | wc -l)" 10000
rm -rf parts
write 'bucket: (n / 10)::text, roll: {size: 1KiB}'
is "more buckets than can be open" "$status:$(names parts | wc -w)" "0:1000"
is "each with its rows" "$(numbers <parts/77/part-0-0.json | xargs)" "$(seq 770 779 | xargs)"
write 'bucket: n'
is "a bucket that is no text is refused" "$status" 78
like "with the reason" err "SD2143"

mkdir -p left
touch left/.part-0-3.json left/.part-1-9.json
sed 's/path: parts/path: left/' p.yaml | sed 's/bucket: n//' >q.yaml
run "$STREAMCTL" run q.yaml
is "numbers go on behind unfinished parts" "$(names left)" ".part-0-3.json .part-1-9.json part-0-4.json"
like "which are named" err "1 unfinished parts of an earlier run, such as .part-0-3.json"

: >taken
sed 's/path: parts/path: taken/' p.yaml | sed 's/bucket: n//' >q.yaml
run "$STREAMCTL" run --quiet q.yaml
is "a file where the folder should be" "$status" 1
like "is named" err "SD5220.*cannot use as a folder 'taken': Not a directory"

rm -rf parts
pipeline '' >p.yaml
sed 's/rows: 10000$/rows: 1000000/' p.yaml >q.yaml
(ulimit -f 100 && exec "$STREAMCTL" run --quiet q.yaml) >"$TMP/out.log" 2>err
is "a file that may not grow" "$?" 1
like "is named, with the byte" err "SD5220.*cannot write at byte 102400 of '.*/parts/.part-0-0.json': File too large"
is "and nothing is left" "$(names parts)" ""

# small_disk: the same on a full disk, in a mount namespace of its own.
small_disk() {
    mkdir -p disk
    unshare --mount --map-root-user bash -c "
        mount -t tmpfs -o size=200k tmpfs disk || exit 77
        sed 's|path: parts|path: disk|' q.yaml >d.yaml
        '$STREAMCTL' run --quiet d.yaml 2>err
        echo \$? >status
        ls -A disk >listing"
}
if small_disk 2>/dev/null; then
    is "a full disk" "$(cat status)" 1
    like "is named" err "SD5220.*cannot write at byte [0-9]+ of '.*/disk/.part-0-0.json': No space left on device"
    is "and nothing is left on it" "$(cat listing)" ""
else
    skip "a full disk" "no mount namespaces here"
fi

# Ctrl-C: what has arrived becomes final.
rm -rf parts
cat >p.yaml <<'EOF'
version: 1
sources:
  rows: {type: generator, config: {rate: 1000, fields: {n: {type: int64, sequence: {start: 0, step: 1}}}}}
sinks:
  out: {type: file, inputs: [rows], config: {path: parts, roll: {every: 200ms}}, format: {type: json}}
EOF
"$STREAMCTL" run --quiet p.yaml 2>err &
pid=$!
for _ in $(seq 100); do [ ! -e parts/.part-0-2.json ] || break; sleep 0.1; done
unlike "while it runs, no part is final" <(names parts | tr ' ' '\n') "^part-"
kill -INT $pid
wait $pid
is "an interrupted pipeline" "$?" 0
unlike "has no unfinished part" <(names parts | tr ' ' '\n') "^\.part-"
joined parts cat | numbers >got
seq 0 $(($(wc -l <got) - 1)) >want
same "and all rows up to there" got want

# Nothing of one sink becomes visible where another one fails.
cat >p.yaml <<'EOF'
version: 1
sources:
  rows: {type: generator, config: {rows: 10, fields: {n: {type: int64, sequence: {start: 0, step: 1}}}}}
operators:
  bad: {type: select, inputs: [rows], config: {fields: {n: 1 / (n - 9)}}}
sinks:
  good: {type: file, inputs: [rows], config: {path: good}, format: {type: json}}
  other: {type: file, inputs: [bad], config: {path: other}, format: {type: json}}
EOF
run "$STREAMCTL" run --quiet p.yaml
is "a pipeline that fails" "$status" 1
is "leaves no part" "$(find good other -type f)" ""

done_testing
