# What examples/access-log.yaml must give, computed without it: five-minute windows per status class.
# All lines are of May 2015 in UTC, so the start of a window is cut from the text of its time.
#
#   awk -f classes.awk access.log
#
# prints class, start, requests, bytes, hosts, largest (tabs; null where no reply had a body), and per line
# that is not in the combined format, `bad' and the line.

BEGIN { FS = " "; OFS = "\t" }

!/^[^ ]+ [^ ]+ [^ ]+ \[[^]]+\] "[^ ]+ [^ ]+ [^"]*" [0-9][0-9][0-9] ([0-9]+|-) "[^"]*" "[^"]*"$/ {
    print "bad", $0
    next
}

{
    # $4 is [17/May/2015:10:05:03
    start = sprintf("2015-05-%sT%s:%02d:00Z", substr($4, 2, 2), substr($4, 14, 2),
                    int(substr($4, 17, 2) / 5) * 5)
    status = $9
    bytes = $10
    window = substr(status, 1, 1) "xx" OFS start
    requests[window]++
    if (!((window, $1) in seen)) {
        seen[window, $1] = 1
        hosts[window]++
    }
    if (bytes != "-") {
        if (!(window in largest) || bytes + 0 > largest[window])
            largest[window] = bytes + 0
        total[window] += bytes
    }
}

END {
    for (window in requests)
        print window, requests[window], (window in total ? total[window] "" : "null"),
              hosts[window], (window in largest ? largest[window] "" : "null")
}
