import Autocomplete from '@mui/material/Autocomplete';
import Dialog from '@mui/material/Dialog';
import TextField from '@mui/material/TextField';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useNavigate } from 'react-router';

import { paths } from '../lib/paths';
import { includes } from '../lib/roles';
import { DESTINATIONS } from './navigation';
import { jumpQuery } from './queries';

interface Target {
  group: string;
  label: string;
  to: string;
}

interface PaletteProps {
  role: string;
  onClose: () => void;
}

/** One field that jumps anywhere: pages, projects (`P-12`) and waiting decisions (`D-7K2Q`). */
export function Palette({ role, onClose }: PaletteProps) {
  const navigate = useNavigate();
  const { data, isFetching } = useQuery(jumpQuery);
  const targets = useMemo<Target[]>(
    () => [
      ...DESTINATIONS.filter((item) => includes(role, item.role)).map(({ label, to }) => ({ group: 'Pages', label, to })),
      { group: 'Pages', label: 'Profile', to: paths.profile },
      ...(data?.decisions ?? []).map((decision) => ({
        group: 'Waiting decisions',
        label: `${decision.short_id} ${decision.title}, ${decision.project_name}`,
        to: paths.decision(decision.id),
      })),
      ...(data?.projects ?? []).map((project) => ({
        group: 'Projects',
        label: `${project.short_id} ${project.name}`,
        to: paths.project(project.id),
      })),
    ],
    [data, role],
  );

  return (
    <Dialog open onClose={onClose} aria-label="Go to" maxWidth="sm" fullWidth sx={{ '& .MuiDialog-container': { alignItems: 'flex-start' } }}>
      <Autocomplete
        open
        autoHighlight
        options={targets}
        loading={isFetching}
        groupBy={(target) => target.group}
        getOptionKey={(target) => target.to}
        onChange={(_, target) => {
          if (!target) return;
          onClose();
          void navigate(target.to);
        }}
        onClose={(_, reason) => {
          if (reason === 'escape') onClose();
        }}
        renderInput={(parameters) => <TextField {...parameters} autoFocus label="Page, project or decision" />}
        slotProps={{ listbox: { sx: { maxHeight: '50vh' } } }}
        sx={{ p: 2 }}
      />
    </Dialog>
  );
}
