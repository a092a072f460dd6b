-- What ended before it expired, and what lists of API keys need. Owner: dashboard-backend.

CREATE TABLE auth_revocations (
    subject     text PRIMARY KEY,
    until_at    timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX auth_revocations_until_idx ON auth_revocations (until_at, recorded_at);
COMMENT ON TABLE auth_revocations IS 'Sessions, API keys and users whose tokens are no longer good; what gateways read when Redis cannot tell them';
COMMENT ON COLUMN auth_revocations.subject IS '<session id>, key:<API key id> or user:<user id>:<Unix seconds before which tokens were issued>';
COMMENT ON COLUMN auth_revocations.until_at IS 'When a token of it would have expired by itself: the row is of no use after';

CREATE INDEX api_keys_user_idx ON api_keys (user_id) WHERE revoked_at IS NULL;
