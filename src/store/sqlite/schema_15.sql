-- Version 15: what was odd in flows, beside how many there were.

ALTER TABLE run_flow ADD COLUMN anomalies TEXT NOT NULL DEFAULT '{}'; -- JSON: {"name": count}

-- What is odd is known before a flow is over: until then there is none of it to count.
DROP VIEW v_flows;
CREATE VIEW v_flows AS
SELECT f.server, f.outcome, sum(f.flows) AS flows, sum(f.bytes) AS bytes,
       sum(f.gap_bytes) AS gap_bytes, sum(f.one_sided) AS one_sided
FROM run_flow f JOIN run r ON r.id = f.run
WHERE (r.state <> 'open' OR r.kind = 'capture') AND f.flows > 0
GROUP BY f.server, f.outcome;
