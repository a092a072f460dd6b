import { queryOptions } from '@tanstack/react-query';

import { client, type Schemas, unwrap, unwrapEmpty } from '../../api/client';

export const telegramLinkQuery = queryOptions({
  queryKey: ['telegram-link'],
  queryFn: () => unwrap(client.GET('/api/v1/telegram-links')),
});

export function createLinkCode() {
  return unwrap(client.POST('/api/v1/telegram-links'));
}

export function unlinkTelegram() {
  return unwrapEmpty(client.DELETE('/api/v1/telegram-links'));
}

export function changePassword(body: Schemas['ChangePassword']) {
  return unwrapEmpty(client.POST('/api/v1/users/me/password', { body }));
}

export function signOutEverywhere() {
  return unwrapEmpty(client.DELETE('/api/v1/users/me/sessions'));
}
