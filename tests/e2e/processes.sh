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

# hourly_sums ROWS: the sums of n by n % 7 and hour, where there are 36,000 rows in an hour, sorted.
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
