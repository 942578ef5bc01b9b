-- Version 16: what an interface lost and what the kernel's filter excluded, beside the account.

ALTER TABLE input ADD COLUMN interface_lost INTEGER;
ALTER TABLE input ADD COLUMN filter_excluded INTEGER;

DROP VIEW v_coverage;
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
