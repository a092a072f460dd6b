import Box from '@mui/material/Box';
import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import FormHelperText from '@mui/material/FormHelperText';
import Radio from '@mui/material/Radio';
import RadioGroup from '@mui/material/RadioGroup';
import Typography from '@mui/material/Typography';
import { useId } from 'react';

import { includes } from '../../lib/roles';
import { areasFor, type Scope } from '../../lib/scopes';

interface ScopeFieldsProps {
  /** Of whoever the key acts for. */
  role: string;
  value: readonly Scope[];
  onChange: (value: Scope[]) => void;
  error?: string | undefined;
}

/** What a key may do: everything that its owner may, or area by area. */
export function ScopeFields({ role, value, onChange, error }: ScopeFieldsProps) {
  const id = useId();
  const everything = value.includes('*');
  const set = (scope: Scope, on: boolean) => onChange(on ? [...value, scope] : value.filter((held) => held !== scope));

  return (
    <Box component="fieldset" aria-describedby={error ? `${id}-error` : undefined} sx={{ border: 0, p: 0, m: 0, minWidth: 0 }}>
      <Typography component="legend" variant="subtitle2" sx={{ p: 0 }}>
        What it may do
      </Typography>
      <RadioGroup
        aria-label="How much it may do"
        value={everything ? 'everything' : 'chosen'}
        onChange={(_, chosen) => onChange(chosen === 'everything' ? ['*'] : [])}
      >
        <FormControlLabel value="chosen" control={<Radio size="small" />} label="Only what is ticked here" />
        {everything ? null : (
          <Box sx={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr) auto auto', alignItems: 'center', pl: { xs: 1, sm: 3.5 }, columnGap: { xs: 2, sm: 3 } }}>
            {areasFor(role).map(({ label, read, write, writeRole }) => (
              <Box key={label} sx={{ display: 'contents' }}>
                <Typography variant="body2">{label}</Typography>
                <Tick name={`Read ${label.toLowerCase()}`} label="Read" on={value.includes(read) || value.includes(write)} disabled={value.includes(write)} set={(on) => set(read, on)} />
                <Tick
                  name={`Write ${label.toLowerCase()}`}
                  label="Write"
                  on={value.includes(write)}
                  disabled={!includes(role, writeRole)}
                  set={(on) => set(write, on)}
                />
              </Box>
            ))}
          </Box>
        )}
        <FormControlLabel value="everything" control={<Radio size="small" />} label="Everything you may do, now and later" />
      </RadioGroup>
      {error ? (
        <FormHelperText id={`${id}-error`} error>
          {error}
        </FormHelperText>
      ) : null}
    </Box>
  );
}

interface TickProps {
  name: string;
  label: string;
  on: boolean;
  disabled: boolean;
  set: (on: boolean) => void;
}

function Tick({ name, label, on, disabled, set }: TickProps) {
  return (
    <FormControlLabel
      label={label}
      sx={{ mr: 0 }}
      control={<Checkbox size="small" checked={on} disabled={disabled} onChange={(_, checked) => set(checked)} slotProps={{ input: { 'aria-label': name } }} />}
    />
  );
}
