import type { Account } from '@greenroom/client';
import LogoutRounded from '@mui/icons-material/LogoutRounded';
import SettingsOutlined from '@mui/icons-material/SettingsOutlined';
import Avatar from '@mui/material/Avatar';
import Divider from '@mui/material/Divider';
import IconButton from '@mui/material/IconButton';
import ListItemIcon from '@mui/material/ListItemIcon';
import ListItemText from '@mui/material/ListItemText';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { messages as m } from '../messages.ts';
import { failureText } from './failure.ts';
import { useNotify } from './Notices.tsx';
import { useSignOut } from './session.ts';

/** Menu of the signed-in account: settings, sign out. */
export function AccountMenu({ account }: { account: Account }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const navigate = useNavigate();
  const notify = useNotify();
  const signOut = useSignOut();
  const leave = () => {
    setAnchor(null);
    signOut.mutate('here', {
      onSuccess: () => notify(m.account.signedOut),
      onError: (error) => notify(failureText(error), 'error'),
    });
  };
  return (
    <>
      <IconButton
        aria-label={m.frame.accountMenu(account.username)}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <Avatar sx={{ width: 32, height: 32, fontSize: 15, bgcolor: 'primary.main', color: 'primary.contrastText' }}>
          {account.username.slice(0, 1).toUpperCase()}
        </Avatar>
      </IconButton>
      <Menu disablePortal anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)}>
        <MenuItem disabled sx={{ '&.Mui-disabled': { opacity: 1, color: 'text.secondary' } }}>
          {account.username}
        </MenuItem>
        <Divider component="li" role="separator" />
        <MenuItem
          onClick={() => {
            setAnchor(null);
            navigate('/settings');
          }}
        >
          <ListItemIcon>
            <SettingsOutlined fontSize="small" />
          </ListItemIcon>
          <ListItemText>{m.frame.settings}</ListItemText>
        </MenuItem>
        <MenuItem onClick={leave}>
          <ListItemIcon>
            <LogoutRounded fontSize="small" />
          </ListItemIcon>
          <ListItemText>{m.common.signOut}</ListItemText>
        </MenuItem>
      </Menu>
    </>
  );
}
