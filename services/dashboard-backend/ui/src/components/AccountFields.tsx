import TextField from '@mui/material/TextField';
import type { ReactNode } from 'react';

import { fieldError } from './FormError';
import { PasswordField } from './PasswordField';

/** What an account starts with. */
export interface Account {
  name: string;
  email: string;
  password: string;
}

export const NO_ACCOUNT: Account = { name: '', email: '', password: '' };

/** The fields that these inputs show errors of. */
export const ACCOUNT_FIELDS = ['display_name', 'email', 'password'];

/** As the API takes it. */
export function accountBody({ name, email, password }: Account) {
  return { display_name: name.trim(), email: email.trim(), password };
}

interface AccountFieldsProps {
  value: Account;
  onChange: (value: Account) => void;
  error: unknown;
  /** One's own account, which a password manager may remember, or that of somebody else. */
  own: boolean;
  passwordHint: string;
  /** Stands between address and password. */
  children?: ReactNode;
}

export function AccountFields({ value, onChange, error, own, passwordHint, children }: AccountFieldsProps) {
  return (
    <>
      <TextField
        label={own ? 'Your name' : 'Name'}
        value={value.name}
        onChange={(event) => onChange({ ...value, name: event.target.value })}
        autoComplete={own ? 'name' : 'off'}
        required
        autoFocus
        error={Boolean(fieldError(error, 'display_name'))}
        helperText={fieldError(error, 'display_name')}
      />
      <TextField
        label="E-mail"
        type="email"
        value={value.email}
        onChange={(event) => onChange({ ...value, email: event.target.value })}
        autoComplete={own ? 'username' : 'off'}
        required
        error={Boolean(fieldError(error, 'email'))}
        helperText={fieldError(error, 'email')}
      />
      {children}
      <PasswordField
        label={own ? 'Password' : 'First password'}
        value={value.password}
        onChange={(password) => onChange({ ...value, password })}
        autoComplete="new-password"
        error={fieldError(error, 'password')}
        hint={passwordHint}
      />
    </>
  );
}
