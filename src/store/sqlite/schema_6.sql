-- Version 6: since when things are known, what a finding counted when someone decided about it, and
-- which reports were made.

-- What a finding counted then: one that is resolved has come back only where it counts more.
ALTER TABLE finding_state ADD COLUMN count INTEGER;

-- What is true of an endpoint, and over which packet times: src/store/sqlite/facts.rs.
CREATE TABLE fact (
    endpoint  TEXT NOT NULL
              REFERENCES endpoint (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    what      TEXT NOT NULL CHECK (what IN ('endpoint', 'field', 'class', 'auth', 'encryption')),
    direction TEXT NOT NULL, -- fields and classes only, else empty
    location  TEXT NOT NULL, -- fields and classes only, else empty
    field     TEXT NOT NULL, -- fields and classes only, else empty
    value     TEXT NOT NULL, -- the class, the scheme, clear or tls; else empty
    count     INTEGER NOT NULL,
    first_ns  INTEGER NOT NULL,
    last_ns   INTEGER NOT NULL,
    PRIMARY KEY (endpoint, what, direction, location, field, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE report (
    id         INTEGER PRIMARY KEY,
    made_ns    INTEGER NOT NULL, -- wall time
    covered_ns INTEGER NOT NULL  -- packet time of the last exchange that it told of
) STRICT;

DROP VIEW v_findings;

-- One row per finding, with the state someone gave it.
CREATE VIEW v_findings AS
SELECT f.id, f.rule, f.kind, f.severity, f.title, f.explanation, f.endpoint, e.service, e.protocol,
       e.standard, e.operation, e.method, e.path, f.direction, f.location, f.field, f.data_class,
       f.count,
       CASE WHEN s.state = 'resolved' AND f.last_ns > s.set_ns
                 AND (s.count IS NULL OR f.count > s.count) THEN 'regressed'
            ELSE coalesce(s.state, 'new') END AS state,
       s.reason, s.owner,
       CASE WHEN s.until_ns IS NOT NULL THEN
           strftime('%Y-%m-%dT%H:%M:%S', (s.until_ns - (s.until_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (s.until_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS until,
       f."references",
       CASE WHEN f.first_ns <= f.last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (f.first_ns - (f.first_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (f.first_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS first_seen,
       CASE WHEN f.first_ns <= f.last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (f.last_ns - (f.last_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (f.last_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS last_seen
FROM finding f
LEFT JOIN endpoint e ON e.id = f.endpoint
LEFT JOIN finding_state s ON s.finding = f.id;
