/*
 * checkpoint/savepoint_role.h - `streamd savepoint`: the conversion as a process of its own, so
 * that it holds nobody up and may die alone.
 *
 *   create FOLDER FILE                             from the checkpoint in FOLDER
 *   restore FILE FOLDER LINEAGE ID [PIPELINE]      to the checkpoint ID of LINEAGE in FOLDER
 *
 * FOLDER is that of a checkpoint, without symbolic links in its path. One line of JSON goes to
 * standard output:
 *
 *   {"lineage":HEX,"checkpoint":ID,"parallelism":N,"key_groups":N,"tables":N,"rows":N,"bytes":N}
 *
 * lineage and checkpoint are those that the savepoint was made of, also after a restore, where they
 * become the parent of the new lineage. What went wrong is one line on standard error: "SD4430:
 * ...", without the code where there is none.
 */
#ifndef CHECKPOINT_SAVEPOINT_ROLE_H
#define CHECKPOINT_SAVEPOINT_ROLE_H

/* Runs with the arguments behind `savepoint`. The exit code: 0; 1 with an error printed; 64. */
int savepoint_role(int count, char **arguments);

#endif
