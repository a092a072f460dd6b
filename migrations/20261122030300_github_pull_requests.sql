-- Pull requests that QuantaPilot opened, as last seen.
CREATE TABLE pull_requests (
    id             uuid        NOT NULL,
    project_id     uuid        NOT NULL,
    github_id      bigint      NOT NULL,
    repository     text        NOT NULL,
    number         bigint      NOT NULL,
    title          text        NOT NULL,
    html_url       text        NOT NULL,
    head           text        NOT NULL,
    base           text        NOT NULL,
    head_sha       text        NOT NULL,
    state          text        NOT NULL,
    merge_sha      text,
    opened_at      timestamptz NOT NULL,
    closed_at      timestamptz,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT pull_requests_pkey PRIMARY KEY (id),
    CONSTRAINT pull_requests_github_id_key UNIQUE (github_id),
    CONSTRAINT pull_requests_state_check CHECK (state IN ('open', 'closed', 'merged'))
);

COMMENT ON TABLE pull_requests IS 'Pull requests opened for projects (owner: github-integration)';
COMMENT ON COLUMN pull_requests.github_id IS 'Numeric id of the pull request on GitHub';
COMMENT ON COLUMN pull_requests.repository IS 'owner/name at the time of the last sighting';
COMMENT ON COLUMN pull_requests.head_sha IS 'Head commit at the last sighting';
COMMENT ON COLUMN pull_requests.merge_sha IS 'Commit on the base branch that the merge made';

CREATE INDEX pull_requests_project_id_idx ON pull_requests (project_id, opened_at DESC, id DESC);
CREATE INDEX pull_requests_number_idx ON pull_requests (lower(repository), number);
