-- Version 5: exchanges of which receivers may have read other bytes than those that came first. Older
-- runs did not count them.

ALTER TABLE run_endpoint ADD COLUMN ambiguous INTEGER NOT NULL DEFAULT 0;
ALTER TABLE endpoint ADD COLUMN ambiguous INTEGER NOT NULL DEFAULT 0;

DROP VIEW v_endpoints;

-- One row per endpoint: service, standard, operation, method and path.
CREATE VIEW v_endpoints AS
SELECT id, service, protocol, standard, operation, method, path, requests, statuses, auth, encrypted,
       data_classes, severity, exchanges, one_sided, gaps, truncated, undecoded, unread, unread_bodies, ambiguous,
       clients, request_bytes, response_bytes, interactions, anomalies, absorbed,
       CASE WHEN first_ns <= last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (first_ns - (first_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (first_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS first_seen,
       CASE WHEN first_ns <= last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (last_ns - (last_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (last_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS last_seen
FROM endpoint;
