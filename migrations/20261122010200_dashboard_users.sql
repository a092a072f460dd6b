-- People, their sessions, and settings. Owner: dashboard-backend.

CREATE TABLE users (
    id             uuid PRIMARY KEY,
    email          text NOT NULL,
    display_name   text NOT NULL,
    password_hash  text NOT NULL,
    role           text NOT NULL,
    disabled       boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    last_login_at  timestamptz,
    CONSTRAINT users_email_check CHECK (email = lower(email)),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_role_check CHECK (role IN ('viewer', 'approver', 'operator', 'admin'))
);
COMMENT ON TABLE users IS 'People who may sign in';
COMMENT ON COLUMN users.password_hash IS 'argon2id, in PHC string format';

CREATE TABLE login_failures (
    email         text PRIMARY KEY,
    failures      integer NOT NULL,
    locked_until  timestamptz,
    last_at       timestamptz NOT NULL
);
COMMENT ON TABLE login_failures IS 'Failed sign-ins by address, known or not, so that a lock-out tells nobody which addresses exist';

CREATE TABLE user_sessions (
    id             uuid PRIMARY KEY,
    user_id        uuid NOT NULL REFERENCES users (id),
    created_at     timestamptz NOT NULL,
    last_used_at   timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    revoked_at     timestamptz,
    revoked_reason text,
    user_agent     text
);
CREATE INDEX user_sessions_user_idx ON user_sessions (user_id) WHERE revoked_at IS NULL;
COMMENT ON TABLE user_sessions IS 'Signed-in browsers and programs; the id is the sid of every token';

CREATE TABLE user_session_tokens (
    token_hash  bytea PRIMARY KEY,
    session_id  uuid NOT NULL REFERENCES user_sessions (id),
    issued_at   timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX user_session_tokens_session_idx ON user_session_tokens (session_id);
COMMENT ON TABLE user_session_tokens IS 'Refresh tokens by SHA-256, used ones kept so that a second use is noticed';

CREATE TABLE settings (
    key         text PRIMARY KEY,
    value       jsonb NOT NULL,
    updated_at  timestamptz NOT NULL
);
COMMENT ON TABLE settings IS 'What the installation made for itself: the signing key, the set-up token';

CREATE TABLE api_keys (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id),
    name          text NOT NULL,
    prefix        text NOT NULL,
    key_hash      bytea NOT NULL,
    scopes        text[] NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    last_used_at  timestamptz,
    revoked_at    timestamptz,
    CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash)
);
COMMENT ON TABLE api_keys IS 'Keys for programs, by SHA-256; the prefix is what lists show';
