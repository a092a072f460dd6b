-- The check of the documents at the head of a pull request or branch of a project. One row per commit: asked for by whoever needs it,
-- made once by a job.
CREATE TABLE document_checks (
    id          uuid        NOT NULL,
    project_id  uuid        NOT NULL,
    repository  text        NOT NULL,
    sha         text        NOT NULL,
    required    boolean     NOT NULL,
    asked_at    timestamptz NOT NULL,
    checked_at  timestamptz,
    conclusion  text,
    problems    integer     NOT NULL DEFAULT 0,
    older       integer     NOT NULL DEFAULT 0,
    summary     text        NOT NULL DEFAULT '',
    CONSTRAINT document_checks_pkey PRIMARY KEY (id),
    CONSTRAINT document_checks_commit_key UNIQUE (project_id, sha),
    CONSTRAINT document_checks_conclusion_check CHECK (conclusion IN ('success', 'failure', 'neutral')),
    CONSTRAINT document_checks_checked_check CHECK ((checked_at IS NULL) = (conclusion IS NULL))
);

COMMENT ON TABLE document_checks IS 'Checks of the documents of a commit (owner: github-integration)';
COMMENT ON COLUMN document_checks.repository IS 'owner/name at the time it was asked for';
COMMENT ON COLUMN document_checks.required IS 'Problems make it a failure; otherwise they are only shown';
COMMENT ON COLUMN document_checks.conclusion IS 'neutral: problems that are only shown, or it could not be checked';
COMMENT ON COLUMN document_checks.problems IS 'Findings that the branch brings';
COMMENT ON COLUMN document_checks.older IS 'Findings that were there where the branch left the default one';
COMMENT ON COLUMN document_checks.summary IS 'As shown on GitHub and told to the developer; the first line is the title';
