-- Alerts of Alertmanager: what it told us, and what of it people were told. Owner: notification.
CREATE TABLE alerts (
    fingerprint       text        NOT NULL,
    starts_at         timestamptz NOT NULL,
    group_key         text        NOT NULL,
    name              text        NOT NULL,
    severity          text        NOT NULL,
    status            text        NOT NULL,
    labels            jsonb       NOT NULL,
    annotations       jsonb       NOT NULL,
    ends_at           timestamptz,
    silence_url       text,
    received_at       timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    told_firing_at    timestamptz,
    told_resolved_at  timestamptz,
    CONSTRAINT alerts_pkey PRIMARY KEY (fingerprint, starts_at),
    CONSTRAINT alerts_status_check CHECK (status IN ('firing', 'resolved'))
);

COMMENT ON TABLE alerts IS 'Inbox: every alert of Alertmanager, once for each time it began (owner: notification)';
COMMENT ON COLUMN alerts.fingerprint IS 'Alertmanager''s hash of the labels';
COMMENT ON COLUMN alerts.group_key IS 'Alertmanager''s group: what is told in one message';
COMMENT ON COLUMN alerts.updated_at IS 'When Alertmanager last spoke of it';
COMMENT ON COLUMN alerts.told_firing_at IS 'When people were last told that it fires';

CREATE INDEX alerts_group_key_idx ON alerts (group_key, starts_at);
CREATE INDEX alerts_updated_at_idx ON alerts (updated_at);

CREATE TABLE alert_recipients (
    user_id   uuid        NOT NULL,
    email     text        NOT NULL,
    name      text        NOT NULL,
    role      text        NOT NULL,
    seen_at   timestamptz NOT NULL,
    CONSTRAINT alert_recipients_pkey PRIMARY KEY (user_id)
);

COMMENT ON TABLE alert_recipients IS 'Admins and operators as dashboard-backend last named them: whom to tell while it is away (owner: notification)';

-- An alert is about the installation, not about a project: its notifications carry the nil UUID, so that older binaries still read them.
ALTER TABLE notifications DROP CONSTRAINT notifications_kind_check, ADD CONSTRAINT notifications_kind_check
    CHECK (kind IN ('approval_request', 'stage', 'failure', 'completed', 'reminder', 'alert'));
COMMENT ON COLUMN notifications.project_id IS 'The project; 00000000-0000-0000-0000-000000000000 when it is about the installation itself';
