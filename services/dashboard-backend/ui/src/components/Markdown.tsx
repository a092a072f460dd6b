import Box from '@mui/material/Box';
import Skeleton from '@mui/material/Skeleton';
import { lazy, Suspense } from 'react';

const MarkdownBody = lazy(() => import('./MarkdownBody').then((module) => ({ default: module.MarkdownBody })));

interface MarkdownProps {
  text: string;
}

/** Text that others wrote: README, agent output, comments. The renderer loads when first needed. */
export function Markdown({ text }: MarkdownProps) {
  return (
    <Suspense fallback={<Skeleton variant="rounded" height={64} />}>
      <Box
        sx={{
          overflowWrap: 'anywhere',
          fontSize: '0.9375rem',
          lineHeight: 1.6,
          '& > :first-of-type': { mt: 0 },
          '& > :last-child': { mb: 0 },
          '& p, & ul, & ol': { my: 1 },
          '& ul, & ol': { pl: 3 },
          '& code': { fontSize: '0.85em', bgcolor: 'action.hover', borderRadius: 0.5, px: 0.5, py: 0.125 },
          '& pre': { bgcolor: 'action.hover', borderRadius: 1, p: 1.5, overflowX: 'auto' },
          '& pre code': { bgcolor: 'transparent', p: 0 },
          '& blockquote': { borderLeft: 3, borderColor: 'divider', m: 0, my: 1, pl: 2, color: 'text.secondary' },
          '& table': { borderCollapse: 'collapse', display: 'block', overflowX: 'auto' },
          '& th, & td': { border: 1, borderColor: 'divider', px: 1, py: 0.5, textAlign: 'left' },
        }}
      >
        <MarkdownBody text={text} />
      </Box>
    </Suspense>
  );
}
