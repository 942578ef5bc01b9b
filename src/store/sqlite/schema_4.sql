-- Version 4: what TLS sessions of a service show, and how much of a service was encrypted. Older runs
-- told neither.

ALTER TABLE run_service ADD COLUMN tls TEXT; -- JSON: src/inventory/tls/stats.rs; null without sessions
ALTER TABLE service ADD COLUMN
    encrypted TEXT NOT NULL DEFAULT 'none' CHECK (encrypted IN ('none', 'some', 'all'));
ALTER TABLE service ADD COLUMN tls TEXT; -- JSON: src/inventory/tls/shown.rs; null without sessions

DROP VIEW v_services;
-- One row per service.
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
