import PlayCircleOutlined from '@mui/icons-material/PlayCircleOutlined';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import type { Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { useNotices } from '../../components/Notices';
import { Section } from '../../components/Section';
import { startDemo } from './queries';

interface DemoCardProps {
  demo: Schemas['Demo'];
}

/** Runs a whole project against the sandbox: the way to see everything work without any account. */
export function DemoCard({ demo }: DemoCardProps) {
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const allowed = useCan('operator');
  const start = useMutation({
    mutationFn: startDemo,
    onSuccess: async ({ repository }) => {
      say(`Pushed the README to ${repository}. Its project appears here within seconds.`);
      await queries.invalidateQueries({ queryKey: ['home'] });
    },
    onError: fail,
  });

  return (
    <Section
      title="Run the demo"
      hint="Pushes a README to a new repository in the sandbox. From there on everything is real: workflows, commits, tests, pull requests and your approvals."
    >
      <Box component="ul" sx={{ m: 0, p: 0, pt: 0.5, display: 'grid', gap: 1.5, gridTemplateColumns: { xs: '1fr', md: 'repeat(3, 1fr)' } }}>
        {demo.readmes.map(({ name, title, description }) => (
          <Card component="li" key={name} sx={{ listStyle: 'none', p: 2, display: 'flex', flexDirection: 'column', gap: 1 }}>
            <Typography variant="h3" component="h3">
              {title}
            </Typography>
            <Typography variant="body2" color="textSecondary" sx={{ flex: 1 }}>
              {description}
            </Typography>
            <Button
              variant="outlined"
              startIcon={<PlayCircleOutlined />}
              onClick={() => start.mutate(name)}
              loading={start.isPending && start.variables === name}
              disabled={!allowed || start.isPending}
              aria-label={`Run this one: ${title}`}
              sx={{ alignSelf: 'flex-start' }}
            >
              Run this one
            </Button>
          </Card>
        ))}
      </Box>
      {allowed ? null : (
        <Typography variant="caption" color="textSecondary">
          An operator can start the demo.
        </Typography>
      )}
    </Section>
  );
}
