import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from '#api/query-client.ts';
import { createAppRouter } from '#app/router.tsx';
import { meQuery } from '#features/identity/api/me.ts';
import { startI18n } from '#i18n/index.ts';
import { leaveFor, restartWhenBack } from '#lib/leave.ts';
import { Toaster } from '#ui/toast.tsx';
import './styles/index.css';

const queryClient = createQueryClient(() => {
  // The session ended elsewhere. A full load, so that nothing of it stays in memory.
  const { pathname, search } = globalThis.location;
  leaveFor(`/?returnTo=${encodeURIComponent(pathname + search)}`);
});
const router = createAppRouter(queryClient);
restartWhenBack();

// Both are needed for the first page: asked together.
void queryClient.prefetchQuery(meQuery);
await startI18n();

const container = document.getElementById('root');
if (!container) throw new Error('index.html has no #root.');
createRoot(container).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <Toaster />
    </QueryClientProvider>
  </StrictMode>,
);
