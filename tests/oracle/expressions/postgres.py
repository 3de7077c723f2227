"""A private PostgreSQL 15: a cluster in a folder of its own, on a Unix socket there, as a user that is not root."""
import glob
import json
import os
import pwd
import shutil
import subprocess
import tempfile

import values

# Evaluates one expression over all rows. An expression that fails somewhere is evaluated once more, row by
# row, so that the other rows still have their values. Class 42 is a mistake in the expression itself.
EVALUATE = r"""
CREATE FUNCTION evaluate(number int, expression text)
RETURNS TABLE (n int, id bigint, kind text, result text, failure text) LANGUAGE plpgsql AS $body$
DECLARE
    query text := 'SELECT %L::int, v.id, pg_typeof(x.e)::text, to_json(x.e)::text, NULL::text '
               || 'FROM v, LATERAL (SELECT (' || replace(expression, '%', '%%') || ') AS e) x ';
    r record;
BEGIN
    BEGIN
        RETURN QUERY EXECUTE format(query || 'ORDER BY v.id', number);
        RETURN;
    EXCEPTION WHEN others THEN
        IF SQLSTATE LIKE '42%' AND SQLSTATE NOT IN ('42P22') THEN
            RETURN QUERY SELECT number, 0::bigint, NULL::text, NULL::text, 'plan ' || SQLSTATE || ' ' || SQLERRM;
            RETURN;
        END IF;
    END;
    FOR r IN SELECT v.id FROM v ORDER BY v.id LOOP
        BEGIN
            RETURN QUERY EXECUTE format(query || 'WHERE v.id = %L', number, r.id);
        EXCEPTION WHEN others THEN
            RETURN QUERY SELECT number, r.id, NULL::text, NULL::text, SQLSTATE || ' ' || SQLERRM;
        END;
    END LOOP;
END $body$;
"""


class Missing(Exception):
    """PostgreSQL 15 is not installed, or cannot be started here."""


def programs():
    """The folder with initdb, pg_ctl and psql of version 15."""
    for folder in ("/usr/lib/postgresql/15/bin", *glob.glob("/usr/pgsql-15/bin")):
        if os.access(os.path.join(folder, "initdb"), os.X_OK):
            return folder
    found = shutil.which("initdb")
    if found and "15." in subprocess.run([found, "--version"], capture_output=True, text=True).stdout:
        return os.path.dirname(found)
    raise Missing("PostgreSQL 15 (initdb) is not installed")


def as_nobody_special():
    """A command prefix that drops root, which initdb refuses, and the user it becomes."""
    if os.getuid() != 0:
        return [], None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"], user
    raise Missing("root cannot run PostgreSQL, and there is no user to become")


class Cluster:
    """A running cluster with the table of values; a context manager, so that it always ends."""

    def __init__(self):
        self.bin = programs()
        self.prefix, self.user = as_nobody_special()

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="streamd-pg-", dir="/tmp")  # socket paths must be short
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        try:
            self._run("initdb", "-D", f"{self.folder}/data", "-A", "trust", "-E", "UTF8", "-U", "oracle",
                      "--locale=C.UTF-8", "--no-sync")
            self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o",
                      f"-k {self.folder} -c listen_addresses='' -c fsync=off -c timezone=UTC "
                      "-c datestyle=ISO -c autovacuum=off -c max_stack_depth=2MB", "start")
            self.psql(EVALUATE + values.sql())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run([*self.prefix, f"{self.bin}/pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop"],
                       capture_output=True, cwd="/")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program, *arguments):
        result = subprocess.run([*self.prefix, f"{self.bin}/{program}", *arguments], capture_output=True,
                                stdin=subprocess.DEVNULL, text=True, cwd="/", timeout=120)
        if result.returncode != 0:
            raise Missing(f"{program} fails: {result.stderr.strip()[-500:]}")

    def psql(self, script):
        """Runs SQL; the lines of its output."""
        result = subprocess.run([*self.prefix, f"{self.bin}/psql", "-h", self.folder, "-U", "oracle", "-X", "-q", "-A",
                                 "-t", "-v", "ON_ERROR_STOP=1", "-d", "postgres"], input=script,
                                capture_output=True, text=True, cwd="/", timeout=600)
        if result.returncode != 0:
            raise Missing(f"psql fails: {result.stderr.strip()[-1000:]}")
        return [line for line in result.stdout.split("\n") if line]

    def evaluate(self, expressions):
        """Per expression a dict id -> (type, JSON text or None for NULL, failure); or a plan failure, a str."""
        script = "".join("SELECT json_build_array(n, id, kind, result, failure) "
                         f"FROM evaluate({n}, {values.quoted(e)});\n" for n, e in enumerate(expressions))
        answers = [{} for _ in expressions]
        for line in self.psql(script):
            n, row, kind, result, failure = json.loads(line)
            if failure and failure.startswith("plan "):
                answers[n] = failure
            else:
                answers[n][row] = (kind, result, failure)
        return answers

    def aggregate(self, expressions):
        """Per aggregate a dict g -> (type, JSON text or None, failure), like evaluate()."""
        script = "".join("SELECT json_build_array(g, pg_typeof(e)::text, to_json(e)::text) FROM "
                         f"(SELECT g, ({e}) AS e FROM v GROUP BY g) x;\nSELECT 'end';\n" for e in expressions)
        answers = [{}]
        for line in self.psql(script):
            if line == "end":
                answers.append({})
            else:
                group, kind, result = json.loads(line)
                answers[-1][group] = (kind, result, None)
        return answers[:-1]
