/* SD5xxx: run time; those of single records stand in the column `code` of an error output. */
#include "config/codes.h"

const struct code codes_of_runs[] = {
    {5001, "a record that is not in its format",
     "The bytes are not what `format:` says: no JSON object, a quote that is never "
     "closed. What happens then is `on_error` of the source: fail, skip, output.",
     NULL},
    {5002, "a value that is missing",
     "A field that is not nullable is missing in the record, or is NULL. If that is "
     "normal, give it the type TYPE|null.",
     NULL},
    {5003, "a value of another type",
     "The record holds a value of another type than `schema:` says. Nothing is "
     "converted silently: a number in quotes is a text.",
     NULL},
    {5004, "a value that its type cannot hold",
     "A number is too large for int64, has too many digits for its decimal, or a time "
     "is beyond the calendar.",
     NULL},
    {5005, "a text that is not UTF-8", "Or it holds a NUL, which no text of streamd may.", NULL},
    {5006, "a record that is too long",
     "It is longer than `limits: {record: ...}`. Records are held in memory as a whole.", NULL},
    {5007, "a line that the pattern does not match",
     "The regular expression of the format does not match this line.", NULL},
    {5008, "a record without an event time", "The field of `event_time` is NULL.", NULL},
    {5009, "a record that ends too early",
     "The input ends inside of a record: a file that was cut off, or is still being "
     "written.",
     NULL},
    {5101, "arithmetic out of range", "The result of an expression does not fit its type.", NULL},
    {5102, "a division by zero",
     "As in PostgreSQL that is an error of the record. `NULLIF(n, 0)` as the divisor "
     "makes it NULL.",
     NULL},
    {5103, "a text that is no value of the type wanted",
     "A cast such as text::int64 met a text that is no number.", NULL},
    {5104, "an argument that a function does not take",
     "As sqrt(-1), or a substring of negative length.", NULL},
    {5105, "a regular expression that takes too long",
     "Matching was given up after a fixed number of steps. Patterns such as (a+)+ can "
     "take exponential time.",
     NULL},
    {5201, "a record that the sink refuses",
     "The system behind the sink does not take this row, as a database with a "
     "constraint.",
     NULL},
    {5210, "an input that cannot be read",
     "The message has the name of the file and what the system says: no such file, no permission, "
     "a folder, an error of the disk.",
     NULL},
    {5211, "no input",
     "No file matches the pattern in `path:`. With `follow: true` that is no error: files are "
     "waited "
     "for.",
     NULL},
    {5212, "compressed data that is damaged",
     "A .gz or .zst file is cut off or was changed. What came before the damage was read.", NULL},
    {5213, "a compression that this build lacks",
     "The file ends in .gz or .zst, and this streamd was configured without zlib or libzstd.",
     NULL},
    {5214, "an input that is not the one of before",
     "Work is to go on at a position in the input, and the input has no such position: a file is "
     "gone or shorter than it was, or it is standard input, which cannot be read again.",
     NULL},
    {5220, "an output that cannot be written",
     "The message has the name of the file and what the system says: no space left, no permission, "
     "an error of the disk. Nothing of the interval becomes visible.",
     NULL},
    {5221, "an output that would be overwritten",
     "A finished part was to get its name, and a file of that name is there. streamd never "
     "overwrites one. Does another pipeline write to the same folder?",
     NULL},
    {5230, "a database that does not take the rows",
     "The message has the table, the file, and what SQLite says: a constraint, a full disk, a file "
     "that is no database. The transaction was rolled back.",
     NULL},
    {5231, "a table that does not fit",
     "The table is there already, and lacks a column of the rows, or for `mode: upsert` a unique "
     "constraint over the key. Change the table, or let streamd make another one.",
     NULL},
    {5232, "a database that is locked",
     "Another program has had the database locked for longer than `busy_timeout`.", NULL},
    {5240, "an outbox that cannot be used",
     "What a sink is to write when its checkpoint is complete is kept in files of the state "
     "directory. One of them cannot be made, written, synced or read; the message has its name and "
     "what the system says.",
     NULL},
    {5241, "an outbox segment that is gone",
     "Rows of a complete checkpoint were kept in a file of the state directory, and it is not "
     "there. They are in no other place: streamd stops, so that nothing is lost unseen. Were files "
     "removed by hand, or the sink's database replaced by an older one?",
     NULL},
    {5242, "an outbox segment that is damaged",
     "A file with rows of a complete checkpoint is not what was written: its length, its checksum "
     "or its identity is another. None of its rows was written, and the file stays.",
     NULL},
    {5243, "output that is newer than the snapshot",
     "The pipeline begins with a savepoint, and where it writes to there is output of after the "
     "savepoint. That would be written a second time. Restore a newer savepoint, write into "
     "another "
     "folder or table, or take the duplicates: `--accept-duplicates`.",
     NULL},
    {5244, "a finished part that is gone",
     "A file of a complete checkpoint was to get its name, and it is not there any more. streamd "
     "stops, so that nothing is lost unseen. Are hidden files being removed from the folder?",
     NULL},
    {5245, "a pipe with checkpoints",
     "The source `stdin` reads a pipe or a terminal, and checkpoints are on. After a crash streamd "
     "goes on from a checkpoint, but what came through the pipe since then is gone. Write it to a "
     "file and read that with the source `file`, or run without `--state-dir`.",
     NULL},
    {5290, "a reader that went away",
     "Whoever read standard output has ended, as in `| head`. That ends the pipeline quietly.",
     NULL},
    {5301, "no memory for aggregates",
     "The system gave no more memory for the values that windows hold. Fewer keys, shorter windows "
     "or fewer collected values need less.",
     NULL},
    {5305, "an aggregate that grew too large",
     "One value, or one set behind count(distinct ...), needs more than 2 GiB.", NULL},
    {5306, "state of an aggregate that cannot be read",
     "What an aggregate function left in the state is not what it can read or merge. That is a "
     "mistake in the function or in the program: please report it.",
     NULL},
    {5390, "an aggregate function that failed",
     "A function of a plugin broke its contract: tell the plugin's author.", NULL},
    {5501, "a worker process that died",
     "One of the pipeline's processes was killed or exited. With a state directory the pipeline "
     "starts again from the last checkpoint, as `restart` says; without one it has failed. Signal "
     "9 "
     "without anybody's doing is often the kernel, out of memory; signal 11 a mistake in a plugin.",
     NULL},
    {5502, "a worker that cannot be talked to",
     "A worker did not become ready in time, or what it said to its coordinator made no sense. The "
     "attempt fails, and starts again as `restart` says.",
     NULL},
    {5503, "a child process that did not do its work",
     "The coordinator lets other processes load plugins and convert files. One of them died, or "
     "took too long, without an answer. If it was `streamd plan`, a plugin that the file names is "
     "the likely cause: `streamctl plugins probe` looks at one.",
     NULL},
    {5504, "more workers than a host can have", "At most 512 workers run on one host.", NULL},
    {5505, "an attempt that was given up",
     "Workers did not commit a complete checkpoint within `checkpoint.timeout`. The attempt fails, "
     "and the next one commits it first: nothing is lost.",
     "checkpoint: {every: 10s, timeout: 10m}"},
    {5506, "a checkpoint of which nobody knows whether it is on the disk",
     "Writing to the state directory failed in a place where it cannot be known what is there now. "
     "The process ends without another write. Started again, it looks, and goes on from what is "
     "there.",
     NULL},
    {5507, "no checkpoint could be taken",
     "Somebody asked for a savepoint, to rescale or to stop, which takes a checkpoint; it failed "
     "three times, for the reason that is told. The pipeline goes on, unless it was a signal that "
     "asked: then it ends, and goes on from the last complete checkpoint when it is started again.",
     NULL},
    {5508, "a request that cannot be taken now",
     "The pipeline is being started, stopped or rescaled already, or has ended. What has ended is "
     "run again with its state directory, and asked then.",
     NULL},
    {5511, "a state directory that does not fit the file",
     "The pipeline file was changed in a way that does not go with the state that is kept: a node "
     "with state is gone, a key or a column has another type, or the number of key groups is "
     "another. New nodes, new nullable columns, and columns that are gone are all right. A node "
     "that "
     "is gone on purpose is given up with --drop-state; for anything else begin with another state "
     "directory, or give the changed node a new name and give up the old one.",
     "streamctl run --state-dir state --drop-state old orders.yaml"},
    {5512, "a savepoint over a state directory that is in use",
     "A savepoint is the beginning of a new state directory. This one has checkpoints of its own, "
     "which would be given up: name a folder that is new, or run without --restore to go on from "
     "them.",
     "streamctl run --state-dir new --restore monday.db orders.yaml"},
    {5513, "nothing to keep open windows in",
     "With `at_end: savepoint` nothing fires when the input ends: what is open stays in the last "
     "checkpoint, for a run with more input. That is in the state directory; without one it would "
     "be "
     "lost.",
     "streamctl run --state-dir state orders.yaml"},
    {5531, "workers with another plan",
     "Every worker reads the pipeline's file with its plugins once more, and must come to the same "
     "plan as was judged at the start. It did not: a plugin, or a variable that the file names, "
     "was "
     "changed meanwhile. Start again.",
     NULL},
    {5550, "a channel between workers that is broken",
     "What a worker found in the memory that it shares with another one cannot be: the other one "
     "overwrote it, or has another version. The attempt ends, and starts again from the last "
     "checkpoint. If a plugin that writes past the end of its memory is not the cause, please "
     "report it.",
     NULL},
    {5551, "a record that is too large to be passed on",
     "All values of one record together are larger than what may go from one worker to another.",
     NULL},
    {0, NULL, NULL, NULL},
};
