import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import type { Schemas } from '../../api/client';
import { CopyButton } from '../../components/CopyButton';
import { ExternalLink } from '../../components/ExternalLink';
import { Loaded } from '../../components/Loaded';
import { useNotices } from '../../components/Notices';
import { ListSkeleton } from '../../components/states';
import { ToneChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import { createLinkCode, telegramLinkQuery, unlinkTelegram } from './queries';

export function TelegramSection() {
  const { say, fail } = useNotices();
  const queries = useQueryClient();
  const code = useMutation({ mutationFn: createLinkCode, onError: fail });
  // While a code is shown, look whether it has been used: the bot cannot reach this page.
  const link = useQuery({ ...telegramLinkQuery, refetchInterval: code.data ? 3000 : false });
  const unlink = useMutation({
    mutationFn: unlinkTelegram,
    onSuccess: async () => {
      code.reset();
      say('Telegram is no longer linked to your account.');
      await queries.invalidateQueries({ queryKey: telegramLinkQuery.queryKey });
    },
    onError: fail,
  });

  return (
    <Loaded query={link} skeleton={<ListSkeleton rows={1} />}>
      {(data) =>
        data.items.length > 0 ? (
          <Stack direction="row" spacing={1.5} useFlexGap sx={{ flexWrap: 'wrap', alignItems: 'center' }}>
            {data.items.map((item) => (
              <Linked key={item.telegram_user_id} link={item} />
            ))}
            <Button color="error" onClick={() => unlink.mutate()} loading={unlink.isPending}>
              Unlink
            </Button>
          </Stack>
        ) : code.data ? (
          <LinkCode code={code.data} />
        ) : (
          <Stack spacing={1} sx={{ alignItems: 'flex-start' }}>
            <Typography variant="body2" color="textSecondary">
              Not linked. Decisions reach you by mail and here.
            </Typography>
            {data.available ? (
              <Button variant="outlined" onClick={() => code.mutate()} loading={code.isPending}>
                Link Telegram
              </Button>
            ) : (
              <Typography variant="body2" color="textSecondary">
                This installation has no Telegram bot: an operator sets TELEGRAM_BOT_TOKEN.
              </Typography>
            )}
          </Stack>
        )
      }
    </Loaded>
  );
}

function Linked({ link }: { link: Schemas['TelegramLinkView'] }) {
  return (
    <>
      {link.blocked ? <ToneChip tone="danger" label="Bot is blocked" /> : <ToneChip tone="success" label="Linked" />}
      <Typography>
        {link.name}, <Time value={link.linked_at} />
      </Typography>
      {link.blocked ? <Typography variant="body2">You blocked the bot; mail is used instead. Unblock it in Telegram.</Typography> : null}
    </>
  );
}

function LinkCode({ code }: { code: Schemas['TelegramLinkCode'] }) {
  return (
    <Stack spacing={1} sx={{ alignItems: 'flex-start' }}>
      <Typography variant="body2">
        Open the bot and press Start. This page notices by itself. The link works once, and ends <Time value={code.expires_at} />.
      </Typography>
      <ExternalLink href={code.url}>Open the bot in Telegram</ExternalLink>
      <Typography variant="body2" color="textSecondary">
        Or send it <code>/start {code.code}</code>
        <CopyButton value={`/start ${code.code}`} name="command" />
      </Typography>
    </Stack>
  );
}
