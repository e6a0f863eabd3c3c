import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { money } from '../app/format.ts';
import { messages as m } from '../messages.ts';
import { useConnection } from './live/Connection.tsx';

function Figure({
  label,
  value,
  currency,
  isMain,
}: {
  label: string;
  value: number | undefined;
  currency: string;
  isMain: boolean;
}) {
  return (
    <Box sx={{ minWidth: 0 }}>
      <Typography component="dt" variant="caption" color="textSecondary">
        {label}
      </Typography>
      <Typography component="dd" sx={{ m: 0, fontWeight: isMain ? 750 : 600, whiteSpace: 'nowrap' }}>
        {value === undefined ? '–' : money(value)}
        {isMain && (
          <Box component="span" sx={{ ml: 0.5, fontSize: '0.75rem', fontWeight: 600, color: 'text.secondary' }}>
            {currency}
          </Box>
        )}
      </Typography>
    </Box>
  );
}

/** Available, in play, total (BT1); stays in sight while scrolling. */
export function BalanceBar({ isSticky = false }: { isSticky?: boolean }) {
  const connection = useConnection();
  if (connection === null) return null;
  const { available_balance: available, current_balance: total, currency = '' } = connection.balance;
  const inPlay =
    available === undefined || total === undefined ? undefined : Math.round((total - available) * 100) / 100;
  return (
    <Box
      component="section"
      aria-label={m.balance.title}
      sx={{
        position: isSticky ? 'sticky' : 'static',
        top: { xs: 56, sm: 64 },
        zIndex: 10,
        px: 2,
        py: 1.25,
        mb: 2,
        border: 1,
        borderColor: 'divider',
        borderRadius: 1,
        bgcolor: 'background.paper',
      }}
    >
      <Box
        component="dl"
        sx={{
          display: 'flex',
          columnGap: { xs: 2, sm: 6 },
          m: 0,
          justifyContent: { xs: 'space-between', sm: 'flex-start' },
        }}
      >
        <Figure label={m.balance.available} value={available} currency={currency} isMain />
        <Figure label={m.balance.inPlay} value={inPlay} currency={currency} isMain={false} />
        <Figure label={m.balance.total} value={total} currency={currency} isMain={false} />
      </Box>
    </Box>
  );
}
