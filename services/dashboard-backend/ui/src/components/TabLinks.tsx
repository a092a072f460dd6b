import Tab from '@mui/material/Tab';
import Tabs from '@mui/material/Tabs';
import Box from '@mui/material/Box';
import { Link } from 'react-router';

interface TabLink {
  to: string;
  label: string;
}

interface TabLinksProps {
  label: string;
  links: readonly TabLink[];
  current: string;
}

/** Tabs that are addresses: a navigation in meaning, tabs in looks. */
export function TabLinks({ label, links, current }: TabLinksProps) {
  return (
    <Box component="nav" aria-label={label} sx={{ borderBottom: 1, borderColor: 'divider', mb: 2 }}>
      <Tabs
        value={links.some((link) => link.to === current) ? current : false}
        variant="scrollable"
        scrollButtons={false}
        slotProps={{ list: { role: undefined } }}
      >
        {links.map(({ to, label: text }) => (
          <Tab
            key={to}
            value={to}
            label={text}
            component={Link}
            to={to}
            // Takes back the role `tab` that MUI sets: this is a link.
            // oxlint-disable-next-line jsx-a11y/aria-role
            role={undefined}
            tabIndex={0}
            aria-selected={undefined}
            aria-current={to === current ? 'page' : undefined}
            preventScrollReset
          />
        ))}
      </Tabs>
    </Box>
  );
}
