-- Version 17: what the earlier runs of a file have counted as lost by what it told up to there.

ALTER TABLE input ADD COLUMN lost_before INTEGER NOT NULL DEFAULT 0;

UPDATE input SET lost_before = (
    SELECT coalesce(sum(earlier.dropped), 0) FROM input earlier
    -- What was shorter than a head is known by its name.
    WHERE (earlier.head = input.head OR earlier.head IS NULL AND earlier.name = input.name)
      AND earlier.run < input.run
      AND earlier.before + earlier.seen - earlier.dropped <= input.before)
WHERE before > 0;
