import CssBaseline from '@mui/material/CssBaseline';
import { ThemeProvider } from '@mui/material/styles';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { App } from './app/App.tsx';
import { ApiProvider, createApi } from './app/api.tsx';
import { isWorthRetry } from './app/failure.ts';
import { NoticeProvider } from './app/Notices.tsx';
import { theme } from './app/theme.ts';

const READ_RETRIES = 2;

const queries = new QueryClient({
  defaultOptions: { queries: { retry: (failures, error) => failures < READ_RETRIES && isWorthRetry(error) } },
});

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <ThemeProvider theme={theme} defaultMode="system">
        <CssBaseline enableColorScheme />
        <QueryClientProvider client={queries}>
          <ApiProvider api={createApi()}>
            <BrowserRouter>
              <NoticeProvider>
                <App />
              </NoticeProvider>
            </BrowserRouter>
          </ApiProvider>
        </QueryClientProvider>
      </ThemeProvider>
    </StrictMode>,
  );
}
