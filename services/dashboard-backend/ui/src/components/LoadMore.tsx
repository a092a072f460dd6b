import Box from '@mui/material/Box';
import Button from '@mui/material/Button';

interface LoadMoreProps {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

export function LoadMore({ query }: LoadMoreProps) {
  if (!query.hasNextPage) return null;
  return (
    <Box sx={{ display: 'flex', justifyContent: 'center', py: 2 }}>
      <Button variant="outlined" onClick={() => query.fetchNextPage()} loading={query.isFetchingNextPage}>
        Show more
      </Button>
    </Box>
  );
}
