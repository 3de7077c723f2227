/* The tables of verbs and options. */
#include "client/verbs.h"

const struct verb_option client_options[] = {
    {"json", 0, VERB_JSON, NULL, NULL, "Write JSON for programs"},
    {"quiet", 'q', VERB_QUIET, NULL, NULL, "Write errors only"},
    {"format", 0, VERB_FORMAT, "FORMAT", "text dot mermaid", "text (default), dot or mermaid"},
    {"plugin-path", 0, VERB_PLUGIN_PATH, "FOLDERS", NULL,
     "Where plugins are looked for, separated by ':'; before STREAMD_PLUGIN_PATH and the folder of "
     "the installation"},
    {"log-level", 0, VERB_LOG_LEVEL, "LEVEL", "error warning info debug",
     "error, warning, info (default) or debug"},
    {"state-dir", 0, VERB_STATE_DIR, "FOLDER", NULL,
     "Where checkpoints are kept; a run goes on from the newest one there"},
    {"parallelism", 0, VERB_WORKERS, "N", NULL, "Worker processes, instead of the file's number"},
    {"restore", 0, VERB_WORKERS, "SAVEPOINT", NULL,
     "Begin with the state of a savepoint; the state directory must be new"},
    {"drop-state", 0, VERB_WORKERS, "NODE", NULL,
     "Give up the state of a node that is no longer in the file; may be given several times"},
    {"accept-duplicates", 0, VERB_WORKERS, NULL, NULL,
     "Let come again what sinks committed after the savepoint that is restored"},
    {"batch-rows", 0, VERB_TUNING, "N", NULL, "Rows in a batch (for tests and tuning)"},
    {"channel-slots", 0, VERB_TUNING, "N", NULL,
     "Batches that wait between two nodes (for tests and tuning)"},
    {"help", 'h', 0, NULL, NULL, "Show what a verb does"},
    {"version", 0, 0, NULL, NULL, "Show the version"},
    {NULL, 0, 0, NULL, NULL, NULL},
};

const struct verb client_verbs[] = {
    {.name = "validate",
     .arguments = "FILE...",
     .summary = "Check pipeline files",
     .details = "Reads each file, loads the plugins it names, and checks everything that can be "
                "checked without running: keys, types, expressions, edges. All problems of a file "
                "are shown in one run. Exits with 78 where a file is not valid.",
     .flags = VERB_JSON | VERB_QUIET | VERB_PLUGIN_PATH,
     .least = 1,
     .most = 10000,
     .run = client_validate},
    {.name = "run",
     .arguments = "FILE",
     .summary = "Run a pipeline here, until its input ends or it is interrupted",
     .details =
         "In the foreground; over several worker processes where the file or --parallelism says "
         "so. On a terminal a line shows what flows; at the end a table sums up, on standard "
         "error, "
         "or as JSON on standard output with --json. With --state-dir it takes checkpoints, starts "
         "again by itself where a process fails, and goes on from the newest checkpoint when it is "
         "started again. The first SIGINT or SIGTERM stops it at a checkpoint; without a state "
         "directory it stops reading, lets what was read flow out, and commits. Open windows do "
         "not fire. A second signal ends at once. Exits with 1 where the pipeline failed, with 75 "
         "where another process has the state directory, with 78 where the file is not valid or "
         "does not fit the state directory.",
     .flags = VERB_JSON | VERB_QUIET | VERB_LOG_LEVEL | VERB_PLUGIN_PATH | VERB_TUNING |
              VERB_STATE_DIR | VERB_WORKERS,
     .least = 1,
     .most = 1,
     .run = client_run},
    {.name = "status",
     .arguments = "--state-dir FOLDER",
     .summary = "Show what a running pipeline does",
     .details = "Asks the process that runs with this state directory: its workers and what they "
                "are stuck in, its checkpoints, its failures, and what each node has counted. "
                "Exits with 69 where none runs.",
     .flags = VERB_JSON | VERB_STATE_DIR,
     .least = 0,
     .most = 0,
     .words = "",
     .run = client_status},
    {.name = "savepoint",
     .arguments = "--state-dir FOLDER FILE | inspect FILE | seal FILE | diff FILE FILE | "
                  "export FILE TABLE",
     .summary = "Take a savepoint of a running pipeline, or look into one",
     .details =
         "With --state-dir: takes a checkpoint and writes its state to FILE, an SQLite "
         "database with a table for every state table; the pipeline goes on meanwhile. Exits "
         "with 69 where none runs with this state directory. inspect shows tables, positions "
         "of sources, watermarks; seal checks an edited file, so that it can be restored; "
         "diff compares two, and exits with 1 where they differ; export writes a table as "
         "CSV, with --json as a JSON object per line. To begin with one: streamctl run "
         "--restore FILE.",
     .flags = VERB_JSON | VERB_QUIET | VERB_STATE_DIR | VERB_ANY_FILE,
     .least = 1,
     .most = 3,
     .words = "inspect seal diff export",
     .run = client_savepoint},
    {.name = "rescale",
     .arguments = "--state-dir FOLDER N",
     .summary = "Run a running pipeline over N workers from now on",
     .details = "It stops at a checkpoint and starts again from it. The number stands until the "
                "run ends. Exits with 69 where none runs with this state directory.",
     .flags = VERB_JSON | VERB_QUIET | VERB_STATE_DIR,
     .least = 1,
     .most = 1,
     .words = "",
     .run = client_rescale},
    {.name = "stop",
     .arguments = "--state-dir FOLDER",
     .summary = "Stop a running pipeline at a checkpoint",
     .details = "Everything up to the checkpoint is committed when this ends. Exits with 69 where "
                "none runs with this state directory.",
     .flags = VERB_JSON | VERB_QUIET | VERB_STATE_DIR,
     .least = 0,
     .most = 0,
     .words = "",
     .run = client_stop},
    {.name = "graph",
     .arguments = "FILE",
     .summary = "Show the nodes of a pipeline and what flows where",
     .details = "As a table, or for Graphviz (dot) or Mermaid to draw. Needs no plugins.",
     .flags = VERB_FORMAT,
     .least = 1,
     .most = 1,
     .run = client_graph},
    {.name = "echo",
     .arguments = "FILE",
     .summary = "Show a file as streamd reads it",
     .details = "With ${...} replaced and aliases expanded. Secrets are shown as ***.",
     .flags = VERB_JSON | VERB_PLUGIN_PATH,
     .least = 1,
     .most = 1,
     .run = client_echo},
    {.name = "explain",
     .arguments = "[CODE...]",
     .summary = "Explain a diagnostic code such as SD2104",
     .details = "Without a code, lists them all.",
     .flags = VERB_JSON,
     .least = 0,
     .most = 1000,
     .words = "",
     .run = client_explain},
    {.name = "plugins",
     .arguments = "[NAME | probe FILE.so]",
     .summary = "List plugins, or show the options of one",
     .details =
         "NAME is that of a plugin, such as window, or with its kind, such as sink-file. "
         "probe judges a file without keeping it: owner, mode, version, option tables; it is "
         "loaded in a child process.",
     .flags = VERB_JSON | VERB_PLUGIN_PATH,
     .least = 0,
     .most = 2,
     .words = "probe",
     .run = client_plugins},
    {.name = "functions",
     .arguments = "[NAME]",
     .summary = "List the functions of expressions, or show one with its types",
     .details = "Functions and aggregates, those of plugins of kind functions included. Operators "
                "and the syntax of expressions are in docs/expressions.md.",
     .flags = VERB_JSON | VERB_PLUGIN_PATH,
     .least = 0,
     .most = 1,
     .words = "",
     .run = client_functions},
    {.name = "new",
     .arguments = "[NAME]",
     .summary = "Write a pipeline to begin with",
     .details = "Makes the file NAME.yaml in this folder, or writes to standard output. What it "
                "makes is valid and runs.",
     .flags = VERB_QUIET,
     .least = 0,
     .most = 1,
     .words = "",
     .run = client_new},
    {.name = "completion",
     .arguments = "bash|zsh|fish",
     .summary = "Write a script that completes streamctl's command line",
     .details = "For bash:  source <(streamctl completion bash)",
     .least = 1,
     .most = 1,
     .words = "bash zsh fish",
     .run = client_completion},
    {.name = "reference",
     .arguments = "pipeline|plugins|functions|diagnostics",
     .summary = "Write a page of the manual from the tables in the program",
     .details = "For those who build streamd: `make reference` calls it.",
     .flags = VERB_PLUGIN_PATH,
     .least = 1,
     .most = 1,
     .hidden = 1,
     .words = "pipeline plugins functions diagnostics",
     .run = client_reference},
    {.name = NULL},
};
