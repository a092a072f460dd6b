-- A process may die after Telegram took a message and before that was noted; the message is then sent once more. A press tells of the
-- first copy, and from then on both are kept up to date.
ALTER TABLE notification_messages ADD COLUMN telegram_ids bigint[] NOT NULL DEFAULT '{}';

UPDATE notification_messages SET telegram_ids = ARRAY[provider_id::bigint] WHERE channel = 'telegram' AND state = 'sent' AND provider_id IS NOT NULL;

COMMENT ON COLUMN notification_messages.telegram_ids IS 'Every copy in the chat that we know of, by Telegram message id';
