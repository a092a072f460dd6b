-- The timeline, the audit trail and the live feed in one table. Owner: dashboard-backend.

CREATE TABLE events (
    sequence          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key               text NOT NULL,
    project_id        uuid REFERENCES projects (id),
    project_sequence  bigint NOT NULL,
    kind              text NOT NULL,
    actor             text NOT NULL,
    summary           text NOT NULL,
    data              jsonb NOT NULL DEFAULT '{}',
    occurred_at       timestamptz NOT NULL,
    recorded_at       timestamptz NOT NULL,
    previous_hash     bytea NOT NULL,
    hash              bytea NOT NULL,
    CONSTRAINT events_key_key UNIQUE (key),
    CONSTRAINT events_project_sequence_key UNIQUE NULLS NOT DISTINCT (project_id, project_sequence),
    CONSTRAINT events_kind_check CHECK (kind ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$')
);
CREATE INDEX events_project_idx ON events (project_id, sequence DESC);
CREATE INDEX events_kind_idx ON events (kind, sequence DESC);
COMMENT ON TABLE events IS 'Append-only. Commit order is sequence order: appending takes an advisory lock';
COMMENT ON COLUMN events.sequence IS 'Over all projects; the id of the live feed';
COMMENT ON COLUMN events.key IS 'Named by the reporter; the same key is kept once';
COMMENT ON COLUMN events.project_id IS 'Null for what concerns the installation: users, settings';
COMMENT ON COLUMN events.hash IS 'SHA-256 over previous_hash and the row: a changed or missing row breaks the chain of its project';

CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION events_are_append_only();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();

CREATE FUNCTION events_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('dashboard_events', NEW.sequence::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER events_announced AFTER INSERT ON events
    FOR EACH ROW EXECUTE FUNCTION events_announce();
