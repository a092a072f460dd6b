-- Steps that wait for the checks of a commit. A job looks again and again until they are done or the deadline has passed; webhooks
-- about the commit make it look sooner.
CREATE TABLE check_waits (
    id          uuid        NOT NULL,
    project_id  uuid        NOT NULL,
    step        text        NOT NULL,
    iteration   integer     NOT NULL,
    repository  text        NOT NULL,
    sha         text        NOT NULL,
    started_at  timestamptz NOT NULL,
    deadline_at timestamptz NOT NULL,
    looks       integer     NOT NULL DEFAULT 0,
    finished_at timestamptz,
    conclusion  text,
    CONSTRAINT check_waits_pkey PRIMARY KEY (id),
    CONSTRAINT check_waits_step_key UNIQUE (project_id, step, iteration),
    CONSTRAINT check_waits_conclusion_check CHECK (conclusion IN ('success', 'failure', 'none', 'timed_out')),
    CONSTRAINT check_waits_finished_check CHECK ((finished_at IS NULL) = (conclusion IS NULL))
);

COMMENT ON TABLE check_waits IS 'Waits for the checks of a commit (owner: github-integration)';
COMMENT ON COLUMN check_waits.step IS 'With project and iteration: the long step that is finished by it';
COMMENT ON COLUMN check_waits.looks IS 'How often GitHub was asked';

CREATE INDEX check_waits_open_idx ON check_waits (sha) WHERE finished_at IS NULL;
