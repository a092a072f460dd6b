import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useInfiniteQuery } from '@tanstack/react-query';

import type { Schemas } from '../../api/client';
import { Loaded } from '../../components/Loaded';
import { LoadMore } from '../../components/LoadMore';
import { Markdown } from '../../components/Markdown';
import { EmptyState } from '../../components/states';
import { formatClock, humanise } from '../../lib/format';
import { messagesQuery } from './queries';

type Message = Schemas['AgentMessage'];

/** From here on, lines off the screen are not drawn: ten thousand cost as much as those one sees. */
const LONG = 100;

const SPEAKERS: Readonly<Record<string, string>> = { quantapilot: 'QuantaPilot', agent: 'Agent', tool: 'Tool' };

/** What agents write is shown in full; prompts and tool calls fold to one line. */
function isFolded(message: Message): boolean {
  return message.author !== 'agent' || message.kind === 'tool_call' || message.content.length > 6000;
}

export function Transcript({ run }: { run: Schemas['AgentRunView'] }) {
  const messages = useInfiniteQuery(messagesQuery(run.id));
  return (
    <Loaded query={messages}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        if (items.length === 0) {
          return <EmptyState title="Nothing said yet">The prompt appears as soon as the run has started.</EmptyState>;
        }
        return (
          <>
            <Box component="ol" sx={{ m: 0, p: 0, ...(items.length > LONG && { '& > li': { contentVisibility: 'auto', containIntrinsicSize: 'auto 56px' } }) }}>
              {items.map((message) => (
                <Line key={message.id} message={message} />
              ))}
            </Box>
            <LoadMore query={messages} />
          </>
        );
      }}
    </Loaded>
  );
}

function Line({ message }: { message: Message }) {
  const heading = (
    <>
      <Box component="span" sx={{ fontWeight: 650, color: message.author === 'agent' ? 'primary.main' : 'text.primary' }}>
        {SPEAKERS[message.author] ?? message.author}
      </Box>
      <Typography variant="caption" color="textSecondary">
        {humanise(message.kind)}
      </Typography>
      <Typography component="time" dateTime={message.created_at} variant="caption" color="textSecondary">
        {formatClock(message.created_at)}
      </Typography>
    </>
  );
  return (
    <Box
      component="li"
      sx={{
        listStyle: 'none',
        borderTop: 1,
        borderColor: 'divider',
        px: 2,
        py: 1.25,
        '&:first-of-type': { borderTop: 0 },
      }}
    >
      {isFolded(message) ? (
        <Box component="details" sx={{ '& > summary': { cursor: 'pointer', display: 'flex', gap: 1, alignItems: 'baseline', flexWrap: 'wrap' } }}>
          <summary>
            {heading}
            <Typography component="span" variant="body2" color="textSecondary" noWrap sx={{ flex: 1, minWidth: 120 }}>
              {firstLine(message.content)}
            </Typography>
          </summary>
          <Box sx={{ pt: 1 }}>
            <Markdown text={message.content} />
          </Box>
        </Box>
      ) : (
        <>
          <Box sx={{ display: 'flex', gap: 1, alignItems: 'baseline', mb: 0.5 }}>{heading}</Box>
          <Markdown text={message.content} />
        </>
      )}
    </Box>
  );
}

function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0]?.slice(0, 160) ?? '';
}
