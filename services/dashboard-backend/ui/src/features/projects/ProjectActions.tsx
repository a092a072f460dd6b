import PauseOutlined from '@mui/icons-material/PauseOutlined';
import PlayArrowOutlined from '@mui/icons-material/PlayArrowOutlined';
import ReplayOutlined from '@mui/icons-material/ReplayOutlined';
import StopOutlined from '@mui/icons-material/StopOutlined';
import Button from '@mui/material/Button';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import type { Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { useNotices } from '../../components/Notices';
import { actOnProject, type ProjectAction, projectQuery } from './queries';

interface Choice {
  action: ProjectAction;
  label: string;
  done: string;
  icon: ReactNode;
  color?: 'primary' | 'error';
}

const CHOICES: readonly Choice[] = [
  { action: 'retry', label: 'Retry', done: 'is trying again', icon: <ReplayOutlined />, color: 'primary' },
  { action: 'resume', label: 'Resume', done: 'goes on', icon: <PlayArrowOutlined />, color: 'primary' },
  { action: 'pause', label: 'Pause', done: 'is paused; work that has begun may still finish', icon: <PauseOutlined /> },
  { action: 'cancel', label: 'Stop', done: 'is stopped', icon: <StopOutlined />, color: 'error' },
];

/** Nobody resumes past a budget: there it only looks whether the work fits by now. */
const LOOK_AGAIN: Choice = { action: 'resume', label: 'Check again', done: 'goes on', icon: <ReplayOutlined /> };

/** What the API says can be done now, for those who may. */
export function ProjectActions({ project }: { project: Schemas['Project'] }) {
  const [stopping, setStopping] = useState(false);
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const allowed = useCan('operator');
  const act = useMutation({
    mutationFn: (action: ProjectAction) => actOnProject(project.id, action),
    onSuccess: async (updated, action) => {
      queries.setQueryData(projectQuery(project.id).queryKey, updated);
      setStopping(false);
      const choice = CHOICES.find((item) => item.action === action);
      say(`${project.name} ${choice?.done ?? 'has changed'}.`);
      await queries.invalidateQueries({ queryKey: ['home'] });
    },
    onError: fail,
  });

  if (!allowed) return null;
  const choices = project.status === 'budget_hold' ? CHOICES.map((choice) => (choice.action === 'resume' ? LOOK_AGAIN : choice)) : CHOICES;
  return (
    <>
      {choices.filter(({ action }) => project.actions.includes(action)).map(({ action, label, icon, color }) => (
        <Button
          key={action}
          variant={color === 'primary' ? 'contained' : 'outlined'}
          color={color ?? 'inherit'}
          startIcon={icon}
          onClick={() => (action === 'cancel' ? setStopping(true) : act.mutate(action))}
          loading={act.isPending && act.variables === action && action !== 'cancel'}
          disabled={act.isPending}
          sx={color ? undefined : { borderColor: 'divider' }}
        >
          {label}
        </Button>
      ))}
      {stopping ? (
        <ConfirmDialog
          title={`Stop ${project.name} for good?`}
          action={`Stop ${project.name}`}
          color="error"
          typed={project.slug}
          busy={act.isPending}
          onConfirm={() => act.mutate('cancel')}
          onClose={() => setStopping(false)}
        >
          Running agents are stopped and open questions are closed. Branches and pull requests stay as they are. It cannot be resumed; to wait
          only for a while, pause it instead.
        </ConfirmDialog>
      ) : null}
    </>
  );
}
