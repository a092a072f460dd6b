-- What the poller remembers between rounds and restarts, and by which several instances share the rounds.
CREATE TABLE poll_states (
    name       text        NOT NULL,
    next_at    timestamptz NOT NULL,
    etag       text,
    started_at timestamptz NOT NULL,
    last_error text,
    last_ok_at timestamptz,
    CONSTRAINT poll_states_pkey PRIMARY KEY (name)
);

COMMENT ON TABLE poll_states IS 'Memory of the poller (owner: github-integration)';
COMMENT ON COLUMN poll_states.name IS 'Which round: repositories, hooks, deliveries';
COMMENT ON COLUMN poll_states.next_at IS 'When the next round is due; whoever moves it forward does the round';
COMMENT ON COLUMN poll_states.etag IS 'ETag of the last list, for a free 304 when nothing changed';
COMMENT ON COLUMN poll_states.started_at IS 'First round ever: repositories that are older are not started by themselves';
