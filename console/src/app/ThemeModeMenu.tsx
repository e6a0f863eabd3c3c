import ContrastRounded from '@mui/icons-material/ContrastRounded';
import DarkModeOutlined from '@mui/icons-material/DarkModeOutlined';
import LightModeOutlined from '@mui/icons-material/LightModeOutlined';
import IconButton from '@mui/material/IconButton';
import ListItemIcon from '@mui/material/ListItemIcon';
import ListItemText from '@mui/material/ListItemText';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import { useColorScheme } from '@mui/material/styles';
import { useState } from 'react';
import { messages as m } from '../messages.ts';

export const THEME_MODES = [
  { mode: 'light', label: m.appearance.light, Icon: LightModeOutlined },
  { mode: 'dark', label: m.appearance.dark, Icon: DarkModeOutlined },
  { mode: 'system', label: m.appearance.system, Icon: ContrastRounded },
] as const;

/** Light, dark, or as the device has it; kept in this browser. */
export function ThemeModeMenu() {
  const { mode, setMode } = useColorScheme();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const current = THEME_MODES.find((entry) => entry.mode === mode) ?? THEME_MODES[2];
  return (
    <>
      <IconButton
        color="inherit"
        aria-label={m.appearance.choose}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <current.Icon />
      </IconButton>
      <Menu disablePortal anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)}>
        {THEME_MODES.map(({ mode: value, label, Icon }) => (
          <MenuItem
            key={value}
            selected={value === mode}
            role="menuitemradio"
            aria-checked={value === mode}
            onClick={() => {
              setMode(value);
              setAnchor(null);
            }}
          >
            <ListItemIcon>
              <Icon fontSize="small" />
            </ListItemIcon>
            <ListItemText>{label}</ListItemText>
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}
