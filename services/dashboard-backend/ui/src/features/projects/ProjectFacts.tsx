import type { Schemas } from '../../api/client';
import { CopyButton } from '../../components/CopyButton';
import { Facts } from '../../components/Facts';
import { StatusChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import { formatDuration, shortSha } from '../../lib/format';

export function ProjectFacts({ project }: { project: Schemas['Project'] }) {
  const { limits, execution } = project;
  return (
    <Facts
      facts={[
        ['Started', <Time key="started" value={project.created_at} />],
        [
          'README',
          <span key="readme">
            {project.readme_path} at <code>{shortSha(project.readme_sha)}</code>
            <CopyButton value={project.readme_sha} name="README sha" />
          </span>,
        ],
        ['Fix attempts', `${limits.max_fix_iterations} before people are asked`],
        ['Agent deadline', formatDuration(limits.agent_deadline_seconds * 1000)],
        ['Checks deadline', formatDuration(limits.checks_deadline_seconds * 1000)],
        [
          'Workflow',
          execution ? (
            <span key="workflow">
              execution {execution.id}, epoch {execution.epoch} <StatusChip status={execution.state} />
            </span>
          ) : (
            'none at work'
          ),
        ],
        [
          'Project id',
          <span key="id">
            <code>{project.id}</code>
            <CopyButton value={project.id} name="project id" />
          </span>,
        ],
      ]}
    />
  );
}
