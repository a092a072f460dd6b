import PersonAddOutlined from '@mui/icons-material/PersonAddOutlined';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { ApiError, type Schemas } from '../../api/client';
import { useCan, useUser } from '../../api/session';
import { type Column, DataTable } from '../../components/DataTable';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { Section } from '../../components/Section';
import { ErrorState } from '../../components/states';
import { ToneChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import { humanise } from '../../lib/format';
import { ROLE_MEANING, ROLES } from '../../lib/roles';
import { CreateUserDialog } from './CreateUserDialog';
import { usersQuery } from './queries';
import { UserControls } from './UserControls';

type User = Schemas['User'];

export function UsersPage() {
  const admin = useCan('admin');
  return admin ? <Users /> : <NotAllowed />;
}

function NotAllowed() {
  return (
    <Page title="Users & access" width="narrow">
      <ErrorState error={new ApiError(403, 'forbidden', 'Only admins manage accounts. Ask one of them for what you need.')} />
    </Page>
  );
}

function Users() {
  const users = useQuery(usersQuery);
  const self = useUser();
  const [creating, setCreating] = useState(false);
  const columns: readonly Column<User>[] = [
    {
      header: 'Person',
      cell: (user) => (
        <>
          <Typography sx={{ fontWeight: 600 }}>
            {user.display_name}
            {user.id === self.id ? ' (you)' : ''}
          </Typography>
          <Typography variant="caption" color="textSecondary">
            {user.email}
          </Typography>
        </>
      ),
    },
    { header: 'State', cell: (user) => (user.disabled ? <ToneChip tone="neutral" label="Disabled" /> : <ToneChip tone="success" label="Active" />) },
    { header: 'Last sign-in', cell: (user) => (user.last_login_at ? <Time value={user.last_login_at} /> : 'never') },
    { header: 'Role and access', cell: (user) => <UserControls user={user} isSelf={user.id === self.id} /> },
  ];

  return (
    <Page
      title="Users & access"
      subtitle="Who may sign in, and what they may do."
      actions={
        <Button variant="contained" startIcon={<PersonAddOutlined />} onClick={() => setCreating(true)}>
          Add a user
        </Button>
      }
    >
      <Card sx={{ mb: 2 }}>
        <Loaded query={users}>{(rows) => <DataTable caption="Users" columns={columns} rows={rows} rowKey={(user) => user.id} />}</Loaded>
      </Card>
      <Section title="What the roles mean" hint="Each role may do all that the ones before it may">
        <Box component="dl" sx={{ m: 0, display: 'grid', gridTemplateColumns: 'max-content 1fr', columnGap: 2, rowGap: 0.5 }}>
          {ROLES.map((role) => (
            <Box key={role} sx={{ display: 'contents' }}>
              <Box component="dt" sx={{ fontWeight: 600 }}>
                {humanise(role)}
              </Box>
              <Box component="dd" sx={{ m: 0, color: 'text.secondary' }}>
                {ROLE_MEANING[role]}
              </Box>
            </Box>
          ))}
        </Box>
      </Section>
      {creating ? <CreateUserDialog onClose={() => setCreating(false)} /> : null}
    </Page>
  );
}
