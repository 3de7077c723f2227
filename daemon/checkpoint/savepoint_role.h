/*
 * checkpoint/savepoint_role.h - `streamd savepoint`: the conversion as a process of its own, so
 * that it holds nobody up and may die alone.
 *
 *   write --checkpoint FOLDER FILE
 *   restore --folder FOLDER --lineage HEX --checkpoint ID [--pipeline NAME] FILE
 *
 * FOLDERs are those of checkpoints, in a state directory, without symbolic links in them. One line
 * of JSON goes to standard output:
 *
 *   {"lineage":HEX,"checkpoint":ID,"parallelism":N,"key_groups":N,"tables":N,"rows":N,"bytes":N}
 *   {"error":{"code":"SD4430","message":TEXT}}                      (code null where there is none)
 *
 * lineage and checkpoint are those that the savepoint was made of, also after a restore, where they
 * become the parent of the new lineage.
 */
#ifndef CHECKPOINT_SAVEPOINT_ROLE_H
#define CHECKPOINT_SAVEPOINT_ROLE_H

/* Runs with the arguments behind `savepoint`. The exit code: 0; 1 with an error printed; 64. */
int savepoint_role(int count, char **arguments);

#endif
