-- Owned by cursor-integration: prompt templates that replace the built-in ones, and what runs took.

CREATE TABLE prompt_templates (
    id         UUID CONSTRAINT prompt_templates_pkey PRIMARY KEY,
    name       TEXT NOT NULL CONSTRAINT prompt_templates_name_check CHECK (name IN ('plan', 'implement', 'fix', 'test', 'review')),
    version    INTEGER NOT NULL CONSTRAINT prompt_templates_version_check CHECK (version > 0),
    body       TEXT NOT NULL,
    active     BOOLEAN NOT NULL,
    created_by UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT prompt_templates_version_key UNIQUE (name, version)
);
COMMENT ON TABLE prompt_templates IS 'Versions of prompt templates written by people; without an active one the built-in template is used';
CREATE UNIQUE INDEX prompt_templates_active_key ON prompt_templates (name) WHERE active;

CREATE TABLE token_usage (
    id                 UUID CONSTRAINT token_usage_pkey PRIMARY KEY,
    agent_run_id       UUID NOT NULL CONSTRAINT token_usage_agent_run_id_fkey REFERENCES agent_runs (id) ON DELETE CASCADE,
    project_id         UUID NOT NULL,
    backend            TEXT NOT NULL,
    backend_agent_id   TEXT NOT NULL,
    input_tokens       BIGINT NOT NULL,
    output_tokens      BIGINT NOT NULL,
    cache_read_tokens  BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    cost_cents         DOUBLE PRECISION,
    source             TEXT NOT NULL CONSTRAINT token_usage_source_check CHECK (source IN ('api', 'stream', 'cli', 'estimate', 'none')),
    final              BOOLEAN NOT NULL,
    observed_at        TIMESTAMPTZ NOT NULL,
    CONSTRAINT token_usage_agent_key UNIQUE (agent_run_id, backend_agent_id)
);
COMMENT ON TABLE token_usage IS 'Tokens and cost of each agent of each run; counters are disjoint';
COMMENT ON COLUMN token_usage.cost_cents IS 'US cents; null until the backend has settled it';
COMMENT ON COLUMN token_usage.final IS 'Whether the cost has come, or we stopped waiting for it';
CREATE INDEX token_usage_project_idx ON token_usage (project_id);
