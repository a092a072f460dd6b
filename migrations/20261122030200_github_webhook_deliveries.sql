-- Inbox of GitHub webhooks: verified, stored as received, worked on later by a job.
CREATE TABLE webhook_deliveries (
    id                   uuid        NOT NULL,
    delivery_id          text        NOT NULL,
    event                text        NOT NULL,
    action               text,
    github_repository_id bigint,
    repository_name      text,
    sender_login         text,
    content_type         text        NOT NULL,
    headers              jsonb       NOT NULL,
    body                 bytea       NOT NULL,
    state                text        NOT NULL,
    outcome              text,
    error                text,
    times_received       integer     NOT NULL DEFAULT 1,
    replays              integer     NOT NULL DEFAULT 0,
    received_at          timestamptz NOT NULL,
    last_received_at     timestamptz NOT NULL,
    processed_at         timestamptz,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_deliveries_delivery_id_key UNIQUE (delivery_id),
    CONSTRAINT webhook_deliveries_state_check CHECK (state IN ('received', 'processed', 'failed', 'invalid'))
);

COMMENT ON TABLE webhook_deliveries IS 'Inbox of GitHub webhooks (owner: github-integration)';
COMMENT ON COLUMN webhook_deliveries.delivery_id IS 'X-GitHub-Delivery; a redelivery carries the same one';
COMMENT ON COLUMN webhook_deliveries.headers IS 'X-GitHub-* and User-Agent headers as received';
COMMENT ON COLUMN webhook_deliveries.body IS 'The exact bytes that were signed';
COMMENT ON COLUMN webhook_deliveries.state IS 'received: waits for its job; processed; failed: the job gave up; invalid: well signed but not a JSON object';
COMMENT ON COLUMN webhook_deliveries.outcome IS 'What it led to, one stable word: intake, known, watching, ignored, woke_checks, …';
COMMENT ON COLUMN webhook_deliveries.times_received IS 'How often GitHub sent it';
COMMENT ON COLUMN webhook_deliveries.replays IS 'How often an operator had it worked on again';

CREATE INDEX webhook_deliveries_received_at_idx ON webhook_deliveries (received_at DESC, id DESC);
CREATE INDEX webhook_deliveries_repository_idx ON webhook_deliveries (github_repository_id, received_at DESC);
