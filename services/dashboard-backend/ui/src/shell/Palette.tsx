import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import Dialog from '@mui/material/Dialog';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
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
      ...DESTINATIONS.filter((item) => includes(role, item.role)).map(({ label, to }) => ({ group: 'Page', label, to })),
      { group: 'Page', label: 'Profile', to: paths.profile },
      ...(data?.decisions ?? []).map((decision) => ({
        group: 'Waiting decision',
        label: `${decision.short_id} ${decision.title}, ${decision.project_name}`,
        to: paths.decision(decision.id),
      })),
      ...(data?.projects ?? []).map((project) => ({
        group: 'Project',
        label: `${project.short_id} ${project.name}`,
        to: paths.project(project.id),
      })),
    ],
    [data, role],
  );

  return (
    <Dialog open onClose={onClose} slotProps={{ paper: { 'aria-label': 'Go to' } }} maxWidth="sm" fullWidth sx={{ '& .MuiDialog-container': { alignItems: 'flex-start' } }}>
      <Autocomplete
        open
        autoHighlight
        options={targets}
        loading={isFetching}
        getOptionKey={(target) => target.to}
        getOptionLabel={(target) => target.label}
        renderOption={({ key, ...parameters }, target) => (
          <Box component="li" key={key} {...parameters} sx={{ display: 'flex', gap: 2 }}>
            <Box component="span" sx={{ flex: 1, overflowWrap: 'anywhere' }}>
              {target.label}
            </Box>
            <Typography component="span" variant="caption" color="textSecondary">
              {target.group}
            </Typography>
          </Box>
        )}
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
