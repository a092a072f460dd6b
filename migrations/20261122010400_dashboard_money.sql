-- Measures, budgets and outside subscribers. Owner: dashboard-backend.

CREATE TABLE performance_metrics (
    id           uuid PRIMARY KEY,
    project_id   uuid NOT NULL REFERENCES projects (id),
    stage_id     uuid REFERENCES project_stages (id),
    metric_name  text NOT NULL,
    subject      text NOT NULL,
    value        double precision NOT NULL,
    unit         text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    CONSTRAINT performance_metrics_subject_key UNIQUE (project_id, metric_name, subject)
);
CREATE INDEX performance_metrics_time_idx ON performance_metrics (metric_name, recorded_at);
COMMENT ON TABLE performance_metrics IS 'Numbers per project, such as tokens and cost of each agent run';
COMMENT ON COLUMN performance_metrics.subject IS 'What was measured, such as an agent run; a later report replaces an earlier one';

CREATE TABLE budgets (
    id             uuid PRIMARY KEY,
    project_id     uuid REFERENCES projects (id),
    period         text NOT NULL,
    limit_cents    bigint,
    limit_tokens   bigint,
    warn_percent   integer NOT NULL DEFAULT 80,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT budgets_scope_key UNIQUE NULLS NOT DISTINCT (project_id, period),
    CONSTRAINT budgets_period_check CHECK (period IN ('run', 'stage', 'project', 'day', 'month')),
    CONSTRAINT budgets_limits_check CHECK (
        (limit_cents IS NOT NULL OR limit_tokens IS NOT NULL) AND warn_percent BETWEEN 1 AND 100)
);
COMMENT ON TABLE budgets IS 'What may be spent; rows without a project hold for the whole installation';

CREATE TABLE subscriptions (
    id           uuid PRIMARY KEY,
    url          text NOT NULL,
    secret_hash  bytea,
    event_kinds  text[] NOT NULL DEFAULT '{}',
    project_id   uuid REFERENCES projects (id),
    created_by   uuid REFERENCES users (id),
    created_at   timestamptz NOT NULL,
    disabled_at  timestamptz
);
COMMENT ON TABLE subscriptions IS 'Outside addresses that want to hear of events';
COMMENT ON COLUMN subscriptions.event_kinds IS 'Empty: all of them';
