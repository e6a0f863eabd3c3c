import type { Account } from '@greenroom/client';
import FormControlLabel from '@mui/material/FormControlLabel';
import Paper from '@mui/material/Paper';
import Radio from '@mui/material/Radio';
import RadioGroup from '@mui/material/RadioGroup';
import Stack from '@mui/material/Stack';
import { useColorScheme } from '@mui/material/styles';
import Typography from '@mui/material/Typography';
import { type ReactNode, useId } from 'react';
import { Page } from '../app/Page.tsx';
import { RequireAccount } from '../app/RequireAccount.tsx';
import { THEME_MODES } from '../app/ThemeModeMenu.tsx';
import { messages as m } from '../messages.ts';
import { PasswordSection } from './PasswordSection.tsx';
import { ProfileSection } from './ProfileSection.tsx';
import { SecondFactorSection } from './SecondFactorSection.tsx';
import { SessionsSection } from './SessionsSection.tsx';

const SETTINGS_WIDTH_PX = 760;

interface SectionProps {
  title: string;
  lead?: string;
  children: ReactNode;
}

/** One card of the settings page. */
function Section({ title, lead, children }: SectionProps) {
  const id = useId();
  return (
    <Paper variant="outlined" component="section" aria-labelledby={id} sx={{ p: { xs: 2, sm: 3 } }}>
      <Typography variant="h2" id={id}>
        {title}
      </Typography>
      {lead && (
        <Typography variant="body2" color="textSecondary" sx={{ mt: 0.5 }}>
          {lead}
        </Typography>
      )}
      <Stack spacing={2} sx={{ mt: 2 }}>
        {children}
      </Stack>
    </Paper>
  );
}

function AppearanceChoice() {
  const { mode, setMode } = useColorScheme();
  return (
    <RadioGroup
      row
      aria-label={m.appearance.title}
      value={mode ?? 'system'}
      onChange={(_, value) => {
        const chosen = THEME_MODES.find((entry) => entry.mode === value);
        if (chosen) setMode(chosen.mode);
      }}
    >
      {THEME_MODES.map(({ mode: value, label }) => (
        <FormControlLabel key={value} value={value} control={<Radio />} label={label} />
      ))}
    </RadioGroup>
  );
}

function Sections({ account }: { account: Account }) {
  return (
    <Stack spacing={3}>
      <Section title={m.settings.profile}>
        <ProfileSection account={account} />
      </Section>
      <Section title={m.appearance.title}>
        <AppearanceChoice />
      </Section>
      <Section title={m.settings.changePassword} lead={m.settings.passwordLead}>
        <PasswordSection username={account.username} />
      </Section>
      <Section title={m.settings.secondFactor} lead={m.settings.secondFactorLead}>
        <SecondFactorSection />
      </Section>
      <Section title={m.settings.sessions} lead={m.settings.sessionsLead}>
        <SessionsSection />
      </Section>
    </Stack>
  );
}

export default function SettingsPage() {
  return (
    <RequireAccount title={m.settings.title}>
      {(account) => (
        <Page title={m.settings.title} width={SETTINGS_WIDTH_PX}>
          <Sections account={account} />
        </Page>
      )}
    </RequireAccount>
  );
}
