# shellcheck shell=bash
# For tests with processes: waiting for what they do, and what the keyed sums of a sequence are. Sourced.

# wait_for COMMAND...: until it succeeds, for 20 s at most.
wait_for() {
    local i
    for ((i = 0; i < 400; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}

# children PID: the processes that it has started.
children() {
    cat "/proc/$1/task/$1/children" 2>/dev/null
}

# has_workers PID N: whether it has so many children.
has_workers() {
    local found
    read -r -a found <<<"$(children "$1")"
    [ ${#found[@]} -eq "$2" ]
}

# are_gone PID...: whether none of them is there.
are_gone() {
    local p
    for p in "$@"; do
        ! kill -0 "$p" 2>/dev/null || return 1
    done
}

# hourly_pipeline ROWS RATE FOLDER: sources, operators and sinks of a pipeline over ROWS rows, 10 per second of event time; in
# each hour 36,000 of them, spread over 7 keys. RATE and OUT may be set when it runs.
hourly_pipeline() {
    cat <<END
sources:
  rows:
    type: generator
    config:
      rows: $1
      rate: \${RATE:-$2}
      fields:
        n: {type: int64, sequence: {start: 0, step: 1}}
        at: {type: timestamp, sequence: {start: "2025-01-01T00:00:00Z", step: 100ms}}
    event_time: {field: at}
operators:
  keyed: {type: select, inputs: [rows], config: {fields: {k: n % 7}, keep: all}}
  sums: {type: window, inputs: [keyed], key_by: [k], config: {window: {tumbling: 1h}, select: {start: window_start, rows: count(*), total: sum(n)}}}
sinks:
  out: {type: file, inputs: [sums], config: {path: "\${OUT:-$3}"}, format: {type: json}}
END
}

# hourly_sums ROWS: what that pipeline writes, sorted.
hourly_sums() {
    awk -v rows="$1" 'BEGIN {
        for (n = 0; n < rows; n++) {
            h = int(n / 36000); k = n % 7
            count[h, k]++
            total[h, k] += n
        }
        for (h = 0; h * 36000 < rows; h++)
            for (k = 0; k < 7; k++)
                if (count[h, k])
                    printf "{\"k\":%d,\"start\":\"2025-01-01T%02d:00:00Z\",\"rows\":%d,\"total\":%d}\n",
                        k, h, count[h, k], total[h, k]
    }' | sort
}
