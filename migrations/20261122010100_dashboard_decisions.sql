-- Questions to people, their answers, and who is asked. Owner: dashboard-backend.

CREATE TABLE hitl_decisions (
    id             uuid PRIMARY KEY,
    project_id     uuid NOT NULL REFERENCES projects (id),
    stage_id       uuid REFERENCES project_stages (id),
    decision_type  text NOT NULL,
    context        jsonb NOT NULL,
    status         text NOT NULL DEFAULT 'pending',
    decision       jsonb,
    decided_by     text,
    decided_at     timestamptz,
    short_id       text NOT NULL,
    step           text,
    iteration      integer,
    title          text NOT NULL,
    summary        text NOT NULL,
    options        text[] NOT NULL,
    risk           text NOT NULL,
    artifact_kind  text,
    artifact_id    uuid,
    artifact_sha   text,
    choice         text,
    comment        text,
    channel        text,
    auto           boolean NOT NULL DEFAULT false,
    decided_by_id  uuid,
    quorum         integer NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    reminded_at    timestamptz,
    applied_at     timestamptz,
    CONSTRAINT hitl_decisions_short_id_key UNIQUE (short_id),
    CONSTRAINT hitl_decisions_step_key UNIQUE (project_id, step, iteration),
    CONSTRAINT hitl_decisions_decision_type_check CHECK (decision_type IN ('plan', 'merge', 'release', 'stuck', 'error', 'budget')),
    CONSTRAINT hitl_decisions_status_check CHECK (status IN ('pending', 'answered', 'applied', 'expired', 'cancelled')),
    CONSTRAINT hitl_decisions_risk_check CHECK (risk IN ('low', 'high')),
    CONSTRAINT hitl_decisions_quorum_check CHECK (quorum > 0),
    CONSTRAINT hitl_decisions_answered_check CHECK (status NOT IN ('answered', 'applied') OR (choice IS NOT NULL AND decided_at IS NOT NULL))
);
CREATE INDEX hitl_decisions_project_idx ON hitl_decisions (project_id, created_at DESC);
CREATE INDEX hitl_decisions_pending_idx ON hitl_decisions (expires_at) WHERE status = 'pending';
COMMENT ON TABLE hitl_decisions IS 'Questions that people, or a policy, answer';
COMMENT ON COLUMN hitl_decisions.short_id IS 'D-7K2Q: what people say and paste';
COMMENT ON COLUMN hitl_decisions.decision IS 'The answer as a whole, as the workflow gets it';
COMMENT ON COLUMN hitl_decisions.decided_by IS 'Name of who decided, as it was then';
COMMENT ON COLUMN hitl_decisions.step IS 'Step of the workflow that asked; null when we asked by ourselves';
COMMENT ON COLUMN hitl_decisions.artifact_sha IS 'Hash of what is being approved; another hash is refused';
COMMENT ON COLUMN hitl_decisions.applied_at IS 'When the workflow itself came back for the answer: the only proof of delivery';

CREATE TABLE decision_answers (
    id           uuid PRIMARY KEY,
    decision_id  uuid NOT NULL REFERENCES hitl_decisions (id),
    user_id      uuid,
    choice       text NOT NULL,
    comment      text,
    channel      text NOT NULL,
    accepted     boolean NOT NULL,
    refusal      text,
    answered_at  timestamptz NOT NULL
);
CREATE INDEX decision_answers_decision_idx ON decision_answers (decision_id, answered_at);
COMMENT ON TABLE decision_answers IS 'Every attempt to answer, the refused ones too';
COMMENT ON COLUMN decision_answers.refusal IS 'Error code the caller got';

CREATE TABLE approval_policies (
    id                    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id            uuid REFERENCES projects (id),
    decision_type         text NOT NULL,
    mode                  text NOT NULL,
    quorum                integer NOT NULL DEFAULT 1,
    expires_after_seconds integer NOT NULL DEFAULT 259200,
    CONSTRAINT approval_policies_scope_key UNIQUE NULLS NOT DISTINCT (project_id, decision_type),
    CONSTRAINT approval_policies_mode_check CHECK (mode IN ('ask', 'auto')),
    CONSTRAINT approval_policies_decision_type_check CHECK (decision_type IN ('plan', 'merge', 'release', 'stuck', 'error', 'budget')),
    CONSTRAINT approval_policies_numbers_check CHECK (quorum > 0 AND expires_after_seconds > 0)
);
COMMENT ON TABLE approval_policies IS 'Who has to be asked for what, and how long an answer may take; rows without a project are the defaults';

INSERT INTO approval_policies (decision_type, mode) VALUES
    ('plan', 'ask'), ('merge', 'ask'), ('release', 'auto'), ('stuck', 'ask'), ('error', 'ask'), ('budget', 'ask');
