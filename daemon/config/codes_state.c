/* SD4xxx: state, snapshots, restoring, upgrading. */
#include "config/codes.h"

const struct code codes_of_state[] = {
    {4401, "a state directory that somebody has",
     "Another streamd works in this directory; the message has its process id. Two at once would "
     "overwrite each other's checkpoints.",
     NULL},
    {4402, "a state directory that cannot be used",
     "It cannot be made, opened or written, or something in it is not what it has to be, as a "
     "symbolic link. The message has the path and what the system says.",
     NULL},
    {4403, "metadata that cannot be written",
     "SQLite reported an error of the disk at `meta.db`. Nobody knows then whether the change is "
     "on "
     "the disk, so the process ends, and reads again when it is started.",
     NULL},
    {4404, "a checkpoint that is damaged",
     "Its manifest, or a file that the manifest names, is missing or was changed, and its output "
     "has "
     "been committed already: going back to an older checkpoint would write that output again. "
     "Bring "
     "the files back from a copy, or start in a new directory from a savepoint.",
     NULL},
    {4405, "a file of another version",
     "A snapshot or manifest has a format that this streamd does not read. Use the streamd that "
     "wrote "
     "it, or a savepoint.",
     NULL},
    {4406, "a snapshot that is damaged",
     "A file of state was cut off or changed: a checksum, a length or a row in it is wrong. It is "
     "never used in part.",
     NULL},
    {4407, "a snapshot of something else",
     "The file is whole, but is that of another pipeline, checkpoint or task. Were files copied or "
     "renamed by hand?",
     NULL},
    {4408, "state with other keys",
     "The key of a state table is not the one that was saved: another field in `key_by`, or "
     "another "
     "type. What was grouped by one key cannot be grouped by another. `--drop-state NODE` starts "
     "the "
     "node anew.",
     NULL},
    {4409, "a column that old state has no value for",
     "A column of a state table is new, or no longer nullable, and rows that were saved have no "
     "value "
     "to put there.",
     NULL},
    {4410, "a column of another type",
     "A column of a state table has another type than it was saved with. Converting saved values "
     "is "
     "not in this version.",
     NULL},
    {4411, "a checkpoint that cannot be written",
     "The message has the file and what the system says: no space left, an error of the disk. The "
     "checkpoint counts as failed, the pipeline goes on, and the next one is tried as usual.",
     NULL},
    {4412, "state of another kind",
     "A state table is of another kind than the one that was saved: a list or single rows, with or "
     "without windows. The node works in another way now. `--drop-state NODE` starts it anew.",
     NULL},
    {4413, "a state directory of another pipeline",
     "The directory holds the state of a pipeline of another name. Give each its own.", NULL},
    {0, NULL, NULL, NULL},
};
