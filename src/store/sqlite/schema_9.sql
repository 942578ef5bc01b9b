-- Version 9: fields, data classes, authentication and encryption have packet times of their own. What
-- older runs counted has none and is dated by the run's times at its endpoint, once it is published
-- again.

ALTER TABLE run_endpoint ADD COLUMN
    times TEXT NOT NULL DEFAULT '{}'; -- JSON: {"scheme", "clear" or "tls": [first_ns, last_ns]}
ALTER TABLE endpoint ADD COLUMN
    times TEXT NOT NULL DEFAULT '{}'; -- JSON: {"auth": {"scheme": [first_ns, last_ns]}, "clear", "tls"}
ALTER TABLE field ADD COLUMN first_ns INTEGER NOT NULL DEFAULT 9223372036854775807;
ALTER TABLE field ADD COLUMN last_ns INTEGER NOT NULL DEFAULT -9223372036854775808;

-- What it held follows from these columns.
DROP TABLE fact;

DROP VIEW v_fields;

-- One row per field of an endpoint.
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

DROP VIEW v_data_classes;

-- One row per data class of a field.
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

DROP VIEW v_endpoints;

-- One row per endpoint: service, standard, operation, method and path.
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
