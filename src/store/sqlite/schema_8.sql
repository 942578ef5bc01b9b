-- Version 8: what people say of fields, and by which profile a run was judged.

-- A field is of a class, or it is not. Empty text in place of a service, operation, direction or
-- location: whichever. Applied whenever the inventory is made: src/inventory/marks.rs.
CREATE TABLE mark (
    class     TEXT NOT NULL,
    field     TEXT NOT NULL,
    service   TEXT NOT NULL,
    operation TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('', 'request', 'response')),
    location  TEXT NOT NULL,
    verdict   TEXT NOT NULL CHECK (verdict IN ('is', 'is-not')),
    reason    TEXT NOT NULL,
    author    TEXT NOT NULL,
    set_ns    INTEGER NOT NULL,
    PRIMARY KEY (class, field, service, operation, direction, location)
) STRICT, WITHOUT ROWID;

-- Every mark there ever was, and its withdrawal.
CREATE TABLE mark_history (
    id        INTEGER PRIMARY KEY,
    class     TEXT NOT NULL,
    field     TEXT NOT NULL,
    service   TEXT NOT NULL,
    operation TEXT NOT NULL,
    direction TEXT NOT NULL,
    location  TEXT NOT NULL,
    verdict   TEXT NOT NULL CHECK (verdict IN ('is', 'is-not', 'withdrawn')),
    reason    TEXT NOT NULL,
    author    TEXT NOT NULL,
    set_ns    INTEGER NOT NULL
) STRICT;

-- One row per mark and withdrawal, in order; in_force tells the marks that are applied.
CREATE VIEW v_marks AS
SELECT h.verdict, h.class, h.field, nullif(h.service, '') AS service,
       nullif(h.operation, '') AS operation, nullif(h.direction, '') AS direction,
       nullif(h.location, '') AS location, h.reason, h.author,
       strftime('%Y-%m-%dT%H:%M:%S', (h.set_ns - (h.set_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
       || printf('.%06dZ', (h.set_ns % 1000000000 + 1000000000) % 1000000000 / 1000) AS "set",
       h.verdict <> 'withdrawn' AND h.id = (
           SELECT max(id) FROM mark_history l
           WHERE (l.class, l.field, l.service, l.operation, l.direction, l.location)
               = (h.class, h.field, h.service, h.operation, h.direction, h.location)
       ) AS in_force
FROM mark_history h;

ALTER TABLE run ADD COLUMN profile TEXT NOT NULL DEFAULT 'default';

DROP VIEW v_runs;

-- One row per run.
CREATE VIEW v_runs AS
SELECT id AS run, kind, state, version, profile,
       strftime('%Y-%m-%dT%H:%M:%S', started_ns / 1000000000, 'unixepoch')
       || printf('.%06dZ', started_ns % 1000000000 / 1000) AS started,
       strftime('%Y-%m-%dT%H:%M:%S', ended_ns / 1000000000, 'unixepoch')
       || printf('.%06dZ', ended_ns % 1000000000 / 1000) AS ended
FROM run;
