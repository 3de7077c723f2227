/* SD2xxx: the graph, types, expressions, how nodes fit together. */
#include "config/codes.h"

const struct code codes_of_graphs[] = {
    {2001, "a name that cannot be a node's",
     "A node's name is also the name of its state and stands in metrics and paths: a-z, "
     "0-9, _ and -, a letter first, at most 63 characters.",
     NULL},
    {2002, "two nodes with one name", "Sources, operators and sinks share one set of names.", NULL},
    {2003, "an input that does not exist",
     "`inputs:` names other nodes of the file, or a side output of one: NODE.late, "
     "NODE.error.",
     NULL},
    {2004, "a circle",
     "Records flow from sources to sinks and never back. The message names the way "
     "round.",
     NULL},
    {2005, "a node that nobody uses",
     "What comes out of this node goes nowhere. Remove it, make it an input of another, "
     "or write its records away with a blackhole sink.",
     NULL},
    {2006, "a node without inputs",
     "Operators and sinks need at least one input. Several inputs are a union.", NULL},
    {2007, "an error output that does not exist",
     "A node has the output `error` only where it says what to put there: with "
     "`on_error: output`.",
     "sources:\n"
     "  clicks: {type: file, on_error: output}\n"
     "sinks:\n"
     "  bad: {type: file, inputs: [clicks.error]}"},
    {2008, "an input or key that is given twice", "Each record would come in, or count, twice.",
     NULL},
    {2009, "an input that is a sink", "Nothing comes out of a sink.", NULL},
    {2010, "nothing to read, or nothing to write",
     "A pipeline has at least one source and one sink.", NULL},
    {2011, "too many nodes or inputs",
     "A pipeline can have 1,000 nodes and 10,000 inputs, a node 1,000 inputs, a key 64 fields, a "
     "schema 4,096.",
     NULL},
    {2012, "more worker processes than possible",
     "A key group belongs to one worker, so that a pipeline can have at most as many workers as "
     "`key_groups`; a node runs in at most as many as its pipeline has.",
     NULL},
    {2013, "an error output that nobody reads",
     "With `on_error: output` records that fail go to NODE.error. If no node reads "
     "that, they are lost without a trace. Add a sink for them, or write `on_error: "
     "skip`, which counts them.",
     NULL},
    {2020, "a type that does not exist",
     "Types are bool, int64, float64, decimal(p,s), string, bytes, timestamp, date and "
     "json. `|null` behind one allows NULL. In {...}, decimal(10,2) stands in quotes "
     "for its comma.",
     "schema: {id: int64, price: \"decimal(10,2)\", note: string|null}"},
    {2022, "something that the field's type does not have",
     "`unit` is for timestamps that are numbers, `format` for timestamps and dates that "
     "are texts, `null_values` for fields that may be NULL.",
     "at: {type: timestamp, unit: ms}\n"
     "bytes: {type: int64|null, null_values: ['-']}"},
    {2024, "a path that leads nowhere",
     "`path:` says where a field's value stands in a JSON record: $.name, "
     "$.outer.inner, $.items[0].price.",
     NULL},
    {2101, "an expression that is not SQL",
     "Expressions are PostgreSQL's. The caret stands where its parser gave up, which "
     "may be behind the mistake: look for a missing operator, quote or parenthesis "
     "before it. Texts stand in single quotes; words in double quotes are names of "
     "fields.",
     NULL},
    {2102, "an expression that is too long",
     "An expression may have 8 KiB, and may not be nested too deeply.", NULL},
    {2103, "not one bare expression",
     "Only an expression may stand here: no alias (AS), no FROM, no sub-select, no "
     "window function (OVER), no parameter, no second statement. Give a result its name "
     "by the key in front of it.",
     "select: {total: sum(amount) AS t}     # wrong\n"
     "select: {total: sum(amount)}          # right"},
    {2104, "a field that does not exist",
     "The input has no field of this name. Names are compared exactly, case included. "
     "The help names a similar one, or lists them. A select or window passes on only "
     "what it lists.",
     "schema: {user: string, amount: float64}\n"
     "where: amout > 0      # wrong: amount"},
    {2105, "a function that does not exist",
     "The help names a similar one. Functions of PostgreSQL that streamd has are listed "
     "in the manual; plugins can add more.",
     NULL},
    {2106, "a function or operator that does not take these types",
     "The message lists the types given. A cast may help: amount::float64.", NULL},
    {2107, "a value of another type is needed",
     "A condition must be bool; the branches of a CASE must agree; not every type can "
     "be cast to every other.",
     NULL},
    {2108, "a literal that is no value of its type",
     "A timestamp, date, interval, number or pattern in quotes cannot be read as one.", NULL},
    {2109, "SQL that streamd does not have",
     "The expression is right in PostgreSQL, but this part of it is not in streamd.", NULL},
    {2110, "a constant expression that fails",
     "It has no field in it and always gives the same error, such as a division by zero.", NULL},
    {2111, "an aggregate in the wrong place",
     "Aggregates such as sum() stand in the `select:` of a window, not in conditions or "
     "keys, and not inside of each other.",
     NULL},
    {2112, "a field outside of an aggregate",
     "In a window each result row stands for many records. A field can stand there only "
     "inside of an aggregate, or if it is in `key_by`.",
     NULL},
    {2131, "a condition that is not true or false", "`where:` needs an expression of type bool.",
     NULL},
    {2133, "a key that gets lost",
     "The input is a stream of updates by a key, and the select leaves out or computes a field of "
     "that key. Pass the field on, under whatever name.",
     NULL},
    {2134, "nothing to drop",
     "With `keep: none` only what `fields:` lists goes on, so that `drop:` has no "
     "effect.",
     NULL},
    {2135, "nothing is left", "The select has no field in its output.", NULL},
    {2136, "a field that cannot be unnested",
     "unnest takes a field of type json that holds arrays.", NULL},
    {2137, "a name that is taken", "The input has a field of the name in `as:` already.", NULL},
    {2141, "a merge of files that never end",
     "`merge` chooses how many files are read at a time, in order; files that are "
     "followed are all open.",
     NULL},
    {2142, "a name that is taken",
     "The input has a field of the name in `changelog: {field: ...}` already.", NULL},
    {2143, "a bucket that is not a text",
     "`bucket:` is an expression whose text becomes the name of a folder.", NULL},
    {2144, "a compression that this build lacks",
     "This streamd was configured without zlib or libzstd. `./configure` says at its end what is "
     "on "
     "and off.",
     NULL},
    {2151, "a field that the generator cannot make",
     "A field of the generator needs a type and one way to make its values: sequence, uniform, "
     "zipf, "
     "choice, probability or letters, with values that the type has.",
     "fields: {id: {type: int64, sequence: {start: 1, step: 1}}}"},
    {2152, "a time that cannot be read", "Times are written as in 2026-03-01T23:50:00Z.", NULL},
    {2161, "a key that is missing or of no use",
     "`mode: upsert` replaces rows by their key, so it needs `key:`, of fields that are not "
     "nullable; `mode: insert` has no use for one.",
     "config: {path: out.db, table: users, mode: upsert, key: [id]}"},
    {2162, "names that a database does not tell apart",
     "SQLite's columns do not differ by upper and lower case. Rename one of the fields with a "
     "select.",
     NULL},
    {2170, "not one kind of window",
     "A window is tumbling, sliding, session, cumulative, count or global: one of them.",
     "window: {tumbling: 5m}\n"
     "window: {sliding: 10m, every: 1m}\n"
     "window: {session: 30m}\n"
     "window: {cumulative: 1d, step: 1h}\n"
     "window: {count: 100}\n"
     "window: {global: true}"},
    {2171, "a window with half of what it needs",
     "`every` belongs to sliding windows and `step` to cumulative ones, and neither can do "
     "without.",
     "window: {sliding: 10m, every: 1m}\n"
     "window: {cumulative: 1d, step: 1h}"},
    {2172, "lengths that do not fit",
     "A sliding window starts at least once in its length; the length of a cumulative one is a "
     "multiple of its step; an offset is less than the time from one window to the next.",
     NULL},
    {2173, "a window by event time over records without",
     "Windows go by the time in the records. Say at the source which field it is, or let the "
     "window "
     "go by the clock with `time: processing`.",
     "event_time: {field: at}"},
    {2174, "an option that this kind of window has no use for",
     "Only windows by event time have lateness, only windows by time have an offset, and so on. It "
     "is "
     "refused rather than ignored.",
     NULL},
    {2175, "a time that the window does not have",
     "Count and global windows have no window_start and no window_end: take min(at) or max(at) of "
     "the field that holds the time.",
     NULL},
    {2176, "revised results without a name",
     "With lateness or early results a window gives rows again when they change, and who reads "
     "them "
     "must see which row is meant: by the keys and the window's beginning or end in the result. "
     "`emit: final` gives each result once.",
     "select: {until: window_end, total: sum(amount)}"},
    {2177, "an aggregate that cannot be merged",
     "Session windows grow together, so their aggregates must be able to, too.", NULL},
    {2178, "too many windows", "A row may be in 10,000 windows at a time.", NULL},
    {2179, "a key that cannot be compared",
     "Fields of type json cannot be keys: the same value can be written in many ways. Take a value "
     "out of it with a select.",
     NULL},
    {2181, "a dedup without a key",
     "dedup lets one row of each key pass, so it must know the key: `key_by: [id]`.",
     "once: {type: dedup, inputs: [payments], key_by: [id], config: {within: 1h}}"},
    {2182, "a time between events that have none",
     "`within` is measured in event time. Give the source `event_time: {field: ...}`, or leave "
     "`within` out: then a key is remembered for ever.",
     NULL},
    {2210, "a pattern of date and time that cannot be read",
     "`format:` is a template of PostgreSQL's to_timestamp: YYYY MM DD HH24 MI SS MS US "
     "Mon TZH TZM and others.",
     "at: {type: timestamp, format: 'DD/Mon/YYYY:HH24:MI:SS TZHTZM'}"},
    {2301, "a side output that does not exist",
     "The node has no such side output. The help lists those it has.", NULL},
    {2302, "inputs that differ",
     "Several inputs are a union, so they must have the same fields of the same types "
     "in the same order. A select in front of one of them can make it fit.",
     NULL},
    {2303, "updates where only new rows are taken",
     "Some nodes change results that they gave before: they produce updates, not only "
     "new rows. This node takes only new rows. `emit: final` makes a window wait until "
     "nothing can change any more; the file sink writes updates with `changelog: "
     "{field: _op}`; sqlite with `mode: upsert`.",
     NULL},
    {2304, "a field that does not exist",
     "`key_by` or `event_time` names a field that the input does not have.", NULL},
    {2305, "a key that cannot be compared",
     "Fields of type json cannot be keys: the same value can be written in many ways. "
     "Take a value out of it with a select.",
     NULL},
    {2306, "an event time that is no timestamp",
     "`event_time: {field: ...}` names a field of type timestamp. A select cannot make "
     "one for a source: give the field its type in `schema:`.",
     NULL},
    {2307, "a format that is missing, or of no use",
     "Sources and sinks that move bytes need `format:`. Those that make or take records "
     "themselves have none.",
     NULL},
    {2308, "a schema that is missing, or of no use",
     "A source whose format does not say what is in a record needs `schema:`.", NULL},
    {2309, "a sink that cannot deliver exactly once",
     "The file asks for exactly_once, and this sink cannot give it. Write `delivery: "
     "at_least_once` at the sink if duplicates after a crash can be lived with.",
     NULL},
    {2310, "a map of expressions that is empty or wrong", "It needs at least one NAME: EXPRESSION.",
     NULL},
    {2311, "a format that cannot be used here",
     "Some formats can only be read, others only written.", NULL},
    {0, NULL, NULL, NULL},
};
