import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { BUDGETS, removeBudget } from '../api/budgets';
import type { Schemas } from '../api/client';
import { useCan } from '../api/session';
import { budgetName, limitInWords, type Period } from '../lib/budgets';
import { BudgetDialog } from './BudgetDialog';
import { BudgetMeter } from './BudgetMeter';
import { ConfirmDialog } from './ConfirmDialog';
import { type Column, DataTable } from './DataTable';
import { useNotices } from './Notices';

/** A budget that there is, or could be. */
export interface BudgetRow {
  period: Period;
  shared: boolean;
  budget: Schemas['Budget'] | null;
  /** Where it is changed; null: here nobody can. */
  editable: boolean;
  /** Said where there is no limit, or where the limit comes from. */
  note: string;
}

interface BudgetTableProps {
  caption: string;
  /** Null for the installation. */
  projectId: string | null;
  rows: readonly BudgetRow[];
}

/** Limits and how far they are used; admins change them in place. */
export function BudgetTable({ caption, projectId, rows }: BudgetTableProps) {
  const admin = useCan('admin');
  const [editing, setEditing] = useState<BudgetRow | null>(null);
  const [removing, setRemoving] = useState<BudgetRow | null>(null);
  const columns: readonly Column<BudgetRow>[] = [
    {
      header: 'For',
      cell: (row) => (
        <>
          <Typography sx={{ fontWeight: 600 }}>{budgetName(row)}</Typography>
          <Typography variant="caption" component="div" color="textSecondary">
            {row.note}
          </Typography>
        </>
      ),
    },
    { header: 'Limit', cell: ({ budget }) => (budget ? limitInWords(budget) : 'no limit') },
    { header: 'Used', cell: (row) => <Used row={row} /> },
    ...(admin ? [{ header: 'Change', cell: (row: BudgetRow) => <Controls row={row} projectId={projectId} onEdit={setEditing} onRemove={setRemoving} /> }] : []),
  ];
  return (
    <>
      <DataTable caption={caption} columns={columns} rows={rows} rowKey={({ period, shared }) => `${period} ${String(shared)}`} />
      {editing ? <BudgetDialog projectId={projectId} row={editing} onClose={() => setEditing(null)} /> : null}
      {removing ? <RemoveDialog projectId={projectId} row={removing} onClose={() => setRemoving(null)} /> : null}
    </>
  );
}

function Used({ row: { budget, ...row } }: { row: BudgetRow }) {
  if (!budget) return '–';
  if (row.period === 'run' || !budget.spent) return 'each by itself';
  return <BudgetMeter budget={budget} name={budgetName(row)} />;
}

interface ControlsProps {
  row: BudgetRow;
  projectId: string | null;
  onEdit: (row: BudgetRow) => void;
  onRemove: (row: BudgetRow) => void;
}

function Controls({ row, projectId, onEdit, onRemove }: ControlsProps) {
  if (!row.editable) {
    return (
      <Typography variant="caption" color="textSecondary">
        on the page Budgets
      </Typography>
    );
  }
  const name = budgetName(row);
  const own = row.budget !== null && (projectId === null || row.budget.own);
  return (
    <Stack direction="row" spacing={0.5} useFlexGap sx={{ flexWrap: 'wrap' }}>
      <Button size="small" onClick={() => onEdit(row)} aria-label={`${own ? 'Change' : 'Set'} ${name}`}>
        {own ? 'Change' : 'Set'}
      </Button>
      {own ? (
        <Button size="small" color="error" onClick={() => onRemove(row)} aria-label={`Remove ${name}`}>
          Remove
        </Button>
      ) : null}
    </Stack>
  );
}

function RemoveDialog({ projectId, row, onClose }: { projectId: string | null; row: BudgetRow; onClose: () => void }) {
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const remove = useMutation({
    mutationFn: () => removeBudget(projectId, row.period),
    onSuccess: () => say('The limit is removed. Projects that waited for it go on.'),
    onError: fail,
    onSettled: async () => {
      onClose();
      await Promise.all([BUDGETS, ['projects'], ['decisions'], ['home']].map((queryKey) => queries.invalidateQueries({ queryKey })));
    },
  });
  return (
    <ConfirmDialog title={`Remove the limit for “${budgetName(row)}”?`} action="Remove the limit" color="error" busy={remove.isPending} onConfirm={() => remove.mutate()} onClose={onClose}>
      {projectId === null || row.shared ? 'Agents may then spend without this limit.' : 'The default of the installation holds again, if there is one.'}
    </ConfirmDialog>
  );
}
