import Button from '@mui/material/Button';
import FormControlLabel from '@mui/material/FormControlLabel';
import Stack from '@mui/material/Stack';
import Switch from '@mui/material/Switch';
import Typography from '@mui/material/Typography';
import { useColorScheme } from '@mui/material/styles';
import { useState } from 'react';
import { Link } from 'react-router';

import { useUser } from '../../api/session';
import { Facts } from '../../components/Facts';
import { FilterChips } from '../../components/FilterChips';
import { Page } from '../../components/Page';
import { Section } from '../../components/Section';
import { Time } from '../../components/Time';
import { humanise } from '../../lib/format';
import { paths } from '../../lib/paths';
import { isRole, ROLE_MEANING } from '../../lib/roles';
import { setShortcutsEnabled, shortcutsEnabled } from '../../lib/shortcuts';
import { PasswordSection } from './PasswordSection';
import { SessionsSection } from './SessionsSection';
import { TelegramSection } from './TelegramSection';

const MODES = [
  { value: 'system', label: 'Like the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const;

export function ProfilePage() {
  const user = useUser();
  const { mode, setMode } = useColorScheme();
  const [shortcuts, setShortcuts] = useState(shortcutsEnabled);
  return (
    <Page title="Profile" width="narrow">
      <Stack spacing={2}>
        <Section title="You">
          <Facts
            facts={[
              ['Name', user.display_name],
              ['E-mail', user.email],
              ['Role', isRole(user.role) ? `${humanise(user.role)}: ${ROLE_MEANING[user.role]}` : user.role],
              ['Account since', <Time key="since" value={user.created_at} />],
            ]}
          />
        </Section>
        <Section title="Telegram" hint="Decisions reach you there, with buttons to answer">
          <TelegramSection />
        </Section>
        <Section title="Appearance" hint="Kept in this browser">
          <Stack spacing={1.5}>
            <FilterChips label="Theme" options={MODES} value={mode ?? 'system'} onChange={setMode} />
            <FormControlLabel
              control={
                <Switch
                  checked={shortcuts}
                  onChange={(_, on) => {
                    setShortcuts(on);
                    setShortcutsEnabled(on);
                  }}
                />
              }
              label="Single-key shortcuts"
            />
            <Typography variant="caption" color="textSecondary">
              Press ? on any page to see them.
            </Typography>
          </Stack>
        </Section>
        <Section title="API keys" hint="For scripts that act for you">
          <Button component={Link} to={paths.apiKeys} variant="outlined">
            Manage API keys
          </Button>
        </Section>
        <Section title="Sessions" hint="Every browser in which you are signed in">
          <SessionsSection />
        </Section>
        <Section title="Password" hint="Changing it ends your sessions in other browsers">
          <PasswordSection />
        </Section>
      </Stack>
    </Page>
  );
}
