-- Projects and what happens to them. Owner: dashboard-backend.

CREATE TABLE projects (
    id                        uuid PRIMARY KEY,
    number                    bigint GENERATED ALWAYS AS IDENTITY,
    repository_url            text NOT NULL,
    status                    text NOT NULL,
    current_stage             text,
    created_at                timestamptz NOT NULL,
    updated_at                timestamptz NOT NULL,
    config                    jsonb NOT NULL DEFAULT '{}',
    metadata                  jsonb NOT NULL DEFAULT '{}',
    name                      text NOT NULL,
    slug                      text NOT NULL,
    intake_id                 uuid,
    repository_id             bigint NOT NULL,
    repository_owner          text NOT NULL,
    repository_name           text NOT NULL,
    clone_url                 text NOT NULL,
    default_branch            text NOT NULL,
    readme_path               text NOT NULL,
    readme_sha                text NOT NULL,
    phase                     text NOT NULL,
    awaiting                  boolean NOT NULL DEFAULT false,
    paused                    boolean NOT NULL DEFAULT false,
    budget_hold               boolean NOT NULL DEFAULT false,
    failed                    boolean NOT NULL DEFAULT false,
    status_reason             text,
    plan_iteration            integer NOT NULL DEFAULT 1,
    current_milestone         text,
    max_fix_iterations        integer NOT NULL DEFAULT 3,
    agent_deadline_seconds    integer NOT NULL DEFAULT 3600,
    checks_deadline_seconds   integer NOT NULL DEFAULT 1800,
    open_findings             jsonb NOT NULL DEFAULT '[]',
    release                   jsonb,
    finished_at               timestamptz,
    epoch                     bigint NOT NULL DEFAULT 0,
    carrier_execution_id      text,
    carrier_triggered_at      timestamptz,
    carrier_triggered_epoch   bigint,
    carrier_failures          integer NOT NULL DEFAULT 0,
    failing_node              text,
    CONSTRAINT projects_repository_id_key UNIQUE (repository_id),
    CONSTRAINT projects_number_key UNIQUE (number),
    CONSTRAINT projects_status_check CHECK (status IN (
        'received', 'analyzing', 'planning', 'awaiting_approval', 'building', 'testing', 'reviewing',
        'releasing', 'completed', 'paused', 'budget_hold', 'failed', 'rejected', 'cancelled')),
    CONSTRAINT projects_phase_check CHECK (phase IN (
        'received', 'analyzing', 'planning', 'building', 'testing', 'reviewing', 'releasing',
        'completed', 'rejected', 'cancelled')),
    CONSTRAINT projects_limits_check CHECK (
        max_fix_iterations >= 0 AND agent_deadline_seconds > 0 AND checks_deadline_seconds > 0)
);
CREATE INDEX projects_status_idx ON projects (status, number DESC);
CREATE INDEX projects_phase_idx ON projects (phase) WHERE phase NOT IN ('completed', 'rejected', 'cancelled');

COMMENT ON TABLE projects IS 'One repository that is being turned into a project, and where it stands';
COMMENT ON COLUMN projects.number IS 'What people see: P-12';
COMMENT ON COLUMN projects.status IS 'Derived from phase and the four flags by the state machine; stored so that lists can filter on it';
COMMENT ON COLUMN projects.current_stage IS 'The open stage, with its milestone: "implementation m1"';
COMMENT ON COLUMN projects.config IS 'Per-project settings that have no column of their own';
COMMENT ON COLUMN projects.metadata IS 'What the analysis found: languages, stack, test command';
COMMENT ON COLUMN projects.phase IS 'Where the work stands, whatever holds it at the moment';
COMMENT ON COLUMN projects.awaiting IS 'People have been asked and have not answered';
COMMENT ON COLUMN projects.paused IS 'An operator paused it';
COMMENT ON COLUMN projects.budget_hold IS 'The next piece of work did not fit the budget';
COMMENT ON COLUMN projects.failed IS 'It cannot go on by itself; Retry clears this';
COMMENT ON COLUMN projects.plan_iteration IS 'Which plan is being made or built; a requested change adds one';
COMMENT ON COLUMN projects.current_milestone IS 'Key of the milestone being built';
COMMENT ON COLUMN projects.open_findings IS 'What the last gate found and nobody has fixed yet';
COMMENT ON COLUMN projects.epoch IS 'Execution epoch: calls of workflow executions with another number are refused';
COMMENT ON COLUMN projects.carrier_execution_id IS 'n8n execution that the last trigger started';
COMMENT ON COLUMN projects.carrier_triggered_epoch IS 'Epoch of the project when that trigger was made; a higher epoch means it was claimed';
COMMENT ON COLUMN projects.carrier_failures IS 'Executions in a row that failed at failing_node';

CREATE TABLE project_stages (
    id            uuid PRIMARY KEY,
    project_id    uuid NOT NULL REFERENCES projects (id),
    stage_name    text NOT NULL,
    milestone     text,
    iteration     integer NOT NULL DEFAULT 1,
    status        text NOT NULL,
    started_at    timestamptz,
    completed_at  timestamptz,
    ai_agent      text,
    tokens_used   bigint NOT NULL DEFAULT 0,
    artifacts     jsonb NOT NULL DEFAULT '[]',
    summary       text,
    CONSTRAINT project_stages_attempt_key UNIQUE NULLS NOT DISTINCT (project_id, stage_name, milestone, iteration),
    CONSTRAINT project_stages_stage_name_check CHECK (stage_name IN (
        'analysis', 'planning', 'implementation', 'testing', 'review', 'release')),
    CONSTRAINT project_stages_status_check CHECK (status IN ('running', 'completed', 'failed', 'cancelled'))
);
CREATE INDEX project_stages_project_idx ON project_stages (project_id, started_at);
COMMENT ON TABLE project_stages IS 'Every attempt at every stage; at most one per project is running';
COMMENT ON COLUMN project_stages.ai_agent IS 'Role that works in this stage';
COMMENT ON COLUMN project_stages.tokens_used IS 'Tokens of the agent runs that finished while the stage was open';
COMMENT ON COLUMN project_stages.artifacts IS 'Ids of the artifacts made in this stage';
COMMENT ON COLUMN project_stages.summary IS 'Outcome of the gate in one sentence';

CREATE TABLE milestones (
    project_id     uuid NOT NULL REFERENCES projects (id),
    plan_version   integer NOT NULL,
    key            text NOT NULL,
    position       integer NOT NULL,
    title          text NOT NULL,
    goal           text NOT NULL,
    branch         text NOT NULL,
    status         text NOT NULL DEFAULT 'planned',
    pull_request   bigint,
    merge_sha      text,
    started_at     timestamptz,
    completed_at   timestamptz,
    PRIMARY KEY (project_id, plan_version, key),
    CONSTRAINT milestones_status_check CHECK (status IN ('planned', 'building', 'completed', 'skipped'))
);
COMMENT ON TABLE milestones IS 'Milestones of each version of the plan, in building order';
COMMENT ON COLUMN milestones.plan_version IS 'Version of the plan artifact that names it';

CREATE TABLE artifacts (
    id          uuid PRIMARY KEY,
    project_id  uuid NOT NULL REFERENCES projects (id),
    stage_id    uuid REFERENCES project_stages (id),
    kind        text NOT NULL,
    version     integer NOT NULL,
    title       text NOT NULL,
    sha256      text NOT NULL,
    content     jsonb NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT artifacts_version_key UNIQUE (project_id, kind, version),
    CONSTRAINT artifacts_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$')
);
COMMENT ON TABLE artifacts IS 'Versioned products of the stages: analysis, plan, foundation, reports. Never changed once written';
COMMENT ON COLUMN artifacts.sha256 IS 'Hash of the canonical JSON of content; approvals are bound to it';

CREATE TABLE requirements (
    id          uuid PRIMARY KEY,
    project_id  uuid NOT NULL REFERENCES projects (id),
    key         text NOT NULL,
    position    integer NOT NULL,
    text        text NOT NULL,
    milestone   text,
    task_id     text,
    pull_request bigint,
    status      text NOT NULL DEFAULT 'found',
    CONSTRAINT requirements_key_key UNIQUE (project_id, key),
    CONSTRAINT requirements_status_check CHECK (status IN ('found', 'planned', 'built'))
);
COMMENT ON TABLE requirements IS 'What the README asks for, traced to the milestone, task and pull request that answer it';
COMMENT ON COLUMN requirements.key IS 'R1, R2, …: how plans and prompts name it';

CREATE TABLE workflow_executions (
    execution_id   text PRIMARY KEY,
    project_id     uuid NOT NULL REFERENCES projects (id),
    workflow       text NOT NULL,
    epoch          bigint,
    state          text NOT NULL,
    registered_at  timestamptz NOT NULL,
    checked_at     timestamptz,
    ended_at       timestamptz,
    CONSTRAINT workflow_executions_state_check CHECK (state IN ('alive', 'refused', 'over', 'failed', 'lost', 'superseded'))
);
CREATE UNIQUE INDEX workflow_executions_alive_key ON workflow_executions (project_id) WHERE state = 'alive';
CREATE INDEX workflow_executions_project_idx ON workflow_executions (project_id, epoch DESC);
COMMENT ON TABLE workflow_executions IS 'Workflow executions that registered with a project; at most one is alive';
COMMENT ON COLUMN workflow_executions.epoch IS 'Null for one that was told not to proceed';

CREATE TABLE execution_errors (
    execution_id  text PRIMARY KEY,
    project_id    uuid REFERENCES projects (id),
    workflow      text NOT NULL,
    node          text,
    error_name    text NOT NULL,
    message       text NOT NULL,
    received_at   timestamptz NOT NULL
);
COMMENT ON TABLE execution_errors IS 'What the error workflow reported, once per execution';
COMMENT ON COLUMN execution_errors.project_id IS 'Null when the execution is not one that we know';
