import { type Column, DataTable } from '../../components/DataTable';
import { Section } from '../../components/Section';
import { readShortfalls, type Shortfall } from '../../lib/budgets';

const COLUMNS: readonly Column<Shortfall>[] = [
  { header: 'Limit for', cell: ({ name }) => name },
  { header: 'Limit', numeric: true, cell: ({ limit }) => limit },
  { header: 'Spent', numeric: true, cell: ({ spent }) => spent },
  { header: 'Reserved', numeric: true, cell: ({ reserved }) => reserved },
  { header: 'Needed', numeric: true, cell: ({ needed }) => needed },
  { header: 'On approval', numeric: true, cell: ({ raisedTo }) => <strong>{raisedTo}</strong> },
];

/** The limits that the next run does not fit, in numbers. */
export function BudgetEvidence({ context }: { context: unknown }) {
  const rows = readShortfalls(context);
  if (rows.length === 0) return null;
  return (
    <Section title="What does not fit" hint="With what is reserved for runs under way" flush>
      <DataTable caption="Limits that the next run does not fit" columns={COLUMNS} rows={rows} rowKey={({ name, limit }) => `${name} ${limit}`} />
    </Section>
  );
}
