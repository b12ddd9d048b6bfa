let isLeaving = false;

/** Leaves the application for another page. The first one wins: an answer that arrives meanwhile leads nowhere else. */
export function leaveFor(url: string): void {
  if (isLeaving) return;
  isLeaving = true;
  globalThis.location.assign(url);
}

/** Coming back by the browser's "back" shows a frozen page, busy and out of date: it starts afresh. */
export function restartWhenBack(): void {
  globalThis.addEventListener('pageshow', (event) => {
    if (event.persisted) globalThis.location.reload();
  });
}
