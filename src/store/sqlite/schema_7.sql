-- Version 7: who sent HL7 v2 messages. Older runs did not tell, and raise nobody as new.

ALTER TABLE run_endpoint ADD COLUMN
    senders TEXT NOT NULL DEFAULT '[]'; -- JSON: [["ip", "name" or null, messages, first_ns, last_ns]]
