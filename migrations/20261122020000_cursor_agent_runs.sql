-- Owned by cursor-integration: runs of agents, one row for each long step `agent-runs`.

CREATE TABLE agent_runs (
    id                  UUID CONSTRAINT agent_runs_pkey PRIMARY KEY,
    project_id          UUID NOT NULL,
    step                TEXT NOT NULL,
    iteration           INTEGER NOT NULL CONSTRAINT agent_runs_iteration_check CHECK (iteration > 0),
    role                TEXT NOT NULL CONSTRAINT agent_runs_role_check CHECK (role IN ('architect', 'developer', 'qa')),
    task                TEXT NOT NULL CONSTRAINT agent_runs_task_check CHECK (task IN ('plan', 'implement', 'fix', 'test', 'review')),
    request             JSONB NOT NULL,
    repository          TEXT NOT NULL,
    branch              TEXT NOT NULL,
    base_branch         TEXT NOT NULL,
    milestone_key       TEXT,
    task_iteration      INTEGER NOT NULL,
    state               TEXT NOT NULL CONSTRAINT agent_runs_state_check
                        CHECK (state IN ('queued', 'starting', 'running', 'repairing', 'finished')),
    backend             TEXT NOT NULL,
    model               TEXT,
    repository_url      TEXT,
    clone_url           TEXT,
    project_name        TEXT NOT NULL DEFAULT '',
    readme_path         TEXT NOT NULL DEFAULT 'README.md',
    template_version    INTEGER,
    start_head_sha      TEXT,
    generation          INTEGER NOT NULL DEFAULT 0,
    backend_agent_id    TEXT,
    backend_run_id      TEXT,
    start_tried_at      TIMESTAMPTZ,
    repairs             INTEGER NOT NULL DEFAULT 0,
    errors_in_row       INTEGER NOT NULL DEFAULT 0,
    last_error          TEXT,
    last_event_id       TEXT,
    last_sign_at        TIMESTAMPTZ,
    cancel_reason       TEXT CONSTRAINT agent_runs_cancel_reason_check
                        CHECK (cancel_reason IN ('cancelled', 'stalled', 'expired')),
    cancel_requested_at TIMESTAMPTZ,
    cancelled_by        UUID,
    deadline_seconds    BIGINT NOT NULL CONSTRAINT agent_runs_deadline_check CHECK (deadline_seconds > 0),
    outcome             TEXT CONSTRAINT agent_runs_outcome_check
                        CHECK (outcome IN ('succeeded', 'failed', 'invalid_answer', 'no_branch', 'stalled', 'expired', 'cancelled')),
    reason              TEXT,
    answer              JSONB,
    created_at          TIMESTAMPTZ NOT NULL,
    started_at          TIMESTAMPTZ,
    finished_at         TIMESTAMPTZ,
    updated_at          TIMESTAMPTZ NOT NULL,
    CONSTRAINT agent_runs_step_key UNIQUE (project_id, step, iteration),
    CONSTRAINT agent_runs_agent_key UNIQUE (backend_agent_id),
    CONSTRAINT agent_runs_finished_check CHECK ((state = 'finished') = (outcome IS NOT NULL))
);
COMMENT ON TABLE agent_runs IS 'What agents were asked to do, and what came of it';
COMMENT ON COLUMN agent_runs.request IS 'The body of the step: milestone, inputs, deadline';
COMMENT ON COLUMN agent_runs.state IS 'queued: waits for a free place; starting: the agent is being made; running; repairing: a follow-up is being sent; finished';
COMMENT ON COLUMN agent_runs.start_head_sha IS 'Head of the branch before the first try: a run that must push has moved it';
COMMENT ON COLUMN agent_runs.generation IS 'Which agent works on it: 1, and 2 after the backend lost the first';
COMMENT ON COLUMN agent_runs.backend_agent_id IS 'Chosen by us and kept before the agent is made, so that no crash makes two';
COMMENT ON COLUMN agent_runs.start_tried_at IS 'When creating the agent or the follow-up was first tried: from then on we look before we repeat';
COMMENT ON COLUMN agent_runs.last_sign_at IS 'When the agent last showed that it works; the watchdog counts from here';
CREATE INDEX agent_runs_project_idx ON agent_runs (project_id, id DESC);
CREATE INDEX agent_runs_busy_idx ON agent_runs (state) WHERE state <> 'finished';

CREATE TABLE agent_messages (
    id               UUID CONSTRAINT agent_messages_pkey PRIMARY KEY,
    agent_run_id     UUID NOT NULL CONSTRAINT agent_messages_agent_run_id_fkey REFERENCES agent_runs (id) ON DELETE CASCADE,
    generation       INTEGER NOT NULL,
    author           TEXT NOT NULL CONSTRAINT agent_messages_author_check CHECK (author IN ('quantapilot', 'agent', 'tool')),
    kind             TEXT NOT NULL CONSTRAINT agent_messages_kind_check CHECK (kind IN ('prompt', 'repair', 'progress', 'tool_call', 'answer', 'note')),
    content          TEXT NOT NULL,
    data             JSONB,
    backend_event_id TEXT,
    created_at       TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE agent_messages IS 'The transcript of each run, in the order of ids';
COMMENT ON COLUMN agent_messages.backend_event_id IS 'Run and event of the backend: an event read twice is kept once';
CREATE INDEX agent_messages_run_idx ON agent_messages (agent_run_id, id);
CREATE UNIQUE INDEX agent_messages_event_key ON agent_messages (agent_run_id, backend_event_id) WHERE backend_event_id IS NOT NULL;
