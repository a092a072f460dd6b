-- A README appeared in a repository that is new to us: the wish to start a project, kept until the intake workflow itself says
-- that it has taken it over.
CREATE TABLE intakes (
    id               uuid        NOT NULL,
    repository_id    uuid        NOT NULL,
    github_id        bigint      NOT NULL,
    readme_path      text        NOT NULL,
    readme_sha       text        NOT NULL,
    found_by         text        NOT NULL,
    state            text        NOT NULL,
    project_id       uuid,
    trigger_attempts integer     NOT NULL DEFAULT 0,
    last_trigger_at  timestamptz,
    last_answer      text,
    execution_id     text,
    created_at       timestamptz NOT NULL,
    accepted_at      timestamptz,
    CONSTRAINT intakes_pkey PRIMARY KEY (id),
    CONSTRAINT intakes_meaning_key UNIQUE (github_id, readme_sha),
    CONSTRAINT intakes_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES repositories (id),
    CONSTRAINT intakes_state_check CHECK (state IN ('pending', 'accepted')),
    CONSTRAINT intakes_found_by_check CHECK (found_by IN ('webhook', 'poll', 'person')),
    CONSTRAINT intakes_accepted_check CHECK ((state = 'accepted') = (accepted_at IS NOT NULL))
);

COMMENT ON TABLE intakes IS 'Wishes to start a project (owner: github-integration)';
COMMENT ON COLUMN intakes.readme_sha IS 'Blob id of the README that caused it; with github_id the meaning by which repeats are recognised';
COMMENT ON COLUMN intakes.found_by IS 'Which sighting came first';
COMMENT ON COLUMN intakes.state IS 'pending until the intake workflow calls back; an answer of n8n alone never makes it accepted';
COMMENT ON COLUMN intakes.last_answer IS 'What n8n answered to the last trigger, shortened';
COMMENT ON COLUMN intakes.execution_id IS 'n8n execution that the last trigger claimed to have started';

CREATE INDEX intakes_repository_id_idx ON intakes (repository_id);
CREATE INDEX intakes_pending_idx ON intakes (created_at) WHERE state = 'pending';
