-- Owned by the `common` library: background jobs (the outbox), idempotent workflow steps, and the fence of each project.

CREATE TABLE jobs (
    id             UUID PRIMARY KEY,
    queue          TEXT NOT NULL,
    key            TEXT,
    payload        JSONB NOT NULL,
    state          TEXT NOT NULL DEFAULT 'ready' CONSTRAINT jobs_state_check CHECK (state IN ('ready', 'running', 'done', 'dead')),
    attempts       INTEGER NOT NULL DEFAULT 0,
    looks          INTEGER NOT NULL DEFAULT 0,
    max_attempts   INTEGER NOT NULL,
    run_at         TIMESTAMPTZ NOT NULL,
    lease_until    TIMESTAMPTZ,
    lease_owner    UUID,
    last_error     TEXT,
    correlation_id TEXT,
    traceparent    TEXT,
    created_at     TIMESTAMPTZ NOT NULL,
    finished_at    TIMESTAMPTZ
);
COMMENT ON TABLE jobs IS 'Work to be done after the transaction that made it necessary; the outbox of every service';
COMMENT ON COLUMN jobs.key IS 'Jobs of one queue with the same key never run at once; at most one of them waits';
COMMENT ON COLUMN jobs.attempts IS 'How often it was tried and failed';
COMMENT ON COLUMN jobs.looks IS 'How often it asked to be called again later, which is not a failure';
COMMENT ON COLUMN jobs.lease_until IS 'A running job whose lease is over was lost with its process and is taken by another';
CREATE INDEX jobs_due_idx ON jobs (queue, run_at) WHERE state = 'ready';
CREATE INDEX jobs_lease_idx ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_dead_idx ON jobs (finished_at) WHERE state = 'dead';
CREATE INDEX jobs_done_idx ON jobs (finished_at) WHERE state = 'done';
CREATE UNIQUE INDEX jobs_waiting_key ON jobs (queue, key) WHERE state = 'ready' AND key IS NOT NULL;

CREATE TABLE execution_fences (
    project_id UUID PRIMARY KEY,
    epoch      BIGINT NOT NULL,
    status     TEXT NOT NULL,
    paused     BOOLEAN NOT NULL DEFAULT FALSE,
    updated_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE execution_fences IS 'Which workflow execution may act for a project; written by dashboard-backend through common::steps::fence, read by all';
COMMENT ON COLUMN execution_fences.epoch IS 'Calls with an older epoch are refused as superseded';
COMMENT ON COLUMN execution_fences.paused IS 'Long steps hold before starting new work';

CREATE TABLE steps (
    project_id      UUID NOT NULL,
    step            TEXT NOT NULL,
    iteration       INTEGER NOT NULL CONSTRAINT steps_iteration_check CHECK (iteration > 0),
    service         TEXT NOT NULL,
    epoch           BIGINT NOT NULL,
    state           TEXT NOT NULL CONSTRAINT steps_state_check CHECK (state IN ('running', 'held', 'pending', 'finished')),
    work_id         UUID,
    status          INTEGER,
    body            JSONB,
    resume_url      TEXT,
    execution_id    TEXT,
    lease_until     TIMESTAMPTZ,
    lease_owner     UUID,
    replays         INTEGER NOT NULL DEFAULT 0,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    finished_at     TIMESTAMPTZ,
    acknowledged_at TIMESTAMPTZ,
    carrier_lost_at TIMESTAMPTZ,
    CONSTRAINT steps_pkey PRIMARY KEY (project_id, step, iteration)
);
COMMENT ON TABLE steps IS 'Every call of a workflow, by (project, step, iteration), with the answer it got';
COMMENT ON COLUMN steps.state IS 'running: a handler is at it; held: a long step waits because the project is paused; pending: long work goes on; finished: the answer is recorded';
COMMENT ON COLUMN steps.work_id IS 'The id of the long work: an agent run, a decision, a wait for checks';
COMMENT ON COLUMN steps.resume_url IS 'Path and query with which the waiting workflow is woken; a secret';
COMMENT ON COLUMN steps.acknowledged_at IS 'When a workflow fetched the finished answer: the proof of delivery';
COMMENT ON COLUMN steps.carrier_lost_at IS 'When waking the workflow was found to be impossible: a new execution is needed';
CREATE INDEX steps_undelivered_idx ON steps (finished_at) WHERE state = 'finished' AND resume_url IS NOT NULL AND acknowledged_at IS NULL;
CREATE INDEX steps_held_idx ON steps (project_id) WHERE state = 'held';
