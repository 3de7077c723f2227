#!/bin/bash
# The source `file`: which files, in which order, compressed or not, and what cannot be read.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99

# pipeline CONFIG: lines of text from files to files.
pipeline() {
    cat <<EOF
version: 1
sources:
  lines: {type: file, config: {$1}, format: {type: raw}}
sinks:
  out: {type: file, inputs: [lines], config: {path: parts}, format: {type: raw}}
EOF
}

# copy CONFIG: run it; the lines that come out are in got.
copy() {
    rm -rf parts got
    pipeline "$1" >p.yaml
    run "$STREAMCTL" run --quiet p.yaml
    cat parts/part-* >got 2>/dev/null
}

seq 1 30000 >all
split -l 10000 -d all part.
mkdir part.99
copy 'path: "part.*"'
is "several files, one after the other" "$status" 0
same "in the order of their names, folders left out" got all

printf 'one\ntwo' >piece.0
printf 'three\n' >piece.1
printf 'four' >piece.2
copy 'path: "piece.*"'
is "a file that ends inside of a line ends the line" "$(xargs <got)" "one two three four"

gzip -c part.00 >c.0.gz
zstd -q part.01 -o c.1.zst
cp part.02 c.2
copy 'path: "c.?*"'
if grep -q SD5213 err; then
    compression=
    skip "compressed files" "built without zlib or libzstd"
else
    compression=1
    same "compressed files, decompressed" got all
    cat c.0.gz <(gzip -c part.01) >m.0.gz
    cat <(zstd -qc part.02) <(zstd -qc <<<"" | head -c 0) >m.1.zst
    copy 'path: "m.*"'
    same "and made of several pieces" got all
fi

printf 'a\nb' >unended
copy 'path: unended'
is "a last line without its end" "$(cat got)" "$(printf 'a\nb')"
: >empty
copy 'path: empty'
is "an empty file" "$status:$(ls parts)" "0:"

# fails NAME CONFIG REGEX: exit status 1 and one clear message.
fails() {
    copy "$2"
    is "$1: fails" "$status" 1
    like "$1: says so" err "$3"
    is "$1: gives nothing" "$(find parts -type f)" ""
}
fails "a missing file" 'path: /nowhere/x.log' \
    "SD5210.*cannot open '/nowhere/x.log': No such file or directory"
fails "a pattern that matches nothing" 'path: "none.*"' "SD5211.*no file matches 'none\.\*'"
fails "a folder" "path: $TMP" "SD5210.*cannot read '$TMP': Is a directory"
if [ -n "$compression" ]; then
    head -c 10000 c.0.gz >cut.gz
    fails "a file that is cut off" 'path: cut.gz' \
        "SD5212.*'cut.gz' is cut off: it ends at byte 10000"
    echo nonsense >bad.zst
    fails "a file that is not what it says" 'path: bad.zst' \
        "SD5212.*'bad.zst' cannot be decompressed"
fi
mkfifo pipe
fails "a named pipe" 'path: pipe' "SD5210.*'pipe' is no regular file"
copy 'path: all, merge: 0'
is "merge: 0 is refused" "$status" 78
copy 'path: all, follow: true, merge: 2'
is "merge with follow is refused" "$status" 78
like "with the reason" err "SD2141.*\`merge\` is for files that end"

# Two files read at once: the one that is behind in event time goes first.
cat >p.yaml <<'EOF'
version: 1
sources:
  a:
    type: file
    config: {path: "m?.json", merge: 2}
    format: {type: json}
    schema: {at: timestamp, n: int64}
    event_time: {field: at}
operators:
  counts:
    type: window
    inputs: [a]
    config: {window: {tumbling: 1s}, select: {start: window_start, n: count(*)}}
sinks:
  out: {type: file, inputs: [counts], config: {path: parts}, format: {type: json}}
  late: {type: file, inputs: [counts.late], config: {path: late}, format: {type: json}}
EOF
for i in 0 1; do
    awk -v i=$i 'BEGIN { for (n = i; n < 120000; n += 2)
        printf "{\"at\":\"2025-01-01T00:%02d:%02d.%03dZ\",\"n\":%d}\n", n / 60000, n / 1000 % 60, n % 1000, n }' \
        >m$i.json
done
rm -rf parts
run "$STREAMCTL" run --quiet p.yaml
is "two files merged by event time" "$status" 0
is "every window is whole" "$(sed -E 's/.*"n":([0-9]+).*/\1/' parts/part-* | sort | uniq -c | xargs)" "120 1000"
is "nothing is late" "$(ls late)" ""

done_testing
