-- Money that is set aside for runs of agents before they start. Owner: dashboard-backend.

CREATE TABLE budget_reservations (
    run_id            uuid PRIMARY KEY,
    project_id        uuid NOT NULL REFERENCES projects (id),
    stage_id          uuid REFERENCES project_stages (id),
    role              text NOT NULL,
    task              text NOT NULL,
    state             text NOT NULL,
    estimate_cents    double precision NOT NULL,
    estimate_tokens   bigint NOT NULL,
    estimated_from    integer NOT NULL,
    open_cents        double precision NOT NULL DEFAULT 0,
    open_tokens       bigint NOT NULL DEFAULT 0,
    used_cents        double precision,
    used_tokens       bigint,
    deadline_seconds  bigint NOT NULL,
    asked_at          timestamptz NOT NULL,
    ended_at          timestamptz,
    closed_at         timestamptz,
    expires_at        timestamptz NOT NULL,
    CONSTRAINT budget_reservations_state_check CHECK (state IN ('held', 'open', 'settled', 'released', 'lost')),
    CONSTRAINT budget_reservations_numbers_check CHECK (
        estimate_cents >= 0 AND estimate_tokens >= 0 AND open_cents >= 0 AND open_tokens >= 0 AND deadline_seconds > 0)
);
CREATE INDEX budget_reservations_busy_idx ON budget_reservations (project_id, asked_at) WHERE state IN ('held', 'open');
CREATE INDEX budget_reservations_settled_idx ON budget_reservations (role, closed_at DESC) WHERE state = 'settled';
COMMENT ON TABLE budget_reservations IS 'What is set aside for each run of an agent, from before its start until its cost is known';
COMMENT ON COLUMN budget_reservations.state IS 'held: does not fit yet; open: set aside; settled: the cost is known; released: took nothing; lost: nobody said how it ended';
COMMENT ON COLUMN budget_reservations.stage_id IS 'The stage that was open when the run was asked for; its cost counts there however late it comes';
COMMENT ON COLUMN budget_reservations.estimated_from IS 'Runs that the estimate was taken from; 0: the setting';
COMMENT ON COLUMN budget_reservations.open_cents IS 'Still set aside: none while it is held, less as usage is reported';
COMMENT ON COLUMN budget_reservations.expires_at IS 'When nothing was heard by then, it is closed by the sweep';
