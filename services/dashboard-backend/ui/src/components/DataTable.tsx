import Box from '@mui/material/Box';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableContainer from '@mui/material/TableContainer';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import Typography from '@mui/material/Typography';
import useMediaQuery from '@mui/material/useMediaQuery';
import visuallyHidden from '@mui/utils/visuallyHidden';
import type { ReactNode } from 'react';

export interface Column<T> {
  header: string;
  cell: (row: T) => ReactNode;
  numeric?: boolean;
}

interface DataTableProps<T> {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
}

/** A table on wide screens, one card for each row on a phone. The first column names the row. */
export function DataTable<T>(props: DataTableProps<T>) {
  const phone = useMediaQuery('(max-width: 700px)', { noSsr: true });
  return phone ? <Cards {...props} /> : <Wide {...props} />;
}

function Wide<T>({ caption, columns, rows, rowKey }: DataTableProps<T>) {
  return (
    <TableContainer tabIndex={0} role="region" aria-label={caption} sx={{ position: 'relative' }}>
      <Table size="small">
        <caption style={visuallyHidden}>{caption}</caption>
        <TableHead>
          <TableRow>
            {columns.map(({ header, numeric }) => (
              <TableCell key={header} align={numeric ? 'right' : 'left'}>
                {header}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map((row) => (
            <TableRow key={rowKey(row)} hover>
              {columns.map(({ header, cell, numeric }, index) => (
                <TableCell
                  key={header}
                  align={numeric ? 'right' : 'left'}
                  {...(index === 0 ? { component: 'th', scope: 'row' } : {})}
                  sx={{ fontVariantNumeric: 'tabular-nums', verticalAlign: 'top', py: 1.25, overflowWrap: 'anywhere' }}
                >
                  {cell(row)}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}

function Cards<T>({ caption, columns, rows, rowKey }: DataTableProps<T>) {
  const [first, ...others] = columns;
  return (
    <Box component="ul" aria-label={caption} sx={{ m: 0, p: 0 }}>
      {rows.map((row) => (
        <Box component="li" key={rowKey(row)} sx={{ listStyle: 'none', px: 2, py: 1.5, borderTop: 1, borderColor: 'divider', '&:first-of-type': { borderTop: 0 } }}>
          <Box sx={{ fontWeight: 600, mb: 0.75, overflowWrap: 'anywhere' }}>{first?.cell(row)}</Box>
          <Box component="dl" sx={{ m: 0, display: 'grid', gridTemplateColumns: 'minmax(84px, max-content) minmax(0, 1fr)', columnGap: 1.5, rowGap: 0.5, fontSize: '0.875rem' }}>
            {others.map(({ header, cell }) => (
              <Box key={header} sx={{ display: 'contents' }}>
                <Typography component="dt" variant="caption" color="textSecondary">
                  {header}
                </Typography>
                <Box component="dd" sx={{ m: 0, overflowWrap: 'anywhere' }}>
                  {cell(row)}
                </Box>
              </Box>
            ))}
          </Box>
        </Box>
      ))}
    </Box>
  );
}
