import Box from '@mui/material/Box';
import Link from '@mui/material/Link';
import { Link as RouterLink } from 'react-router';
import { messages as m } from '../messages.ts';
import icon from './icon.svg';

/** Sign and name, leading to the start page. */
export function Brand() {
  return (
    <Link
      component={RouterLink}
      to="/"
      color="textPrimary"
      underline="none"
      sx={{ display: 'inline-flex', alignItems: 'center', gap: 1.25, fontWeight: 750, letterSpacing: '-0.02em' }}
    >
      <Box component="img" src={icon} alt="" width={30} height={30} sx={{ display: 'block' }} />
      <Box component="span" sx={{ fontSize: '1.125rem' }}>
        {m.frame.product}
      </Box>
    </Link>
  );
}
