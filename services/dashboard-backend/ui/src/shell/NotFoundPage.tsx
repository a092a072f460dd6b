import TravelExploreOutlined from '@mui/icons-material/TravelExploreOutlined';
import Button from '@mui/material/Button';
import { Link } from 'react-router';

import { Page } from '../components/Page';
import { EmptyState } from '../components/states';
import { paths } from '../lib/paths';

export function NotFoundPage() {
  return (
    <Page title="Page not found">
      <EmptyState
        icon={<TravelExploreOutlined />}
        title="Nothing lives at this address"
        action={
          <Button component={Link} to={paths.home} variant="contained">
            Go home
          </Button>
        }
      >
        The link may be old, or a letter of it may be missing.
      </EmptyState>
    </Page>
  );
}
