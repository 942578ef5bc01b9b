-- What the steps schema.sql, schema_2.sql and so on make of a new database. Not to be edited:
-- PHITAP_WRITE_SCHEMA=1 cargo test a_new_database_is_what_the_steps_make

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    -- AUTOINCREMENT: the id of a removed run is never given again.
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    kind             TEXT NOT NULL CHECK (kind IN ('replay', 'capture')),
    state            TEXT NOT NULL CHECK (state IN ('open', 'sealed', 'partial')),
    version          TEXT NOT NULL,
    started_ns       INTEGER NOT NULL,
    ended_ns         INTEGER,
    clients_overflow INTEGER NOT NULL DEFAULT 0
, profile TEXT NOT NULL DEFAULT 'default', filter TEXT) STRICT;

CREATE TABLE input (
    id         INTEGER PRIMARY KEY,
    run        INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    name       TEXT NOT NULL,
    -- Identity: bytes, and keyed hash of the first and last MiB. Null for standard input and interfaces.
    size       INTEGER,
    hash       INTEGER,
    state      TEXT NOT NULL CHECK (state IN ('complete', 'partial')),
    incomplete TEXT,
    seen       INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    analysed   INTEGER NOT NULL,
    duplicate  INTEGER NOT NULL,
    filtered   INTEGER NOT NULL,
    dropped    INTEGER NOT NULL,
    cut        INTEGER NOT NULL, first_ns INTEGER, last_ns INTEGER, head INTEGER, before INTEGER NOT NULL DEFAULT 0, interface_lost INTEGER, filter_excluded INTEGER, lost_before INTEGER NOT NULL DEFAULT 0,
    UNIQUE (run, position)
) STRICT;

CREATE INDEX input_identity ON input (size, hash);

CREATE TABLE input_reason (
    input   INTEGER NOT NULL REFERENCES input (id) ON DELETE CASCADE,
    outcome TEXT NOT NULL CHECK (outcome IN ('skipped', 'malformed', 'shed')),
    reason  TEXT NOT NULL,
    packets INTEGER NOT NULL,
    PRIMARY KEY (input, outcome, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_service (
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    service   TEXT NOT NULL,
    requests  INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    first_ns  INTEGER NOT NULL,
    last_ns   INTEGER NOT NULL,
    addresses TEXT NOT NULL, -- JSON: {"ip:port": requests}
    products  TEXT NOT NULL, encapsulation TEXT NOT NULL DEFAULT '{}', tls TEXT, -- JSON: {"name": count}
    PRIMARY KEY (run, service)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_client (
    run         INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    client      TEXT NOT NULL,
    requests    INTEGER NOT NULL,
    first_ns    INTEGER NOT NULL,
    last_ns     INTEGER NOT NULL,
    user_agents TEXT NOT NULL, -- JSON: {"name": requests}
    services    TEXT NOT NULL, -- JSON: {"service": requests}
    PRIMARY KEY (run, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_flow (
    run       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    server    TEXT NOT NULL,
    outcome   TEXT NOT NULL,
    flows     INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    gap_bytes INTEGER NOT NULL,
    one_sided INTEGER NOT NULL, anomalies TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (run, server, outcome)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_anomaly (
    run   INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    name  TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_endpoint (
    id                        INTEGER PRIMARY KEY,
    run                       INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    service                   TEXT NOT NULL,
    standard                  TEXT NOT NULL,
    method                    TEXT NOT NULL,
    path                      TEXT NOT NULL,
    operation                 TEXT NOT NULL,
    requests                  INTEGER NOT NULL,
    encrypted                 INTEGER NOT NULL,
    unauthenticated_successes INTEGER NOT NULL,
    exchanges                 INTEGER NOT NULL,
    one_sided                 INTEGER NOT NULL,
    gaps                      INTEGER NOT NULL,
    truncated                 INTEGER NOT NULL,
    undecoded                 INTEGER NOT NULL,
    first_ns                  INTEGER NOT NULL,
    last_ns                   INTEGER NOT NULL,
    request_bytes             INTEGER NOT NULL,
    response_bytes            INTEGER NOT NULL,
    fields_overflow           INTEGER NOT NULL,
    statuses                  TEXT NOT NULL, -- JSON: {"200": responses}
    auth                      TEXT NOT NULL, -- JSON: {"scheme": requests}
    protocols                 TEXT NOT NULL, -- JSON: {"http/1": exchanges}
    interactions              TEXT NOT NULL, -- JSON: {"read": exchanges}
    media                     TEXT NOT NULL, -- JSON: [{"type": requests}, {"type": responses}]
    clients                   TEXT NOT NULL, -- JSON: {"ip": requests}
    anomalies                 TEXT NOT NULL, unread INTEGER NOT NULL DEFAULT 0, unread_bodies TEXT NOT NULL DEFAULT '{}', url_credentials TEXT NOT NULL DEFAULT '{}', ambiguous INTEGER NOT NULL DEFAULT 0, senders TEXT NOT NULL DEFAULT '[]', times TEXT NOT NULL DEFAULT '{}', -- JSON: {"name": count}
    UNIQUE (run, service, standard, method, path, operation)
) STRICT;

CREATE TABLE run_field (
    id        INTEGER PRIMARY KEY,
    endpoint  INTEGER NOT NULL REFERENCES run_endpoint (id) ON DELETE CASCADE,
    direction TEXT NOT NULL CHECK (direction IN ('request', 'response')),
    location  TEXT NOT NULL,
    path      TEXT NOT NULL,
    context   TEXT NOT NULL,
    evidence  BLOB NOT NULL -- src/store/evidence_codec.rs
) STRICT;

CREATE INDEX run_field_endpoint ON run_field (endpoint);

CREATE TABLE service (
    service   TEXT PRIMARY KEY,
    endpoints INTEGER NOT NULL,
    requests  INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    severity  TEXT NOT NULL,
    first_ns  INTEGER NOT NULL,
    last_ns   INTEGER NOT NULL,
    addresses TEXT NOT NULL, -- JSON: ["ip:port"]
    protocols TEXT NOT NULL, -- JSON: ["http/1"]
    names     TEXT NOT NULL  -- JSON: ["nginx"]
, encapsulation TEXT NOT NULL DEFAULT '[]', encrypted TEXT NOT NULL DEFAULT 'none' CHECK (encrypted IN ('none', 'some', 'all')), tls TEXT) STRICT, WITHOUT ROWID;

CREATE TABLE endpoint (
    id             TEXT PRIMARY KEY,
    service        TEXT NOT NULL,
    protocol       TEXT NOT NULL,
    standard       TEXT NOT NULL,
    operation      TEXT NOT NULL,
    method         TEXT,
    path           TEXT,
    encrypted      TEXT NOT NULL CHECK (encrypted IN ('none', 'some', 'all')),
    severity       TEXT NOT NULL,
    requests       INTEGER NOT NULL,
    clients        INTEGER NOT NULL,
    exchanges      INTEGER NOT NULL,
    one_sided      INTEGER NOT NULL,
    gaps           INTEGER NOT NULL,
    truncated      INTEGER NOT NULL,
    undecoded      INTEGER NOT NULL,
    request_bytes  INTEGER NOT NULL,
    response_bytes INTEGER NOT NULL,
    first_ns       INTEGER NOT NULL,
    last_ns        INTEGER NOT NULL,
    interactions   TEXT NOT NULL, -- JSON: ["read"]
    absorbed       TEXT NOT NULL, -- JSON: ["ep-…"]
    statuses       TEXT NOT NULL, -- JSON: {"200": responses}
    auth           TEXT NOT NULL, -- JSON: {"scheme": requests}
    data_classes   TEXT NOT NULL, -- JSON: [{"class", "direction", "confidence", "count"}]
    anomalies      TEXT NOT NULL  -- JSON: {"name": count}
, unread INTEGER NOT NULL DEFAULT 0, unread_bodies TEXT NOT NULL DEFAULT '{}', ambiguous INTEGER NOT NULL DEFAULT 0, times TEXT NOT NULL DEFAULT '{}') STRICT;

CREATE TABLE field (
    endpoint     TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
    direction    TEXT NOT NULL CHECK (direction IN ('request', 'response')),
    location     TEXT NOT NULL,
    field        TEXT NOT NULL,
    -- Tells apart fields of one name that structure gives different meanings.
    nth          INTEGER NOT NULL,
    seen         INTEGER NOT NULL,
    exchanges    INTEGER NOT NULL,
    mask         TEXT,
    types        TEXT NOT NULL, -- JSON: ["string"]
    data_classes TEXT NOT NULL, -- JSON: [{"class", "confidence", "count"}]
    explanation  TEXT NOT NULL, first_ns INTEGER NOT NULL DEFAULT 9223372036854775807, last_ns INTEGER NOT NULL DEFAULT -9223372036854775808, -- JSON: ["clause"]
    PRIMARY KEY (endpoint, direction, location, field, nth)
) STRICT;

CREATE TABLE client (
    client      TEXT PRIMARY KEY,
    requests    INTEGER NOT NULL,
    first_ns    INTEGER NOT NULL,
    last_ns     INTEGER NOT NULL,
    user_agents TEXT NOT NULL, -- JSON: ["name"]
    services    TEXT NOT NULL  -- JSON: ["service"]
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
    id           TEXT PRIMARY KEY,
    rule         TEXT NOT NULL,
    kind         TEXT NOT NULL,
    severity     TEXT NOT NULL,
    title        TEXT NOT NULL,
    endpoint     TEXT NOT NULL,
    direction    TEXT,
    location     TEXT,
    field        TEXT,
    data_class   TEXT,
    count        INTEGER NOT NULL,
    first_ns     INTEGER NOT NULL,
    last_ns      INTEGER NOT NULL,
    text INTEGER) STRICT;

CREATE TABLE finding_state (
    finding    TEXT PRIMARY KEY,
    state      TEXT NOT NULL
               CHECK (state IN ('new', 'acknowledged', 'false-positive', 'accepted', 'resolved')),
    reason     TEXT,
    owner      TEXT,
    until_ns   INTEGER,
    set_ns     INTEGER NOT NULL,
    -- What the finding was about when the decision was made.
    rule       TEXT NOT NULL,
    endpoint   TEXT NOT NULL,
    direction  TEXT,
    location   TEXT,
    field      TEXT,
    data_class TEXT
, count INTEGER) STRICT, WITHOUT ROWID;

CREATE TABLE finding_state_history (
    id       INTEGER PRIMARY KEY,
    finding  TEXT NOT NULL,
    state    TEXT NOT NULL,
    reason   TEXT,
    owner    TEXT,
    until_ns INTEGER,
    set_ns   INTEGER NOT NULL
) STRICT;

CREATE INDEX finding_state_history_finding ON finding_state_history (finding);

CREATE VIEW v_clients AS
SELECT client, requests, user_agents, services,
       CASE WHEN first_ns <= last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (first_ns - (first_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (first_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS first_seen,
       CASE WHEN first_ns <= last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (last_ns - (last_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (last_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS last_seen
FROM client;

CREATE VIEW v_inputs AS
SELECT id AS input, run, position, name, size, state, incomplete
FROM input;

CREATE VIEW v_services AS
SELECT service, endpoints, requests, bytes, severity, addresses, protocols, names,
       encapsulation, encrypted, tls,
       CASE WHEN first_ns <= last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (first_ns - (first_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (first_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS first_seen,
       CASE WHEN first_ns <= last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (last_ns - (last_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (last_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS last_seen
FROM service;

CREATE TABLE report (
    id         INTEGER PRIMARY KEY,
    made_ns    INTEGER NOT NULL, -- wall time
    covered_ns INTEGER NOT NULL  -- packet time of the last exchange that it told of
, services_removed INTEGER NOT NULL DEFAULT 0, endpoints_removed INTEGER NOT NULL DEFAULT 0) STRICT;

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

CREATE VIEW v_fields AS
SELECT f.endpoint, e.service, e.protocol, e.standard, e.operation, e.method, e.path, f.direction,
       f.location, f.field, f.types, f.seen, f.exchanges,
       (SELECT json_group_array(json_remove(c.value, '$.first_ns', '$.last_ns')) FROM json_each(f.data_classes) c) AS data_classes,
       f.mask, f.explanation,
       CASE WHEN f.first_ns <= f.last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (f.first_ns - (f.first_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (f.first_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS first_seen,
       CASE WHEN f.first_ns <= f.last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (f.last_ns - (f.last_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (f.last_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS last_seen
FROM field f JOIN endpoint e ON e.id = f.endpoint;

CREATE VIEW v_data_classes AS
WITH class AS (
    SELECT f.endpoint, f.direction, f.location, f.field, c.value AS seen,
           c.value ->> 'first_ns' AS first_ns, c.value ->> 'last_ns' AS last_ns
    FROM field f, json_each(f.data_classes) c
)
SELECT f.seen ->> 'class' AS class, f.seen ->> 'confidence' AS confidence,
       f.seen ->> 'count' AS count, f.endpoint, e.service, e.standard, e.operation, e.method,
       e.path, f.direction, f.location, f.field,
       CASE WHEN f.first_ns <= f.last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (f.first_ns - (f.first_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (f.first_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS first_seen,
       CASE WHEN f.first_ns <= f.last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (f.last_ns - (f.last_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (f.last_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS last_seen
FROM class f JOIN endpoint e ON e.id = f.endpoint;

CREATE VIEW v_endpoints AS
SELECT id, service, protocol, standard, operation, method, path, requests, statuses, auth, encrypted,
       (SELECT json_group_array(json_remove(c.value, '$.first_ns', '$.last_ns')) FROM json_each(data_classes) c) AS data_classes,
       severity, exchanges, one_sided, gaps, truncated, undecoded, unread, unread_bodies, ambiguous,
       clients, request_bytes, response_bytes, interactions, anomalies, absorbed,
       CASE WHEN first_ns <= last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (first_ns - (first_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (first_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS first_seen,
       CASE WHEN first_ns <= last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (last_ns - (last_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (last_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS last_seen
FROM endpoint;

CREATE INDEX endpoint_service ON endpoint (service);

CREATE INDEX finding_endpoint ON finding (endpoint);

CREATE TABLE finding_text (
    id           INTEGER PRIMARY KEY,
    explanation  TEXT NOT NULL,
    "references" TEXT NOT NULL, -- JSON: ["text"]
    UNIQUE (explanation, "references")
) STRICT;

CREATE VIEW v_findings AS
SELECT f.id, f.rule, f.kind, f.severity, f.title, t.explanation, f.endpoint, e.service, e.protocol,
       e.standard, e.operation, e.method, e.path, f.direction, f.location, f.field, f.data_class,
       f.count,
       CASE WHEN s.state = 'resolved' AND f.last_ns > s.set_ns
                 AND (s.count IS NULL OR f.count > s.count) THEN 'regressed'
            ELSE coalesce(s.state, 'new') END AS state,
       s.reason, s.owner,
       CASE WHEN s.until_ns IS NOT NULL THEN
           strftime('%Y-%m-%dT%H:%M:%S', (s.until_ns - (s.until_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (s.until_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS until,
       t."references",
       CASE WHEN f.first_ns <= f.last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (f.first_ns - (f.first_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (f.first_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS first_seen,
       CASE WHEN f.first_ns <= f.last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (f.last_ns - (f.last_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (f.last_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS last_seen
FROM finding f
LEFT JOIN finding_text t ON t.id = f.text
LEFT JOIN endpoint e ON e.id = f.endpoint
LEFT JOIN finding_state s ON s.finding = f.id;

CREATE TABLE report_held (
    kind TEXT NOT NULL, -- service or endpoint
    name TEXT NOT NULL, -- the service, or the endpoint's id
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX input_head ON input (head);

CREATE VIEW v_runs AS
SELECT id AS run, kind, state, version, profile, filter,
       strftime('%Y-%m-%dT%H:%M:%S', started_ns / 1000000000, 'unixepoch')
       || printf('.%06dZ', started_ns % 1000000000 / 1000) AS started,
       strftime('%Y-%m-%dT%H:%M:%S', ended_ns / 1000000000, 'unixepoch')
       || printf('.%06dZ', ended_ns % 1000000000 / 1000) AS ended
FROM run;

CREATE VIEW v_flows AS
SELECT f.server, f.outcome, sum(f.flows) AS flows, sum(f.bytes) AS bytes,
       sum(f.gap_bytes) AS gap_bytes, sum(f.one_sided) AS one_sided
FROM run_flow f JOIN run r ON r.id = f.run
WHERE (r.state <> 'open' OR r.kind = 'capture') AND f.flows > 0
GROUP BY f.server, f.outcome;

CREATE VIEW v_coverage AS
SELECT i.id AS input, i.run, i.name, i.state, i.incomplete, i.seen, i.bytes, i.analysed,
       i.duplicate, i.filtered,
       coalesce(sum(r.packets) FILTER (WHERE r.outcome = 'skipped'), 0) AS skipped,
       coalesce(sum(r.packets) FILTER (WHERE r.outcome = 'malformed'), 0) AS malformed,
       coalesce(sum(r.packets) FILTER (WHERE r.outcome = 'shed'), 0) AS shed,
       i.dropped, i.cut,
       coalesce(json_group_object(r.outcome || '/' || r.reason, r.packets)
                FILTER (WHERE r.reason IS NOT NULL), '{}') AS reasons,
       i.interface_lost, i.filter_excluded
FROM input i LEFT JOIN input_reason r ON r.input = i.id
GROUP BY i.id;
