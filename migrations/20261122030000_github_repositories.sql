-- Repositories that github-integration has seen. One row per repository, keyed by GitHub's own id, which survives renames
-- and transfers.
CREATE TABLE repositories (
    id              uuid        NOT NULL,
    github_id       bigint      NOT NULL,
    owner           text        NOT NULL,
    name            text        NOT NULL,
    full_name       text        NOT NULL,
    html_url        text        NOT NULL,
    clone_url       text        NOT NULL,
    default_branch  text        NOT NULL,
    private         boolean     NOT NULL,
    fork            boolean     NOT NULL,
    template        boolean     NOT NULL,
    archived        boolean     NOT NULL,
    state           text        NOT NULL,
    state_reason    text,
    readme_path     text,
    readme_sha      text,
    project_id      uuid,
    created_on_github_at timestamptz,
    pushed_at       timestamptz,
    looked_at       timestamptz,
    looked_pushed_at timestamptz,
    hook_id         bigint,
    hook_state      text        NOT NULL DEFAULT 'absent',
    hook_error      text,
    hook_checked_at timestamptz,
    removed_at      timestamptz,
    first_seen_at   timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT repositories_pkey PRIMARY KEY (id),
    CONSTRAINT repositories_github_id_key UNIQUE (github_id),
    CONSTRAINT repositories_state_check CHECK (state IN ('watching', 'ignored', 'adopted')),
    CONSTRAINT repositories_hook_state_check CHECK (hook_state IN ('absent', 'installed', 'failed'))
);

COMMENT ON TABLE repositories IS 'Repositories seen on GitHub (owner: github-integration)';
COMMENT ON COLUMN repositories.github_id IS 'Numeric id on GitHub: stable across renames and transfers';
COMMENT ON COLUMN repositories.state IS 'watching: no usable README yet; ignored: the start rule refuses it; adopted: an intake exists';
COMMENT ON COLUMN repositories.state_reason IS 'Why it is watched or ignored: a stable word such as no_readme, fork, existed_before';
COMMENT ON COLUMN repositories.readme_sha IS 'Git blob id of the README last seen on the default branch';
COMMENT ON COLUMN repositories.project_id IS 'Project in dashboard-backend, known once the intake was accepted';
COMMENT ON COLUMN repositories.pushed_at IS 'Last push as GitHub reports it';
COMMENT ON COLUMN repositories.looked_at IS 'When the start rule last looked for a README';
COMMENT ON COLUMN repositories.looked_pushed_at IS 'Value of pushed_at at that look: a newer one is a reason to look again';
COMMENT ON COLUMN repositories.hook_id IS 'Our own webhook on this repository, when GITHUB_WEBHOOK_URL is set';
COMMENT ON COLUMN repositories.hook_error IS 'Why installing or repairing the webhook failed last';
COMMENT ON COLUMN repositories.removed_at IS 'Deleted on GitHub, or no longer visible to our credentials';

CREATE INDEX repositories_full_name_idx ON repositories (lower(full_name));
CREATE INDEX repositories_state_idx ON repositories (state, first_seen_at DESC);
CREATE INDEX repositories_project_id_idx ON repositories (project_id) WHERE project_id IS NOT NULL;
