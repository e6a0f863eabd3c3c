import CloseRounded from '@mui/icons-material/CloseRounded';
import MenuRounded from '@mui/icons-material/MenuRounded';
import AppBar from '@mui/material/AppBar';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Drawer from '@mui/material/Drawer';
import IconButton from '@mui/material/IconButton';
import Link from '@mui/material/Link';
import Skeleton from '@mui/material/Skeleton';
import Toolbar from '@mui/material/Toolbar';
import Typography from '@mui/material/Typography';
import { type ReactNode, useState } from 'react';
import { Link as RouterLink, useLocation } from 'react-router';
import { messages as m } from '../messages.ts';
import { AccountMenu } from './AccountMenu.tsx';
import { OfflineBanner } from './Banner.tsx';
import { Brand } from './Brand.tsx';
import { Navigation } from './Navigation.tsx';
import { useOverview } from './overview.ts';
import { useAccount } from './session.ts';
import { ThemeModeMenu } from './ThemeModeMenu.tsx';
import { CONTENT_WIDTH_PX } from './theme.ts';

const SKIP_LINK = {
  position: 'absolute',
  left: 8,
  top: -60,
  zIndex: 'tooltip',
  px: 2,
  py: 1,
  borderRadius: 1,
  bgcolor: 'primary.main',
  color: 'primary.contrastText',
  '&:focus': { top: 8 },
} as const;

function SignInButtons() {
  const { pathname, search } = useLocation();
  const isSigningIn = ['/sign-in', '/register', '/reset'].includes(pathname);
  const query = isSigningIn || pathname === '/' ? '' : `?next=${encodeURIComponent(pathname + search)}`;
  return (
    <>
      <Button component={RouterLink} to={`/sign-in${query}`} color="inherit">
        {m.common.signIn}
      </Button>
      <Button
        component={RouterLink}
        to={`/register${query}`}
        variant="contained"
        sx={{ display: { xs: 'none', sm: 'inline-flex' } }}
      >
        {m.common.register}
      </Button>
    </>
  );
}

function AccountCorner() {
  const { account, isPending } = useAccount();
  if (isPending) return <Skeleton variant="circular" width={32} height={32} sx={{ m: 1 }} />;
  return account ? <AccountMenu account={account} /> : <SignInButtons />;
}

function TopBar({ onOpenMenu }: { onOpenMenu: () => void }) {
  return (
    <AppBar
      component="header"
      position="sticky"
      color="inherit"
      elevation={0}
      sx={{ borderBottom: 1, borderColor: 'divider', bgcolor: 'background.paper' }}
    >
      <Toolbar sx={{ maxWidth: CONTENT_WIDTH_PX, width: '100%', mx: 'auto', gap: 1, px: { xs: 1, sm: 3 } }}>
        <IconButton color="inherit" aria-label={m.frame.openMenu} onClick={onOpenMenu} sx={{ display: { md: 'none' } }}>
          <MenuRounded />
        </IconButton>
        <Brand />
        <Box
          component="nav"
          aria-label={m.frame.mainNavigation}
          sx={{ display: { xs: 'none', md: 'block' }, ml: 3, flexShrink: 0 }}
        >
          <Navigation direction="row" />
        </Box>
        <Box sx={{ flex: 1 }} />
        <ThemeModeMenu />
        <AccountCorner />
      </Toolbar>
    </AppBar>
  );
}

function SideMenu({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Drawer
      open={isOpen}
      onClose={onClose}
      slotProps={{ paper: { sx: { width: 280 }, 'aria-label': m.frame.openMenu } }}
    >
      <Box sx={{ display: 'flex', justifyContent: 'space-between', alignItems: 'center', p: 1.5 }}>
        <Brand />
        <IconButton onClick={onClose} aria-label={m.common.close}>
          <CloseRounded />
        </IconButton>
      </Box>
      <Box component="nav" aria-label={m.frame.mainNavigation}>
        <Navigation direction="column" onNavigate={onClose} />
      </Box>
    </Drawer>
  );
}

function Footer() {
  const { data } = useOverview();
  return (
    <Box component="footer" sx={{ borderTop: 1, borderColor: 'divider', mt: 'auto' }}>
      <Box
        sx={{
          display: 'flex',
          flexWrap: 'wrap',
          gap: 2,
          maxWidth: CONTENT_WIDTH_PX,
          mx: 'auto',
          px: { xs: 2, sm: 3 },
          py: 2.5,
        }}
      >
        <Typography variant="body2" color="textSecondary" sx={{ flex: 1 }}>
          {data ? m.frame.footer(data.version) : m.frame.product}
        </Typography>
        <Link href="/openapi.json" variant="body2" color="textSecondary">
          {m.frame.apiDescription}
        </Link>
      </Box>
    </Box>
  );
}

/** App bar, navigation, main content, footer. */
export function Frame({ children }: { children: ReactNode }) {
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  return (
    <Box sx={{ display: 'flex', flexDirection: 'column', minHeight: '100dvh' }}>
      <Link href="#main" underline="none" sx={SKIP_LINK}>
        {m.frame.skipLink}
      </Link>
      <TopBar onOpenMenu={() => setIsMenuOpen(true)} />
      <SideMenu isOpen={isMenuOpen} onClose={() => setIsMenuOpen(false)} />
      <OfflineBanner />
      <Box component="main" id="main" tabIndex={-1} sx={{ flex: 1, minWidth: 0, outline: 'none' }}>
        {children}
      </Box>
      <Footer />
    </Box>
  );
}
