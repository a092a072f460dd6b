-- Telegram: who is linked, what came in, what goes out.
CREATE TABLE telegram_links (
    user_id          uuid        NOT NULL,
    telegram_user_id bigint      NOT NULL,
    name             text        NOT NULL,
    blocked_at       timestamptz,
    blocked_reason   text,
    created_at       timestamptz NOT NULL,
    CONSTRAINT telegram_links_pkey PRIMARY KEY (user_id),
    CONSTRAINT telegram_links_telegram_user_id_key UNIQUE (telegram_user_id)
);

COMMENT ON TABLE telegram_links IS 'Which Telegram account belongs to which user (owner: notification)';
COMMENT ON COLUMN telegram_links.telegram_user_id IS 'from.id, which nobody can choose; usernames are never trusted';
COMMENT ON COLUMN telegram_links.blocked_at IS 'The person blocked the bot: mail is used instead';

CREATE TABLE telegram_link_codes (
    code_hash  bytea       NOT NULL,
    user_id    uuid        NOT NULL,
    name       text        NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT telegram_link_codes_pkey PRIMARY KEY (code_hash)
);

COMMENT ON TABLE telegram_link_codes IS 'One-time codes for /start (owner: notification)';
COMMENT ON COLUMN telegram_link_codes.code_hash IS 'SHA-256; the code itself is shown once and never kept';

CREATE INDEX telegram_link_codes_user_id_idx ON telegram_link_codes (user_id);

CREATE TABLE telegram_updates (
    update_id        bigint      NOT NULL,
    kind             text        NOT NULL,
    telegram_user_id bigint,
    body             jsonb       NOT NULL,
    outcome          text        NOT NULL,
    received_at      timestamptz NOT NULL,
    CONSTRAINT telegram_updates_pkey PRIMARY KEY (update_id)
);

COMMENT ON TABLE telegram_updates IS 'Inbox: every update Telegram handed us, once (owner: notification)';
COMMENT ON COLUMN telegram_updates.outcome IS 'What came of it, such as answered, linked, stranger, ignored';

CREATE INDEX telegram_updates_sender_idx ON telegram_updates (telegram_user_id, received_at);

CREATE TABLE telegram_bot (
    id           boolean     NOT NULL DEFAULT true,
    next_offset  bigint      NOT NULL DEFAULT 0,
    paused_until timestamptz,
    username     text,
    problem      text,
    problem_at   timestamptz,
    CONSTRAINT telegram_bot_pkey PRIMARY KEY (id),
    CONSTRAINT telegram_bot_single_check CHECK (id)
);

COMMENT ON TABLE telegram_bot IS 'State of the one bot (owner: notification)';
COMMENT ON COLUMN telegram_bot.next_offset IS 'Updates below it are stored; moved in the transaction that stores them';
COMMENT ON COLUMN telegram_bot.paused_until IS 'Telegram asked the whole bot to wait (429 with retry_after)';
COMMENT ON COLUMN telegram_bot.problem IS 'Why updates cannot be fetched right now, for the health page';

INSERT INTO telegram_bot DEFAULT VALUES;

CREATE TABLE telegram_outbox (
    id         bigint      GENERATED ALWAYS AS IDENTITY,
    chat_id    bigint      NOT NULL,
    operation  text        NOT NULL,
    message_id uuid,
    body       jsonb,
    state      text        NOT NULL,
    created_at timestamptz NOT NULL,
    done_at    timestamptz,
    CONSTRAINT telegram_outbox_pkey PRIMARY KEY (id),
    CONSTRAINT telegram_outbox_message_id_fkey FOREIGN KEY (message_id) REFERENCES notification_messages (id) ON DELETE CASCADE,
    CONSTRAINT telegram_outbox_operation_check CHECK (operation IN ('send', 'edit', 'reply')),
    CONSTRAINT telegram_outbox_state_check CHECK (state IN ('waiting', 'done', 'failed'))
);

COMMENT ON TABLE telegram_outbox IS 'What is to be said in which chat, in order (owner: notification)';
COMMENT ON COLUMN telegram_outbox.operation IS 'send: a message as it is now; edit: bring a sent message up to date; reply: the text in body';

CREATE INDEX telegram_outbox_waiting_idx ON telegram_outbox (chat_id, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX telegram_outbox_edit_key ON telegram_outbox (message_id) WHERE state = 'waiting' AND operation = 'edit';

CREATE TABLE telegram_prompts (
    chat_id             bigint      NOT NULL,
    telegram_message_id bigint      NOT NULL,
    message_id          uuid        NOT NULL,
    user_id             uuid        NOT NULL,
    choice              text        NOT NULL,
    created_at          timestamptz NOT NULL,
    answered_at         timestamptz,
    CONSTRAINT telegram_prompts_pkey PRIMARY KEY (chat_id, telegram_message_id),
    CONSTRAINT telegram_prompts_message_id_fkey FOREIGN KEY (message_id) REFERENCES notification_messages (id) ON DELETE CASCADE
);

COMMENT ON TABLE telegram_prompts IS 'Questions for a reason; a reply to one is the reason (owner: notification)';
