import type { Distribution } from '@greenroom/client';
import CheckCircleRounded from '@mui/icons-material/CheckCircleRounded';
import RadioButtonUncheckedRounded from '@mui/icons-material/RadioButtonUncheckedRounded';
import Box from '@mui/material/Box';
import ButtonBase from '@mui/material/ButtonBase';
import Typography from '@mui/material/Typography';
import { money } from '../../app/format.ts';
import { messages as m } from '../../messages.ts';
import { answerLabel } from '../live/targets.ts';
import { Multiplier } from './Multiplier.tsx';

interface AnswerRowProps {
  entry: Distribution;
  poolTotal: number;
  /** Where a player belongs; null for teams. */
  team: string | null;
  /** Own money on this answer. */
  ownStake: number;
  currency: string;
  isSelected: boolean;
  isDisabled: boolean;
  onSelect: () => void;
}

/** One answer of a question: name, share of the money, multiplier; a button to choose it. */
export function AnswerRow(props: AnswerRowProps) {
  const { entry, poolTotal, team, ownStake, currency, isSelected, isDisabled, onSelect } = props;
  const share = poolTotal > 0 ? entry.backing_money / poolTotal : 0;
  const isMine = ownStake > 0;
  // Beside a player's team there is no room for more on a phone.
  const stakes = isMine ? m.pools.mine(money(ownStake), currency) : m.pools.on(money(entry.backing_money));
  const facts = team !== null ? [team, stakes] : isMine ? [stakes] : [stakes, m.pools.people(entry.backing_people)];
  const Mark = isSelected || isMine ? CheckCircleRounded : RadioButtonUncheckedRounded;
  return (
    <ButtonBase
      aria-pressed={isSelected}
      disabled={isDisabled}
      onClick={onSelect}
      focusRipple
      sx={{
        position: 'relative',
        display: 'grid',
        gridTemplateColumns: 'auto 1fr auto',
        alignItems: 'center',
        gap: 1.25,
        width: '100%',
        px: 1.25,
        py: 1,
        minHeight: 52,
        fontFamily: 'inherit',
        textAlign: 'left',
        overflow: 'hidden',
        border: 1,
        borderColor: isSelected || isMine ? 'primary.main' : 'divider',
        borderRadius: 1,
        '&:hover': { borderColor: 'primary.main' },
      }}
    >
      <Box
        aria-hidden
        sx={{
          position: 'absolute',
          inset: '0 auto 0 0',
          width: `${share * 100}%`,
          bgcolor: 'color-mix(in srgb, var(--mui-palette-primary-main) 14%, transparent)',
          transition: 'width 400ms ease',
        }}
      />
      <Mark color={isSelected || isMine ? 'primary' : 'disabled'} fontSize="small" sx={{ position: 'relative' }} />
      <Box sx={{ position: 'relative', minWidth: 0 }}>
        <Typography sx={{ fontWeight: 650, lineHeight: 1.3 }}>{answerLabel(entry)}</Typography>
        <Typography variant="caption" component="div" color="textSecondary" sx={{ lineHeight: 1.4 }}>
          {facts.join(' · ')}
        </Typography>
      </Box>
      <Box sx={{ position: 'relative' }}>
        <Multiplier value={entry.to_win_if_backed} />
      </Box>
    </ButtonBase>
  );
}
