import { type Distribution, type GameDetails, newId, type Pool } from '@greenroom/client';
import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import { useState } from 'react';
import { useNotify } from '../../app/Notices.tsx';
import { messages as m } from '../../messages.ts';
import { answerLabel } from '../live/targets.ts';
import { ConfirmDialog } from './ConfirmDialog.tsx';
import { useOperation } from './useOperation.ts';

interface PoolAdminToolsProps {
  pool: Pool;
  game: GameDetails;
}

/** Decides a yes-or-no question by hand (EV11). */
function DecideButtons({ pool, game }: PoolAdminToolsProps) {
  const notify = useNotify();
  const [asked, setAsked] = useState<Distribution | null>(null);
  const decide = useOperation(395, { onDone: () => notify(m.manage.decided, 'success') });
  const confirm = (answer: Distribution) =>
    decide.mutate({
      game_id: game.game_id,
      pool_id: pool.pool_id,
      action_id: pool.action_id,
      target_id: answer.target_id,
      event_id: newId(),
    });
  return (
    <>
      {pool.distribution.map((answer) => (
        <Button key={answer.target_id} size="small" variant="outlined" onClick={() => setAsked(answer)}>
          {m.manage.decide(answerLabel(answer))}
        </Button>
      ))}
      {asked && (
        <ConfirmDialog
          title={m.manage.decideAskTitle(answerLabel(asked))}
          text={m.manage.decideAsk(pool.description)}
          confirm={m.manage.decide(answerLabel(asked))}
          onConfirm={() => confirm(asked)}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}

/** What a game admin may do with one question: pause, mark as likely, decide. */
export function PoolAdminTools({ pool, game }: PoolAdminToolsProps) {
  const block = useOperation(397);
  const allow = useOperation(398);
  const mark = useOperation(396);
  const isBinary = pool.type === 3 || pool.type === 4;
  const id = { pool_id: pool.pool_id };
  return (
    <Stack
      direction="row"
      role="group"
      aria-label={m.manage.tools(pool.description)}
      useFlexGap
      sx={{ flexWrap: 'wrap', gap: 1, mt: 1.5, pt: 1.5, borderTop: '1px dashed', borderColor: 'divider' }}
    >
      {pool.is_blocked ? (
        <Button size="small" variant="outlined" loading={allow.isPending} onClick={() => allow.mutate(id)}>
          {m.manage.allow}
        </Button>
      ) : (
        <Button size="small" variant="outlined" loading={block.isPending} onClick={() => block.mutate(id)}>
          {m.manage.block}
        </Button>
      )}
      <Button
        size="small"
        variant="outlined"
        color="secondary"
        loading={mark.isPending}
        onClick={() => mark.mutate({ ...id, hot: !pool.is_hot })}
      >
        {pool.is_hot ? m.manage.unmarkHot : m.manage.markHot}
      </Button>
      {isBinary && <DecideButtons pool={pool} game={game} />}
    </Stack>
  );
}
