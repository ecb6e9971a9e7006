-- What the sender's list says of each message, counted when something changes instead of at each look.
-- The gateway's projection brings a message's counts up to date in the transaction that changes what
-- they count (services/gateway/counts.c): always counted anew from the rows, never added to, so that an
-- item that comes twice or late changes nothing.
ALTER TABLE mail.message
    ADD COLUMN recipients    bigint NOT NULL DEFAULT 0,
    ADD COLUMN opened        bigint NOT NULL DEFAULT 0, -- of the recipients
    ADD COLUMN replied       bigint NOT NULL DEFAULT 0, -- of the recipients
    ADD COLUMN delivered     bigint NOT NULL DEFAULT 0, -- of the recipients
    ADD COLUMN undeliverable bigint NOT NULL DEFAULT 0, -- of the recipients
    ADD COLUMN replies       bigint NOT NULL DEFAULT 0; -- that stand in the list

UPDATE mail.message SET recipients = counted.recipients, opened = counted.opened,
    replied = counted.replied, delivered = counted.delivered, undeliverable = counted.undeliverable
FROM (SELECT recipient.message, count(*) AS recipients,
        count(*) FILTER (WHERE opened_ms > 0) AS opened,
        count(*) FILTER (WHERE replied_ms > 0) AS replied,
        count(*) FILTER (WHERE result = 1) AS delivered,
        count(*) FILTER (WHERE result = 2) AS undeliverable
    FROM mail.recipient LEFT JOIN mail.delivery USING (link) GROUP BY recipient.message) AS counted
WHERE counted.message = message.message;

UPDATE mail.message SET replies = counted.replies
FROM (SELECT parent, count(*) AS replies FROM mail.message
    WHERE direction = 1 AND parent IS NOT NULL GROUP BY parent) AS counted
WHERE counted.parent = message.message;
