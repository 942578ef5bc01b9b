-- Version 12: from when to when each input has packets, so that a report can say how long was recorded.

ALTER TABLE input ADD COLUMN first_ns INTEGER; -- NULL: not known, or it has none
ALTER TABLE input ADD COLUMN last_ns INTEGER;
