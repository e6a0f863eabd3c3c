import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes, useLocation, useSearchParams } from 'react-router';
import { messages as m } from '../messages.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { Frame } from './Frame.tsx';
import { Page } from './Page.tsx';
import { LoadingBlocks } from './States.tsx';
import { safeNext } from './session.ts';

const HomePage = lazy(() => import('../home/HomePage.tsx'));
const SignInPage = lazy(() => import('../account/SignInPage.tsx'));
const RegisterPage = lazy(() => import('../account/RegisterPage.tsx'));
const ResetPage = lazy(() => import('../account/ResetPage.tsx'));
const SettingsPage = lazy(() => import('../account/SettingsPage.tsx'));
const PredictionsPages = lazy(() => import('../predictions/PredictionsPages.tsx'));
const NotFoundPage = lazy(() => import('./NotFoundPage.tsx'));

/** `/i/play`, the page the documented login redirects to (AU9): goes on to `next`, else to the predictions page (PF-61). */
function PlayRedirect() {
  const [query] = useSearchParams();
  const next = safeNext(query.get('next'));
  return <Navigate to={next === '/' ? '/predictions' : next} replace />;
}

function Loading() {
  return (
    <Page title={m.common.loading} isTitleHidden>
      <LoadingBlocks />
    </Page>
  );
}

/** Every page of the console. */
export function App() {
  const { pathname } = useLocation();
  return (
    <Frame>
      <ErrorBoundary resetKey={pathname}>
        <Suspense fallback={<Loading />}>
          <Routes>
            <Route path="/" element={<HomePage />} />
            <Route path="/sign-in" element={<SignInPage />} />
            <Route path="/register" element={<RegisterPage />} />
            <Route path="/reset" element={<ResetPage />} />
            <Route path="/settings" element={<SettingsPage />} />
            <Route path="/predictions/*" element={<PredictionsPages />} />
            <Route path="/i/play" element={<PlayRedirect />} />
            <Route path="*" element={<NotFoundPage />} />
          </Routes>
        </Suspense>
      </ErrorBoundary>
    </Frame>
  );
}
