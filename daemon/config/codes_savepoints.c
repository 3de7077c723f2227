/* SD4430 to SD4449: savepoints. */
#include "config/codes.h"

const struct code codes_of_savepoints[] = {
    {4430, "the savepoint was changed since it was sealed",
     "Every savepoint has a checksum of all that is in it, written when it was made. This one has "
     "another content now: somebody edited it, or it is damaged. Where the edit was meant, "
     "`streamctl savepoint seal FILE` checks every value and renews the checksum; then it can be "
     "restored. Where nobody edited it, take another copy.",
     "streamctl savepoint seal orders.savepoint"},
    {4431, "the file is no whole savepoint",
     "A savepoint is a SQLite database with the tables _streamd, _nodes, _tables and _columns, and "
     "one real table for each state table that _tables names. This file is no database, it is cut "
     "off or damaged, or its catalogue does not fit what is in it. Change rows of state tables, "
     "and leave the catalogue and the tables' columns alone.",
     "sqlite3 orders.savepoint 'PRAGMA integrity_check'"},
    {4432, "the state cannot be held in a savepoint",
     "SQLite holds tables of up to 2000 columns and values of up to 1 GB, and a savepoint holds "
     "texts in UTF-8 without NUL. The message names the state table that has more.",
     NULL},
    {4433, "a value in a savepoint does not fit its column",
     "The message names the table, the row by its _seq, the column, and what was expected there. "
     "docs/savepoints.md has a table of how values of each type are written: numbers as numbers, "
     "decimals, times and dates as text.",
     "sqlite3 orders.savepoint \"UPDATE sums__panes SET total = '12.50' WHERE _seq = 17\""},
    {4434, "a savepoint never replaces a file",
     "The file that the savepoint was to become is there already. Give another name, or remove it.",
     NULL},
    {4435, "the savepoint has a format of another version",
     "It was written by a version of streamd that this one does not know.", NULL},
    {4436, "a savepoint cannot be read or written",
     "What SQLite says of the disk or the file: no space, no permission, another program that has "
     "it locked, or an edit that was not finished. `sqlite3 FILE .tables` finishes or undoes one.",
     NULL},
    {4437, "a key stands in two rows of a savepoint",
     "This state table has one row per key (and per namespace, `_ns`). An edit made a second one. "
     "Remove one of the two rows that the message names by their _seq.",
     "sqlite3 orders.savepoint 'DELETE FROM sums__panes WHERE _seq = 18'"},
    {0, NULL, NULL, NULL},
};
