-- Version 14: what a run was read with and how far, so that a capture that has grown, or that is read
-- with another filter, is counted once.

ALTER TABLE run ADD COLUMN filter TEXT; -- none: everything was read; '' is one that was not kept
ALTER TABLE input ADD COLUMN head INTEGER; -- keyed hash of the first 8 KiB of a file
ALTER TABLE input ADD COLUMN before INTEGER NOT NULL DEFAULT 0; -- its first packets, read by earlier runs

UPDATE run SET filter = '' WHERE EXISTS (SELECT 1 FROM input i WHERE i.run = run.id AND i.filtered > 0);

CREATE INDEX input_head ON input (head);

DROP VIEW v_runs;
CREATE VIEW v_runs AS
SELECT id AS run, kind, state, version, profile, filter,
       strftime('%Y-%m-%dT%H:%M:%S', started_ns / 1000000000, 'unixepoch')
       || printf('.%06dZ', started_ns % 1000000000 / 1000) AS started,
       strftime('%Y-%m-%dT%H:%M:%S', ended_ns / 1000000000, 'unixepoch')
       || printf('.%06dZ', ended_ns % 1000000000 / 1000) AS ended
FROM run;
