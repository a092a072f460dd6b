import NotificationsOutlined from '@mui/icons-material/NotificationsOutlined';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { Loaded } from '../../components/Loaded';
import { Section } from '../../components/Section';
import { EmptyState } from '../../components/states';
import { StatusChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import { humanise } from '../../lib/format';
import { notificationsQuery } from './queries';

/** Who was told what, by which channel, and what the provider answered. */
export function NotificationsTab() {
  const { projectId = '' } = useParams();
  const notifications = useQuery(notificationsQuery(projectId));
  return (
    <Section title="Messages" hint="What was sent about this project, and what became of it" flush>
      <Loaded query={notifications}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon={<NotificationsOutlined />} title="No message yet">
              People are told when the plan is ready.
            </EmptyState>
          ) : (
            <Box component="ul" sx={{ m: 0, p: 0, pb: 1 }}>
              {items.map((notification) => (
                <Message key={notification.id} notification={notification} />
              ))}
            </Box>
          )
        }
      </Loaded>
    </Section>
  );
}

function Message({ notification }: { notification: Schemas['NotificationView'] }) {
  return (
    <Box component="li" sx={{ listStyle: 'none', px: 2, py: 1.25, borderTop: 1, borderColor: 'divider', '&:first-of-type': { borderTop: 0 } }}>
      <Typography sx={{ fontWeight: 600, overflowWrap: 'anywhere' }}>{notification.title}</Typography>
      <Typography variant="caption" component="div" color="textSecondary">
        {humanise(notification.kind)} · <Time value={notification.created_at} />
      </Typography>
      <Box component="ul" sx={{ m: 0, mt: 0.5, p: 0, display: 'grid', gap: 0.5 }}>
        {notification.messages.map((message) => (
          <Box component="li" key={`${message.channel} ${message.name}`} sx={{ listStyle: 'none', display: 'flex', gap: 1, alignItems: 'center', flexWrap: 'wrap' }}>
            <StatusChip status={message.state} />
            <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
              {humanise(message.channel)} to {message.name}
            </Typography>
            <Typography variant="caption" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
              {message.attempts.length > 1 ? `${message.attempts.length} tries · ` : ''}
              {message.reason ?? message.attempts.at(-1)?.answer ?? ''}
            </Typography>
          </Box>
        ))}
      </Box>
    </Box>
  );
}
