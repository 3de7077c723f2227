/* SD1xxx: the file, its YAML, its keys. */
#include "config/codes.h"

const struct code codes_of_files[] = {
    {1001, "the file cannot be read",
     "The file does not exist, is a folder, or may not be read by this user. The "
     "message has the system's own words.",
     NULL},
    {1002, "the file is too large",
     "A pipeline file may have 1 MiB. Files of that size are made by programs: let it "
     "make several pipelines, or move data into a file that a source reads.",
     NULL},
    {1003, "the file is not UTF-8",
     "Pipeline files are UTF-8 text. The position is that of the first byte that is "
     "not. Editors can save in UTF-8; `iconv -f latin1 -t utf8` converts a file.",
     NULL},
    {1004, "a control character",
     "NUL and other control characters cannot stand in a pipeline file. In a text in "
     "double quotes they can be written as escapes, but for NUL, which no text of "
     "streamd may hold.",
     "delimiter: \"\\x1f\""},
    {1005, "the file is not YAML",
     "The YAML cannot be read from this position on. Nearly always it is one of these: "
     "a value that must stand in quotes (one that holds ': ' or ' #', begins with one "
     "of ' \" @ > | * & ! % `, or, in {...}, holds a comma or quotes); a quote or "
     "bracket that is not closed; indentation that does not fit.",
     "where: name = 'a: b'          # wrong: ': ' in a plain value\n"
     "where: \"name = 'a: b'\"        # right\n"
     "where: |-                     # right, and nothing needs quoting\n"
     "  name = 'a: b'"},
    {1006, "a tab",
     "YAML does not allow tabs in indentation, and tabs between values are refused as "
     "well, since nobody can see them. Inside of quotes they are part of the text.",
     NULL},
    {1007, "nested too deep", "Maps and lists may be nested 64 deep, with aliases expanded.", NULL},
    {1008, "too many values",
     "A file may have 100,000 values, with aliases expanded. Aliases of aliases grow "
     "quickly.",
     NULL},
    {1009, "a text that is too long", "One text may have 64 KiB.", NULL},
    {1010, "a second document",
     "A file holds one pipeline. What stands behind `---` belongs into a file of its "
     "own.",
     NULL},
    {1011, "not a pipeline",
     "A pipeline file is a map that begins with `version: 1`. `streamctl new` writes "
     "one to begin with.",
     "version: 1\n"
     "sources: {...}\n"
     "sinks: {...}"},
    {1012, "a YAML directive", "Lines such as %YAML and %TAG have no use here.", NULL},
    {1020, "a tag",
     "`!name` in front of a value is a tag for YAML. streamd has no tags: types come "
     "from the option that reads the value. A text that begins with ! stands in quotes.",
     "where: \"!done\""},
    {1021, "a merge key",
     "`<<: *other` is not part of YAML 1.2 and not supported. Give the whole map an "
     "anchor, or repeat the keys.",
     "x-kafka: &kafka {brokers: localhost:9092}\n"
     "sources:\n"
     "  a: {type: kafka, config: *kafka}"},
    {1022, "an alias without an anchor",
     "`*name` stands for the value that was marked with `&name` before it. A text that "
     "begins with * stands in quotes.",
     "select: {n: \"*\"}"},
    {1023, "an alias inside of itself", "A value cannot contain itself.", NULL},
    {1024, "too many anchors", "A file may have 1,000 anchors.", NULL},
    {1025, "an anchor that is defined twice",
     "YAML would let the second one win silently. Give it another name.", NULL},
    {1030, "a key that is given twice", "YAML readers differ in which of the two counts. Keep one.",
     NULL},
    {1031, "a key that is not a name",
     "Plain words such as `on`, `yes` and `1` are not texts for all readers of YAML, "
     "and maps and lists cannot be keys. Where a field has such a name, put it in "
     "quotes.",
     "schema: {\"on\": timestamp, \"1\": int64}"},
    {1032, "a missing key", "There is nothing in front of this colon.", NULL},
    {1033, "a value that YAML tore at a comma",
     "In {...} a comma ends a value, also inside of parentheses. A value with a comma "
     "must stand in quotes there, or the map in block style, where commas mean nothing.",
     "select: {day: date_trunc('day', at)}       # wrong: three keys for YAML\n"
     "select: {day: \"date_trunc('day', at)\"}     # right\n"
     "select:                                    # right\n"
     "  day: date_trunc('day', at)"},
    {1034, "a reference in a key", "${NAME} is replaced in values only.", NULL},
    {1101, "a variable that is not set",
     "${NAME} needs the environment variable NAME. Give a default where there is a "
     "sensible one. Under the daemon only the environment that its configuration gives "
     "is seen.",
     "brokers: \"${KAFKA:-localhost:9092}\""},
    {1102, "a variable that must be set",
     "The file says with ${NAME:?message} that it cannot do without this variable.", NULL},
    {1103, "a reference that is not one",
     "References are ${NAME}, ${NAME:-default}, ${NAME:?message}, ${cred:NAME} and "
     "${file:/path}. $${ stands for ${ itself. A default stands behind `:-`, as in a "
     "shell, and holds no further reference.",
     "path: \"${OUT:default}\"      # wrong\n"
     "path: \"${OUT:-default}\"     # right"},
    {1104, "a credential that cannot be read",
     "${cred:NAME} is the file NAME in the folder that systemd names in "
     "CREDENTIALS_DIRECTORY, for units with LoadCredential=. By hand, set it to a "
     "folder of your own.",
     "CREDENTIALS_DIRECTORY=$HOME/secrets streamctl run orders.yaml"},
    {1105, "a secret file that cannot be read",
     "${file:/path} is the content of a file, without the newline at its end. The path "
     "must be absolute.",
     NULL},
    {1106, "a reference whose value cannot be used",
     "What a reference stands for must be UTF-8 text without NUL; a text with its "
     "references replaced may have 64 KiB, and all that is replaced in a file together "
     "4 MiB.",
     NULL},
    {1201, "an unknown key or option",
     "Nothing is ignored silently, so that a misspelt key is found. The engine's keys "
     "(inputs, key_by, format, ...) stand beside `config:`, a plugin's options inside "
     "of it. `streamctl plugins NAME` lists them.",
     "sinks:\n"
     "  out:\n"
     "    type: file\n"
     "    inputs: [a]\n"
     "    path: /tmp/out              # wrong: an option of the plugin\n"
     "    config: {path: /tmp/out}    # right"},
    {1202, "a key or option that is missing", "It has no default.", NULL},
    {1203, "a value of another type",
     "The option wants another kind of value: a number, a list, a map. Where a list is "
     "wanted, one item still stands in brackets.",
     "inputs: clicks       # wrong\n"
     "inputs: [clicks]     # right"},
    {1204, "a value out of range", "The message says what is possible.", NULL},
    {1205, "a unit that is missing or unknown",
     "Durations and sizes are a whole number and a unit, so that nobody has to know "
     "what a bare number counts. Durations: us ms s m h d. Sizes: B KiB MiB GiB.",
     "out_of_orderness: 30        # wrong\n"
     "out_of_orderness: 30s       # right"},
    {1206, "a word that is not among the choices", "The help lists them.", NULL},
    {1207, "a key without a value",
     "Nothing, `~` and `null` are no values. Remove the line, or give it one.", NULL},
    {1208, "a deprecated option",
     "It still works, and will not for ever. The help says what to write instead. This "
     "is a warning.",
     NULL},
    {1209, "not in this version",
     "The key is part of the file format, but what it asks for is not in this version "
     "of streamd. It is refused rather than ignored, so that a file never promises what "
     "does not happen.",
     NULL},
    {1210, "a truth value of old YAML",
     "Older YAML reads yes, no, on and off as true and false. streamd wants true and "
     "false.",
     "follow: yes         # wrong\n"
     "follow: true        # right"},
    {1211, "a key that the restart policy has no use for",
     "Each policy has its own keys: exponential has initial, max and reset_after; fixed has delay "
     "and attempts; failure_rate has failures, per and delay; poison goes with all of them.",
     "restart: {policy: fixed, delay: 1s, attempts: 10}"},
    {1212, "waits that do not fit",
     "The first wait of the exponential policy is longer than the longest.",
     "restart: {policy: exponential, initial: 100ms, max: 1m}"},
    {1301, "an unknown version of the file format", "There is version 1.", NULL},
    {1302, "a name that is not the file's",
     "A pipeline's name is that of its file. `name:` may repeat it, to say so, but not "
     "change it.",
     NULL},
    {1303, "a file whose name cannot be a pipeline's",
     "Names are a-z, 0-9, _ and -, begin with a letter, and have at most 63 characters.",
     "Orders 2.yaml       # wrong\n"
     "orders-2.yaml       # right"},
    {1304, "the form of a test",
     "A test has a name and a list of steps; a step is a map with one key.",
     "tests:\n"
     "  - name: late clicks go to the late output\n"
     "    steps:\n"
     "      - send: {to: clicks, records: [{user: a, at: \"2025-01-01T00:00:10Z\"}]}\n"
     "      - expect: {at: sums, contains: [{user: a}]}"},
    {0, NULL, NULL, NULL},
};
