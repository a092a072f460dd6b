import TextField from '@mui/material/TextField';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { BUDGETS, setBudget } from '../api/budgets';
import { budgetName, readDollars, readTokens } from '../lib/budgets';
import type { BudgetRow } from './BudgetTable';
import { FormDialog } from './FormDialog';
import { fieldError } from './FormError';
import { useNotices } from './Notices';

const FIELDS = ['limit_cents', 'limit_tokens', 'warn_percent'];

interface BudgetDialogProps {
  projectId: string | null;
  row: BudgetRow;
  onClose: () => void;
}

export function BudgetDialog({ projectId, row, onClose }: BudgetDialogProps) {
  const queries = useQueryClient();
  const { say } = useNotices();
  const before = row.budget;
  const [dollars, setDollars] = useState(before?.limit_cents ? (before.limit_cents / 100).toFixed(2) : '');
  const [tokens, setTokens] = useState(before?.limit_tokens ? String(before.limit_tokens) : '');
  const [warn, setWarn] = useState(String(before?.warn_percent ?? 80));
  const [tried, setTried] = useState(false);
  const [cents, count, percent] = [readDollars(dollars), readTokens(tokens), readTokens(warn)];
  const unreadable = cents === undefined || count === undefined || percent === undefined || percent === null;

  const save = useMutation({
    mutationFn: (body: Parameters<typeof setBudget>[2]) => setBudget(projectId, row.period, body),
    onSuccess: async () => {
      onClose();
      say('The limit is set. Projects that waited go on if their work fits now.');
      await Promise.all([BUDGETS, ['projects'], ['decisions'], ['home']].map((queryKey) => queries.invalidateQueries({ queryKey })));
    },
  });
  const submit = () => {
    setTried(true);
    if (!unreadable) save.mutate({ limit_cents: cents, limit_tokens: count, warn_percent: percent });
  };
  const problem = (field: string, wrong: boolean, message: string) => fieldError(save.error, field) ?? (tried && wrong ? message : undefined);
  const moneyProblem = problem('limit_cents', cents === undefined, 'Write an amount, for example 25 or 25.50');
  const tokenProblem = problem('limit_tokens', count === undefined, 'Write a whole number');
  const warnProblem = problem('warn_percent', percent === undefined || percent === null, 'Write a whole number from 1 to 100');

  return (
    <FormDialog
      title={`Limit for “${budgetName(row)}”`}
      action="Set the limit"
      pending={save.isPending}
      error={save.error}
      fields={FIELDS}
      noValidate
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="US dollars"
        value={dollars}
        onChange={(event) => setDollars(event.target.value)}
        autoComplete="off"
        autoFocus
        slotProps={{ htmlInput: { inputMode: 'decimal' } }}
        error={Boolean(moneyProblem)}
        helperText={moneyProblem ?? 'Empty: money is not limited.'}
      />
      <TextField
        label="Tokens"
        value={tokens}
        onChange={(event) => setTokens(event.target.value)}
        autoComplete="off"
        slotProps={{ htmlInput: { inputMode: 'numeric' } }}
        error={Boolean(tokenProblem)}
        helperText={tokenProblem ?? 'Empty: tokens are not limited.'}
      />
      <TextField
        label="Warn from percent"
        value={warn}
        onChange={(event) => setWarn(event.target.value)}
        autoComplete="off"
        slotProps={{ htmlInput: { inputMode: 'numeric' } }}
        error={Boolean(warnProblem)}
        helperText={warnProblem ?? 'When so much is used, the alert BudgetNearLimit fires.'}
      />
    </FormDialog>
  );
}
