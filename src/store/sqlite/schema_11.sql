-- Version 11: what a rule says of every finding it raises stands once. With it in every row the
-- table was two fifths of a database, and most of what the end of a run had to write.

CREATE TABLE finding_text (
    id           INTEGER PRIMARY KEY,
    explanation  TEXT NOT NULL,
    "references" TEXT NOT NULL, -- JSON: ["text"]
    UNIQUE (explanation, "references")
) STRICT;

DROP VIEW v_findings;

INSERT INTO finding_text (explanation, "references")
SELECT DISTINCT explanation, "references" FROM finding;
ALTER TABLE finding ADD COLUMN text INTEGER; -- finding_text.id
UPDATE finding SET text = (
    SELECT t.id FROM finding_text t
    WHERE (t.explanation, t."references") = (finding.explanation, finding."references")
);
ALTER TABLE finding DROP COLUMN explanation;
ALTER TABLE finding DROP COLUMN "references";

-- One row per finding, with the state someone gave it.
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
