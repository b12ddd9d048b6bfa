import { type JobHandler, on } from '#core/jobs/define.ts';
import { sendQueuedMail } from './schemas.ts';
import { transmitMail } from './service.ts';

export const mailHandlers: JobHandler[] = [on(sendQueuedMail, (ctx, { mailId }) => transmitMail(ctx, mailId))];
