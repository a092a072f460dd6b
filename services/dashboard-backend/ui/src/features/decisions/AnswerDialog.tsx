import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useId, useState } from 'react';

import { ApiError, type Schemas } from '../../api/client';
import { fieldError, FormError } from '../../components/FormError';
import { useNotices } from '../../components/Notices';
import type { Choice } from '../../lib/choices';
import { shortSha } from '../../lib/format';
import { answer, decisionQuery } from './queries';

interface AnswerDialogProps {
  detail: Schemas['DecisionDetail'];
  choice: Choice;
  onClose: () => void;
}

/** Refusals after which the decision on the screen is no longer the one on the server. */
const OUTDATED = new Set(['already_decided', 'decision_expired', 'artifact_changed']);

/** The last look before an answer counts: what it brings about, and the words that go with it. */
export function AnswerDialog({ detail, choice, onClose }: AnswerDialogProps) {
  const { decision } = detail;
  const id = useId();
  const queries = useQueryClient();
  const { say } = useNotices();
  const [comment, setComment] = useState('');
  const [tried, setTried] = useState(false);
  const missing = choice.required && comment.trim() === '';

  const send = useMutation({
    mutationFn: () =>
      answer(decision.id, {
        choice: choice.choice,
        comment: comment.trim() || null,
        evidence_sha: decision.artifact?.sha ?? null,
      }),
    onSuccess: async (accepted) => {
      queries.setQueryData(decisionQuery(decision.id).queryKey, { ...detail, decision: accepted.decision });
      onClose();
      say(accepted.decision.status === 'pending' ? 'Your approval is noted; others have to approve too.' : `${decision.short_id} is answered.`);
      await refreshAll();
    },
    onError: async (error) => {
      if (!(error instanceof ApiError) || !OUTDATED.has(error.code)) return;
      // Somebody was faster, or the thing moved on. The page shows what is true now.
      await refreshAll();
      if (error.code !== 'artifact_changed') {
        onClose();
        say(error.code === 'already_decided' ? 'Somebody answered before you. Their answer stands; yours was not needed.' : error.message, 'info');
      }
    },
  });
  const refreshAll = () =>
    Promise.all(['decisions', 'home', 'projects', 'budgets'].map((noun) => queries.invalidateQueries({ queryKey: [noun] })));

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (!missing) send.mutate();
  };

  return (
    <Dialog open onClose={onClose} aria-labelledby={id} maxWidth="sm" fullWidth>
      <form onSubmit={submit} noValidate>
        <DialogTitle id={id}>
          {choice.heading}: {decision.title}
        </DialogTitle>
        <DialogContent>
          <Stack spacing={2}>
            <Typography color="textSecondary">{detail.consequences.find((item) => item.choice === choice.choice)?.text}</Typography>
            {choice.choice === 'approve' && decision.risk === 'high' ? (
              <Alert severity="warning" variant="outlined">
                This is marked as high risk. Make sure that you have read the evidence.
              </Alert>
            ) : null}
            {choice.reason ? (
              <TextField
                label={choice.reason}
                value={comment}
                onChange={(event) => setComment(event.target.value)}
                multiline
                minRows={choice.required ? 3 : 2}
                required={choice.required}
                autoFocus={choice.required}
                error={(tried && missing) || Boolean(fieldError(send.error, 'comment'))}
                helperText={fieldError(send.error, 'comment') ?? (tried && missing ? 'Say it in a sentence: it goes to the agents, and into the record.' : ' ')}
              />
            ) : null}
            {decision.artifact?.sha ? (
              <Typography variant="caption" color="textSecondary">
                Your answer is bound to {decision.artifact.kind} <code>{shortSha(decision.artifact.sha)}</code>. Anything else is refused.
              </Typography>
            ) : null}
            <FormError error={send.error} shownFields={['comment']} />
          </Stack>
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2 }}>
          <Button onClick={onClose} color="inherit">
            Not yet
          </Button>
          <Button
            type="submit"
            variant="contained"
            color={choice.color === 'inherit' ? 'primary' : choice.color}
            loading={send.isPending}
            autoFocus={!choice.required}
          >
            {choice.heading}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
