-- A recipient's page shows the thread: from a message to what follows it up.
CREATE INDEX message_parent ON vault.message (parent) WHERE parent IS NOT NULL;
