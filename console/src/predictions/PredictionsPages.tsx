import { lazy } from 'react';
import { Route, Routes } from 'react-router';
import NotFoundPage from '../app/NotFoundPage.tsx';
import { ConnectionProvider } from './live/Connection.tsx';

const GamesPage = lazy(() => import('./GamesPage.tsx'));
const GamePage = lazy(() => import('./GamePage.tsx'));
const ManagePage = lazy(() => import('./manage/ManagePage.tsx'));
const YouPage = lazy(() => import('./you/YouPage.tsx'));
const BoardPage = lazy(() => import('./side/BoardPage.tsx'));

/** Pages of predictions, all on one websocket. */
export default function PredictionsPages() {
  return (
    <ConnectionProvider>
      <Routes>
        <Route index element={<GamesPage />} />
        <Route path="games/:gameId" element={<GamePage />} />
        <Route path="manage" element={<ManagePage />} />
        <Route path="me" element={<YouPage />} />
        <Route path="leaderboard" element={<BoardPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </ConnectionProvider>
  );
}
