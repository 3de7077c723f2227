# What tests/data/access-log-late.yaml must give, computed without it: which lines are late for windows of
# 10 s when every line is followed by its watermark (batches of one row).
#
#   awk -f late.awk access.log
#
# After a line the watermark is the largest time so far minus 1 us (out_of_orderness is 0). A line is late
# if its window had ended by then: end - 1 us <= watermark, so end <= largest time before it. A line that is
# not in the format neither counts nor moves the watermark.
#
# Prints `late', host, time as in the log, path; `window', start in seconds of the month, count of the others;
# `bad', line number. Tabs between.

BEGIN { FS = " "; OFS = "\t"; largest = -1 }

!/^[^ ]+ [^ ]+ [^ ]+ \[[^]]+\] "[^ ]+ [^ ]+ [^"]*" [0-9][0-9][0-9] ([0-9]+|-) "[^"]*" "[^"]*"$/ {
    print "bad", NR
    next
}

{
    t = ((substr($4, 2, 2) * 24 + substr($4, 14, 2)) * 60 + substr($4, 17, 2)) * 60 + substr($4, 20, 2)
    end = t - t % 10 + 10
    if (end <= largest)
        print "late", $1, substr($4, 2), $7
    else
        count[end - 10]++
    if (t > largest)
        largest = t
}

END {
    for (start in count)
        print "window", start, count[start]
}
