import Box from '@mui/material/Box';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { type ReactNode, useEffect, useRef } from 'react';
import { useLocation } from 'react-router';
import { messages as m } from '../messages.ts';
import { CONTENT_WIDTH_PX } from './theme.ts';

interface PageProps {
  title: string;
  lead?: ReactNode;
  /** Buttons beside the title. */
  actions?: ReactNode;
  /** Widest line in pixels. */
  width?: number;
  /** The title is shown by the page itself, in another form. */
  isTitleHidden?: boolean;
  children: ReactNode;
}

const VISUALLY_HIDDEN = {
  position: 'absolute',
  width: '1px',
  height: '1px',
  overflow: 'hidden',
  clipPath: 'inset(50%)',
  whiteSpace: 'nowrap',
} as const;

/** A page's heading and width; after a change of route the heading takes the focus, so that it is read out. */
export function Page({ title, lead, actions, width = CONTENT_WIDTH_PX, isTitleHidden = false, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { key } = useLocation();
  useEffect(() => {
    document.title = `${title} · ${m.frame.product}`;
  }, [title]);
  useEffect(() => {
    if (key !== 'default') heading.current?.focus({ preventScroll: true });
  }, [key]);
  return (
    <Box sx={{ maxWidth: width, mx: 'auto', px: { xs: 2, sm: 3 }, py: { xs: 3, md: 4 }, width: '100%' }}>
      <Stack
        direction={{ xs: 'column', sm: 'row' }}
        spacing={2}
        sx={{ justifyContent: 'space-between', alignItems: { sm: 'flex-start' }, mb: isTitleHidden ? 0 : 3 }}
      >
        <Box sx={isTitleHidden ? VISUALLY_HIDDEN : { minWidth: 0 }}>
          <Typography variant="h1" ref={heading} tabIndex={-1} sx={{ outline: 'none' }}>
            {title}
          </Typography>
          {lead && (
            <Typography color="textSecondary" sx={{ mt: 0.75, maxWidth: '60ch' }}>
              {lead}
            </Typography>
          )}
        </Box>
        {actions && (
          <Stack direction="row" useFlexGap sx={{ flexWrap: 'wrap', gap: 1, flexShrink: 0 }}>
            {actions}
          </Stack>
        )}
      </Stack>
      {children}
    </Box>
  );
}
