import type Router from '@koa/router';
import { nameJob, presentJob, summarizeJob } from '../jobs/present.ts';
import type { JobRow } from '../jobs/store.ts';
import type { Doors } from './app.ts';
import { HttpError } from './errors.ts';

const LIST_LENGTH = 100;
/** One request looks up as many at most; the contract's clients ask for 100. */
const MAX_IDS = 1000;

const listed = (text: string): string[] => [...new Set(text.split(','))].slice(0, MAX_IDS);
const isNumber = (text: string): boolean => /^\d{1,15}$/.test(text);
const isRow = (row: JobRow | undefined): row is JobRow => row !== undefined;

export function addJobRoutes(router: Router, { store, lanes }: Doors): void {
  const show = (row: JobRow) => presentJob(store, row);
  const existing = (id: string): JobRow => {
    const row = isNumber(id) ? store.job(Number(id)) : undefined;
    // Not 404: that is what the contract says, and clients tell a lost job from a lost site by it.
    if (!row) throw new HttpError(500, `Job ${id} does not exist`);
    return row;
  };

  router.get('/ping', (ctx) => {
    ctx.body = { message: 'pong' };
  });
  router.get('/jobs', (ctx) => {
    ctx.body = store.latest(LIST_LENGTH).map(summarizeJob);
  });
  router.get('/jobs/status/:status', (ctx) => {
    ctx.body = store.latest(LIST_LENGTH, ctx.params['status']).map(nameJob);
  });
  router.get('/jobs/:ids', (ctx) => {
    const ids = ctx.params['ids'] ?? '';
    ctx.body = isNumber(ids)
      ? show(existing(ids))
      : listed(ids)
          .filter(isNumber)
          .map(Number)
          .sort((a, b) => a - b)
          .map((id) => store.job(id))
          .filter(isRow)
          .map(show);
  });
  router.post('/jobs/:id/cancel', (ctx) => {
    const row = existing(ctx.params['id'] ?? '');
    lanes.cancel(row);
    ctx.body = show(existing(String(row.id)));
  });
  router.get('/agent-jobs', (ctx) => {
    ctx.body = store
      .latest(LIST_LENGTH)
      .map((row) => row.agent_job_id)
      .filter((id) => id !== null);
  });
  router.get('/agent-jobs/:ids', (ctx) => {
    const ids = ctx.params['ids'] ?? '';
    const rows = listed(ids)
      .map((id) => store.byAgentJobId(id))
      .filter(isRow);
    if (!isNumber(ids)) ctx.body = rows.sort((a, b) => a.id - b.id).map(show);
    else if (rows[0]) ctx.body = show(rows[0]);
    else throw new HttpError(500, `No job has the agent job id ${ids}`);
  });
}
