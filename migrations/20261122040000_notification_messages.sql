-- What people are told: the notification, one message per person and channel, and every attempt to deliver it.
CREATE TABLE notifications (
    id           uuid        NOT NULL,
    key          text        NOT NULL,
    kind         text        NOT NULL,
    project_id   uuid        NOT NULL,
    project_name text        NOT NULL,
    decision_id  uuid,
    title        text        NOT NULL,
    text         text        NOT NULL,
    link         text,
    created_at   timestamptz NOT NULL,
    CONSTRAINT notifications_pkey PRIMARY KEY (id),
    CONSTRAINT notifications_key_key UNIQUE (key),
    CONSTRAINT notifications_kind_check CHECK (kind IN ('approval_request', 'stage', 'failure', 'completed', 'reminder'))
);

COMMENT ON TABLE notifications IS 'What people are told (owner: notification)';
COMMENT ON COLUMN notifications.key IS 'Given by the caller; the same key is sent once';
COMMENT ON COLUMN notifications.text IS 'May hold foreign text: escaped in every template';

CREATE INDEX notifications_project_id_idx ON notifications (project_id, created_at DESC);
CREATE INDEX notifications_decision_id_idx ON notifications (decision_id) WHERE decision_id IS NOT NULL;

CREATE TABLE notification_decisions (
    id         uuid        NOT NULL,
    body       jsonb       NOT NULL,
    closed_at  timestamptz,
    updated_at timestamptz NOT NULL,
    CONSTRAINT notification_decisions_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE notification_decisions IS 'Decisions as we last heard of them, for rendering; dashboard-backend has the truth (owner: notification)';
COMMENT ON COLUMN notification_decisions.closed_at IS 'When we heard that it is over; no message asks for it after that';

CREATE TABLE notification_messages (
    id              uuid        NOT NULL,
    notification_id uuid        NOT NULL,
    channel         text        NOT NULL,
    user_id         uuid,
    name            text        NOT NULL,
    address         text        NOT NULL,
    code            text        NOT NULL,
    state           text        NOT NULL,
    reason          text,
    provider_id     text,
    confirming      text,
    fallback_of     uuid,
    fallback_to     text,
    created_at      timestamptz NOT NULL,
    sent_at         timestamptz,
    CONSTRAINT notification_messages_pkey PRIMARY KEY (id),
    CONSTRAINT notification_messages_notification_id_fkey FOREIGN KEY (notification_id) REFERENCES notifications (id) ON DELETE CASCADE,
    CONSTRAINT notification_messages_target_key UNIQUE (notification_id, channel, address),
    CONSTRAINT notification_messages_code_key UNIQUE (code),
    CONSTRAINT notification_messages_channel_check CHECK (channel IN ('telegram', 'email')),
    CONSTRAINT notification_messages_state_check CHECK (state IN ('pending', 'sent', 'failed', 'skipped'))
);

COMMENT ON TABLE notification_messages IS 'One message to one person or group on one channel (owner: notification)';
COMMENT ON COLUMN notification_messages.user_id IS 'Whom it is for; absent for a group chat';
COMMENT ON COLUMN notification_messages.address IS 'Telegram chat id or e-mail address';
COMMENT ON COLUMN notification_messages.code IS 'Opaque id in the data of its buttons';
COMMENT ON COLUMN notification_messages.reason IS 'Why it failed or was skipped';
COMMENT ON COLUMN notification_messages.provider_id IS 'Telegram message id, or Message-ID of the mail';
COMMENT ON COLUMN notification_messages.confirming IS 'The option whose confirmation the message asks for right now';
COMMENT ON COLUMN notification_messages.fallback_of IS 'The message that could not be delivered on its own channel';
COMMENT ON COLUMN notification_messages.fallback_to IS 'E-mail address to use when this channel turns out to be dead';

CREATE INDEX notification_messages_notification_id_idx ON notification_messages (notification_id);

CREATE TABLE notification_deliveries (
    id          uuid        NOT NULL,
    message_id  uuid,
    chat_id     bigint,
    operation   text        NOT NULL,
    attempt     integer     NOT NULL,
    outcome     text        NOT NULL,
    answer      text,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT notification_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT notification_deliveries_message_id_fkey FOREIGN KEY (message_id) REFERENCES notification_messages (id) ON DELETE CASCADE,
    CONSTRAINT notification_deliveries_operation_check CHECK (operation IN ('send', 'edit', 'reply')),
    CONSTRAINT notification_deliveries_outcome_check CHECK (outcome IN ('started', 'sent', 'retry', 'rejected'))
);

COMMENT ON TABLE notification_deliveries IS 'Every attempt to deliver something, with what the provider said (owner: notification)';
COMMENT ON COLUMN notification_deliveries.outcome IS 'started until the answer is known; a row that stays so belongs to a process that was killed meanwhile';
COMMENT ON COLUMN notification_deliveries.answer IS 'The words of the provider, shortened; never an address or a token';

CREATE INDEX notification_deliveries_message_id_idx ON notification_deliveries (message_id, started_at);
