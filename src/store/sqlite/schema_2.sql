-- Version 2: what the flows of a service came wrapped in.

ALTER TABLE run_service ADD COLUMN
    encapsulation TEXT NOT NULL DEFAULT '{}'; -- JSON: {"vlan 10": requests}
ALTER TABLE service ADD COLUMN
    encapsulation TEXT NOT NULL DEFAULT '[]'; -- JSON: ["vlan 10"]

DROP VIEW v_services;
-- One row per service.
CREATE VIEW v_services AS
SELECT service, endpoints, requests, bytes, severity, addresses, protocols, names,
       encapsulation,
       CASE WHEN first_ns <= last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (first_ns - (first_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (first_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS first_seen,
       CASE WHEN first_ns <= last_ns THEN
           strftime('%Y-%m-%dT%H:%M:%S', (last_ns - (last_ns % 1000000000 + 1000000000) % 1000000000) / 1000000000, 'unixepoch')
           || printf('.%06dZ', (last_ns % 1000000000 + 1000000000) % 1000000000 / 1000) END AS last_seen
FROM service;
