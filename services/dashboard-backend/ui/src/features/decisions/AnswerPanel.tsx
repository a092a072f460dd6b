import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useEffect, useEffectEvent, useState } from 'react';

import type { Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { Time } from '../../components/Time';
import { type Choice, choicesOf } from '../../lib/choices';
import { isTyping, shortcutsEnabled } from '../../lib/shortcuts';
import { AnswerDialog } from './AnswerDialog';
import { Outcome } from './Outcome';

/** What can be answered, and what happens then; or, once answered, who answered what. */
export function AnswerPanel({ detail }: { detail: Schemas['DecisionDetail'] }) {
  const { decision } = detail;
  const mayAnswer = useCan('approver');
  const [chosen, setChosen] = useState<Choice | null>(null);
  const open = decision.status === 'pending';
  const choices = open && mayAnswer ? choicesOf(decision.options, decision.type) : [];

  const press = useEffectEvent((event: KeyboardEvent) => {
    if (isTyping(event) || !shortcutsEnabled()) return;
    const choice = choices.find(({ key }) => key === event.key);
    if (!choice) return;
    // Or the letter would end up in the dialog's text field.
    event.preventDefault();
    setChosen(choice);
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => press(event);
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);

  if (!open) return <Outcome detail={detail} />;
  return (
    <>
      <Card component="section" aria-label="Your answer" sx={{ p: 2 }}>
        <Typography variant="h2" sx={{ mb: 1 }}>
          What happens on each answer
        </Typography>
        <Box component="dl" sx={{ m: 0, display: 'grid', gap: 1 }}>
          {choicesOf(decision.options, decision.type).map(({ choice, heading }) => (
            <div key={choice}>
              <Box component="dt" sx={{ fontWeight: 600, fontSize: '0.875rem' }}>
                {heading}
              </Box>
              <Box component="dd" sx={{ m: 0, color: 'text.secondary', fontSize: '0.875rem' }}>
                {consequence(detail, choice)}
              </Box>
            </div>
          ))}
        </Box>
        <Waiting detail={detail} />
        {detail.evidence_current ? null : (
          <Alert severity="warning" sx={{ mt: 1.5 }}>
            What is shown here has changed since the question was asked. An approval would be refused; wait for the new question.
          </Alert>
        )}
        {mayAnswer ? (
          <Stack spacing={1} sx={{ mt: 2, display: { xs: 'none', md: 'flex' } }}>
            <Buttons choices={choices} onChoose={setChosen} hints />
          </Stack>
        ) : (
          <Alert severity="info" sx={{ mt: 1.5 }}>
            Your role may look. To answer, somebody needs the role approver.
          </Alert>
        )}
      </Card>
      {mayAnswer ? (
        <Box
          sx={{
            display: { xs: 'flex', md: 'none' },
            gap: 1,
            position: 'fixed',
            insetInline: 0,
            bottom: 'calc(57px + env(safe-area-inset-bottom))',
            zIndex: 1090,
            p: 1,
            bgcolor: 'background.paper',
            borderTop: 1,
            borderColor: 'divider',
          }}
        >
          <Buttons choices={choices} onChoose={setChosen} />
        </Box>
      ) : null}
      {chosen ? <AnswerDialog detail={detail} choice={chosen} onClose={() => setChosen(null)} /> : null}
    </>
  );
}

interface ButtonsProps {
  choices: readonly Choice[];
  onChoose: (choice: Choice) => void;
  hints?: boolean;
}

function Buttons({ choices, onChoose, hints = false }: ButtonsProps) {
  return choices.map((choice, index) => (
    <Button
      key={choice.choice}
      variant={index === 0 ? 'contained' : 'outlined'}
      color={choice.color}
      size="large"
      onClick={() => onChoose(choice)}
      sx={{ flex: { xs: 1, md: 'none' }, minHeight: 44, px: { xs: 1, md: 2 } }}
    >
      {choice.label}
      {hints && choice.key ? (
        <Box component="kbd" aria-hidden sx={{ ml: 'auto', pl: 2, fontSize: '0.75rem', fontWeight: 400 }}>
          {choice.key}
        </Box>
      ) : null}
    </Button>
  ));
}

function Waiting({ detail }: { detail: Schemas['DecisionDetail'] }) {
  const names = detail.approvers.map(({ name }) => name);
  const shown = names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} others` : names.join(', ');
  return (
    <Typography variant="caption" component="div" color="textSecondary" sx={{ mt: 1.5, borderTop: 1, borderColor: 'divider', pt: 1.5 }}>
      {shown ? `May answer: ${shown}. ` : ''}
      {detail.quorum > 1 ? `${detail.quorum} different people have to approve. ` : ''}
      {detail.decision.expires_at ? (
        <>
          Open until <Time value={detail.decision.expires_at} />.
        </>
      ) : null}
    </Typography>
  );
}

function consequence(detail: Schemas['DecisionDetail'], choice: string): string {
  return detail.consequences.find((item) => item.choice === choice)?.text ?? 'The workflow goes on with this answer.';
}
