-- Answers people gave outside the dashboard, on their way to dashboard-backend, and the links in mails.
CREATE TABLE notification_answers (
    id              uuid        NOT NULL,
    source          text        NOT NULL,
    decision_id     uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    choice          text        NOT NULL,
    comment         text,
    channel         text        NOT NULL,
    evidence_sha    text,
    chat_id         bigint,
    message_id      uuid,
    state           text        NOT NULL,
    result          text,
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    CONSTRAINT notification_answers_pkey PRIMARY KEY (id),
    CONSTRAINT notification_answers_source_key UNIQUE (source),
    CONSTRAINT notification_answers_channel_check CHECK (channel IN ('telegram', 'email')),
    CONSTRAINT notification_answers_state_check CHECK (state IN ('pending', 'accepted', 'refused'))
);

COMMENT ON TABLE notification_answers IS 'Answers to decisions from Telegram and mail, until dashboard-backend has ruled on them (owner: notification)';
COMMENT ON COLUMN notification_answers.source IS 'The update or link it came from: each counts once';
COMMENT ON COLUMN notification_answers.result IS 'In the words the person was told';

CREATE INDEX notification_answers_decision_id_idx ON notification_answers (decision_id);

CREATE TABLE approval_links (
    token_hash   bytea       NOT NULL,
    message_id   uuid        NOT NULL,
    decision_id  uuid        NOT NULL,
    user_id      uuid        NOT NULL,
    evidence_sha text,
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz,
    void_at      timestamptz,
    void_reason  text,
    code_hash    bytea,
    code_sent_at timestamptz,
    code_tries   integer     NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    CONSTRAINT approval_links_pkey PRIMARY KEY (token_hash),
    CONSTRAINT approval_links_message_id_key UNIQUE (message_id),
    CONSTRAINT approval_links_message_id_fkey FOREIGN KEY (message_id) REFERENCES notification_messages (id) ON DELETE CASCADE
);

COMMENT ON TABLE approval_links IS 'Links in mails that lead to the confirm page (owner: notification)';
COMMENT ON COLUMN approval_links.token_hash IS 'SHA-256 of the 256-bit token; the token stands in the mail alone';
COMMENT ON COLUMN approval_links.evidence_sha IS 'What the mail showed; the answer is bound to it';
COMMENT ON COLUMN approval_links.code_hash IS 'SHA-256 of the six digits sent to another channel for a high-risk decision';

CREATE INDEX approval_links_decision_id_idx ON approval_links (decision_id);

CREATE TABLE approval_link_visits (
    id         uuid        NOT NULL,
    token_hash bytea       NOT NULL,
    kind       text        NOT NULL,
    outcome    text        NOT NULL,
    address    text        NOT NULL,
    user_agent text        NOT NULL,
    visited_at timestamptz NOT NULL,
    CONSTRAINT approval_link_visits_pkey PRIMARY KEY (id),
    CONSTRAINT approval_link_visits_kind_check CHECK (kind IN ('view', 'try'))
);

COMMENT ON TABLE approval_link_visits IS 'Every view of and try on an approval link, so that scanners can be told from people (owner: notification)';
COMMENT ON COLUMN approval_link_visits.token_hash IS 'Also of tokens that were never given out';

CREATE INDEX approval_link_visits_address_idx ON approval_link_visits (address, visited_at);
CREATE INDEX approval_link_visits_token_hash_idx ON approval_link_visits (token_hash, visited_at);
