-- Version 13: what the last report told of and what was removed since, so that the next one can tell
-- what changed, from whenever the packets are.

CREATE TABLE report_held (
    kind TEXT NOT NULL, -- service or endpoint
    name TEXT NOT NULL, -- the service, or the endpoint's id
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE report ADD COLUMN services_removed INTEGER NOT NULL DEFAULT 0; -- by db purge
ALTER TABLE report ADD COLUMN endpoints_removed INTEGER NOT NULL DEFAULT 0;
