import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import List from '@mui/material/List';
import ListItem from '@mui/material/ListItem';
import ListItemButton from '@mui/material/ListItemButton';
import { NavLink, useLocation } from 'react-router';
import { useOverview } from './overview.ts';

function isWithin(path: string, modulePath: string): boolean {
  return path === modulePath || path.startsWith(`${modulePath}/`);
}

interface NavigationProps {
  direction: 'row' | 'column';
  onNavigate?: () => void;
}

/** Links to the modules that this server has switched on. */
export function Navigation({ direction, onNavigate }: NavigationProps) {
  const { data } = useOverview();
  const { pathname } = useLocation();
  const modules = data?.modules ?? [];
  if (direction === 'row') {
    return (
      <Box component="ul" sx={{ display: 'flex', gap: 0.5, listStyle: 'none', m: 0, p: 0 }}>
        {modules.map(({ name, title, path }) => (
          <li key={name}>
            <Button
              component={NavLink}
              to={path}
              color={isWithin(pathname, path) ? 'primary' : 'inherit'}
              sx={{
                px: 1.5,
                borderRadius: 1,
                '&[aria-current="page"]': { boxShadow: 'inset 0 -3px 0 currentColor', borderRadius: '6px 6px 0 0' },
              }}
            >
              {title}
            </Button>
          </li>
        ))}
      </Box>
    );
  }
  return (
    <List>
      {modules.map(({ name, title, path }) => (
        <ListItem key={name} disablePadding>
          <ListItemButton component={NavLink} to={path} selected={isWithin(pathname, path)} onClick={onNavigate}>
            {title}
          </ListItemButton>
        </ListItem>
      ))}
    </List>
  );
}
