import { type Distribution, fromCents, type Pool, previewPayout, toCents } from '@greenroom/client';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { money, multiplier, signedMoney } from '../../app/format.ts';
import { messages as m } from '../../messages.ts';

interface StakePreviewProps {
  pool: Pool;
  entry: Distribution;
  ownStake: number;
  cents: bigint;
}

function Figure({ label, value, isStrong = false }: { label: string; value: string; isStrong?: boolean }) {
  return (
    <Box sx={{ minWidth: 0 }}>
      <Typography variant="caption" color="textSecondary" component="dt">
        {label}
      </Typography>
      <Typography component="dd" sx={{ m: 0, fontWeight: isStrong ? 700 : 600 }}>
        {value}
      </Typography>
    </Box>
  );
}

/** What the position would bring if decided now, the new stake counted in (PO3). */
export function StakePreview({ pool, entry, ownStake, cents }: StakePreviewProps) {
  const before = {
    totalCents: toCents(pool.amount_total),
    backingCents: toCents(entry.backing_money),
    ownCents: toCents(ownStake),
  };
  const preview = previewPayout(before, cents);
  const isAlone = preview.netCents === 0n;
  return (
    <Box sx={{ bgcolor: 'action.hover', borderRadius: 1, px: 1.5, py: 1.25 }}>
      <Typography variant="caption" color="textSecondary" sx={{ fontWeight: 650 }}>
        {m.stake.preview}
      </Typography>
      <Box component="dl" sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 3, rowGap: 0.5, m: 0 }}>
        <Figure label={m.stake.potential} value={money(fromCents(preview.returnCents))} isStrong />
        <Figure label={m.stake.net} value={signedMoney(fromCents(preview.netCents))} />
        <Figure label={m.stake.previewMultiplier} value={multiplier(preview.multiplier)} />
      </Box>
      <Typography variant="caption" color="textSecondary" component="p" sx={{ m: 0, mt: 0.5 }}>
        {isAlone ? m.stake.alone : m.stake.previewHelp}
      </Typography>
    </Box>
  );
}
