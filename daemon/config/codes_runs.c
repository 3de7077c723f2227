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
    {0, NULL, NULL, NULL},
};
